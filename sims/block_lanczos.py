"""Representability of the signal from the few numbers of X that decide it: cost independent of d and of n.

Outside the m coordinates that clean rows touch, the noise is Gaussian and looks the same in every basis. Choosing rows
and columns as block Lanczos would, started from those coordinates, X = sum_g weight_g G_g^T G_g becomes block
tridiagonal, and every block has a law of its own: rows still unseen give a triangular factor with chi diagonal, columns
still unseen another one. One Gram matrix (MIM) keeps the width of a block; g of them multiply it by g each level.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sims.signal_rows import SignalRows
from sims.wishart import bartlett, square_root
from theory.moments import second_moment
from theory.readings import EXPECTED, Objective, Reading
from theory.setting import Setting

# Chance, over a whole run, that the noise leaves the edges that the truncation is computed from.
EDGE_FAILURE = 1e-6
# The Ritz subspace is no further off than the best one in the Krylov space times this (squared sines; see tests).
RITZ_CONSTANT = 4.0
MOST_COLUMNS = 130
TRIALS_A_BLOCK = 500


@dataclass(frozen=True)
class Noise:
    """One Gram matrix of the sum: weight times G^T G, G with `n_rows` rows and entries of `std` off the signal."""

    weight: float
    std: float
    n_rows: int


@dataclass(frozen=True)
class Plan:
    """What to draw: the Gram matrices (the first carries the signal), and how many levels beyond the start."""

    noises: tuple[Noise, ...]
    start_width: int
    levels: int

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of every block of X."""
        return tuple(self.start_width * len(self.noises) ** j for j in range(self.levels + 1))


def noises(s: Setting, objective: Objective, reading: Reading, rows: SignalRows) -> tuple[Noise, ...]:
    """The Gram matrices of X, up to a factor. CL with K draws: samples with noise, K - 1 deviations, K differences.

    Source: ledger, from chen2026 (43); see `matrix_law.contrastive`.
    """
    n, mu, half = rows.n_rows, float(s.mu), float(s.augmentation_std) ** 2 / 2
    if objective is Objective.MIM or reading.draws == EXPECTED or half == 0:
        return (Noise(1 / n, mu, n),)
    k = int(reading.draws)
    deviations = (Noise(1 / (n * k), math.sqrt(half), n * (k - 1)),) if k > 1 else ()
    difference = Noise(-1 / (n * k), math.sqrt(half), n * k)
    return (Noise(1 / n, math.sqrt(mu**2 + half / k), n), *deviations, difference)


def bulk_edges(terms: tuple[Noise, ...], dim: int, trials: int = 1) -> tuple[float, float]:
    """An interval that holds every eigenvalue of the noise block of X, but for a chance EDGE_FAILURE over `trials`.

    Source: davidson2001 for each Gram matrix, Weyl for the sum.
    """
    t = math.sqrt(2 * math.log(2 * len(terms) * trials / EDGE_FAILURE))
    low = high = 0.0
    for g in terms:
        reach = math.sqrt(dim / g.n_rows) + t / math.sqrt(g.n_rows)
        scale = g.weight * g.n_rows * g.std**2
        ends = (scale * max(0.0, 1 - reach) ** 2, scale * (1 + reach) ** 2)
        low, high = low + min(ends), high + max(ends)
    return low, high


def damping(spike: float, edges: tuple[float, float], levels: int) -> float:
    """1 / T_L(x)^2, T_L the Chebyshev polynomial, x the place of `spike` when `edges` are moved to [-1, 1].

    What block Lanczos misses of a deficit after L levels, as a share of it; 1 when the spike lies in the noise.
    Source: ledger (Saad's bound for block Krylov spaces, as many columns as spikes). Units: dimensionless, in (0, 1].
    """
    low, high = edges
    if spike <= high or levels == 0:
        return 1.0
    return math.cosh(min(300.0, levels * math.acosh(1 + 2 * (spike - high) / (high - low)))) ** -2


def plan(s: Setting, objective: Objective, reading: Reading, rows: SignalRows, trials: int, share: float) -> Plan | str:
    """The fewest levels whose truncation stays below `share` of the deficit, or a sentence saying why none do."""
    if s.feature_dim != rows.width:
        return f"Block Lanczos needs feature_dim={rows.width}, the start; got feature_dim={s.feature_dim}."
    terms = noises(s, objective, reading, rows)
    if float(s.mu) <= 0:
        return f"Block Lanczos needs noise; got mu={s.mu}."
    edges = bulk_edges(terms, s.dim, trials)
    scope, client = ("fl", 0) if len(rows.members) > 1 else ("local", max(rows.members))
    spike = float(np.linalg.eigvalsh(second_moment(s, scope=scope, client=client, rare=reading.rare).corner)[0])
    for levels in range(1, 20):
        found = Plan(terms, rows.width, levels)
        if sum(found.widths) > min(MOST_COLUMNS, s.dim, *(g.n_rows for g in terms)):
            break
        if RITZ_CONSTANT * damping(spike, edges, levels) <= share:
            return found
    return (
        f"Block Lanczos would leave more than {share:.1e} of the deficit; the spike is {spike:.3g} and the noise "
        f"reaches {edges[1]:.3g}."
    )


def blocks(
    rng: np.random.Generator, what: Plan, s: Setting, rows: SignalRows, trials: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Diagonal blocks of X and the blocks below them, for every trial, level by level from their law."""
    roots = [_signal_root(rng, what.noises[0], rows, trials)]
    roots += [g.std * bartlett(rng, trials, g.n_rows, what.start_width) for g in what.noises[1:]]
    diagonal = [_sum(what.noises, roots, roots)]
    below: list[np.ndarray] = []
    seen = what.start_width
    for width in what.widths[:-1]:
        n_new = width * len(what.noises)
        spread = np.swapaxes(bartlett(rng, trials, s.dim - seen, n_new), 1, 2)
        couplings = [g.std * spread[:, k * width : (k + 1) * width] for k, g in enumerate(what.noises)]
        below.append(_sum(what.noises, couplings, roots))
        roots = [g.std * bartlett(rng, trials, g.n_rows - seen, n_new) for g in what.noises]
        diagonal.append(_sum(what.noises, couplings, couplings) + _sum(what.noises, roots, roots))
        seen += n_new
    return diagonal, below


def _sum(terms: tuple[Noise, ...], left: list[np.ndarray], right: list[np.ndarray]) -> np.ndarray:
    total = terms[0].weight * (np.swapaxes(left[0], 1, 2) @ right[0])
    for g, a, b in zip(terms[1:], left[1:], right[1:], strict=True):
        total += g.weight * (np.swapaxes(a, 1, 2) @ b)
    return total


def _signal_root(rng: np.random.Generator, noise: Noise, rows: SignalRows, trials: int) -> np.ndarray:
    m = rows.width
    top = square_root(rows.grams(rng, trials)) + noise.std * rng.standard_normal((trials, m, m))
    rest = noise.std * bartlett(rng, trials, noise.n_rows - m, m)
    gram = np.swapaxes(top, 1, 2) @ top + np.swapaxes(rest, 1, 2) @ rest
    return np.swapaxes(np.linalg.cholesky(gram), 1, 2)


def invariant_graph(
    diagonal: list[np.ndarray], below: list[np.ndarray], shift: float, tolerance: float
) -> Float[np.ndarray, "trials rest m"]:
    """Z such that the columns of (I; Z) span the top m eigenvectors of the block tridiagonal matrix.

    Subspace iteration from the start block, less `shift` (the middle of the noise); a step fills one more level.
    """
    n_levels = len(below)
    z = [np.zeros_like(below[0])] + [np.zeros((*d.shape[:2], below[0].shape[2])) for d in diagonal[2:]]
    shifted = [d - shift * np.eye(d.shape[1]) for d in diagonal]
    up = [np.swapaxes(b, 1, 2) for b in below]
    change, step = np.inf, 0
    while change > tolerance and step < 200:
        step += 1
        filled = min(step, n_levels)
        head = shifted[0] + up[0] @ z[0]
        image = []
        for j in range(filled):
            w = below[j] @ z[j - 1] if j else below[0].copy()
            if j < step - 1 or step > n_levels:
                w += shifted[j + 1] @ z[j]
            if j + 1 < min(filled, step - 1):
                w += up[j + 1] @ z[j + 1]
            image.append(w)
        inverse = np.linalg.inv(head)
        new = [w @ inverse for w in image]
        size = max(float(np.abs(new[0]).max()), 1e-300)
        change = float(np.abs(new[0] - z[0]).max()) / size if step > n_levels else np.inf
        z[:filled] = new
    return np.concatenate(z, axis=1)


def sample(
    rng: np.random.Generator, what: Plan, s: Setting, rows: SignalRows, trials: int
) -> tuple[Float[np.ndarray, "trials m"], float]:
    """r at the start coordinates for every trial, and a bound on how far truncation moved any of them.

    Source: ledger. Units: dimensionless; the bound is the largest deficit times `RITZ_CONSTANT * damping`, with the
    smallest eigenvalue of the start block of any trial as the spike (interlacing: the true one is no smaller).
    """
    edges = bulk_edges(what.noises, s.dim, trials)
    parts, spike = [], math.inf
    for start in range(0, trials, TRIALS_A_BLOCK):
        diagonal, below = blocks(rng, what, s, rows, min(TRIALS_A_BLOCK, trials - start))
        spike = min(spike, float(np.linalg.eigvalsh(diagonal[0])[:, 0].min()))
        z = invariant_graph(diagonal, below, sum(edges) / 2, tolerance=1e-6)
        tangents = np.eye(z.shape[2]) + np.swapaxes(z, 1, 2) @ z
        parts.append(np.diagonal(np.linalg.inv(tangents), axis1=1, axis2=2))
    r = np.concatenate(parts)
    return r, min(1.0, RITZ_CONSTANT * damping(spike, edges, what.levels)) * float((1 - r).max())
