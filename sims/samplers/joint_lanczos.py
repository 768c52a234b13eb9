"""CL and MIM on the same data sets by block Lanczos, trial by trial: cost independent of d and of n.

The samples X and the mean augmentation U share their rows, so neither matrix has a block tridiagonal law apart from the
other. Two Gaussian sheets on the same rows carry both; each matrix asks for the directions of its own block Lanczos
space, and the sheets are revealed on the sum of the two.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sims.samplers import block_lanczos
from sims.samplers.block_lanczos import MOST_COLUMNS, TRIALS_A_BLOCK, Plan, start_projections
from sims.samplers.gaussian_sheets import GaussianSheets, Space, orthonormal
from sims.samplers.signal_rows import SignalRows
from sims.samplers.truncation import Noise
from sims.samplers.wishart import bartlett
from theory.setting import Setting


@dataclass(frozen=True)
class Form:
    """X of one objective: `own` weighs a sheet's Gram matrix, `cross` its product with the sheet on the same rows."""

    own: tuple[float, ...]
    cross: tuple[float, ...]

    def apply(self, f: Float[np.ndarray, "trials rows k"], sheet: np.ndarray, partner: np.ndarray) -> np.ndarray:
        """The row combinations that multiplying by X asks for, given the sheets times a vector."""
        total = np.array(self.own)[sheet][:, None] * f
        if any(self.cross):
            total += np.array(self.cross)[sheet][:, None] * f[:, partner]
        return total


def spaces(contrast: tuple[Noise, ...]) -> tuple[Space, ...]:
    """Samples with their mean augmentation, then the other Gram matrices of CL."""
    return (Space(contrast[0].n_rows, 2), *(Space(g.n_rows) for g in contrast[1:]))


def mean_augmentation_std(contrast: tuple[Noise, ...]) -> float:
    """Of half the sum of two augmentations, averaged over the draws, from that of half their difference."""
    samples, difference = contrast[0], contrast[-1]
    return difference.std * math.sqrt(samples.n_rows / difference.n_rows)


def forms(contrast: tuple[Noise, ...], plain: Noise) -> tuple[Form, Form]:
    """(CL, MIM): CL adds the mean augmentation to the samples."""
    others, n, added = contrast[1:], plain.n_rows, mean_augmentation_std(contrast)
    none = (0.0,) * len(others)
    both = plain.std * added / n
    return (
        Form((plain.power, added**2 / n, *(g.power for g in others)), (both, both, *none)),
        Form((plain.power, 0.0, *none), (0.0, 0.0, *none)),
    )


def row_order(where: tuple[Space, ...], widths: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The sheet of every known row, and the row of the sheet on the same samples that is its partner."""
    sheet, partner, at = [], [], 0
    for width in widths:
        first = 0
        for space in where:
            reach = width * space.n_sheets
            for k in range(space.n_sheets):
                sheet.append(np.full(reach, first + k))
                partner.append(at + (k + 1) % space.n_sheets * reach + np.arange(reach))
            at, first = at + reach * space.n_sheets, first + space.n_sheets
    return np.concatenate(sheet), np.concatenate(partner)


def start(
    rng: np.random.Generator, contrast: tuple[Noise, ...], plain: Noise, rows: SignalRows, trials: int
) -> Float[np.ndarray, "trials rows m"]:
    """All sheets on the start coordinates; the samples are first there, signal and noise, over the noise."""
    m = rows.width
    known = np.zeros((trials, (3 + len(contrast)) * m, m))
    known[:, :m] = block_lanczos.start_roots(rng, (plain,), rows, trials)[0] / plain.std
    known[:, 2 * m : 3 * m] = rng.standard_normal((trials, m, m))
    known[:, 3 * m : 4 * m] = bartlett(rng, trials, plain.n_rows - m, m)
    for k, g in enumerate(contrast[1:], 4):
        known[:, k * m : (k + 1) * m] = bartlett(rng, trials, g.n_rows, m)
    return known


def blocks(
    rng: np.random.Generator,
    dim: int,
    where: tuple[Space, ...],
    tasks: tuple[Form, ...],
    known: Float[np.ndarray, "trials rows m"],
    levels: int,
) -> list[tuple[list[np.ndarray], list[np.ndarray]]]:
    """For every task the diagonal blocks of its X and the blocks below them, jointly, given the start."""
    sheets, m = GaussianSheets(rng, dim, where, known), known.shape[2]
    blocks: list[tuple[list[np.ndarray], list[np.ndarray]]] = [([], []) for _ in tasks]
    bases = [np.repeat(np.eye(m)[None], len(known), axis=0)] * len(tasks)
    widths = [m]
    for level in range(levels + 1):
        order, wanted = row_order(where, widths), []
        for form, basis, (diagonal, _) in zip(tasks, bases, blocks, strict=True):
            f = sheets.known @ basis[:, :, -m:]
            wanted.append(form.apply(f, *order))
            diagonal.append(np.swapaxes(f, 1, 2) @ wanted[-1])
        if level == levels:
            break
        seen = np.swapaxes(sheets.known, 1, 2)
        images = [seen @ w for w in wanted]
        fresh, _ = sheets.reveal(np.concatenate(wanted, axis=2))
        widths.append(fresh.shape[1])
        unseen = np.zeros((len(known), widths[-1], m * (level + 1)))
        for t, (_, below) in enumerate(blocks):
            basis = np.concatenate([bases[t], unseen], axis=1)
            rest = np.concatenate([images[t], fresh[:, :, t * m : (t + 1) * m]], axis=1)
            # Off the last two blocks would do in exact arithmetic; eigenvalues far apart lose the others.
            for _ in range(2):
                rest -= basis @ (np.swapaxes(basis, 1, 2) @ rest)
            after, root = orthonormal(rest)
            below.append(root)
            bases[t] = np.concatenate([basis, after], axis=2)
    return blocks


def most_levels(contrast: tuple[Noise, ...], dim: int, width: int) -> int:
    """Levels for which there are columns and rows enough; each takes two blocks."""
    room = min(MOST_COLUMNS, dim, contrast[0].n_rows // 2, *(g.n_rows for g in contrast[1:]))
    return (room // width - 1) // 2


def sample(
    rng: np.random.Generator, contrast: Plan, plain: Plan, s: Setting, rows: SignalRows, trials: int
) -> list[tuple[Float[np.ndarray, "trials m"], float]]:
    """(CL, MIM), each with r at the start coordinates for every trial and a bound on the error of any of them.

    Source: ledger; docs/proofs/block_lanczos.md. Units: dimensionless.
    """
    (samples,), m = plain.noises, rows.width
    where, tasks = spaces(contrast.noises), forms(contrast.noises, samples)
    added = mean_augmentation_std(contrast.noises)
    parts: list[list[np.ndarray]] = [[], []]
    bounds = [0.0, 0.0]
    for first in range(0, trials, TRIALS_A_BLOCK):
        known = start(rng, contrast.noises, samples, rows, min(TRIALS_A_BLOCK, trials - first))
        x, u = samples.std * known[:, : 2 * m], added * known[:, 2 * m : 4 * m]
        others = [g.std * known[:, k * m : (k + 1) * m] for k, g in enumerate(contrast.noises[1:], 4)]
        levels = max(contrast.levels(s.dim, [x + u, *others]), plain.levels(s.dim, [x]))
        drawn = blocks(rng, s.dim, where, tasks, known, levels)
        for t, (what, (diagonal, below)) in enumerate(zip((contrast, plain), drawn, strict=True)):
            r, off = start_projections(diagonal, below, what)
            parts[t].append(r)
            bounds[t] = max(bounds[t], off)
    return [(np.concatenate(p), b) for p, b in zip(parts, bounds, strict=True)]
