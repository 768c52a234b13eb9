"""`dssl advise` from the outside, and what it says against loops, fresh draws and exhaustive search."""

import itertools
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dssl.advice.advise import _normal_points, default_feature_dim
from dssl.user_files.client_data import ClientData, read_clients
from tests.command import answered
from theory.deficits import closed_forms_of_points
from theory.deficits.closed_forms import deficit
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import from_edges
from theory.objectives.curvature import curvature
from theory.readings import Objective, Scope
from theory.setting import Setting
from theory.training.consensus_curvature import steady_states
from theory.training.dissimilarity_estimate import _normal, _seen, _through_optimum, estimate_dissimilarity

N, DIM, FEATURES, SAMPLES = 6, 8, 3, 150
SPREADS = np.array([3.0, 2.5, 2.0, 0.5, 0.4, 0.3, 0.2, 0.1])


def maps(unlikeness: float) -> np.ndarray:
    """A linear map for each client: its samples are that of independent normal ones."""
    rng = np.random.default_rng(5)
    return np.eye(DIM) + unlikeness * rng.standard_normal((N, DIM, DIM))


def draw(rng: np.random.Generator, unlikeness: float, samples: int = SAMPLES) -> np.ndarray:
    return np.einsum("ncd,nsd->nsc", maps(unlikeness), rng.standard_normal((N, samples, DIM)) * np.sqrt(SPREADS))


def moments_of(samples: np.ndarray) -> np.ndarray:
    return np.stack([x.T @ x / len(x) for x in samples])


def advice(capsys: pytest.CaptureFixture[str], path: pathlib.Path, *more: str) -> dict:
    code, out, err = answered(capsys, "advise", "--data", str(path), "--topology", "path", *more, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.fixture
def samples() -> np.ndarray:
    return draw(np.random.default_rng(1), 0.1)


@pytest.fixture
def archive(tmp_path: pathlib.Path, samples: np.ndarray) -> pathlib.Path:
    np.savez(tmp_path / "clients.npz", samples=samples)
    return tmp_path / "clients.npz"


def plain_path(n: int) -> np.ndarray:
    """Metropolis weights of a path, by hand."""
    mixing = np.zeros((n, n))
    degree = [1 if i in (0, n - 1) else 2 for i in range(n)]
    for i in range(n - 1):
        mixing[i, i + 1] = mixing[i + 1, i] = 1 / (1 + max(degree[i], degree[i + 1]))
    return mixing + np.diag(1 - mixing.sum(axis=1))


def test_rows_with_owners_say_what_stacked_samples_say(capsys, tmp_path, archive, samples):
    order = np.random.default_rng(2).permutation(N * SAMPLES)
    rows, owners = samples.reshape(-1, DIM)[order], np.repeat(np.arange(N), SAMPLES)[order]
    np.savez(tmp_path / "rows.npz", embeddings=rows, client=owners)
    stacked, ragged = advice(capsys, archive), advice(capsys, tmp_path / "rows.npz")
    # Sums in another order.
    assert ragged["decentralised"]["value"] == pytest.approx(stacked["decentralised"]["value"], rel=1e-8)
    for name, value in stacked["dissimilarity"]["value"].items():
        # The interval's second order looks at each client's first samples only.
        rel = 0.1 if name == "interval_90" else 1e-8
        assert ragged["dissimilarity"]["value"][name] == pytest.approx(value, rel=rel)


def test_the_interval_lies_around_the_estimate_and_not_below_zero(capsys, tmp_path, archive):
    told = advice(capsys, archive)["dissimilarity"]["value"]
    low, high = told["interval_90"]
    assert 0 < low < told["zeta_squared_of_distributions"] < high
    assert low + high == pytest.approx(2 * told["zeta_squared_of_distributions"])
    alike = draw(np.random.default_rng(1), 0.0)
    np.savez(tmp_path / "alike.npz", samples=alike)
    told = advice(capsys, tmp_path / "alike.npz")["dissimilarity"]["value"]
    assert told["interval_90"][0] == 0 < told["interval_90"][1]


def test_points_are_drawn_with_the_moment_given():
    moment, many = moments_of(draw(np.random.default_rng(2), 0.2))[0], 200_000
    x = _normal_points(np.random.default_rng(3), moment, many)
    # An entry of x x^T varies by X_kk X_ll + X_kl^2.
    error = np.sqrt((np.outer(moment.diagonal(), moment.diagonal()) + moment**2) / many)
    assert (np.abs(x.T @ x / many - moment) < 4.5 * error).all()


def test_ragged_clients_keep_their_own_samples(tmp_path, samples):
    sizes = [20, 150, 3, 70, 2, 40]
    rows = np.concatenate([x[:n] for x, n in zip(samples, sizes, strict=True)])
    np.savez(tmp_path / "ragged.npz", samples=rows, client=np.repeat(np.arange(N), sizes).astype(np.uint8))
    data = read_clients(tmp_path / "ragged.npz")
    assert data.sizes is not None
    assert data.sizes.tolist() == sizes
    for moment, x, n in zip(data.moments, samples, sizes, strict=True):
        np.testing.assert_allclose(moment, x[:n].T @ x[:n] / n, rtol=1e-12, atol=1e-14)


def test_second_moments_are_enough_for_all_but_the_order_and_the_interval(capsys, tmp_path, archive, samples):
    np.savez(tmp_path / "moments.npz", second_moments=moments_of(samples))
    np.savez(tmp_path / "sizes.npz", second_moments=moments_of(samples), sizes=np.full(N, SAMPLES))
    full, bare, sized = (advice(capsys, tmp_path / name) for name in ("clients.npz", "moments.npz", "sizes.npz"))
    for other in (bare, sized):
        assert other["recommendation"] == full["recommendation"]
        for one, same in zip(other["options"], full["options"], strict=True):
            assert one["distance"] == pytest.approx(same["distance"], rel=1e-6, abs=1e-14)
        for part in ("decentralised", "links_to_add"):
            assert other[part]["sure"] == full[part]["sure"]
        assert other["decentralised"]["value"] == pytest.approx(full["decentralised"]["value"], rel=1e-8)
    assert bare["contrast_or_masks"]["value"] is None
    assert bare["optimum_of_samples"]["value"] is None
    assert "interval_90" not in bare["dissimilarity"]["value"]
    # Normal samples: their fourth moments follow from the second ones.
    for name in ("of_sampling_alone", "zeta_squared_of_distributions"):
        assert sized["dissimilarity"]["value"][name] == pytest.approx(full["dissimilarity"]["value"][name], rel=0.1)


def test_what_is_predicted_is_what_plain_loops_reach(capsys, archive, samples):
    result = advice(capsys, archive, "--feature-dim", "3", "--local-steps", "2")
    step, mixing, x = result["clients"]["step_size"], plain_path(N), moments_of(samples)
    values, vectors = np.linalg.eigh(x.mean(axis=0))
    models = np.repeat((np.sqrt(values[-3:])[:, None] * vectors[:, -3:].T)[None], N, axis=0)
    for _ in range(4000):
        local = models
        for _ in range(2):
            local = local - step * 2 * (local @ local.swapaxes(1, 2) @ local - local @ x)
        models = np.einsum("ij,jcd->icd", mixing, local)
    wanted = vectors[:, -3:] @ vectors[:, -3:].T

    def error(w: np.ndarray) -> float:
        return float(np.linalg.norm(w.T @ np.linalg.solve(w @ w.T, w) - wanted))

    def apart(w: np.ndarray) -> float:
        return float(((w - w.mean(axis=0)) ** 2).sum() / N)

    said = result["decentralised"]["value"]
    # What is left is a little of settling.
    assert said["consensus_post_mix"] == pytest.approx(apart(models), rel=1e-5)
    assert said["consensus_pre_mix"] == pytest.approx(apart(local), rel=1e-5)
    assert said["consensus_relative"] == pytest.approx(apart(models) / values[-3:].sum(), rel=1e-5)
    assert said["mean_model_distance"] == pytest.approx(error(models.mean(axis=0)) ** 2 / 6, rel=1e-3)
    own = np.mean([error(w) ** 2 for w in models]) / 6
    network = next(option for option in result["options"] if option["name"] == "network")
    assert network["distance"] == pytest.approx(own, rel=1e-3)


def test_the_simulation_option_finds_what_was_predicted(capsys, archive):
    found = advice(capsys, archive, "--simulate", "--rounds", "3000", "--step-size", "0.02")["simulated"]
    for option in found["options"]:
        if option["name"] == "server-sampled":  # one run fluctuates: its later half is some hundred independent rounds
            assert 0.5 < option["simulated"] / option["predicted"] < 2
        else:
            assert option["is_settled"]
            assert option["simulated"] == pytest.approx(option["predicted"], rel=1e-4, abs=1e-9)


def test_clients_too_unlike_for_the_expansion_still_get_advice(capsys, tmp_path):
    np.savez(tmp_path / "unlike.npz", samples=draw(np.random.default_rng(3), 1.5))
    result = advice(capsys, tmp_path / "unlike.npz", "--feature-dim", "3", "--local-steps", "20")
    assert all(0 <= option["distance"] <= 1 for option in result["options"])
    assert all(0 < option["uncertainty"] <= 1 for option in result["options"])
    assert result["links_to_add"]["value"]


def truth(unlikeness: float, weights: np.ndarray) -> float:
    x = np.stack([m @ np.diag(SPREADS) @ m.T for m in maps(unlikeness)])
    w = curvature(np.einsum("i,ijk->jk", weights, x), FEATURES).optimum
    return float(4 * np.mean(np.sum((w @ (x - x.mean(axis=0))) ** 2, axis=(1, 2))))


@pytest.mark.parametrize("unlikeness", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("weights", [np.full(N, 1 / N), np.array([0.3, 0.1, 0.1, 0.2, 0.15, 0.15])], ids=["equal", "v"])
@pytest.mark.parametrize("is_seen", [True, False], ids=["samples", "moments"])
def test_the_interval_covers_the_truth_nine_times_in_ten(unlikeness, weights, is_seen):
    rng, trials = np.random.default_rng([7, is_seen, round(100 * unlikeness)]), 300
    wanted, hits, estimates = truth(unlikeness, weights), 0, []
    for _ in range(trials):
        x = draw(rng, unlikeness)
        found = estimate_dissimilarity(
            moments_of(x), np.full(N, float(SAMPLES)), weights, FEATURES, list(x) if is_seen else None
        )
        hits += abs(found.of_distributions - wanted) <= 1.645 * found.standard_error
        estimates.append(found.of_distributions)
    # Four standard errors below the rate; alike clients are covered more often, the first order being nothing there.
    assert hits / trials > 0.9 - 4 * np.sqrt(0.09 / trials)
    assert hits / trials < 0.995
    spread = np.std(estimates) / np.sqrt(trials)
    # The optimum is estimated too: a bias of second order, some per cent of the truth.
    assert abs(np.mean(estimates) - wanted) < 4 * spread + 0.03 * wanted


def test_what_the_optimum_adds_is_the_derivative_by_the_mean_moment():
    x = np.stack([m @ np.diag(SPREADS) @ m.T for m in maps(0.2)])
    off, step = x - x.mean(axis=0), 1e-5
    noise = np.random.default_rng(12).standard_normal((DIM, DIM))
    change = noise + noise.T

    def at(moment: np.ndarray) -> float:
        w = curvature(moment, FEATURES).optimum
        return float(4 * np.mean(np.sum((w @ off) ** 2, axis=(1, 2))))

    shape = curvature(x.mean(axis=0), FEATURES)
    inside = shape.vectors[:, :FEATURES].T
    found = _through_optimum(shape, 4 * np.mean([inside @ d @ d for d in off], axis=0))
    slope = (at(x.mean(axis=0) + step * change) - at(x.mean(axis=0) - step * change)) / (2 * step)
    # A central difference, good to the square of its step over the gap.
    assert 2 * np.sum((found @ change) * inside) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("is_seen", [True, False], ids=["samples", "moments"])
def test_the_sampling_part_is_unbiased_for_few_samples_at_a_fixed_optimum(is_seen):
    rng, trials, few = np.random.default_rng([8, is_seen]), 1500, 5
    x = np.stack([m @ np.diag(SPREADS) @ m.T for m in maps(0.2)])
    w = curvature(x.mean(axis=0), FEATURES).optimum

    def given(moments: np.ndarray) -> float:
        return float(4 * np.mean(np.sum((w @ (moments - moments.mean(axis=0))) ** 2, axis=(1, 2))))

    off = []
    for _ in range(trials):
        drawn = draw(rng, 0.2, few)
        moments = moments_of(drawn)
        spreads = [
            _seen(z, w, w, w) if is_seen else _normal(m, few, w, w, w) for z, m in zip(drawn, moments, strict=True)
        ]
        off.append(given(moments) - given(x) - 4 * (1 - 1 / N) * np.mean([one.trace for one in spreads]) / few)
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(trials)
    assert np.std(off) / np.sqrt(trials) < 0.1 * given(x)  # so a part left out would be seen


def paper_samples(s: Setting) -> np.ndarray:
    """Section 3.2: +-e_i, less tau on a random half of the other signal coordinates, plus mu noise."""
    rng = np.random.default_rng(9)
    x = float(s.mu) * rng.standard_normal((s.n_clients, s.samples_per_client, s.dim))
    x[:, :, : s.n_clients] -= float(s.tau) * rng.integers(0, 2, (s.n_clients, s.samples_per_client, s.n_clients))
    for i in range(s.n_clients):
        noise = float(s.mu) * rng.standard_normal(s.samples_per_client)
        x[i, :, i] = noise + rng.choice([-1.0, 1.0], s.samples_per_client)
    return x


@pytest.mark.parametrize("augmentation_std", [0.2, 1.0, 3.0])
def test_contrast_and_masks_are_ordered_as_on_the_papers_model(capsys, tmp_path, augmentation_std):
    s = Setting.paper(24, n_clients=3, samples_per_client=4000, augmentation_std=augmentation_std)
    x = paper_samples(s)
    np.savez(tmp_path / "paper.npz", samples=x)
    result = advice(capsys, tmp_path / "paper.npz", "--feature-dim", "3", "--augmentation-std", str(augmentation_std))
    said = result["contrast_or_masks"]["value"]
    variances = closed_forms_of_points.entry_variances(list(x), 3, 0.75)
    masks = closed_forms_of_points.deficit_mim(variances, 3 * 4000, 1).mean()
    # At most 2000 samples a client are looked at.
    assert said["deficit_masks"] == pytest.approx(masks, rel=0.05)
    wanted = {kind: deficit(s, kind, Scope.FL, 1) for kind in (Objective.CL, Objective.MIM)}
    assert said["deficit_contrast"] == pytest.approx(wanted[Objective.CL], rel=0.1)
    assert said["deficit_masks"] == pytest.approx(wanted[Objective.MIM], rel=0.1)
    assert said["more_robust"] == ("masks" if wanted[Objective.MIM] < wanted[Objective.CL] else "contrast")
    assert (augmentation_std < said["noise_at_which_they_are_equal"]) == (said["more_robust"] == "contrast")


@pytest.mark.parametrize("opposed", [None, (0, 3), (1, 4)], ids=str)
@pytest.mark.parametrize("rule", ["metropolis", "uniform", "laplacian"])
def test_one_link_is_the_one_that_an_exhaustive_search_finds(capsys, tmp_path, samples, rule, opposed):
    x = moments_of(samples)
    if opposed is not None:  # two clients pull against each other, the others are at the mean
        pull = 0.2 * (x[0] - x.mean(axis=0))
        x = np.stack([x.mean(axis=0)] * N)
        x[list(opposed)] += np.stack([pull, -pull])
    np.savez(tmp_path / "x.npz", second_moments=x)
    result = advice(
        capsys, tmp_path / "x.npz", "--feature-dim", "3", "--add", "1", "--mixing", rule, "--step-size", "1e-6"
    )
    (said,) = result["links_to_add"]["value"]
    path = from_edges([(i, i + 1) for i in range(N - 1)], N)

    def reached(adjacency: np.ndarray) -> float:
        """The error of trained models for tiny steps, where first order is exact."""
        models = steady_states(mixing_matrix(adjacency, rule), x, 3, 1e-6)
        return float(((models - models.mean(axis=0)) ** 2).sum())

    now, found = reached(path), {}
    for a, b in itertools.combinations(range(N), 2):
        if not path[a, b]:
            denser = path.copy()
            denser[a, b] = denser[b, a] = True
            found[a, b] = reached(denser) / now
    best = min(found, key=lambda link: found[link])
    assert tuple(said["link"]) == best
    assert said["consensus_falls_to"] == pytest.approx(found[best], rel=1e-3)


def test_links_gain_what_trained_models_gain_at_steps_where_curvature_counts(capsys, archive, samples):
    result = advice(capsys, archive, "--feature-dim", "3", "--add", "2")
    network = from_edges([(i, i + 1) for i in range(N - 1)], N)

    def reached() -> float:
        models = steady_states(
            mixing_matrix(network, "metropolis"), moments_of(samples), 3, result["clients"]["step_size"]
        )
        return float(((models - models.mean(axis=0)) ** 2).sum())

    before = reached()
    for entry in result["links_to_add"]["value"]:
        a, b = entry["link"]
        network[a, b] = network[b, a] = True
        assert entry["consensus_falls_to"] == pytest.approx(reached() / before, rel=1e-3)  # third order in differences


def test_the_ends_of_a_path_are_flagged_for_their_place(capsys, tmp_path):
    rng = np.random.default_rng(11)
    # Differences far above sampling noise, alike in law for all clients.
    x = np.stack([(0.15 * rng.standard_normal((DIM, DIM)) + np.eye(DIM)) * np.sqrt(SPREADS) for _ in range(20)])
    np.savez(tmp_path / "many.npz", second_moments=x @ x.swapaxes(1, 2))
    result = advice(capsys, tmp_path / "many.npz", "--feature-dim", "3")
    flagged = {entry["client"]: entry for entry in result["under_connected"]["value"]}
    ends = [c for c in flagged if c < 3 or c > 16]
    assert ends
    assert all(flagged[c]["by_place_alone"] > 1.5 for c in ends)
    assert all(entry["neighbours"] == (1 if c in (0, 19) else 2) for c, entry in flagged.items())
    assert max(flagged, key=lambda c: flagged[c]["by_place_alone"]) in (0, 19)
    code, out, _ = answered(capsys, "advise", "--data", str(tmp_path / "many.npz"), "--topology", "complete", "--json")
    assert code == 0
    # All average with all: models are equal, and what rounding leaves between them flags nobody.
    assert json.loads(out)["under_connected"]["value"] == []


def test_the_number_of_features_is_where_the_spectrum_drops(tmp_path, samples):
    data = ClientData(moments_of(samples), None, None)
    assert default_feature_dim(data) == 3


def test_the_printed_advice_says_each_part_in_words(capsys, archive):
    code, out, err = answered(capsys, "advise", "--data", str(archive), "--topology", "ring")
    assert (code, err) == (0, "")
    for words in (
        "every client counts the same",
        "Recommendation: server.",
        "server-sampled: ",
        "Your clients",
        "90% interval of that",
        "Links to add",
        "Rests on:",
        "How sure:",
        "all alike",
    ):
        assert words in out
    assert "nan" not in out
    assert "{" not in out


Spoil = Callable[[pathlib.Path, np.ndarray], object]


def saved(**arrays: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    def save(path: pathlib.Path, x: np.ndarray) -> None:
        made: dict[str, Any] = {name: make(x) for name, make in arrays.items()}
        np.savez(path, **made)

    return save


def bare(path: pathlib.Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=True)


def spoiled(x: np.ndarray, value: float) -> np.ndarray:
    y = x.copy()
    y[2, 3, 4] = value
    return y


def owners(numbers: list[float]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.resize(np.array(numbers), N * SAMPLES)


def rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, DIM)


def save_ragged(path: pathlib.Path) -> None:
    ragged = np.empty(2, dtype=object)
    ragged[:] = [np.zeros((3, 2)), np.zeros((3, 4))]
    np.savez(path, samples=ragged)


BAD_FILES: dict[str, tuple[Spoil, str]] = {
    "missing": (lambda path, x: None, "clients.npz"),
    "empty": (lambda path, x: path.write_bytes(b""), "savez"),
    "text": (lambda path, x: path.write_text("a,b"), "savez"),
    "a folder": (lambda path, x: path.mkdir(), "clients.npz"),
    "a bare array": (lambda path, x: bare(path, x), "bare array"),
    "a bare pickle": (lambda path, x: bare(path, np.array([{}])), "savez"),
    "other names": (saved(data=lambda x: x), "samples"),
    "no arrays": (lambda path, x: np.savez(path), "none"),
    "client alone": (saved(client=owners([0, 1])), "must hold samples"),
    "two names": (saved(samples=lambda x: x, embeddings=lambda x: x), "both"),
    "nan": (saved(samples=lambda x: spoiled(x, np.nan)), "nan at (2, 3, 4)"),
    "inf": (saved(second_moments=lambda x: spoiled(x, np.inf)), "inf"),
    "objects": (saved(samples=lambda x: np.array([{"a": 1}], dtype=object)), "savez"),
    "words": (saved(samples=lambda x: np.array([["a"]])), "real numbers"),
    "complex": (saved(samples=lambda x: x * 1j), "real numbers"),
    "flat": (saved(samples=rows), "beside"),
    "four axes": (saved(samples=lambda x: x[None]), "(1, 6, 150, 8)"),
    "owners of another length": (saved(samples=rows, client=lambda x: np.arange(3)), "(3,)"),
    "half a client": (saved(samples=rows, client=owners([0, 0.5])), "0.5"),
    "a negative client": (saved(samples=rows, client=owners([0, -1])), "-1"),
    "a gap": (saved(samples=rows, client=owners([0, 1, 3])), "Client 2"),
    "a lone sample": (saved(samples=lambda x: x[:, :1]), "1 samples"),
    "no samples": (saved(samples=lambda x: x[:, :0]), "0 samples"),
    "no rows": (saved(samples=lambda x: rows(x)[:0], client=lambda x: np.zeros(0)), "no samples"),
    "one client": (saved(samples=lambda x: x[:1]), "Two clients"),
    "one dimension": (saved(samples=lambda x: x[:, :, :1]), "two dimensions"),
    "zeros": (saved(samples=lambda x: x * (np.arange(N) != 4)[:, None, None]), "Client 4"),
    "huge": (saved(samples=lambda x: 1e160 * x), "too large"),
    "moments not symmetric": (saved(second_moments=lambda x: np.triu(moments_of(x))), "second_moments"),
    "moments not positive": (saved(second_moments=lambda x: -moments_of(x)), "negative eigenvalue"),
    "moments of another shape": (saved(second_moments=lambda x: x), "(6, 150, 8)"),
    "sizes of another length": (saved(second_moments=moments_of, sizes=lambda x: np.array([5.0, 5.0])), "sizes"),
    "sizes of one": (saved(second_moments=moments_of, sizes=lambda x: np.ones(N)), "sizes"),
    "both": (saved(samples=lambda x: x, second_moments=moments_of), "samples and second_moments"),
    "samples and sizes": (saved(samples=lambda x: x, sizes=lambda x: np.full(N, 9.0)), "samples and sizes"),
    "owners of moments": (saved(second_moments=moments_of, client=owners([0, 1])), "Leave client out"),
    "weights": (saved(samples=lambda x: x, weights=lambda x: np.ones(N)), "holds weights"),
    "another name beside client": (saved(X=lambda x: x, client=owners([0, 1])), "client, X only"),
    "means of another shape": (saved(second_moments=moments_of, means=lambda x: x[0]), "means"),
    "means too long": (saved(second_moments=moments_of, means=lambda x: 9 + 0 * x[:, 0]), "mean of client"),
    "unlike dimensions": (lambda path, x: save_ragged(path), "unlike shapes"),
    "a tie": (saved(second_moments=lambda x: np.stack([np.eye(DIM)] * N)), "--feature-dim"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_archive_is_one_sentence_and_exit_code_2(capsys, tmp_path, samples, name):
    spoil, said = BAD_FILES[name]
    spoil(tmp_path / "clients.npz", samples)
    code, out, err = answered(
        capsys, "advise", "--data", str(tmp_path / "clients.npz"), "--topology", "ring", "--feature-dim", "2"
    )
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


BAD_OPTIONS = [
    (("--topology", "rign"), "ring"),
    (("--topology", "links.csv"), "links.csv"),
    (("--topology", "wide.csv"), "client"),
    (("--topology", "apart.csv"), "connect"),
    (("--topology", "alone.csv"), "connect"),
    (("--topology", "empty.csv"), "no links"),
    (("--topology", "mixing.npy", "--mixing", "uniform"), "--mixing"),
    (("--topology", "mixing.npy", "--add", "1"), "--add"),
    (("--topology", "swap.npy"), "clients"),
    (("--topology", "oneway.npy"), "push_sum"),
    (("--topology", "weighted.csv"), "no weights"),
    (("--topology", "weighted2.csv"), "no weights"),
    (("--rounds", "9"), "--simulate"),
    (("--participation", "6"), "--participation"),
    (("--without", "server-sampled", "--participation", "2"), "--participation"),
    (("--without", "server", "network", "alone"), "--without"),
    (("--topology", "small.npy"), "2 clients"),
    (("--feature-dim", "0"), "--feature-dim"),
    (("--feature-dim", "8"), "--feature-dim"),
    (("--step-size", "1"), "--step-size"),
    (("--step-size", "0"), "--step-size"),
    (("--step-size", "nan"), "--step-size"),
    (("--participation", "0"), "--participation"),
    (("--participation", "7"), "--participation"),
    (("--augmentation-std", "-1"), "--augmentation-std"),
    (("--augmentation-std", "nan"), "--augmentation-std"),
    (("--mask-ratio", "0"), "--mask-ratio"),
    (("--mask-ratio", "1"), "--mask-ratio"),
    (("--mask-ratio", "nan"), "--mask-ratio"),
    (("--local-steps", "0"), "--local-steps"),
    (("--rounds", "0"), "--rounds"),
    (("--add", "-1"), "--add"),
    (("--seed", "-1"), "--seed"),
]


@pytest.mark.parametrize(("options", "said"), BAD_OPTIONS)
@pytest.mark.parametrize("kind", ["samples", "moments"])
def test_a_bad_option_is_one_sentence_and_exit_code_2(capsys, tmp_path, monkeypatch, samples, kind, options, said):
    monkeypatch.chdir(tmp_path)
    arrays: dict[str, Any] = {"samples": samples} if kind == "samples" else {"second_moments": moments_of(samples)}
    np.savez("clients.npz", **arrays)
    ring = "0,1\n1,2\n2,3\n3,4\n4,5\n"
    pathlib.Path("wide.csv").write_text(ring + "5,6\n")
    pathlib.Path("apart.csv").write_text("0,1\n1,2\n3,4\n4,5\n")
    pathlib.Path("alone.csv").write_text("0,1\n1,2\n2,3\n3,4\n")
    pathlib.Path("empty.csv").write_text("from,to\n")
    np.save("mixing.npy", plain_path(N))
    np.save("swap.npy", np.eye(N)[::-1])
    np.save("oneway.npy", np.roll(np.eye(N), 1, axis=1))
    pathlib.Path("weighted.csv").write_text("a,b,weight\n" + ring.replace("\n", ",0.5\n"))
    pathlib.Path("weighted2.csv").write_text(ring.replace(",", ";").replace("\n", ";0,5\n"))
    np.save("small.npy", np.array([[0, 1], [1, 0]]))
    topology = () if "--topology" in options else ("--topology", "ring")
    code, out, err = answered(capsys, "advise", "--data", "clients.npz", *topology, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


def test_weights_by_data_size_need_sizes(capsys, tmp_path, samples):
    np.savez(tmp_path / "moments.npz", second_moments=moments_of(samples))
    code, out, err = answered(
        capsys, "advise", "--data", str(tmp_path / "moments.npz"), "--topology", "ring", "--mixing", "data_size"
    )
    assert (code, out) == (2, "")
    assert "sizes" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--objective", "equal-samples"), "Add sizes"),
        (("--mask-ratio", "0.5"), "no effect"),
        (("--augmentation-std", "2"), "no effect"),
        (("--center",), "Add means"),
    ],
)
def test_second_moments_alone_cannot_serve_every_option(capsys, tmp_path, samples, options, said):
    np.savez(tmp_path / "moments.npz", second_moments=moments_of(samples))
    code, out, err = answered(capsys, "advise", "--data", str(tmp_path / "moments.npz"), "--topology", "ring", *options)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_options_of_the_wrong_kind_leave_nothing_on_stdout(capsys, archive):
    for option, value in (
        ("--feature-dim", "two"),
        ("--mixing", "best"),
        ("--step-size", "small"),
        ("--objective", "fair"),
    ):
        code, out, err = answered(capsys, "advise", "--data", str(archive), "--topology", "ring", option, value)
        assert (code, out) == (2, "")
        assert value in err
        assert "Traceback" not in err
