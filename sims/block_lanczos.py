"""Representability of the signal from the few numbers of X that decide it: cost independent of d and of n.

Outside the m coordinates that clean rows touch, the noise is Gaussian and looks the same in every basis. Choosing rows
and columns as block Lanczos would, started from those coordinates, X = sum_g weight_g G_g^T G_g becomes block
tridiagonal, and every block has a law of its own: rows still unseen give a triangular factor with chi diagonal, columns
still unseen another one. One Gram matrix (MIM) keeps the width of a block; g of them multiply it by g each level.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sims.signal_rows import SignalRows
from sims.truncation import Noise, bulk_edges, truncated_share
from sims.wishart import bartlett, square_root
from theory.moments import second_moment
from theory.readings import EXPECTED, Objective, Reading
from theory.setting import Setting

MOST_COLUMNS = 130
# Few enough to stay in cache.
TRIALS_A_BLOCK = 100


@dataclass(frozen=True)
class Plan:
    """What to draw: the Gram matrices (the first carries the signal), and how many levels beyond the start.

    Drawn start blocks with a weaker spike than planned get more levels, up to `most_levels`, to keep to `share`.
    """

    noises: tuple[Noise, ...]
    start_width: int
    levels: int
    share: float = 1.0
    most_levels: int = 0

    def for_spike(self, spike: float, edges: tuple[float, float]) -> "Plan":
        """As many levels as this spike asks for."""
        levels = self.levels
        while levels < self.most_levels and truncated_share(spike, edges, levels) > self.share:
            levels += 1
        return dataclasses.replace(self, levels=levels)

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
    room = min(MOST_COLUMNS, s.dim, *(g.n_rows for g in terms))
    fits = [n for n in range(1, 20) if sum(Plan(terms, rows.width, n).widths) <= room]
    for levels in fits:
        if truncated_share(spike, edges, levels) <= share:
            return Plan(terms, rows.width, levels, share, fits[-1])
    return (
        f"Block Lanczos would leave more than {share:.1e} of the deficit; the spike is {spike:.3g} and the noise "
        f"reaches {edges[1]:.3g}."
    )


def start_roots(
    rng: np.random.Generator, terms: tuple[Noise, ...], rows: SignalRows, trials: int
) -> list[Float[np.ndarray, "trials m m"]]:
    """R with R^T R the start block of each Gram matrix, from their law."""
    roots = [_signal_root(rng, terms[0], rows, trials)]
    return roots + [g.std * bartlett(rng, trials, g.n_rows, rows.width) for g in terms[1:]]


def blocks(
    rng: np.random.Generator, what: Plan, dim: int, roots: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Diagonal blocks of X and the blocks below them, for every trial, level by level, given the start."""
    trials, seen = len(roots[0]), what.start_width
    diagonal = [weighted_sum(what.noises, roots, roots)]
    below: list[np.ndarray] = []
    for width in what.widths[:-1]:
        n_new = width * len(what.noises)
        spread = np.swapaxes(bartlett(rng, trials, dim - seen, n_new), 1, 2)
        couplings = [g.std * spread[:, k * width : (k + 1) * width] for k, g in enumerate(what.noises)]
        below.append(weighted_sum(what.noises, couplings, roots))
        roots = [g.std * bartlett(rng, trials, g.n_rows - seen, n_new) for g in what.noises]
        diagonal.append(weighted_sum(what.noises, couplings, couplings) + weighted_sum(what.noises, roots, roots))
        seen += n_new
    return diagonal, below


def weighted_sum(terms: tuple[Noise, ...], left: list[np.ndarray], right: list[np.ndarray]) -> np.ndarray:
    """Sum over the Gram matrices of weight times left^T right."""
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

    Source: ledger. Units: dimensionless; the bound is the largest deficit times `truncated_share`, with the smallest
    eigenvalue of the start block of any trial as the spike (interlacing: the true one is no smaller).
    """
    edges = bulk_edges(what.noises, s.dim, trials)
    parts, bound = [], 0.0
    for start in range(0, trials, TRIALS_A_BLOCK):
        roots = start_roots(rng, what.noises, rows, min(TRIALS_A_BLOCK, trials - start))
        spike = float(np.linalg.eigvalsh(weighted_sum(what.noises, roots, roots))[:, 0].min())
        enough = what.for_spike(spike, edges)
        diagonal, below = blocks(rng, enough, s.dim, roots)
        z = invariant_graph(diagonal, below, sum(edges) / 2, tolerance=1e-6)
        tangents = np.eye(z.shape[2]) + np.swapaxes(z, 1, 2) @ z
        r = np.diagonal(np.linalg.inv(tangents), axis1=1, axis2=2)
        bound = max(bound, truncated_share(spike, edges, enough.levels) * float((1 - r).max()))
        parts.append(r)
    return np.concatenate(parts), bound
