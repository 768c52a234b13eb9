"""The Hessian of f(W) = -tr(W X W^T) + 1/2 ||W^T W||_F^2 at its rank-c optimum, in the basis where it is diagonal.

With X = V diag(theta) V^T and W* = diag(sqrt theta_a) V_c^T, a direction has entries (a, b) in the basis V. For b > c
they are eigendirections of rate 2 (theta_a - theta_b): they tilt the row space. For a, b <= c each pair (a, b), (b, a)
splits into a stretch of rate 2 (theta_a + theta_b) and a rotation of the embedding of rate 0. Local steps then act
entry by entry, which turns fixed-point equations of whole networks into one small equation an entry.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError

# A relative gap below this is a tie: eigh resolves about 1e-15 of the largest eigenvalue.
SMALLEST_GAP = 1e-10


@dataclass(frozen=True)
class Curvature:
    """W* (`optimum`), eigenvalues descending (`values`) with their `vectors`, and the Hessian's eigenvalues (`rates`).

    In `rates` and in `to_modes` the entries (a, b), a < b <= c, hold the stretches and (b, a) the rotations.
    """

    optimum: Float[np.ndarray, "feature dim"]
    values: Float[np.ndarray, " dim"]
    vectors: Float[np.ndarray, "dim dim"]
    rates: Float[np.ndarray, "feature dim"]

    @property
    def feature_dim(self) -> int:
        """c, the rows of W*: how many directions the optimum represents."""
        return len(self.optimum)

    @property
    def gap(self) -> float:
        """theta_c - theta_{c+1}, or theta_c when every dimension is represented."""
        c = self.feature_dim
        return float(self.values[c - 1] - (self.values[c] if c < len(self.values) else 0.0))

    def to_modes(self, models: Float[np.ndarray, "*batch feature dim"]) -> Float[np.ndarray, "*batch feature dim"]:
        """Directions in coordinates along the Hessian's eigenvectors; an orthogonal change of basis."""
        entries, c = models @ self.vectors, self.feature_dim
        inside = entries[..., :c]
        first, second = self._mixing()
        mirrored = np.swapaxes(inside, -1, -2)
        stretch, rotation = first * inside + second * mirrored, second * inside - first * mirrored
        upper = np.triu(np.ones((c, c), dtype=bool), 1)
        modes = np.where(upper, stretch, np.where(upper.T, np.swapaxes(rotation, -1, -2), inside))
        return np.concatenate([modes, entries[..., c:]], axis=-1)

    def from_modes(self, modes: Float[np.ndarray, "*batch feature dim"]) -> Float[np.ndarray, "*batch feature dim"]:
        """The inverse of `to_modes`."""
        c = self.feature_dim
        inside, upper = modes[..., :c], np.triu(np.ones((c, c), dtype=bool), 1)
        above = np.where(upper, inside, 0.0)
        below = np.where(upper, np.swapaxes(inside, -1, -2), 0.0)
        first, second = self._mixing()
        entries = first * (above + np.swapaxes(above, -1, -2)) + second * (below - np.swapaxes(below, -1, -2))
        entries = np.where(np.eye(c, dtype=bool), inside, entries)
        return np.concatenate([entries, modes[..., c:]], axis=-1) @ self.vectors.T

    def _mixing(self) -> tuple[np.ndarray, np.ndarray]:
        root = np.sqrt(self.values[: self.feature_dim])
        length = np.hypot(root[:, None], root[None, :])
        return root[:, None] / length, root[None, :] / length


def curvature(covariance: Float[np.ndarray, "dim dim"], feature_dim: int) -> Curvature:
    """The rank-c optimum for a covariance, and the Hessian there.

    Source: ledger, docs/proofs/effective_covariance.md; the optimum is eckart1936's.
    Units: `rates` those of the covariance.
    Errors: OutOfDomainError without c positive eigenvalues, or with a tie between the c-th and the next.
    """
    d = len(covariance)
    if not 1 <= feature_dim <= d:
        raise ValueError(f"feature_dim must lie between 1 and the dimension {d}; got feature_dim={feature_dim}.")
    values, vectors = np.linalg.eigh(covariance)
    # Contiguous: products with reversed columns go without BLAS, tens of times slower.
    values, vectors = values[::-1].copy(), np.ascontiguousarray(vectors[:, ::-1])
    scale, last = float(np.abs(values).max()), float(values[feature_dim - 1])
    following = float(values[feature_dim]) if feature_dim < d else 0.0
    if not (last > SMALLEST_GAP * scale and last - following > SMALLEST_GAP * scale):
        raise OutOfDomainError(
            f"The represented subspace is unique only if eigenvalue {feature_dim} is positive and above the next; got "
            f"{last:.6g} and {following:.6g}. Choose another feature_dim."
        )
    top = values[:feature_dim]
    rates = 2 * (top[:, None] - values[None, :])
    inside = 2 * (top[:, None] + top[None, :])
    rates[:, :feature_dim] = np.where(np.tril(np.ones_like(inside, dtype=bool), -1), 0.0, inside)
    return Curvature(np.sqrt(top)[:, None] * vectors[:, :feature_dim].T, values, vectors, rates)


def top_projector(covariance: Float[np.ndarray, "dim dim"], feature_dim: int) -> Float[np.ndarray, "dim dim"]:
    """The projector on the subspace that the optimum for a covariance represents.

    Source: eckart1936. Units: dimensionless. Errors: as `curvature`.
    """
    basis = curvature(covariance, feature_dim).vectors[:, :feature_dim]
    return basis @ basis.T
