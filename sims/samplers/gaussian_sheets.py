"""Large Gaussian matrices drawn only along the directions that are asked for; no array has the size of the data.

A sheet is an n x d matrix of independent standard normals but for its first m columns. Seen from the column directions
used so far and the row directions that these reach, it is a small block. What its rows have elsewhere is still
Gaussian, on all combinations of rows but those that gave the directions seen; a new direction asks for one more.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sims.samplers.wishart import bartlett, positive_qr


@dataclass(frozen=True)
class Space:
    """Sheets with the same samples as rows: how many samples, how many sheets."""

    n_rows: int
    n_sheets: int = 1


class GaussianSheets:
    """Independent Gaussian matrices, in a basis of directions that grows as combinations of their rows ask for.

    `known` holds all sheets on the directions seen: rows in the order in which they were reached, a level at a time and
    in a level sheet by sheet. `start` gives that of the first level, each sheet of a space on the same rows.
    Source: ledger; docs/proofs/block_lanczos.md.
    """

    def __init__(
        self, rng: np.random.Generator, dim: int, spaces: tuple[Space, ...], start: Float[np.ndarray, "trials rows m"]
    ) -> None:
        self._rng, self._dim, self._spaces = rng, dim, spaces
        self.known = start
        self._used = start[:, :, :0]

    def reveal(
        self, wanted: Float[np.ndarray, "trials rows k"]
    ) -> tuple[Float[np.ndarray, "trials k k"], Float[np.ndarray, "trials rows k"]]:
        """k new directions, those that the combinations `wanted` of rows have off the ones seen.

        Gives what the combinations are there, and the part of `known` that the old rows have there.
        """
        trials, n_rows, width = wanted.shape
        n_seen = self.known.shape[2]
        fresh = wanted
        for _ in range(2 if self._used.shape[2] else 0):
            fresh = fresh - self._used @ (np.swapaxes(self._used, 1, 2) @ fresh)
        directions, root = orthonormal(fresh)
        overlap = np.swapaxes(self._used, 1, 2) @ directions
        if np.any(np.abs(overlap) > 1e-9):
            # A combination that asks for nothing new leaves round-off; any direction will do, off the used ones.
            directions = positive_qr(directions - self._used @ overlap)[0]
            root = np.swapaxes(directions, 1, 2) @ fresh
        used = np.concatenate([self._used, directions], axis=2)
        spread = bartlett(self._rng, trials, self._dim - n_seen, width)
        old = directions @ np.swapaxes(spread, 1, 2)
        if used.shape[2] < n_rows:
            free = self._rng.standard_normal((trials, n_rows, width))
            old += free - used @ (np.swapaxes(used, 1, 2) @ free)
        n_fresh = sum(width * space.n_sheets**2 for space in self._spaces)
        known = np.zeros((trials, n_rows + n_fresh, n_seen + width))
        known[:, :n_rows, :n_seen], known[:, :n_rows, n_seen:] = self.known, old
        at = n_rows
        for space in self._spaces:
            seen_rows = n_seen * space.n_sheets
            reach = width * space.n_sheets
            new = bartlett(self._rng, trials, space.n_rows - seen_rows, reach)
            for k in range(space.n_sheets):
                known[:, at : at + reach, n_seen:] = new[:, :, k * width : (k + 1) * width]
                at += reach
        self._used = np.zeros((trials, at, used.shape[2]))
        self._used[:, :n_rows] = used
        self.known = known
        return spread @ root, old


def orthonormal(
    columns: Float[np.ndarray, "trials rows k"],
) -> tuple[Float[np.ndarray, "trials rows k"], Float[np.ndarray, "trials k k"]]:
    """Q and R with Q R = columns, Q orthonormal: from the Gram matrix, which is fast, where that loses few digits."""
    gram = np.swapaxes(columns, 1, 2) @ columns
    scale = np.sqrt(np.diagonal(gram, axis1=1, axis2=2).max(axis=1))
    try:
        root = np.swapaxes(np.linalg.cholesky(gram), 1, 2)
    except np.linalg.LinAlgError:
        return positive_qr(columns)
    if np.any(np.diagonal(root, axis1=1, axis2=2).min(axis=1) < 1e-4 * scale):
        return positive_qr(columns)
    return columns @ np.linalg.inv(root), root
