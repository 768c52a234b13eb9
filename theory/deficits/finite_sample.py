"""Proven bounds of the deficit 1 - r_k at a finite sample, from above and below, with every constant explicit.

MIM with independent masks in expectation, and CL with one draw a sample; c >= N (from below c = N); no rare class. Each
bound holds for one coordinate k of the scope with probability at least 1 - delta. The proof is in
`docs/proofs/finite_sample.md`; `tests/theory/deficits/test_finite_sample.py` checks its deterministic steps on random
matrices.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Literal

from theory.deficits import tails
from theory.deficits.good_event import (
    GoodEvent,
    NoiselessSignal,
    VoidBoundError,
    check_domain,
    good_event,
    noiseless_signal,
    samples_in,
)
from theory.readings import Objective, Scope
from theory.setting import Setting

Side = Literal["upper", "lower"]
# How many events the union bound of each proof adds up; step 6 of the proof lists them.
EVENTS: dict[tuple[Objective, Side], int] = {
    (Objective.MIM, "upper"): 5,
    (Objective.CL, "upper"): 10,
    (Objective.MIM, "lower"): 7,
    (Objective.CL, "lower"): 13,
}


@dataclass(frozen=True)
class BoundValue:
    """A bound, or None with the reason why it says nothing; `parts` are the proof's quantities by name."""

    value: float | None
    void_reason: str = ""
    parts: dict[str, float] = field(default_factory=dict)


def deficit_bound(
    s: Setting, objective: Objective, scope: Scope = Scope.FL, delta: float = 0.05, side: Side = "upper"
) -> BoundValue:
    """What 1 - r_k stays below (`upper`) or above (`lower`), for one k of the scope, with probability >= 1 - delta.

    Source: ledger, `docs/proofs/finite_sample.md`; chen2026, Theorems 4.2 and 4.3, give orders only.
    Units: dimensionless; void when a condition of the proof fails or the bound is trivial.
    Errors: ValueError for a delta outside (0, 1) or an unknown side; OutOfDomainError for c < N or a rare class.
    """
    if not 0 < delta < 1:
        raise ValueError(f"delta is a failure probability, strictly between 0 and 1; got delta={delta}. Try 0.05.")
    if side not in ("upper", "lower"):
        raise ValueError(f'side must be "upper" or "lower"; got side={side!r}.')
    check_domain(s)
    if side == "lower" and s.feature_dim != s.n_clients:
        return BoundValue(
            None,
            f"From below the proof needs feature_dim = n_clients = {s.n_clients}; got feature_dim={s.feature_dim}.",
        )
    n, signal = samples_in(s, scope), noiseless_signal(s, scope)
    try:
        event = good_event(s, objective, signal, n, delta / EVENTS[objective, side])
    except VoidBoundError as reason:
        return BoundValue(None, str(reason))
    bound = _upper if side == "upper" else _lower
    value, parts = bound(s.dim - s.n_clients, signal, event)
    parts |= {name: float(number) for name, number in asdict(event).items()}
    if value >= 1 and side == "upper":
        return BoundValue(None, f"The bound is {value:.3g}: a deficit never exceeds 1. Add samples.", parts)
    if value <= 0 and side == "lower":
        return BoundValue(
            None, "The bound is 0: the higher-order terms may cancel the leading one. Add samples.", parts
        )
    return BoundValue(value, "", parts)


def is_local_void(s: Setting, scope: Scope) -> bool:
    """Whether the bounds of contrast for one client are void for want of samples, at any dimension: n_i <= d and
    2 sigma^2 >= 1 + mu^2.

    X has trailing eigenvalues down to -s^2 (1 + sqrt(d/n))^2, s^2 = sigma^2/2, which the positive part cannot make up
    for with n <= d: the edge is at least 4 s^2. The own label's eigenvalue, 1, and pixel noise mu^2 bound the least
    eigenvalue of X_SS from above.

    Source: ledger, the conditions of `good_event`.
    """
    noise = float(s.augmentation_std) ** 2
    return scope is not Scope.FL and s.samples_per_client <= s.dim and 2 * noise >= 1 + float(s.mu) ** 2


def certified_order(s: Setting, delta: float = 0.05, scope: Scope = Scope.FL) -> bool:
    """Whether 1 - r_k of CL exceeds that of MIM for every k of the scope at once, proven at probability 1 - delta.

    delta is shared evenly by the two bounds and the coordinates. This is Theorem 4.4 in the form that can be proven;
    False means undecided, not refuted.

    Source: ledger; corrects chen2026, Theorem 4.4. Errors: those of `deficit_bound`.
    """
    return certified_margin(s, delta, scope) > 0


def certified_margin(s: Setting, delta: float = 0.05, scope: Scope = Scope.FL) -> float:
    """CL's lower bound less MIM's upper bound, both at delta / (2 * coordinates); -1, the least margin, if one is void.

    Source: ledger. Units: dimensionless. Errors: those of `deficit_bound`.
    """
    count = {Scope.FL: s.n_clients, Scope.LOCAL_OWN: 1, Scope.LOCAL_OTHER: s.n_clients - 1}[scope]
    contrast = deficit_bound(s, Objective.CL, scope, delta / (2 * count), "lower").value
    masked = deficit_bound(s, Objective.MIM, scope, delta / (2 * count), "upper").value
    return -1.0 if contrast is None or masked is None else contrast - masked


def davis_kahan(s: Setting, objective: Objective, scope: Scope = Scope.FL, delta: float = 0.05) -> float:
    """(|X_perp,S| / gap)^2 with population eigenvalues: what the one-line argument would give at its very best.

    The norm takes the Davidson-Szarek level at `delta`, the gap is the population's, no event is paid for it: this is
    an idealisation, not a bound. It replaces coordinate k's own eigenvalues by the worst of the block.

    Source: ledger, after the sin-theta theorem. Units: dimensionless; may exceed 1. Errors: those of `deficit_bound`.
    """
    check_domain(s)
    n, signal = samples_in(s, scope), noiseless_signal(s, scope)
    mu2 = float(s.mu) ** 2
    s2 = float(s.augmentation_std) ** 2 / 2 if objective is Objective.CL else 0.0
    row = (mu2 + s2) * (signal.largest + mu2 + s2) + s2**2
    norm = tails.largest_singular_value(s.dim - s.n_clients, s.n_clients, delta)
    return norm**2 * row / n / signal.least**2


def _upper(noise_dim: int, signal: NoiselessSignal, event: GoodEvent) -> tuple[float, dict[str, float]]:
    power = _power_above(signal, event)
    chi = tails.chi_square_above(noise_dim, event.failure)
    length = math.sqrt(chi) + _tail(event)
    return length**2 * power / event.n, {"power": power, "chi": chi, "higher_order": _tail(event) / math.sqrt(chi)}


def _lower(noise_dim: int, signal: NoiselessSignal, event: GoodEvent) -> tuple[float, dict[str, float]]:
    inverse = _mean(signal, lambda value: 1 / (event.stretch * value + event.above))
    # (X^-2)_kk >= ((X^-1)_kk)^2.
    power = event.nu2 * inverse + event.cross * event.z_min * inverse**2
    most = _power_above(signal, event)
    if event.cross * event.z_max == 0:
        # One Gram matrix: the same |M^(1/2) X_SS^-1 e_k| stands in every term, so its level enters once.
        most = power
    tilt = event.norm / math.sqrt(event.n)
    tilt *= math.sqrt(event.nu2 / event.least + event.cross * event.z_max / event.least**2) / (1 - event.ratio)
    chi = max(0.0, tails.chi_square_below(noise_dim, event.failure))
    parts = {"power": power, "chi": chi, "tilt": tilt}
    leading = math.sqrt(chi * power * max(0.0, 1 - tilt**2))
    return max(0.0, leading - _tail(event) * math.sqrt(most)) ** 2 / event.n, parts


def _power_above(signal: NoiselessSignal, event: GoodEvent) -> float:
    """Level of n |M^(1/2) X_SS^-1 e_k|^2, where M / n is the covariance of a row of the coupling."""
    inverse = _mean(signal, lambda value: 1 / (event.shrink * value + event.below))
    return event.nu2 * inverse + event.cross * event.z_max * inverse / event.least


def _tail(event: GoodEvent) -> float:
    """The terms m >= 1 of the series, over the leading one's scale."""
    return event.norm * event.ratio / (1 - event.ratio)


def _mean(signal: NoiselessSignal, function: Callable[[float], float]) -> float:
    return sum(weight * function(value) for value, weight in signal.levels)
