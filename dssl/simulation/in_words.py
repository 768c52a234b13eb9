"""The measurements and predictions of a simulated training in words: each name of the JSON, and its unit."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dssl.simulation.duration import operations


class Words(NamedTuple):
    """What a number is, and its unit, for each place where it is told.

    `what` and `unit` stand in the table of `dssl simulate linear`, one row below the other. `meaning` and `units` are
    attributes of the dataset of `dssl.train`, where each stands alone. `axis` is the label of the quantities that are
    drawn over the rounds.
    """

    what: str
    unit: str
    meaning: str
    units: str = "1"
    axis: str = ""


_SQUARED = "squared weights"
_OF_COVARIANCES = "those of the covariances"  # a squared model has them, as W^T W comes near to X
_DISTANCE = "of projectors, 0 to sqrt(2c)"
_SQUARED_DISTANCE = "of projectors, squared"
QUANTITIES = {
    "consensus_pre_mix": Words(
        "disagreement of the clients' models before averaging",
        _SQUARED,
        "mean squared distance of the models from their mean, before the averaging",
        _OF_COVARIANCES,
        "disagreement before averaging\n(squared weights)",
    ),
    "consensus_post_mix": Words(
        "disagreement after averaging",
        _SQUARED,
        "mean squared distance of the models from their mean, after the averaging",
        _OF_COVARIANCES,
        "disagreement after averaging\n(squared weights)",
    ),
    "mean_model_subspace_error": Words(
        "averaged model: distance from the best shared subspace",
        _DISTANCE,
        "distance ||P - P*||_F of the weighted mean model from the optimum",
        axis="distance of the mean model\nfrom the optimum (of subspaces)",
    ),
    "plain_mean_model_subspace_error": Words(
        "the same of the plain mean of all models",
        _DISTANCE,
        "distance ||P - P*||_F of the plain mean model from the optimum",
    ),
    "mean_local_subspace_error_squared": Words(
        "clients' own models: mean squared distance",
        _SQUARED_DISTANCE,
        "mean over clients of ||P_i - P*||_F^2, after the averaging",
    ),
    "mean_local_subspace_error_squared_pre_mix": Words(
        "the same before averaging",
        _SQUARED_DISTANCE,
        "mean over clients of ||P_i - P*||_F^2, before the averaging",
    ),
    "sensitivity": Words(
        "sensitivity of the averaged model",
        "0 to 1",
        "largest minus smallest representability of a signal direction, of the weighted mean model",
    ),
    "late_mean_model_subspace_error_squared": Words(
        "averaged model: mean squared distance over the later half",
        _SQUARED_DISTANCE,
        "mean of ||P - P*||_F^2 over the later half of the run",
    ),
}
# The tiers of `theory.training.predictions`, in the order in which `dssl.train` lists them.
PREDICTIONS = {
    "all": "any prediction",
    "recorded_gradients": "from this run's gradients",
    "fixed_point": "models at rest, solved for",
    "curvature_resummed": "all orders in the step size",
    "second_order": "second order in the step size",
    "effective_covariance": "effective covariance",
    "first_order": "first order in the step size",
    "first_order_after_these_rounds": "first order, after these rounds",
    "partial_participation": "sampled clients",
    "spectral_gap_bound": "upper bound, spectral gap",
    "first_order_bound": "upper bound, first order",
}
CLOSE, ROUNDING = 0.05, 1e-9


def prediction(name: str) -> str:
    """A tier in words; its name where it has none."""
    return PREDICTIONS.get(name, name.replace("_", " "))


def shortcuts(reductions: Sequence[Mapping[str, Any]], shape: tuple[int, int, int], local_steps: int) -> list[str]:
    """Which exact shortcuts a training took, and what they saved. `shape`: clients, dimensions and features."""
    if not reductions:
        return ["No exact shortcut applies: every client was trained in all dimensions."]
    n, dim, features = shape
    trained = {"clients": n, "dimensions": dim} | {r["kind"]: r["trained"] for r in reductions}
    before = operations(n, dim, features, local_steps)
    after = operations(trained["clients"], trained["dimensions"], features, local_steps)
    return [
        *(f"{r['trained']} of {r['of']} {r['kind']} were trained. {r['because']}" for r in reductions),
        f"A round took about {before / after:.3g} times fewer operations for that. The result is the same.",
    ]


def follows(result: Mapping[str, Any]) -> str:
    """What came of the run, and how near the best prediction of the disagreement is, in a sentence or two."""
    said = str(result["message"])
    ratios = result["ratios"].get("consensus_post_mix", {})
    name = next((tier for tier in ("fixed_point", "first_order") if ratios.get(tier)), None)
    if name is None:
        return said
    off = abs(ratios[name] - 1)
    near = "up to rounding" if off < ROUNDING else f"to {off:.2g} of its size"
    if off > CLOSE:
        near = f"but for a factor of {ratios[name]:.3g}"
    return f"{said} The disagreement is the predicted one ({prediction(name)}) {near}."
