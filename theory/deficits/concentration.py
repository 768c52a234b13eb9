"""Sample sizes from which the alignment matrix is as close to its mean as the paper's proofs say.

|X - EX| is split into its signal, coupling and noise blocks; the order of each is a power of d counted in closed form.
"""

import math
from enum import StrEnum

import sympy as sp

from theory.data.signal_levels import signal_levels
from theory.deficits.closed_forms import noise_power
from theory.formula import Formula, Source
from theory.readings import Mask, Objective, Scope
from theory.scaling import NGrowth, power_of_dim
from theory.setting import Setting
from theory.symbols import augmentation_std, dim, mu, n_clients, samples, tau

# What (17)-(20) and (44) claim for |X - EX|.
CLAIMED = {Objective.MIM: sp.Rational(-2, 5), Objective.CL: sp.Rational(-1, 5)}


N, _AUGMENTED = n_clients, augmentation_std**2 / 2
_TRACE = 1 + (N - 1) * tau**2 / 2 + N * mu**2

COUPLING_MEAN_SQUARE = Formula(
    name="coupling_mean_square",
    title="Mean squared Frobenius norm of the block of one client's alignment matrix that couples signal and noise",
    expr=(dim - N) / samples * (mu**2 * _TRACE + _AUGMENTED * (_TRACE + N * mu**2 + N * augmentation_std**2)),
    domain=(N >= 2, dim >= N),
    units="data units to the fourth power; to be divided by N for the average of N clients",
    source=Source("ledger", "CL, one draw a sample; MIM, masks averaged, has no augmentation and the factor p(1-p)"),
)


class Block(StrEnum):
    """Signal by signal, signal by noise, noise by noise; or all, the slowest of them."""

    SIGNAL = "signal"
    COUPLING = "coupling"
    NOISE = "noise"
    ALL = "all"


def squared_orders(objective: Objective, block: Block, scope: Scope, *, is_expected: bool) -> list[sp.Expr]:
    """Squares of the terms whose sum is Theta of the block's operator norm, at n_i samples a client.

    Signal: lambda_1 trace / n (exactly of that order, since x has a mean direction: |1 r^T| with r a mean of signs).
    Coupling: d rows of variance m(lambda_1). Noise: the Gaussian edge, sqrt(d m / n), and for n < d also level d/n.

    Source: ledger; Koltchinskii and Lounici for the first, exact Gaussian blocks for the others.
    """
    levels = list(signal_levels(scope if scope is Scope.FL else Scope.LOCAL_OTHER))
    total = n_clients * samples if scope is Scope.FL else samples
    top = levels[0].eigenvalue
    own = sp.Integer(0) if scope is Scope.FL else 1 + mu**2
    size = n_clients if scope is Scope.FL else n_clients - 1
    diagonal = signal_levels(scope if scope is Scope.FL else Scope.LOCAL_OTHER).diagonal
    if block is Block.SIGNAL:
        return [top * (size * diagonal + own) / total]
    if block is Block.COUPLING:
        return [dim * noise_power(objective, Mask.INDEPENDENT, is_expected, top, diagonal) / total]
    level = mu**2 if is_expected or objective is Objective.MIM else mu**2 + augmentation_std**2 / 2
    edge = noise_power(objective, Mask.INDEPENDENT, is_expected, mu**2, mu**2)
    return [dim * edge / total, (level * dim / total) ** 2]


def concentration_threshold(
    objective: Objective,
    *,
    is_expected: bool,
    n_growth: NGrowth = NGrowth.FIXED,
    scope: Scope = Scope.LOCAL_OTHER,
    block: Block = Block.ALL,
) -> sp.Rational:
    """The least beta at which |X - EX|, or one block of it, is O(d^(-2/5)) for MIM, O(d^(-1/5)) for CL.

    Source: ledger; chen2026 has beta >= 1 for both, after (19) and (44).
    Units: power of d in the samples per client.
    """
    if block is Block.ALL:
        parts = (Block.SIGNAL, Block.COUPLING, Block.NOISE)
        return max(
            concentration_threshold(objective, is_expected=is_expected, n_growth=n_growth, scope=scope, block=part)
            for part in parts
        )
    thresholds = []
    for squared in squared_orders(objective, block, scope, is_expected=is_expected):
        # With n_i = 1 the square is d^a, and n_i enters as n_i^(-k): a - k beta <= 2 claimed.
        falls = sp.degree(sp.denom(sp.together(squared)), samples)
        thresholds.append((power_of_dim(squared, n_growth) - 2 * CLAIMED[objective]) / falls)
    return max(thresholds)


def slowest_block(objective: Objective, *, is_expected: bool, n_growth: NGrowth, scope: Scope) -> Block:
    """The block that decides the threshold. Source: ledger."""
    return max(
        (Block.SIGNAL, Block.COUPLING, Block.NOISE),
        key=lambda part: concentration_threshold(
            objective, is_expected=is_expected, n_growth=n_growth, scope=scope, block=part
        ),
    )


def coupling_rate(objective: Objective, beta: float) -> float:
    """The power of d with which the norm of the coupling block falls, N fixed: (1 - beta)/2, and 1/5 more for CL.

    Source: ledger; the square is (d/n) mu^2 tau^2 for MIM and (d/n) sigma^2 tau^2 for CL, up to a constant.
    """
    return (1 - beta) / 2 + (0.2 if objective is Objective.CL else 0.0)


def coupling_rate_error(
    objective: Objective, scope: Scope, s: Setting, wider: Setting, *, failure: float = 1e-3
) -> float:
    """How far the slope in log d of the norm of the coupling block, from `s` to `wider`, may be from its limit.

    The square is (d - N)/n m(l), l the largest eigenvalue of the signal's second moment and m(l) = mu^2 l + sigma^2
    (l + mu^2 + sigma^2)/2, without sigma for MIM. The slope differs by what m(l) and d - N leave of a pure power, and
    by how far the drawn norm is from that: by singular values of d - N Gaussian rows, and by matrix Bernstein for the
    second moment, whose rows b have b^T Sigma^-1 b of at most N + 1.

    Source: ledger; davidson2001, tropp2012. Units: a power of d.
    """
    off = [_log_off_power(objective, scope, at) for at in (s, wider)]
    spread = 0.0
    for at in (s, wider):
        n, t = at.n_clients, math.sqrt(2 * math.log(1 / failure))
        total = at.total_samples if scope is Scope.FL else at.samples_per_client
        moment = math.sqrt(2 * (n + 1) * math.log(2 * n / failure) / total)
        spread += (math.sqrt(n) + t) / math.sqrt(at.dim - n) + moment
    return (abs(off[1] - off[0]) + spread) / math.log(wider.dim / s.dim)


def _log_off_power(objective: Objective, scope: Scope, s: Setting) -> float:
    """Logarithm of the norm over d to its rate, up to a constant; s has tau = d^(1/5), mu = d^(-1/5)."""
    n, mu2, tau2 = s.n_clients, float(s.mu) ** 2, float(s.tau) ** 2
    top = ((n - 1) * tau2 / 4 + 1 / n if scope is Scope.FL else n * tau2 / 4) + mu2
    sigma2 = float(s.augmentation_std) ** 2 if objective is Objective.CL else 0.0
    level = mu2 * top + sigma2 / 2 * (top + mu2 + sigma2)
    return math.log((1 - n / s.dim) * level / (tau2 if objective is Objective.CL else 1.0)) / 2
