"""Representability from the block Lanczos factors of X, drawn from their law: cost independent of d and of n.

Outside the m coordinates that clean rows touch, the noise is Gaussian and looks the same in every basis. Choosing
columns as block Lanczos would, started from those coordinates, X = sum_g weight_g G_g^T G_g becomes block tridiagonal
with blocks of m, and every block has a law of its own. For one Gram matrix (MIM) unseen rows and columns give a
triangular factor each; for several (CL) what is known of each is kept by `gaussian_sheets`.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sims.samplers.gaussian_sheets import GaussianSheets, Space
from sims.samplers.signal_rows import SignalRows
from sims.samplers.truncation import Noise, bulk_edges, fewest_levels, truncation_bound
from sims.samplers.wishart import bartlett, square_root
from theory.data.moments import second_moment
from theory.readings import EXPECTED, Objective, Reading
from theory.setting import Setting

MOST_COLUMNS = 130
# Few enough to stay in cache.
TRIALS_A_BLOCK = 100
# Iteration stops where it moves the part off the start by this share of it, or by a fortieth of the share allowed.
TOLERANCE = 1e-6
# From so many levels on, a sharper guess of the spike than the start block's is worth its cost.
FEW_LEVELS = 6
PILOT_TRIALS = 64
# A deficit is then off by at most this many times as much: tested.
ITERATION = 10.0


@dataclass(frozen=True)
class Plan:
    """What to draw: the Gram matrices (the first carries the signal), and how much truncation is allowed.

    `allowed` bounds the error of any r; start blocks decide how many levels that takes, `most_levels` at most.
    """

    noises: tuple[Noise, ...]
    start_width: int
    allowed: float
    most_levels: int
    edges: tuple[float, float]
    tolerance: float = TOLERANCE

    def levels(self, dim: int, roots: list[np.ndarray]) -> int:
        """As many levels as the start blocks with these roots ask for."""
        grams = [np.swapaxes(r, 1, 2) @ r for r in roots]
        start = sum((g.weight * gram for g, gram in zip(self.noises, grams, strict=True)), np.zeros_like(grams[0]))
        coupling = expected_coupling(self.noises, dim, grams)
        # The largest singular value of Gaussian columns over the expected size of one.
        stretch = (1 + math.sqrt(self.start_width / max(1, dim - self.start_width))) ** 2
        largest, most = stretch * float(np.linalg.norm(coupling, axis=(1, 2)).max()), self.most_levels
        levels = fewest_levels(largest, least_spike(start), self.edges, self.allowed, most)
        if levels < FEW_LEVELS:
            return levels
        spike = float(outlier(start, coupling, self.noises).min())
        return fewest_levels(largest, spike, self.edges, self.allowed, most)


def least_spike(start: Float[np.ndarray, "trials m m"]) -> float:
    """The smallest eigenvalue of any start block."""
    return float(np.linalg.eigvalsh(start)[:, 0].min())


def expected_coupling(terms: tuple[Noise, ...], dim: int, grams: list[np.ndarray]) -> Float[np.ndarray, "trials m m"]:
    """E C^T C, C the block of X below the start, given the Gram matrix of each term on the start."""
    weights = [g.weight * g.power * (dim - grams[0].shape[1]) for g in terms]
    return sum((w * gram for w, gram in zip(weights, grams, strict=True)), np.zeros_like(grams[0]))


def outlier(
    start: Float[np.ndarray, "trials m m"],
    coupling: Float[np.ndarray, "trials m m"],
    terms: tuple[Noise, ...],
) -> Float[np.ndarray, " trials"]:
    """About the m-th eigenvalue of X: that of start, expected coupling and the middle of the noise."""
    m, middle = start.shape[1], sum(g.power * g.n_rows for g in terms)
    x = np.zeros((len(start), 2 * m, 2 * m))
    x[:, :m, :m], x[:, m:, m:] = start, middle * np.eye(m)
    x[:, m:, :m] = square_root(coupling)
    return np.linalg.eigvalsh(x)[:, m]


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


def most_levels(terms: tuple[Noise, ...], dim: int, width: int) -> int:
    """Levels for which there are columns and rows enough."""
    return min(MOST_COLUMNS, dim, *(g.n_rows for g in terms)) // width - 1


def plan(
    s: Setting, objective: Objective, reading: Reading, rows: SignalRows, trials: int, share: float, most: int
) -> Plan | str:
    """What keeps the truncation below `share` of the mean deficit with at most `most` levels, or why nothing does.

    The deficit is that of leading order; how weak the weakest start block may be is guessed from a few of them.
    """
    if s.feature_dim != rows.width:
        return f"Block Lanczos needs feature_dim={rows.width}, the start; got feature_dim={s.feature_dim}."
    terms, m = noises(s, objective, reading, rows), rows.width
    if float(s.mu) <= 0:
        return f"Block Lanczos needs noise; got mu={s.mu}."
    if most < 1:
        return f"Block Lanczos needs more rows and columns; got dim={s.dim} and {rows.n_rows} samples."
    edges = bulk_edges(terms, s.dim, trials)
    # A seed of its own: what is planned does not depend on what is drawn.
    roots = start_roots(np.random.default_rng(0), terms, rows, PILOT_TRIALS)
    grams = [np.swapaxes(r, 1, 2) @ r for r in roots]
    start, coupling = weighted_sum(terms, roots, roots), expected_coupling(terms, s.dim, grams)
    spikes = outlier(start, coupling, terms)
    least = min(float(spikes.min()), float(spikes.mean() - math.sqrt(2 * math.log(1 + trials)) * spikes.std()))
    scope, client = ("fl", 0) if len(rows.members) > 1 else ("local", max(rows.members))
    inverse = np.linalg.inv(second_moment(s, scope=scope, client=client, rare=reading.rare).corner)
    tangents = np.diagonal(inverse @ coupling.mean(axis=0) @ inverse)
    deficit = float((tangents / (1 + tangents)).mean())
    allowed, tolerance = 0.75 * share * deficit, min(TOLERANCE, share / 4 / ITERATION)
    if truncation_bound(float(np.linalg.norm(coupling, axis=(1, 2)).max()), least, edges, most) <= allowed:
        return Plan(terms, m, allowed, most, edges, tolerance)
    return (
        f"Block Lanczos would leave more than {share:.1e} of the deficit; the spike may be as low as {least:.3g} and "
        f"the noise reach {edges[1]:.3g}."
    )


def start_roots(
    rng: np.random.Generator, terms: tuple[Noise, ...], rows: SignalRows, trials: int
) -> list[Float[np.ndarray, "trials m m"]]:
    """R with R^T R the start block of each Gram matrix, from their law."""
    roots = [_signal_root(rng, terms[0], rows, trials)]
    return roots + [g.std * bartlett(rng, trials, g.n_rows, rows.width) for g in terms[1:]]


def blocks(
    rng: np.random.Generator, terms: tuple[Noise, ...], dim: int, roots: list[np.ndarray], levels: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Diagonal blocks of X and the blocks below them, for every trial, level by level, given the start."""
    diagonal, below = [weighted_sum(terms, roots, roots)], []
    trials, m = roots[0].shape[:2]
    if len(terms) == 1:
        (g,), (root,) = terms, roots
        for seen in range(m, m * (levels + 1), m):
            coupling = g.std * np.swapaxes(bartlett(rng, trials, dim - seen, m), 1, 2)
            below.append(weighted_sum(terms, [coupling], [root]))
            root = g.std * bartlett(rng, trials, g.n_rows - seen, m)
            diagonal.append(weighted_sum(terms, [coupling], [coupling]) + weighted_sum(terms, [root], [root]))
        return diagonal, below
    start = np.concatenate([r / g.std for g, r in zip(terms, roots, strict=True)], axis=1)
    sheets = GaussianSheets(rng, dim, tuple(Space(g.n_rows) for g in terms), start)
    power = np.repeat([g.power for g in terms], m)[:, None]
    for level in range(levels):
        last = sheets.known[:, :, -m:]
        below.append(sheets.reveal(np.tile(power, (level + 1, 1)) * last)[0])
        last = sheets.known[:, :, -m:]
        diagonal.append(np.swapaxes(last, 1, 2) @ (np.tile(power, (level + 2, 1)) * last))
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
    """r at the start coordinates for every trial, and a bound on how far truncation and iteration moved any of them.

    Source: ledger; docs/proofs/block_lanczos.md. Units: dimensionless.
    """
    parts, bound = [], 0.0
    for start in range(0, trials, TRIALS_A_BLOCK):
        roots = start_roots(rng, what.noises, rows, min(TRIALS_A_BLOCK, trials - start))
        diagonal, below = blocks(rng, what.noises, s.dim, roots, what.levels(s.dim, roots))
        r, off = start_projections(diagonal, below, what)
        bound = max(bound, off)
        parts.append(r)
    return np.concatenate(parts), bound


def start_projections(
    diagonal: list[np.ndarray], below: list[np.ndarray], what: Plan
) -> tuple[Float[np.ndarray, "trials m"], float]:
    """r at the start coordinates from the blocks of X, and a bound on how far any of them is off."""
    z = invariant_graph(diagonal, below, sum(what.edges) / 2, what.tolerance)
    r = np.diagonal(np.linalg.inv(np.eye(z.shape[2]) + np.swapaxes(z, 1, 2) @ z), axis1=1, axis2=2)
    return r, min(1.0, error_bound(diagonal, below, what) + ITERATION * what.tolerance * float((1 - r).max()))


def error_bound(diagonal: list[np.ndarray], below: list[np.ndarray], what: Plan) -> float:
    """The truncation bound of the worst trial: with the start block's spike, or if need be that of two blocks more."""
    coupling = float(np.linalg.norm(np.swapaxes(below[0], 1, 2) @ below[0], axis=(1, 2)).max())
    bound = truncation_bound(coupling, least_spike(diagonal[0]), what.edges, len(below))
    if bound <= what.allowed:
        return bound
    spike = float(np.linalg.eigvalsh(assembled(diagonal[:3], below[:2]))[:, -diagonal[0].shape[1]].min())
    return truncation_bound(coupling, spike, what.edges, len(below))


def assembled(diagonal: list[np.ndarray], below: list[np.ndarray]) -> Float[np.ndarray, "trials rows rows"]:
    """The block tridiagonal matrix of every trial, from its diagonal blocks and those below them."""
    at = np.cumsum([0, *(d.shape[1] for d in diagonal)])
    x = np.zeros((len(diagonal[0]), at[-1], at[-1]))
    for k, d in enumerate(diagonal):
        x[:, at[k] : at[k + 1], at[k] : at[k + 1]] = d
    for k, b in enumerate(below):
        x[:, at[k + 1] : at[k + 2], at[k] : at[k + 1]] = b
        x[:, at[k] : at[k + 1], at[k + 1] : at[k + 2]] = np.swapaxes(b, 1, 2)
    return x
