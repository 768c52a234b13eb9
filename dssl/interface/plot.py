"""Drawings on matplotlib axes: `dssl.plot.curve(...)` and the like compute what they show, and give the axes back.

Each function draws on `ax`, or on new axes of the width of a column; `figure("slide")` makes larger ones. Nothing is
shown and no file is written: a notebook shows what is drawn, and `save` writes it. The drawing itself is in
`figures/on_axes/`.
"""

import inspect
import os
import pathlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from dssl.interface import _computed
from dssl.interface.networks import Network
from dssl.interface.settings import Setting
from dssl.simulation import in_words
from figures.on_axes import look, networks, parameters
from runtime.parse import shown
from runtime.usage import UsageError, unknown

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

Shown = Literal["closed", "bound", "simulated"]
Values = Float[np.ndarray, " points"]
_SHOWN: tuple[Shown, ...] = ("closed", "bound", "simulated")
_OBJECTIVES = {"cl": "CL", "mim": "MIM"}
# What is drawn of each sample, and how often if nothing is said.
_DRAWN = {"cl": ("view pair", 1), "mim": ("mask pair", "expected")}
# What each field is called on an axis, with its unit.
_AXES = {
    "n_clients": "number of clients",
    "dim": "pixels per image (dimension d)",
    "feature_dim": "number of features",
    "samples_per_client": "images per client",
    "beta": r"exponent $\beta$ (images per client $= d^\beta$)",
    "tau": r"offsets $\tau$ (class means are 1)",
    "mu": r"pixel noise $\mu$ (standard deviation)",
    "mask_ratio": "mask ratio (share in the second mask)",
    "augmentation_std": r"augmentation noise $\sigma$ (standard deviation)",
    "rare_fraction": "rare class (share of a client's images)",
}
_EVEN = ("mask_ratio", "beta")  # shares and exponents: equal steps are drawn equal
_DEFICIT = "deficit\n(share of a direction lost)"
_RATIO = r"$\log_{10}$(deficit of CL / deficit of MIM)"
_QUANTITIES = {"sigma_star": r"critical noise $\sigma^*$"}
_LONGEST_UNIT = 40  # characters beside the name on an axis


def figure(width: Literal["column", "slide"] = "column") -> "Axes":
    """Empty axes on a new figure: 3.5 by 2.7 inches for a column of a paper, 10 by 5.6 for a slide.

    Text and lines fit the width. The figure itself is `.figure` of what comes out.

    >>> import dssl
    >>> ax = dssl.plot.figure("slide")
    >>> [float(inches) for inches in ax.figure.get_size_inches()]
    [10.0, 5.6]

    Errors: UsageError for another width.
    """
    return look.new_axes(width)


def save(ax_or_figure: "Axes | FigureBase", path: str | os.PathLike[str]) -> None:
    """Writes a figure as PNG (200 dots an inch), SVG or PDF, by the ending of `path`; an older file is replaced whole.

    The same figure gives the same bytes. Errors: UsageError for another ending, for what is no axes or figure, and
    where the file cannot be written.
    """
    from matplotlib.artist import Artist

    found = ax_or_figure.get_figure(root=True) if isinstance(ax_or_figure, Artist) else None
    if found is None:
        raise UsageError(f"save wants axes or a figure of matplotlib; got {shown(ax_or_figure)}. Give what plot gave.")
    look.write(found, pathlib.Path(path))


def curve(
    setting: Setting,
    quantity: str,
    vs: str,
    values: Any = None,
    *,
    show: Shown | Collection[Shown] = ("closed",),
    ax: "Axes | None" = None,
    trials: int = 100,
    seed: int = 0,
    **keys: Any,
) -> "Axes":
    """A quantity of the data model against one field of its setting.

    `vs` is a field of `Setting`, `values` what it takes; without them a range around the setting's own value, in equal
    factors where the field may span powers of ten. `keys` are those of the quantity, such as objective="mim".

    `show` names one or more of: "closed", the formula behind `quantity`; for the deficit also "bound", which holds with
    probability 1 - delta (`side` "upper" or "lower"), and "simulated": the mean over `trials` simulated data sets with
    two standard errors on either side, by the exact samplers of `sims/samplers/montecarlo.py`. Another call on the same
    `ax` adds a curve.

    Units: on the axes. Errors: UsageError for a field, quantity, key or value that does not exist, for a setting of
    arrays, for simulations that would take more than a minute (with what fits), and where a formula says nothing at any
    of the values; where it does at some, they are gaps, and a warning says why.

    >>> import dssl
    >>> setting = dssl.Setting(n_clients=4, dim=100, samples_per_client=1000)
    >>> ax = dssl.plot.curve(setting, "deficit", vs="mask_ratio", values=[0.25, 0.5, 0.75], objective="mim")
    >>> len(ax.get_lines()[0].get_xdata())
    3
    """
    wanted = _wanted(show)
    if quantity != "deficit" and wanted != ("closed",) and _computed.quantity(quantity):
        raise UsageError(f'Only the deficit has a bound and simulations; got {quantity}. Use show="closed".')
    own = [name for name in inspect.signature(_computed.quantity(quantity)).parameters if name != "setting"]
    _computed.known_keys(keys, (*own, *(("delta", "side") if "bound" in wanted else ())), quantity)
    x, points = _computed.along(setting, vs, values)
    of_formula = {k: v for k, v in keys.items() if k in own}
    # All is computed before anything is drawn, so that a refusal leaves the axes as they were.
    closed = _computed.formula(quantity, points, of_formula) if "closed" in wanted else None
    bound = _computed.bound(points, keys) if "bound" in wanted else None
    means = _computed.simulated(points, keys, trials, seed) if "simulated" in wanted else None
    axes, objective = ax or figure(), keys.get("objective")
    # The first entry of the legend says what was drawn of each sample; the others are of the same.
    names = {kind: _who(keys, with_draws=quantity == "deficit" and kind == wanted[0]) for kind in wanted}
    if closed is not None:
        parameters.closed_form(axes, x, closed, f"{names['closed']}formula", objective)
    if bound is not None:
        side, delta = keys.get("side", "upper"), keys.get("delta", 0.05)
        label = f"{names['bound']}{side} bound ({100 * (1 - delta):.4g}%)"
        parameters.bound(axes, x, bound, label, objective, is_upper=side == "upper")
    if means is not None:
        parameters.estimates(axes, x, *means, f"{names['simulated']}mean of {trials} simulations", objective)
    y_label = _DEFICIT if quantity == "deficit" else _y_label(quantity, points, of_formula)
    parameters.finish(axes, _AXES[vs], y_label, is_x_even=vs in _EVEN)
    return axes


def phase_diagram(
    setting: Setting,
    x: str,
    y: str,
    x_values: Any,
    y_values: Any,
    *,
    draws: int | Literal["expected"] | None = 1,
    scope: Literal["fl", "local_own", "local_other"] = "fl",
    ax: "Axes | None" = None,
) -> "Axes":
    """Where CL, and where MIM loses more: log10 of CL's deficit over MIM's, by formula, over two fields of a setting.

    In blue fields MIM loses less, in orange ones CL; along the black line both lose alike. Grey fields have no formula.
    `draws` is how many pairs of views, or of masks, are taken of each sample, the same for both; "expected" averages
    over all, and None compares one pair of views with all masks, as the quantities do by default.

    Units: dimensionless. Source: as `dssl.deficit`. Errors: UsageError for a field that does not exist, for one that is
    given twice, and for fewer than two different values.

    >>> import dssl
    >>> setting = dssl.Setting(n_clients=4, dim=64, samples_per_client=640)
    >>> ax = dssl.plot.phase_diagram(setting, "augmentation_std", "mask_ratio", [0.3, 0.6, 1.2], [0.25, 0.5, 0.75])
    >>> ax.get_ylabel()
    'mask ratio (share in the second mask)'
    """
    if x == y:
        raise UsageError(f"A phase diagram has two different fields; got {x} twice. Change one.")
    fields = {name: _computed.values_of(setting, name, given) for name, given in ((x, x_values), (y, y_values))}
    for name, found in fields.items():
        if len(found) < 2:
            raise UsageError(f"A phase diagram has at least two different values of {name}; got {len(found)}. Add one.")
    grid = {x: fields[x][None, :], y: fields[y][:, None]}
    keys = {"scope": scope} | ({} if draws is None else {"draws": draws})
    cl, mim = _computed.deficits(setting, grid, "cl", keys), _computed.deficits(setting, grid, "mim", keys)
    axes = ax or figure()
    labels = (_AXES[x], _AXES[y], f"{_RATIO}\norange: CL loses less, blue: MIM loses less")
    columns, rows = (fields[name].astype(float) for name in (x, y))
    log_ratio = np.broadcast_to(np.log10(_computed.ratio(cl, mim)), (len(rows), len(columns)))
    parameters.phase_diagram(axes, columns, rows, log_ratio, labels, (x in _EVEN, y in _EVEN))
    return axes


def tightness(
    setting: Setting,
    vs: str,
    values: Any = None,
    *,
    objective: Literal["cl", "mim"] = "mim",
    over: Literal["closed", "simulated"] = "closed",
    side: Literal["upper", "lower"] = "upper",
    delta: float = 0.05,
    scope: Literal["fl", "local_own", "local_other"] = "fl",
    ax: "Axes | None" = None,
    trials: int = 100,
    seed: int = 0,
) -> "Axes":
    """By which factor a proven bound of the deficit misses: the bound over the formula, or over the simulated mean.

    `vs` and `values` are as in `curve`. The bound holds with probability 1 - delta; the closer to the thin line at 1,
    the tighter it is. Over simulations, bars show what two standard errors of the mean make of the ratio.

    Units: dimensionless. Source: as `dssl.deficit_bound` and `dssl.deficit`. Errors: as `curve`.

    >>> import dssl
    >>> setting = dssl.Setting(n_clients=4, dim=64, samples_per_client=64000)
    >>> ax = dssl.plot.tightness(setting, "samples_per_client", [16000, 64000], objective="cl")
    >>> bool(min(ax.get_lines()[0].get_ydata()) > 1)
    True
    """
    if over not in ("closed", "simulated"):
        raise unknown("denominator", str(over), ("closed", "simulated"), "A bound is compared with one of them.")
    x, points = _computed.along(setting, vs, values)
    keys = {"objective": objective, "scope": scope}
    above = _computed.bound(points, {**keys, "delta": delta, "side": side})
    if over == "closed":
        below, error = _computed.formula("deficit", points, keys), np.zeros(0)
    else:
        below, error = _computed.simulated(points, keys, trials, seed)
    axes, name = ax or figure(), _OBJECTIVES[objective]
    if over == "closed":
        label = f"{name}, {side} bound / formula"
        parameters.bound(axes, x, _computed.ratio(above, below), label, objective, is_upper=side == "upper")
    else:
        label = f"{name}, {side} bound / simulated"
        found = _computed.ratio(above, below)
        parameters.estimates(axes, x, found, found * _computed.ratio(error, below), label, objective)
    parameters.finish(axes, _AXES[vs], "bound / deficit (ratio)", is_x_even=vs in _EVEN, line_at=1.0)
    return axes


def spectrum(network: Any, matrix: Literal["mixing", "laplacian"] = "mixing", *, ax: "Axes | None" = None) -> "Axes":
    """The eigenvalues of a network's mixing matrix, or of its Laplacian, by rank.

    Complex eigenvalues, which links of one way may bring, are shown in the plane, with the unit circle. `network` is a
    `Network`, or what one is made of.

    Units: dimensionless (mixing), links (Laplacian). Errors: UsageError for another matrix, for what is no network, and
    for the Laplacian of a network with links of one way.

    >>> import dssl
    >>> ax = dssl.plot.spectrum(dssl.Network("ring", 8), "laplacian")
    >>> ax.get_ylabel()
    'eigenvalue of the Laplacian (links)'
    """
    if matrix not in ("mixing", "laplacian"):
        raise unknown("matrix", str(matrix), ("mixing", "laplacian"), "A network has these two.")
    net = _network(network)
    eigenvalues = net.mixing_spectrum if matrix == "mixing" else net.laplacian_spectrum
    if eigenvalues is None:
        raise UsageError('The Laplacian here is for links that go both ways; some go one way only. Use "mixing".')
    axes = ax or figure()
    words = "eigenvalue of the mixing matrix" if matrix == "mixing" else "eigenvalue of the Laplacian (links)"
    networks.spectrum(axes, np.asarray(eigenvalues), words)
    return axes


def trajectory(dataset: "xarray.Dataset", quantity: str = "consensus_post_mix", *, ax: "Axes | None" = None) -> "Axes":
    """The simulated course of a training over its rounds, and each prediction of where it ends as a horizontal line.

    Models settle in few rounds of many, so that the scale of many rounds is logarithmic.

    `dataset` is what `dssl.train` gives. Predictions that do not hold for this training are left out.

    Units: those of the covariances for the disagreement, none for subspaces. Errors: UsageError for a quantity that the
    dataset does not have over its rounds.

    >>> import dssl
    >>> run = dssl.train([[[2.0, 0.3], [0.3, 1.0]], [[3.0, 0.0], [0.0, 1.0]]], "complete", feature_dim=1, rounds=10)
    >>> ax = dssl.plot.trajectory(run, "mean_model_subspace_error")
    >>> ax.get_xlabel()
    'round of training'
    """
    if not hasattr(dataset, "data_vars"):
        raise UsageError(f"The xarray.Dataset of dssl.train was wanted; got {shown(dataset)}. Give what train gave.")
    known = [str(name) for name, series in dataset.data_vars.items() if series.dims == ("round",)]
    if quantity not in known:
        raise unknown("course of this training", str(quantity), known, f"It has {', '.join(known)}.")
    axes = ax or figure()
    predicted = {
        in_words.prediction(name): value for name, value in _predictions(dataset, f"{quantity}_predicted").items()
    }
    series = dataset[quantity]
    words = in_words.QUANTITIES.get(quantity)
    label = words.axis if words and words.axis else quantity.replace("_", " ")
    networks.trajectory(axes, np.asarray(series["round"]), np.asarray(series, dtype=float), predicted, label)
    return axes


def network(
    network: Any,
    drift: Any = None,
    *,
    layout: Literal["spring", "circular"] | None = None,
    drift_label: str = "drift (distance from the mean model)",
    ax: "Axes | None" = None,
) -> "Axes":
    """The clients of a network and their links; with `drift`, a number for each client, coloured by it.

    Links of one way are arrows towards the client that receives. `layout` is "spring", "circular", or by default what
    suits the network. `network` is a `Network`, or what one is made of.

    Units: those of `drift`, which `drift_label` says. Errors: UsageError for what is no network, for another number of
    drifts than of clients, and for another layout.

    >>> import dssl
    >>> ax = dssl.plot.network(dssl.Network("star", 5), drift=[0.0, 1.0, 2.0, 1.5, 0.5])
    >>> [text.get_text() for text in ax.texts]
    ['0', '1', '2', '3', '4']
    """
    if layout not in (None, "spring", "circular"):
        raise unknown("layout", str(layout), ("spring", "circular"), "Leave it out for what suits the network.")
    net = _network(network)
    adjacency = np.asarray(net.adjacency, dtype=bool)
    numbers = None if drift is None else _drift(drift, len(adjacency))
    degrees = adjacency.sum(axis=1)
    suits = "circular" if degrees.max() <= 2 or degrees.min() == len(adjacency) - 1 else "spring"
    axes = ax or figure()
    networks.network(axes, adjacency, [str(label) for label in net.labels], numbers, drift_label, layout or suits)
    return axes


def _wanted(show: Shown | Collection[Shown]) -> tuple[Shown, ...]:
    names: list[Any] = [show] if isinstance(show, str) else list(show)
    for name in names:
        if name not in _SHOWN:
            raise unknown("way to show a quantity", str(name), _SHOWN, "Give one or more of them.")
    if not names:
        raise UsageError(f"show is empty. Give one or more of {', '.join(_SHOWN)}.")
    return tuple(dict.fromkeys(names))


def _who(keys: Mapping[str, Any], *, with_draws: bool = False) -> str:
    """The objective for a legend, and how many pairs of views or of masks it takes of each sample."""
    if keys.get("objective") not in _OBJECTIVES:
        return ""
    what, usual = _DRAWN[keys["objective"]]
    draws = usual if keys.get("draws") is None else keys["draws"]
    taken = f" (all {what}s)" if draws == "expected" else f" ({draws} {what}{'s'[: draws != 1]})"
    return f"{_OBJECTIVES[keys['objective']]}{taken if with_draws else ''}, "


def _y_label(quantity: str, points: Setting, keys: Mapping[str, Any]) -> str:
    units = _computed.units(quantity, points, keys)
    name = _QUANTITIES.get(quantity, quantity.replace("_", " "))
    return f"{name} ({units})" if units and len(units) < _LONGEST_UNIT else name


def _network(network: Any) -> Network:
    return network if isinstance(network, Network) else Network(network)


def _predictions(dataset: "xarray.Dataset", name: str) -> dict[str, float]:
    if name not in dataset:
        return {}
    found = dataset[name]
    return {str(n): float(v) for n, v in zip(found["prediction"].values, found.values, strict=True) if np.isfinite(v)}


def _drift(drift: Any, n_clients: int) -> Float[np.ndarray, " clients"]:
    try:
        numbers = np.asarray(drift, dtype=float)
    except (TypeError, ValueError):
        numbers = np.full(0, np.nan)
    if numbers.shape != (n_clients,) or not np.isfinite(numbers).all():
        raise UsageError(
            f"drift has one finite number for each of the {n_clients} clients; got {shown(drift)}. Mend it, or leave "
            "it out."
        )
    return numbers
