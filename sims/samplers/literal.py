"""The plain reference: every sample, mask and augmentation of Section 3.2 is drawn, and cross moments are summed.

Rows come in blocks, so that memory stays at a few d x d matrices whatever the number of samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from sims.samplers.signal_rows import SignalRows, signal_rows
from theory.readings import EXPECTED, Loss, Mask, Objective, Offsets, Reading
from theory.setting import Setting

# About 64 MB a block of doubles; a block, its views and its product stay far below 1 GiB at d = 4096.
ENTRIES_A_BLOCK = 8_000_000


@dataclass(frozen=True)
class CrossMoments:
    """Means over samples: `cross` of a b^T (not symmetrised) and `within` of a a^T, for the two views a, b of a loss.

    `within` is only there for the reconstruction loss, which needs it.
    """

    cross: np.ndarray
    within: np.ndarray | None = None

    def alignment(self) -> Float[np.ndarray, "dim dim"]:
        """X, the symmetric part of the mean of a b^T. Source: chen2026, (15) and (42)."""
        return (self.cross + self.cross.T) / 2


def data_blocks(
    rng: np.random.Generator, rows: SignalRows, s: Setting, rows_a_block: int
) -> Iterator[Float[np.ndarray, "block dim"]]:
    """All samples of the members of `rows`, class by class, in blocks.

    Source: chen2026, Section 3.2.
    """
    blocks = [(i, sign, size) for i, sign, size in rows.classes()]
    blocks += [(h, 0, rows.n_rare) for h in rows.rare_at if h is not None]
    for client, label, size in blocks:
        per_class = rows.rows(rng, client, label, 1) if label and rows.offsets is Offsets.PER_CLASS else None
        for start in range(0, size, rows_a_block):
            n = min(rows_a_block, size - start)
            x = float(s.mu) * rng.standard_normal((n, s.dim))
            if label == 0:
                x[:, client] += 1.0
            else:
                x[:, : rows.width] += rows.rows(rng, client, label, n) if per_class is None else per_class
            yield x


def mask_of(rng: np.random.Generator, n: int, s: Setting, mask: Mask) -> Float[np.ndarray, "n dim"]:
    """`n` masks: 1 where kept, with probability 1 - p; or exactly round(p d) zeros for a fixed count."""
    if mask is not Mask.FIXED_COUNT:
        return (rng.random((n, s.dim)) >= float(s.mask_ratio)).astype(float)
    n_masked = round(float(s.mask_ratio) * s.dim)
    one = np.arange(s.dim) >= n_masked
    return rng.permuted(np.repeat(one[None], n, axis=0), axis=1).astype(float)


def views(
    rng: np.random.Generator,
    x: Float[np.ndarray, "n dim"],
    s: Setting,
    objective: Objective,
    mask: Mask,
    transformation: np.ndarray | None = None,
) -> tuple[Float[np.ndarray, "n dim"], Float[np.ndarray, "n dim"]]:
    """One draw of the two views of every sample.

    MIM: x m and x (1 - m), or x (1 - m') with another mask m' (independent): the second keeps a share p either way.
    CL: x + xi_a and x + xi_b, or H x in place of the second.
    Source: chen2026, Section 3.2.
    """
    if objective is Objective.CL:
        sigma = float(s.augmentation_std)
        a = x + sigma * rng.standard_normal(x.shape)
        b = x @ transformation.T if transformation is not None else x + sigma * rng.standard_normal(x.shape)
        return a, b
    m = mask_of(rng, len(x), s, mask)
    hidden = mask_of(rng, len(x), s, mask) if mask is Mask.INDEPENDENT else m
    return x * m, x * (1 - hidden)


def literal_moments(
    rng: np.random.Generator,
    s: Setting,
    tasks: Sequence[tuple[Objective, Reading]],
    *,
    scope: Literal["fl", "local"] = "fl",
    client: int = 0,
    transformation: np.ndarray | None = None,
    entries_a_block: int = ENTRIES_A_BLOCK,
) -> tuple[CrossMoments, ...]:
    """The cross moments of one drawn data set, one for every (objective, reading), all from the same samples.

    Expected draws average masks and augmentations exactly; otherwise `reading.draws` views are drawn of every sample.
    The data follow the first reading; the tasks may differ in how they look at them.

    Source: chen2026, (2), (3), (4) and Section 3.2. Units: squared data units.
    Errors: ValueError for a mask that has no samples, or H of another size.
    """
    rows = signal_rows(s, tasks[0][1], scope, client)
    if transformation is not None and transformation.shape != (s.dim, s.dim):
        raise ValueError(f"H must be {s.dim} x {s.dim}, the size of the data; got shape {transformation.shape}.")
    sampled = [k for k, (_, reading) in enumerate(tasks) if reading.draws != EXPECTED]
    if any(tasks[k][0] is Objective.MIM and tasks[k][1].mask is Mask.PRINTED for k in sampled):
        raise ValueError('The printed (17) is an expectation and cannot be sampled; got mask="printed". Use expected.')
    gram = np.zeros((s.dim, s.dim)) if len(sampled) < len(tasks) else None
    cross = {k: np.zeros((s.dim, s.dim)) for k in sampled}
    within = {k: np.zeros((s.dim, s.dim)) for k in sampled if tasks[k][1].loss is Loss.RECONSTRUCTION}
    for x in data_blocks(rng, rows, s, max(1, entries_a_block // s.dim)):
        if gram is not None:
            gram += x.T @ x
        for k in sampled:
            objective, reading = tasks[k]
            for _ in range(int(reading.draws)):
                a, b = views(rng, x, s, objective, reading.mask, transformation)
                cross[k] += a.T @ b
                if k in within:
                    within[k] += a.T @ a
    moments = []
    for k, (objective, reading) in enumerate(tasks):
        if k in cross:
            n = rows.n_rows * int(reading.draws)
            moments.append(CrossMoments(cross[k] / n, within[k] / n if k in within else None))
        elif gram is not None:
            moments.append(expected_moments(gram / rows.n_rows, s, objective, reading, transformation))
    return tuple(moments)


def expected_moments(
    gram: Float[np.ndarray, "dim dim"],
    s: Setting,
    objective: Objective,
    reading: Reading,
    transformation: np.ndarray | None = None,
) -> CrossMoments:
    """The cross moments with masks and augmentations averaged exactly, given the second moment of the samples.

    Source: ledger, from chen2026 (2)-(4). With q = 1 - p: E a a^T = q^2 G + q p diag G; E a b^T = p q G for independent
    masks, less its diagonal for b = x - a.
    """
    if objective is Objective.CL:
        return CrossMoments(gram if transformation is None else gram @ transformation.T)
    p, q, diagonal = float(s.mask_ratio), 1 - float(s.mask_ratio), np.diag(np.diag(gram))
    if reading.mask is Mask.FIXED_COUNT:
        n_masked = round(p * s.dim)
        p, q = n_masked / s.dim, 1 - n_masked / s.dim
        kept_twice = q * (s.dim - n_masked - 1) / (s.dim - 1)
        cross = q * n_masked / (s.dim - 1) * (gram - diagonal)
        return CrossMoments(cross, kept_twice * gram + (q - kept_twice) * diagonal)
    cross = {
        Mask.INDEPENDENT: p * q * gram,
        Mask.COMPLEMENTARY: p * q * (gram - diagonal),
        Mask.PRINTED: 2 * p * q * diagonal,
    }[reading.mask]
    return CrossMoments(cross, q**2 * gram + q * p * diagonal)
