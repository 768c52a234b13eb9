"""Sample sizes from which the alignment matrix is as close to its mean as the paper's proofs say.

|X - EX| is split into its signal, coupling and noise blocks; the order of each is a power of d counted in closed form.
"""

from enum import StrEnum

import sympy as sp

from theory.data.signal_levels import signal_levels
from theory.deficits.second_order import noise_power
from theory.readings import Mask, Objective, Scope
from theory.scaling import NGrowth, power_of_dim
from theory.symbols import augmentation_std, dim, mu, n_clients, samples

# What (17)-(20) and (44) claim for |X - EX|.
CLAIMED = {Objective.MIM: sp.Rational(-2, 5), Objective.CL: sp.Rational(-1, 5)}


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
