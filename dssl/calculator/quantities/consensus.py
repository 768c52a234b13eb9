"""Consensus error of a network: predictions and bounds from numbers that a practitioner knows."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._network import Network
from theory.formula import OutOfDomainError
from theory.training.consensus import (
    consensus_exchangeable,
    require_dissimilarity,
    require_stable,
    require_training,
    training_weights,
)
from theory.training.consensus_bounds import (
    GAP_BOUND,
    consensus_gap_bound,
    consensus_transient_bound,
    reversible_spectrum,
)
from theory.training.consensus_noise import FADES, consensus_noise
from theory.training.published_bounds import published_bounds

TITLE = "Consensus error (1/N) sum |W_i - mean|^2 of a network at rest: predictions, bounds, and published bounds"


LARGEST = 1e30  # squares and products of such numbers stay finite


@dataclass(frozen=True, kw_only=True)
class Query(Network):
    """`gradient_dissimilarity` is zeta^2, the mean squared distance of clients' gradients from their mean.

    `rounds` adds the values after so many rounds from a common start; `curvature` is a typical Hessian eigenvalue h,
    0 for none; noise needs `noise_std`, an entry of one stochastic gradient, and `n_parameters`.
    """

    gradient_dissimilarity: float
    step_size: float
    local_steps: int = 1
    rounds: int | None = None
    curvature: float = 0.0
    noise_std: float = 0.0
    n_parameters: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("gradient_dissimilarity", "step_size", "local_steps", "rounds", "noise_std", "n_parameters"):
            given = getattr(self, name)
            if given is not None and given > LARGEST:
                raise ValueError(f"{name} goes up to {LARGEST:g} here; got a larger one. Lower {name}.")
        require_training(self.step_size, self.local_steps)
        require_dissimilarity(self.gradient_dissimilarity)
        require_stable(self.step_size, self.curvature, self.curvature)
        if self.rounds is not None and self.rounds < 1:
            raise ValueError(f"rounds is a whole number from 1; got rounds={self.rounds}.")
        if not 0 <= self.noise_std < math.inf:
            raise ValueError(f"noise_std is finite and not negative; got noise_std={self.noise_std}.")
        if self.noise_std and (self.n_parameters is None or self.n_parameters < 1):
            raise ValueError(
                f"The noise adds up over the parameters, feature_dim * dim of them; got n_parameters="
                f"{self.n_parameters}. Add n_parameters=..."
            )


def answer(query: Query) -> Answer:
    """An object: predictions, `gap_bound`, and `published` bounds with the `tightness` of the gap bound in them.

    Where a network mode never fades nothing comes to rest: what is said of rest is None, that of `rounds` stays.
    """
    if query.mixing == "push_sum":
        raise OutOfDomainError(
            "Push-sum mixes quotients, with a step of its own for every client; the formulas are for rows that sum "
            "to 1. Use another mixing, or simulate."
        )
    m, zeta2, h = query.matrix_of_rule(), query.gradient_dissimilarity, query.curvature
    training = (query.step_size, query.local_steps)
    never_fades = _reason_never_to_rest(m, h, *training)
    if never_fades and query.rounds is None:
        raise OutOfDomainError(f"{never_fades} Add rounds=... for the values after so many.")
    reasons = ["at_rest and after_rounds are means over the placement of clients on the network."]
    if never_fades:
        reasons.append(never_fades)

    def of_rest(compute: Callable[[], object]) -> object:
        if never_fades:
            return None
        try:
            return compute()
        except OutOfDomainError as error:
            reasons.append(str(error))
            return None

    gap_bound = of_rest(lambda: _gap_bound(query, m))
    if gap_bound is not None:
        reasons.append(f"gap_bound is proved for {_proved_for(query)}.")
    value = {
        "at_rest": of_rest(lambda: consensus_exchangeable(m, zeta2, *training, curvature=h)),
        "at_rest_before_mixing": of_rest(
            lambda: consensus_exchangeable(m, zeta2, *training, curvature=h, pre_mix=True)
        ),
        "noise": of_rest(lambda: _noise(query, m)),
        "gap_bound": gap_bound,
        "published": of_rest(lambda: _published(query, m, gap_bound)),
    }
    if query.rounds is not None:
        value["after_rounds"] = consensus_exchangeable(m, zeta2, *training, curvature=h, rounds=query.rounds)
        value["after_rounds_bound"] = consensus_transient_bound(m, zeta2, *training, rounds=query.rounds)
    return Answer(
        value=value,
        units="squared weights",
        source=str(GAP_BOUND.source),
        latex=GAP_BOUND.latex,
        reason=" ".join(reasons),
    )


def _reason_never_to_rest(mixing: np.ndarray, curvature: float, step_size: float, local_steps: int) -> str:
    """Why the models never come to rest, or nothing if they do."""
    kept = abs(1 - step_size * curvature) ** local_steps
    slowest = kept * float(np.abs(np.linalg.eigvals(mixing - training_weights(mixing))).max())
    if slowest < 1 - FADES:
        return ""
    return (
        "Models come to rest if every network mode shrinks in a round; here one keeps all of itself, as with "
        "lambda_N = -1 and no curvature. Use mixing=lazy, or a smaller step of the Laplacian rule."
    )


def _gap_bound(query: Query, mixing: np.ndarray) -> float:
    """The gap bound. Errors: OutOfDomainError where the curvature given is beyond what its proof takes."""
    bound = consensus_gap_bound(mixing, query.gradient_dissimilarity, query.step_size, query.local_steps)
    pull = query.step_size * query.curvature
    if pull > 1 and not (query.local_steps == 1 and _least_eigenvalue(mixing) >= -FADES):
        raise OutOfDomainError(
            f"gap_bound needs step_size times curvature of at most 1, or one local step and mixing without negative "
            f"eigenvalues; got {pull:.4g}. Lower step_size, or use mixing=lazy."
        )
    return bound


def _proved_for(query: Query) -> str:
    if query.local_steps == 1:
        return (
            "convex losses whose Hessians are at most 1/step_size, or of any size if no eigenvalue of mixing is "
            "negative"
        )
    return "convex quadratic losses with equal Hessians of at most 1/step_size"


def _least_eigenvalue(mixing: np.ndarray) -> float:
    return float(reversible_spectrum(mixing)[1][-1]) if len(mixing) > 1 else 0.0


def _noise(query: Query, mixing: np.ndarray) -> float:
    """What gradient noise adds: that of one parameter, one level of curvature standing for all, times their number."""
    if not query.noise_std:
        return 0.0
    one = consensus_noise(
        mixing, query.noise_std, query.step_size, query.local_steps, curvatures=np.array([query.curvature])
    )
    return one * (query.n_parameters or 0)


def _published(query: Query, mixing: np.ndarray, gap_bound: object) -> dict[str, dict[str, object]]:
    variance = query.noise_std**2 * (query.n_parameters or 0)
    found = published_bounds(
        mixing, query.gradient_dissimilarity, query.step_size, query.local_steps, noise_variance=variance
    )
    return {
        key: {
            "value": bound.value,
            "tightness": bound.tightness(gap_bound) if isinstance(gap_bound, float) and bound.value else None,
            "is_bound": bound.is_bound,
            "source": bound.source,
        }
        for key, bound in found.items()
    }
