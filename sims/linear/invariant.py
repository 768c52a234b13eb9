"""An exact shortcut: training stays in a subspace that holds the start and that no client's matrix leaves.

Let V hold the rows of all starting models, and let X_i V lie in V for every client i. Then all models keep their rows
in V: a gradient is 2 (W W^T W - W X_i), whose rows are combinations of rows of W and of W X_i, and a mean of models has
rows in V, too. In an orthonormal basis B of V, W = w B^T with w of size c x dim V, and w is trained on the matrices
B^T X_i B exactly as W is on X_i: W W^T = w w^T, and W X_i = w B^T X_i = (w B^T X_i B) B^T.

The smallest such V is what the starting rows grow into when all X_i are applied again and again. It is small where data
have low rank, or are a multiple of the identity beyond a few directions (each client may have a multiple of its own),
or where training starts at an optimum of matrices that commute. Source: ledger.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

# A part of a start outside the subspace that is smaller than this, relative to its row, is round-off; and so is a part
# of an image, relative to the largest that images can be.
ROUND_OFF = 1e-13


@dataclass(frozen=True)
class Invariant:
    """A training in the coordinates of `basis` (orthonormal columns): W = w basis^T in every round."""

    basis: Float[np.ndarray, "dim rank"]
    initial: Float[np.ndarray, "clients feature rank"]
    covariances: Float[np.ndarray, "clients rank rank"]

    def expanded(self, models: Float[Array | np.ndarray, "*batch feature rank"]) -> np.ndarray:
        """Models in the coordinates of the data."""
        return np.asarray(models) @ self.basis.T


def invariant(
    initial: Float[np.ndarray, "clients feature dim"],
    covariances: Float[np.ndarray, "clients dim dim"],
    most: int,
) -> Invariant | None:
    """The same training in the smallest invariant subspace that holds the start, of at least `feature` dimensions.

    None where it has more than `most` dimensions: then little is saved.
    """
    n, c, d = initial.shape
    x = covariances / max(float(np.linalg.norm(covariances, axis=(1, 2)).max()), np.finfo(float).tiny)
    # A random mixture of the matrices mostly tells at less cost that too much is needed: an invariant subspace of all
    # of them is one of the mixture, too.
    shares = np.random.default_rng(0).standard_normal(n)
    mixture = np.einsum("n,nab->ab", shares / np.abs(shares).sum(), x)
    rows = np.unique(initial.reshape(n * c, d), axis=0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    start = _directions(rows / np.where(lengths > 0, lengths, 1.0), np.zeros((d, 0)))
    if c > most or _grown(start, mixture[None], most) is None:
        return None
    basis = _grown(start, x, most)
    if basis is None:
        return None
    if basis.shape[1] < c:  # a start of lower rank than it has rows: any further directions will do, and stay unused
        rest = np.linalg.qr(np.concatenate([basis, np.eye(d)[:, :c]], axis=1))[0]
        basis = np.concatenate([basis, rest[:, basis.shape[1] : c]], axis=1)
    inside = np.einsum("da,nde,eb->nab", basis, covariances, basis, optimize=True)
    return Invariant(basis, initial @ basis, (inside + inside.swapaxes(1, 2)) / 2)


def _grown(start: np.ndarray, matrices: np.ndarray, most: int) -> Float[np.ndarray, "dim rank"] | None:
    """What the span of `start` grows into under these matrices; None when it has more than `most` dimensions."""
    basis = new = start
    while new.shape[1] and basis.shape[1] <= most:
        images = np.concatenate([matrix @ new for matrix in matrices], axis=1)
        new = _directions(images.T, basis)
        basis = np.concatenate([basis, new], axis=1)
    return basis if basis.shape[1] <= most else None


def _directions(rows: Float[np.ndarray, "rows dim"], basis: Float[np.ndarray, "dim rank"]) -> np.ndarray:
    """Orthonormal directions of these rows, of lengths up to about 1, that are orthogonal to the basis."""
    for _ in range(2):  # once more, for what round-off left
        rows = rows - (rows @ basis) @ basis.T
    _, sizes, found = np.linalg.svd(rows, full_matrices=False)
    found = found[sizes > ROUND_OFF * np.sqrt(len(rows))].T
    found = found - basis @ (basis.T @ found)
    return np.linalg.qr(found)[0] if found.shape[1] else found
