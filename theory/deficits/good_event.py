"""Bounds on every block of the alignment matrix that hold together, outside an event of small probability.

Steps 2, 3 and 5 of `docs/proofs/finite_sample.md`: levels for the signal block, the noise edges and the coupling.
"""

import math
from dataclasses import dataclass

from theory.data.signal_levels import signal_levels
from theory.deficits import tails
from theory.formula import OutOfDomainError
from theory.readings import Objective, Scope
from theory.setting import Setting
from theory.symbols import n_clients, tau


class VoidBoundError(ValueError):
    """A condition of the proof fails at this point, so the bound says nothing."""


@dataclass(frozen=True)
class NoiselessSignal:
    """Sigma_B = E b b^T, the signal without pixel noise, as a scope's coordinate sees it.

    (eigenvalue, weight) pairs of the coordinate's axis, the extreme eigenvalues of the whole block, and the largest
    b^T Sigma_B^-1 b over the rows that occur.
    """

    levels: tuple[tuple[float, float], ...]
    least: float
    largest: float
    row_norm: float


@dataclass(frozen=True)
class GoodEvent:
    """Levels that hold together with probability 1 - events * failure.

    X_SS lies between `shrink` Sigma_B + `below` I and `stretch` Sigma_B + `above` I; its least eigenvalue is at least
    `least`; the trailing eigenvalues have modulus at most `edge` = `ratio` * `least`. The rows of the coupling have
    covariance between nu2 X_SS + cross z_min and nu2 X_SS + cross z_max, over n; whitened, its norm is at most `norm`.
    """

    failure: float
    shrink: float
    below: float
    stretch: float
    above: float
    least: float
    edge: float
    ratio: float
    nu2: float
    cross: float
    z_min: float
    z_max: float
    norm: float
    n: int


def noiseless_signal(s: Setting, scope: Scope) -> NoiselessSignal:
    """The levels of Sigma_B that a coordinate of the scope sees, in closed form.

    Source: ledger; `theory.data.signal_levels` without the pixel noise. Units: squared data units; row_norm
    dimensionless.
    """
    n, size = s.n_clients, float(s.tau)
    seen = _levels(s, scope)
    if scope is Scope.FL:
        whole = seen
        row_norm = max(_federated_row_norm(n, size, ones, sign) for ones in range(n) for sign in (1, -1))
    else:
        whole = (*_levels(s, Scope.LOCAL_OTHER), (1.0, 1.0))
        # b = (label, -tau q): 1 from the label, 4 w (N - w) / N from w ones among N - 1 offsets.
        row_norm = 1 + max(4 * w * (n - w) / n for w in range(n))
    values = [value for value, _ in whole]
    return NoiselessSignal(seen, min(values), max(values), row_norm)


def good_event(s: Setting, objective: Objective, signal: NoiselessSignal, n: int, failure: float) -> GoodEvent:
    """The levels for a failure probability of `failure` an event.

    MIM is the matrix of second moments (its factor p(1-p) drops out of eigenvectors): one Gram matrix. CL is
    Gram(y) - Gram(z) with y, z the half sum and half difference of the two views.

    Source: ledger, `docs/proofs/finite_sample.md`.
    Errors: VoidBoundError when the sample is too small for one of the steps.
    """
    N, noise = s.n_clients, s.dim - s.n_clients
    mu2 = float(s.mu) ** 2
    s2 = float(s.augmentation_std) ** 2 / 2 if objective is Objective.CL else 0.0
    nu2 = mu2 + s2
    eps = tails.chernoff_below(N, n / signal.row_norm, failure)
    if eps is None:
        raise VoidBoundError(
            f"{n} samples are too few for the signal's second moment to stay positive, failure {failure:.3g} an event."
        )
    eps_above = tails.chernoff_above(N, n / signal.row_norm, failure)
    noise_ratio = math.sqrt(nu2) * tails.largest_singular_value(N, N, failure) / math.sqrt(n * (1 - eps) * signal.least)
    if noise_ratio >= 1:
        raise VoidBoundError(f"The pixel noise may cancel the signal: noise_ratio = {noise_ratio:.3g}, wanted below 1.")
    shrink, stretch = (1 - eps) * (1 - noise_ratio) ** 2, (1 + noise_ratio) ** 2 * (1 + eps_above)
    z_max = s2 * _above(n, N, failure)
    z_min = s2 * _below(n, N, n, failure)
    # In MIM the noise's own share of X_SS is not used: one event fewer.
    below = nu2 * _below(n - N, N, n, failure) - z_max if objective is Objective.CL else 0.0
    least = shrink * signal.least + below
    if least <= 0:
        raise VoidBoundError(
            "The augmentation noise may outweigh the signal: the least eigenvalue of X_SS may reach 0."
        )
    edge = nu2 * _above(n, noise, failure)
    if objective is Objective.CL:
        edge -= s2 * _below(n, noise, n, failure)
        edge = max(edge, s2 * _above(n, s.dim, failure) - nu2 * _below(n - N, s.dim, n, failure))
    if edge >= least:
        raise VoidBoundError(
            f"The noise's edge may reach the signal: rho = {edge / least:.3g}, which must stay below 1. Add samples."
        )
    return GoodEvent(
        failure=failure,
        shrink=shrink,
        below=below,
        stretch=stretch,
        above=nu2 * _above(n, N, failure) - z_min,
        least=least,
        edge=edge,
        ratio=edge / least,
        nu2=nu2,
        cross=nu2 + s2,
        z_min=z_min,
        z_max=z_max,
        norm=tails.largest_singular_value(noise, N, failure),
        n=n,
    )


def samples_in(s: Setting, scope: Scope) -> int:
    """How many samples enter the matrix of the scope: one client's, or all."""
    return s.total_samples if scope is Scope.FL else s.samples_per_client


def check_domain(s: Setting) -> None:
    """Errors: OutOfDomainError for c < N, where some signal direction is left out, or with a rare class."""
    if s.feature_dim < s.n_clients:
        raise OutOfDomainError(
            f"The bound holds for feature_dim >= n_clients; got feature_dim={s.feature_dim}, n_clients={s.n_clients}."
        )
    if float(s.rare_fraction) != 0:
        raise OutOfDomainError(f"The bound is proven without a rare class; got rare_fraction={s.rare_fraction}.")


def _levels(s: Setting, scope: Scope) -> tuple[tuple[float, float], ...]:
    values = {tau: float(s.tau), n_clients: s.n_clients}
    pairs = ((float(level.gap.subs(values)), float(level.weight.subs(values))) for level in signal_levels(scope))
    return tuple((gap, weight) for gap, weight in pairs if weight > 0)


def _federated_row_norm(n: int, size: float, ones: int, sign: int) -> float:
    """b^T Sigma_B^-1 b for a row with `ones` offsets on: the all-ones part and the rest, each over its eigenvalue."""
    top, rest = (n - 1) * size**2 / 4 + 1 / n, size**2 / 4 + 1 / n
    along = (sign - size * ones) ** 2 / n
    return along / top + (1 + size**2 * ones - along) / rest


def _above(rows: int, columns: int, failure: float) -> float:
    """Level of the largest eigenvalue of a white Gram matrix, Gram = G^T G / rows."""
    return tails.largest_singular_value(rows, columns, failure) ** 2 / rows


def _below(rows: int, columns: int, n: int, failure: float) -> float:
    """Level of the least eigenvalue of G^T G / n with `rows` rows left."""
    return tails.smallest_singular_value(rows, columns, failure) ** 2 / n
