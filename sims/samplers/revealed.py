"""The d x d matrix X of one objective, drawn only where it is multiplied: what no product asks for costs nothing.

Off the clean rows' columns a Gram factor T is Gaussian, the same in every basis. Multiplying X by new directions V asks
for T V, whose part on rows not yet seen is a triangular factor, and for those rows of T, which are fresh Gaussian
numbers off the directions seen before. Every product has the law that the whole matrix would have given it.
"""

import numpy as np
from jaxtyping import Float

from sims.samplers.truncation import Noise
from sims.samplers.wishart import bartlett, large_bartlett


class RevealedGrams:
    """X = sum over terms of weight T^T T, for every trial, each T known on what products have touched so far.

    `start_roots` are R with R^T R the start block of each term; the start is the first m coordinates.
    Source: ledger. Units: squared data units.
    """

    def __init__(
        self, rng: np.random.Generator, terms: tuple[Noise, ...], dim: int, start_roots: list[np.ndarray]
    ) -> None:
        self._rng, self._terms, self._dim, self._start_roots = rng, terms, dim, start_roots
        self.trials = len(start_roots[0])
        self._seen = np.zeros((self.trials, dim, 0))
        self._factors = [np.zeros((self.trials, 0, dim)) for _ in terms]

    def apply(self, new: Float[np.ndarray, "trials dim k"]) -> Float[np.ndarray, "trials dim k"]:
        """X V for orthonormal columns V, orthogonal to all columns that came before; the first V is the start."""
        n_seen, width = self._seen.shape[2], new.shape[2]
        self._seen = np.concatenate([self._seen, new], axis=2)
        across, along = np.swapaxes(new, 1, 2), np.swapaxes(self._seen, 1, 2)
        total = np.zeros_like(new)
        for g, term in enumerate(self._terms):
            rows = min(width, max(0, term.n_rows - n_seen))
            if rows:
                root = self._start_roots[g]
                if n_seen:
                    root = term.std * bartlett(self._rng, self.trials, term.n_rows - n_seen, width)
                fresh = self._rng.standard_normal((self.trials, rows, self._dim)) * term.std
                fresh += root[:, :rows] @ across - (fresh @ self._seen) @ along
                self._factors[g] = np.concatenate([self._factors[g], fresh], axis=1)
            total += term.weight * (np.swapaxes(self._factors[g], 1, 2) @ (self._factors[g] @ new))
        return total

    def dense(self, trial: int) -> Float[np.ndarray, "dim dim"]:
        """X itself for one trial, given what products have shown of it."""
        seen, total = self._seen[trial], np.zeros((self._dim, self._dim))
        n_seen = seen.shape[1]
        unseen = np.linalg.qr(seen, mode="complete")[0][:, n_seen:]
        for term, factors in zip(self._terms, self._factors, strict=True):
            total += term.weight * (factors[trial].T @ factors[trial])
            if term.n_rows > n_seen and n_seen < self._dim:
                rest = term.std * large_bartlett(self._rng, term.n_rows - n_seen, self._dim - n_seen) @ unseen.T
                total += term.weight * (rest.T @ rest)
        return total
