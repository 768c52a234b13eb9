"""`dssl.plot`: what is drawn is what is computed, nothing is clipped or shown, and each mistake gets one sentence."""

import dataclasses
import doctest
import subprocess
import sys
import warnings
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

import dssl
from dssl.interface import _computed, _simulated
from dssl.interface import plot as drawings
from dssl.interface.training import SERIES
from dssl.simulation import in_words
from figures import style
from figures.on_axes import look, parameters
from runtime.usage import UsageError
from sims.samplers.montecarlo import sample_representability
from sims.stats import standard_errors_allowed
from theory.readings import EXPECTED, Objective, Reading
from theory.setting import Setting as Point

plot: Any = drawings  # tests hand in wrong types, and look at what is drawn more closely than matplotlib's types allow
SETTING = dssl.Setting(n_clients=4, dim=64, samples_per_client=6400)
SAMPLES = [1600, 6400, 25600]
NOISES = np.geomspace(0.2, 2.0, 7)
RATIOS = np.linspace(0.2, 0.8, 5)
COURSE = "consensus_post_mix"
PREDICTED = {"fixed_point": 0.5, "first_order": 0.7, "spectral_gap_bound": np.nan}


@pytest.fixture(autouse=True)
def _nothing_is_shown_and_figures_are_closed(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("plt.show was called"))
    yield
    plt.close("all")


def training() -> xarray.Dataset:
    """What `dssl.train` gives, as far as drawings read it."""
    rounds = np.arange(1, 41)
    return xarray.Dataset(
        {
            COURSE: ("round", 0.5 * (1 - np.exp(-rounds / 5))),
            f"{COURSE}_predicted": ("prediction", list(PREDICTED.values())),
            f"{COURSE}_final": ((), 0.5),
        },
        {"round": rounds, "prediction": list(PREDICTED)},
    )


def data(line) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)


def labels(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def fields(ax: Any) -> Any:
    return next(c for c in ax.collections if isinstance(c, QuadMesh))


def curve(setting: Any = SETTING, values: Any = SAMPLES, **keys: Any) -> Any:
    return plot.curve(setting, "deficit", "samples_per_client", values, **keys)


@pytest.mark.parametrize("objective", ["cl", "mim"])
def test_a_curve_is_the_formula_at_each_value(objective):
    ax = curve(values=SAMPLES[::-1], objective=objective)
    x, y = data(ax.get_lines()[0])
    np.testing.assert_array_equal(x, SAMPLES)
    wanted = [dssl.deficit(SETTING.replace(samples_per_client=n), objective=objective) for n in SAMPLES]
    np.testing.assert_array_equal(y, wanted)
    assert to_rgba(ax.get_lines()[0].get_color()) == to_rgba(style.COLOUR[objective])
    assert labels(ax) == [{"cl": "CL (1 view pair), formula", "mim": "MIM (all mask pairs), formula"}[objective]]


def test_keys_reach_the_formula():
    keys = {"objective": "mim", "draws": 8, "scope": "local_other"}
    np.testing.assert_array_equal(
        data(curve(**keys).get_lines()[0])[1],
        [dssl.deficit(SETTING.replace(samples_per_client=n), **keys) for n in SAMPLES],
    )


@pytest.mark.parametrize("side", ["upper", "lower"])
def test_a_bound_is_drawn_on_its_side_of_the_formula(side):
    ax = curve(show=("closed", "bound"), objective="mim", side=side, delta=0.1)
    (_, closed), (_, bound) = map(data, ax.get_lines())
    wanted = [
        dssl.deficit_bound(SETTING.replace(samples_per_client=n), objective="mim", side=side, delta=0.1)
        for n in SAMPLES
    ]
    np.testing.assert_array_equal(bound, wanted)
    assert ((bound > closed) if side == "upper" else (bound < closed)).all()
    assert labels(ax)[1] == f"MIM, {side} bound (90%)"


def test_simulations_are_the_samplers_means_with_two_standard_errors():
    ax = curve(values=SAMPLES[:2], show="simulated", objective="cl", trials=30, seed=5)
    container = ax.containers[0]
    samples = [
        sample_representability(
            5 + i,
            Point.paper(64, n_clients=4, samples_per_client=n),
            objective=Objective.CL,
            reading=Reading(draws=1),
            trials=30,
        ).deficit()
        for i, n in enumerate(SAMPLES[:2])
    ]
    np.testing.assert_array_equal(data(container[0])[1], [s.mean for s in samples])
    ends = np.array([segment[:, 1] for segment in container[2][0].get_segments()])
    np.testing.assert_allclose(np.diff(ends)[:, 0], [4 * s.standard_error for s in samples], rtol=1e-9)


@pytest.mark.parametrize("scope", ["fl", "local_own", "local_other"])
@pytest.mark.parametrize("objective", ["cl", "mim"])
def test_simulations_agree_with_the_formula_in_every_scope(objective, scope):
    setting = SETTING.replace(samples_per_client=100_000)
    keys = {"objective": objective, "scope": scope}
    mean, error = _computed.simulated(setting.replace(mu=[0.3, 0.5]), keys, trials=200, seed=1)
    wanted = dssl.deficit(setting.replace(mu=[0.3, 0.5]), **keys)
    # The next order is smaller by about the root of dimensions over samples.
    next_order = wanted * np.sqrt(64 / 100_000)
    assert (np.abs(mean - wanted) <= standard_errors_allowed() * error + next_order).all()


def test_more_calls_add_to_the_same_axes():
    first = curve(objective="cl")
    assert curve(objective="mim", show=("closed", "bound"), ax=first) is first
    shown = ["CL (1 view pair), formula", "MIM (all mask pairs), formula", "MIM, upper bound (95%)"]
    assert labels(first) == shown
    assert labels(curve(objective="cl", draws=3)) == ["CL (3 view pairs), formula"]
    assert len({to_rgba(line.get_color()) for line in first.get_lines()}) == 2
    assert len({line.get_linestyle() for line in first.get_lines()}) == 3


def test_where_a_formula_says_nothing_a_curve_has_a_gap_and_a_warning_says_why():
    with pytest.warns(UserWarning, match=r"deficit_bound is NaN at 1 of 3 points\. The aug") as said:
        ax = curve(values=[40, *SAMPLES[1:]], show="bound", objective="cl")
    assert [np.isnan(v) for v in data(ax.get_lines()[0])[1]] == [True, False, False]
    assert said[0].filename == __file__


@pytest.mark.parametrize("name", ["sigma_star", "deficit_limit", "mae_deficit"])
def test_other_quantities_are_drawn_with_their_unit(name):
    keys = {"objective": "mim"} if name == "deficit_limit" else {}
    ax = plot.curve(SETTING, name, "mask_ratio", RATIOS, **keys)
    wanted = [getattr(dssl, name)(SETTING.replace(mask_ratio=float(p)), **keys) for p in RATIOS]
    np.testing.assert_array_equal(data(ax.get_lines()[0])[1], wanted)
    unit = _computed.units(name, SETTING, keys)
    assert unit
    assert ax.get_ylabel().endswith(f"({unit})")


@pytest.mark.parametrize("vs", [f.name for f in dataclasses.fields(dssl.Setting) if f.name != "rare_fraction"])
def test_every_field_has_a_label_and_a_usual_range(vs):
    ax = plot.curve(SETTING, "deficit", vs, objective="cl")
    x, y = data(ax.get_lines()[0])
    assert ax.get_xlabel() == plot._AXES[vs]
    assert (np.diff(x) > 0).all()
    assert len(x) >= 10
    assert np.isfinite(y).all()
    assert (ax.get_xscale() == "linear") == (vs in ("mask_ratio", "beta"))


def test_the_fields_that_can_vary_are_those_of_a_setting():
    assert set(plot._AXES) == set(_computed.FIELDS) == {f.name for f in dataclasses.fields(dssl.Setting)}


def test_a_phase_diagram_is_the_log_ratio_of_the_deficits():
    ax = plot.phase_diagram(SETTING, "augmentation_std", "mask_ratio", NOISES, RATIOS)
    mesh = fields(ax)
    grid = SETTING.replace(augmentation_std=NOISES[None, :], mask_ratio=RATIOS[:, None])
    cl, mim = (dssl.deficit(grid, objective=objective, draws=1) for objective in ("cl", "mim"))
    np.testing.assert_allclose(np.asarray(mesh.get_array()).reshape(5, 7), np.log10(cl / mim), rtol=1e-12)
    low, high = mesh.get_clim()
    assert -low == high == np.abs(np.log10(cl / mim)).max()
    # Each value lies within its own field.
    edges = mesh.get_coordinates()
    assert (edges[:-1, :-1] < np.dstack(np.meshgrid(NOISES, RATIOS))).all()
    assert (edges[1:, 1:] > np.dstack(np.meshgrid(NOISES, RATIOS))).all()


def test_the_border_of_a_phase_diagram_is_the_critical_noise():
    noises = np.geomspace(0.3, 1.5, 25)
    ax = plot.phase_diagram(SETTING, "augmentation_std", "mask_ratio", noises, RATIOS)
    border = ax.collections[-1].get_paths()[0].vertices
    for p in RATIOS:
        at = border[np.isclose(border[:, 1], p), 0]
        # Between two neighbouring columns of the grid.
        assert np.abs(np.log(at / dssl.sigma_star(SETTING.replace(mask_ratio=float(p))))).max() < np.log(5) / 24


def test_without_a_change_of_sign_there_is_no_border():
    ax = plot.phase_diagram(SETTING, "augmentation_std", "dim", [0.5, 1.0], [64, 128], draws=None)
    assert [type(c) for c in ax.collections] == [QuadMesh]


def test_values_that_fit_each_other_need_not_fit_the_rest_of_the_setting():
    ax = plot.phase_diagram(SETTING, "n_clients", "dim", [2, 100], [200, 400])
    assert ax.get_xlabel() == "number of clients"


def test_fields_without_a_formula_are_left_grey():
    setting = SETTING.replace(feature_dim=4)
    with pytest.warns(UserWarning, match="deficit is NaN at 2 of 4 points"):
        ax = plot.phase_diagram(setting, "n_clients", "mu", [2, 8], [0.2, 0.4])
    mesh = fields(ax)
    assert np.ma.getmaskarray(mesh.get_array()).reshape(2, 2).tolist() == [[False, True], [False, True]]


@pytest.mark.parametrize("side", ["upper", "lower"])
def test_tightness_is_the_bound_over_the_formula(side):
    ax = plot.tightness(SETTING, "samples_per_client", SAMPLES[1:], objective="mim", side=side, delta=0.2)
    settings = [SETTING.replace(samples_per_client=n) for n in SAMPLES[1:]]
    wanted = [
        dssl.deficit_bound(s, objective="mim", side=side, delta=0.2) / dssl.deficit(s, objective="mim")
        for s in settings
    ]
    np.testing.assert_allclose(data(ax.get_lines()[0])[1], wanted, rtol=1e-12)
    assert data(ax.get_lines()[1])[1].tolist() == [1, 1]


def test_tightness_over_simulations_has_the_errors_of_the_mean():
    ax = plot.tightness(SETTING, "samples_per_client", SAMPLES[1:], over="simulated", trials=20, seed=2)
    points = SETTING.replace(samples_per_client=SAMPLES[1:])
    mean, error = _computed.simulated(points, {"objective": "mim"}, 20, 2)
    ratio = dssl.deficit_bound(points, objective="mim") / mean
    np.testing.assert_allclose(data(ax.containers[0][0])[1], ratio, rtol=1e-12)
    ends = np.array([segment[:, 1] for segment in ax.containers[0][2][0].get_segments()])
    np.testing.assert_allclose(np.diff(ends)[:, 0], 4 * ratio * error / mean, rtol=1e-9)


@pytest.mark.parametrize("matrix", ["mixing", "laplacian"])
def test_a_spectrum_is_that_of_the_network(matrix):
    net = dssl.Network("ring", 7)
    ax = plot.spectrum(net, matrix)
    x, y = data(ax.get_lines()[-1])
    np.testing.assert_array_equal(x, np.arange(1, 8))
    np.testing.assert_array_equal(y, getattr(net, f"{matrix}_spectrum"))
    assert matrix in ax.get_ylabel().lower()


def test_complex_eigenvalues_are_in_the_plane():
    net = dssl.Network("directed_ring", 5, mixing="uniform")
    x, y = data(plot.spectrum(net).get_lines()[-1])
    np.testing.assert_array_equal(x + 1j * y, net.mixing_spectrum)
    assert np.abs(y).max() > 0.1


def test_a_trajectory_is_the_course_and_a_line_for_each_prediction_that_holds():
    run = training()
    ax = plot.trajectory(run)
    course, *lines = ax.get_lines()
    np.testing.assert_array_equal(np.transpose(data(course)), np.transpose([run["round"], run[COURSE]]))
    assert [data(line)[1][0] for line in lines] == [0.5, 0.7]
    assert labels(ax) == ["simulated", "models at rest, solved for", "first order in the step size"]
    assert len({(line.get_color(), str(line.get_linestyle())) for line in ax.get_lines()}) == 3


def test_a_training_is_drawn_as_it_comes():
    covariances = np.stack([np.diag([4.0 + client, 2.0, 1.0]) for client in range(4)])
    covariances[0, 0, 1] = covariances[0, 1, 0] = 0.5
    run = dssl.train(covariances, "ring", feature_dim=1, rounds=50)
    for quantity in SERIES:
        ax = plot.trajectory(run, quantity)
        np.testing.assert_array_equal(data(ax.get_lines()[0])[1], run[quantity])
        predicted = run[f"{quantity}_predicted"]
        assert len(ax.get_lines()) - 1 == int(np.isfinite(predicted).sum()) > 0
    assert set(run["prediction"].values) <= set(in_words.PREDICTIONS)
    assert len(look.SERIES) >= 7  # more than any quantity has predictions


def test_the_drawing_of_a_training_shows_how_it_comes_to_rest():
    covariances = np.stack([np.diag([4.0 + client, 2.0, 1.0]) for client in range(4)])
    covariances[0, 0, 1] = covariances[0, 1, 0] = 0.5
    run = dssl.train(covariances, "ring", feature_dim=1, rounds=3000)
    ax = plot.trajectory(run)
    rounds, course = data(ax.get_lines()[0])
    assert rounds[:5].tolist() == [1, 2, 4, 8, 16]
    assert course[0] < 0.7 * course[-1]
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_phase_diagram_says_in_words_who_loses_less_where(axis):
    noise = np.geomspace(0.2, 3, 9)
    ax = plot.phase_diagram(SETTING, "augmentation_std", "mask_ratio", noise, [0.25, 0.5, 0.75])
    if axis == "y":
        ax = plot.phase_diagram(SETTING, "mask_ratio", "augmentation_std", [0.25, 0.5, 0.75], noise)
    said = {text.get_text().split("\n")[0]: text.get_position()["xy".index(axis)] for text in ax.texts}
    assert said["CL"] < said["MIM"]


def circles(ax: Any) -> PathCollection:
    return next(c for c in ax.collections if isinstance(c, PathCollection))


def test_clients_are_coloured_by_drift():
    drift = [0.3, 0.0, 0.9, 0.6, 0.1]
    ax = plot.network(dssl.Network("star", 5), drift)
    colours = np.asarray(circles(ax).get_facecolor())
    wanted = plt.get_cmap("cividis_r")(np.array(drift) / 0.9)
    np.testing.assert_allclose(colours, wanted)
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "drift (distance from the mean model)"
    assert bar.get_ylim() == (0.0, 0.9)
    assert [text.get_text() for text in ax.texts] == list("01234")
    # Black on light and white on dark, by how bright the colour is.
    inks = [text.get_color() for text in ax.texts]
    brightness = wanted[:, :3] @ (0.3, 0.59, 0.11)
    assert inks == ["white" if b < 0.5 else "black" for b in brightness]


@pytest.mark.parametrize("layout", ["spring", "circular", None])
def test_every_link_is_drawn_between_its_clients(layout):
    net = dssl.Network("path", 4)
    ax = plot.network(net, layout=layout)
    places = np.asarray(circles(ax).get_offsets())
    edges = next(c for c in ax.collections if not isinstance(c, PathCollection))
    drawn = {tuple(sorted(_nearest(places, end) for end in segment)) for segment in edges.get_segments()}
    assert drawn == {(0, 1), (1, 2), (2, 3)}
    assert len(ax.figure.axes) == 1


def _nearest(places: np.ndarray, point: np.ndarray) -> int:
    return int(np.argmin(np.linalg.norm(places - point, axis=1)))


def test_arrows_end_at_the_client_that_receives():
    net = dssl.Network("directed_ring", 4, mixing="uniform")
    ax = plot.network(net)
    places = np.asarray(circles(ax).get_offsets())
    arrows: list[Any] = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    found = {tuple(_nearest(places, np.array(end)) for end in arrow._posA_posB) for arrow in arrows}
    assert found == {(int(j), int(i)) for i, j in np.argwhere(net.adjacency)}


def test_names_of_clients_are_shown_unless_too_small_to_read():
    import networkx as nx

    graph = nx.Graph([("Berlin", "Paris"), ("Paris", "Rome")])
    assert [text.get_text() for text in plot.network(graph).texts] == ["Berlin", "Paris", "Rome"]
    assert len(plot.network(dssl.Network("ring", 100)).texts) == 0


DRAWINGS = {
    "curve": lambda ax: curve(show=("closed", "bound", "simulated"), objective="cl", trials=10, ax=ax),
    "six curves": lambda ax: [
        curve(show=("closed", "bound", "simulated"), objective=o, trials=10, ax=ax) for o in ("cl", "mim")
    ][1],
    "phase_diagram": lambda ax: plot.phase_diagram(SETTING, "augmentation_std", "mask_ratio", NOISES, RATIOS, ax=ax),
    "tightness": lambda ax: plot.tightness(SETTING, "samples_per_client", SAMPLES, ax=ax),
    "spectrum": lambda ax: plot.spectrum(dssl.Network("ring", 8), ax=ax),
    "complex spectrum": lambda ax: plot.spectrum(dssl.Network("directed_ring", 8, mixing="uniform"), ax=ax),
    "trajectory": lambda ax: plot.trajectory(training(), ax=ax),
    "network": lambda ax: plot.network(dssl.Network("ring", 8), np.arange(8.0) * 1e-6, ax=ax),
}


@pytest.mark.parametrize("width", ["column", "slide"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_no_text_is_clipped_and_no_two_numbers_of_an_axis_touch(name, width):
    given = plot.figure(width)
    ax = DRAWINGS[name](given)
    assert ax is given
    figure = ax.figure
    figure.canvas.draw()
    inside = figure.bbox.padded(1.0)
    of_ticks = set(_of_ticks(figure))
    words = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text() and t not in of_ticks]
    numbers = [label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _numbers(axis)]
    assert words
    for text in (*words, *numbers):
        box = text.get_window_extent()
        assert inside.x0 <= box.x0 < box.x1 <= inside.x1, text.get_text()
        assert inside.y0 <= box.y0 < box.y1 <= inside.y1, text.get_text()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [label.get_window_extent() for label in _numbers(axis)]
            assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])


def _numbers(axis) -> list[Text]:
    """The numbers beside an axis that are drawn: matplotlib makes some outside the view, too."""
    low, high = sorted(axis.get_view_interval())
    ticks = [t for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
    return [label for t in ticks for label in (t.label1, t.label2) if label.get_visible() and label.get_text()]


def _of_ticks(figure) -> list[Text]:
    axes = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    return [label for axis in axes for t in axis.get_major_ticks() for label in (t.label1, t.label2)]


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_makes_its_own_axes_with_words_beside_them(name):
    ax = DRAWINGS[name](None)
    np.testing.assert_allclose(ax.figure.get_size_inches(), look.SIZES["column"][:2])
    assert isinstance(ax, Axes)
    if name != "network":
        assert any(map(str.isalpha, ax.get_xlabel()))
        assert any(map(str.isalpha, ax.get_ylabel()))


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_figure_is_saved_whole_the_same_each_time_and_in_place_of_an_older_one(kind, tmp_path):
    path = tmp_path / f"drawing.{kind}"
    path.write_text("older")
    ax = curve(objective="cl")
    plot.save(ax, path)
    first = path.read_bytes()
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[kind])
    plot.save(ax.figure, str(path))
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_figure_that_cannot_be_drawn_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "drawing.png"
    path.write_text("older")
    ax = curve(objective="cl")
    monkeypatch.setattr(ax.figure, "savefig", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(UsageError, match="cannot be written"):
        plot.save(ax, path)
    assert [p.name for p in tmp_path.iterdir()] == ["drawing.png"]
    assert path.read_text() == "older"


def test_axes_of_another_layout_are_saved_with_all_their_labels(tmp_path):
    _, ax = plt.subplots(figsize=(2, 1))
    plot.save(curve(objective="cl", ax=ax), tmp_path / "drawing.png")
    height, width = plt.imread(tmp_path / "drawing.png").shape[:2]
    assert (height, width) != (look.DPI, 2 * look.DPI)


REFUSED = {
    "There is no quantity of a setting 'deficits'; the nearest valid are deficit": lambda: plot.curve(
        SETTING, "deficits", "dim"
    ),
    "kappa has no setting to vary": lambda: plot.curve(SETTING, "kappa", "dim"),
    "There is no field of a setting 'dims'; the nearest valid are dim": lambda: plot.curve(
        SETTING, "deficit", "dims", objective="cl"
    ),
    "deficit needs objective": lambda: plot.curve(SETTING, "deficit", "dim"),
    "objective must be one of cl, mim; got objective='cll'": lambda: curve(objective="cll"),
    "There is no key of deficit 'objectiv'; the nearest valid are objective": lambda: curve(objectiv="cl"),
    "There is no key of deficit 'delta'": lambda: curve(objective="cl", delta=0.1),
    "There is no way to show a quantity 'bnd'; the nearest valid are bound": lambda: curve(show="bnd", objective="cl"),
    "show is empty": lambda: curve(show=(), objective="cl"),
    "Only the deficit has a bound and simulations; got sigma_star": lambda: plot.curve(
        SETTING, "sigma_star", "dim", show="bound"
    ),
    "The bound is proved for one pair of views": lambda: curve(show="bound", objective="mim", draws=8),
    "population_spectrum is more than one number": lambda: plot.curve(
        SETTING, "population_spectrum", "dim", objective="cl"
    ),
    "order_probability does not depend on what varies here": lambda: plot.curve(
        SETTING.replace(n_clients=2), "order_probability", "beta"
    ),
    "order_probability says nothing at any of these values. The closed form is for two clients": lambda: plot.curve(
        SETTING, "order_probability", "mu"
    ),
    "A drawing varies its fields itself, so it wants one setting; got arrays of (2,)": lambda: curve(
        SETTING.replace(mu=[0.1, 0.2]), objective="cl"
    ),
    "A dssl.Setting was wanted; got 3": lambda: curve(3, objective="cl"),
    "values has no value of samples_per_client": lambda: curve(values=[], objective="cl"),
    "samples_per_client takes finite whole numbers": lambda: curve(values=[0.5], objective="cl"),
    "Each client owns one coordinate": lambda: plot.curve(SETTING, "deficit", "dim", [2], objective="cl"),
    "A simulation needs objective": lambda: curve(show="simulated"),
    "A simulation draws samples; got a setting without them": lambda: plot.curve(
        dssl.Setting(n_clients=4, dim=64), "deficit", "mu", show="simulated", objective="cl"
    ),
    "trials is a whole number of simulations from 2": lambda: curve(show="simulated", objective="cl", trials=1),
    "seed is a whole number from 0": lambda: curve(show="simulated", objective="cl", seed=-1),
    "A phase diagram has two different fields; got dim twice": lambda: plot.phase_diagram(
        SETTING, "dim", "dim", [64, 128], [64, 128]
    ),
    "A phase diagram has at least two different values of mu; got 1": lambda: plot.phase_diagram(
        SETTING, "dim", "mu", [64, 128], [0.1, 0.1]
    ),
    "There is no denominator 'simulatd'; the nearest valid are simulated": lambda: plot.tightness(
        SETTING, "dim", over="simulatd"
    ),
    "side must be one of upper, lower": lambda: plot.tightness(SETTING, "dim", [64], side="uper"),
    "There is no matrix 'laplace'; the nearest valid are laplacian": lambda: plot.spectrum("ring", "laplace"),
    "The Laplacian here is for links that go both ways": lambda: plot.spectrum(
        dssl.Network("directed_ring", 5, mixing="uniform"), "laplacian"
    ),
    "There is no topology 'rng'; the nearest valid are ring": lambda: plot.network("rng"),
    "drift has one finite number for each of the 5 clients; got [1, 2]": lambda: plot.network(
        dssl.Network("ring", 5), [1, 2]
    ),
    "drift has one finite number for each of the 3 clients": lambda: plot.network(
        dssl.Network("ring", 3), [1, 2, float("nan")]
    ),
    "There is no layout 'spirng'; the nearest valid are spring": lambda: plot.network(
        dssl.Network("ring", 5), layout="spirng"
    ),
    "There is no course of this training 'consensus'; the nearest valid are consensus_post_mix": lambda: (
        plot.trajectory(training(), "consensus")
    ),
    "The xarray.Dataset of dssl.train was wanted; got 3": lambda: plot.trajectory(3),
    "There is no width 'slides'; the nearest valid are slide": lambda: plot.figure("slides"),
    "A figure is written as .png, .svg or .pdf; got 'a.jpg'": lambda: plot.save(plot.figure(), "a.jpg"),
    "save wants axes or a figure of matplotlib; got 3": lambda: plot.save(3, "a.png"),
    "/nowhere/a.png cannot be written": lambda: plot.save(plot.figure(), "/nowhere/a.png"),
}


@pytest.mark.parametrize("says", REFUSED)
def test_a_mistake_is_refused_in_a_sentence(says):
    with pytest.raises(UsageError) as refused:
        REFUSED[says]()
    assert str(refused.value).startswith(says)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value).splitlines()) == 1


def test_a_refusal_leaves_the_axes_as_they_were():
    ax = plot.figure()
    with pytest.raises(UsageError):
        curve(show=("closed", "simulated"), objective="cl", trials=1, ax=ax)
    assert ax.get_lines()[:] == []


TOO_LONG = {
    "masks drawn for too many trials": (SETTING, "mim", 1, 100_000),
    "masks drawn of data too large to hold": (SETTING.replace(dim=20_000, samples_per_client=2_000_000), "mim", 1, 50),
    "a large matrix": (SETTING.replace(dim=20_000, samples_per_client=200_000, feature_dim=8), "mim", EXPECTED, 100),
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_simulations_that_take_too_long_are_refused_with_a_size_that_fits(name, monkeypatch):
    setting, objective, draws, trials = TOO_LONG[name]
    monkeypatch.setattr(_simulated, "sample_representability", lambda *_, **__: pytest.fail("it was simulated"))
    with pytest.raises(UsageError) as refused:
        plot.curve(
            setting, "deficit", "mu", [0.3, 0.4], show="simulated", objective=objective, draws=draws, trials=trials
        )
    said = str(refused.value)
    assert said.startswith(f"Simulating 2 points with trials={trials} ")
    words = said.removesuffix(" would fit.").replace("=", " ").split()
    allowed = {name: int(words[words.index(name) + 1]) for name in ("trials",) if name in words}
    allowed["trials"] = int(words[len(words) - 1 - words[::-1].index("trials") + 1])
    smaller = setting
    if "dim" in words:
        dim, samples = (int(words[words.index(name) + 3]) for name in ("dim", "samples_per_client"))
        assert dim < setting.dim
        smaller = setting.replace(dim=dim, samples_per_client=samples)
    what = _simulated.drawn(objective, "fl", "independent", "psd", draws, allowed["trials"])
    points = [_simulated._point(p) for p in smaller.replace(mu=[0.3, 0.4]).points()]
    fixed, each = _simulated._total(points, what)
    assert _simulated.LONGEST / 20 < fixed + what.trials * each <= _simulated.LONGEST


def test_large_sizes_that_small_matrices_serve_are_simulated_at_once():
    setting = dssl.Setting(n_clients=4, dim=1_000_000, samples_per_client=10_000_000)
    ax = plot.curve(setting, "deficit", "augmentation_std", [1.0], show="simulated", objective="mim", trials=20)
    assert 0 < data(ax.containers[0][0])[1][0] < 1e-3


def test_colours_are_those_of_all_figures():
    assert all(look.COLOUR[name] == style.COLOUR[name] for name in ("cl", "mim"))
    assert all(look.LINE[name] == style.LINE[name] for name in ("cl", "mim"))
    assert all(look.MARKER[name] == style.MARKER[name] for name in ("cl", "mim"))


@pytest.mark.parametrize(
    ("value", "plain", "power"),
    [
        (0.002, "0.002", r"$2\cdot10^{-3}$"),
        (1.0, "1", "$10^{0}$"),
        (50.0, "50", r"$5\cdot10^{1}$"),
        (100_000.0, "100,000", "$10^{5}$"),
    ],
)
def test_numbers_of_a_logarithmic_scale(value, plain, power):
    assert (look.plain(value), look.power(value)) == (plain, power)


def test_scales_are_logarithmic_only_for_positive_values_far_apart():
    for values, wanted in (([1, 10], "log"), ([1, 2], "linear"), ([0, 10], "linear"), ([-1, 10], "linear")):
        ax = plot.figure()
        parameters.closed_form(ax, np.array([1.0, 2.0]), np.array(values, dtype=float), "a")
        parameters.finish(ax, "x", "y")
        assert (ax.get_xscale(), ax.get_yscale()) == ("linear", wanted)


def test_drawing_leaves_the_backend_as_it_is():
    code = (
        "import matplotlib\nmatplotlib.use('svg')\nimport dssl\n"
        "dssl.plot.curve(dssl.Setting(n_clients=2, dim=10), 'sigma_star', 'mask_ratio', [0.3, 0.5])\n"
        "assert matplotlib.get_backend() == 'svg', matplotlib.get_backend()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_examples_are_true():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        failed, tried = doctest.testmod(drawings)
    assert failed == 0
    assert tried >= 20
