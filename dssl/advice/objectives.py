"""What a shared encoder is for: the weights of the clients, the best subspace, and the distance of models from it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from dssl.user_files.client_data import ClientData
from runtime.usage import UsageError
from theory.objectives.curvature import curvature

ObjectiveName = Literal["equal-clients", "equal-samples"]
IN_WORDS: dict[ObjectiveName, str] = {
    "equal-clients": "every client counts the same",
    "equal-samples": "every sample counts the same",
}
UNIT = "mean over clients of ||P_i - P*||_F^2 / (2c), from 0 (the wanted subspace) to 1 (at right angles to it)"
NO_RANK = 1e-9  # singular values below it, relative to the largest, are no direction
TIE = 1e-10  # of eigenvalues, relative to the largest


@dataclass(frozen=True)
class Objective:
    """Weights q of the clients, the matrix sum_i q_i X_i, and a basis of its leading eigenvectors."""

    name: ObjectiveName
    weights: Float[np.ndarray, " clients"]
    matrix: Float[np.ndarray, "dim dim"]
    basis: Float[np.ndarray, "dim feature"]
    values: Float[np.ndarray, " dim"]

    @property
    def feature_dim(self) -> int:
        """c, the features that the encoder keeps."""
        return self.basis.shape[1]

    def distances(self, models: Float[np.ndarray, "*batch feature dim"]) -> Float[np.ndarray, "*batch"]:
        """||P - P*||_F^2 / (2c) of every model, P the projector on its row space. Units: in [0, 1]."""
        c = self.feature_dim
        rows = np.swapaxes(models, -1, -2)
        left, sizes, _ = np.linalg.svd(rows, full_matrices=False)
        is_seen = sizes > NO_RANK * sizes[..., :1]
        left = left * is_seen[..., None, :]
        # What lies outside, and what of the wanted subspace is missed: the same for models of full rank.
        outside = left - self.basis @ (self.basis.T @ left)
        lacking = c - is_seen.sum(axis=-1)
        return np.sum(outside**2, axis=(-2, -1)) / c + lacking / (2 * c)


def objective(data: ClientData, name: ObjectiveName, feature_dim: int) -> Objective:
    """The objective of a name for these clients.

    Source: ledger. Errors: UsageError where samples are to count and their numbers are not known; OutOfDomainError as
    `curvature`, where the wanted subspace is not unique.
    """
    weights = client_weights(data, name)
    matrix = np.einsum("i,ijk->jk", weights, data.moments)
    shape = curvature(matrix, feature_dim)
    return Objective(name, weights, matrix, shape.vectors[:, :feature_dim], shape.values)


def client_weights(data: ClientData, name: ObjectiveName) -> Float[np.ndarray, " clients"]:
    """The weight of every client in the objective; they sum to 1. Errors: as `objective`."""
    if name == "equal-clients":
        return np.full(data.n_clients, 1 / data.n_clients)
    if data.sizes is None:
        raise UsageError(
            "--objective equal-samples counts samples; the archive does not say how many each client has. Add sizes."
        )
    return data.sizes / data.sizes.sum()


def alone(moment: Float[np.ndarray, "dim dim"], wanted: Objective) -> tuple[float, float]:
    """Least and largest distance at which a client that trains alone may end: one number where its optimum is unique.

    With fewer positive eigenvalues than features, or a tie, the rest of its rows depends on where it started.

    Source: ledger. Units: as `Objective.distances`. Errors: none.
    """
    c = wanted.feature_dim
    values, vectors = np.linalg.eigh(moment)
    values, vectors = values[::-1], vectors[:, ::-1]
    tie = TIE * values[0]
    edge = max(float(values[c - 1]), 0.0)
    certain = vectors[:, values > edge + tie]
    open_ = vectors[:, np.abs(np.maximum(values, 0.0) - edge) <= tie]
    certain_part = float(np.sum((certain.T @ wanted.basis) ** 2))
    left = c - certain.shape[1]
    shared = np.linalg.svd(open_.T @ wanted.basis, compute_uv=False) ** 2
    shared = np.sort(np.concatenate([shared, np.zeros(max(0, open_.shape[1] - len(shared)))]))[::-1]
    best, worst = float(shared[:left].sum()), float(shared[-left:].sum()) if left else 0.0
    low, high = 1 - (certain_part + best) / c, 1 - (certain_part + worst) / c
    if edge <= tie:  # without a pull the last rows may also vanish
        low = min(low, (certain.shape[1] + c - 2 * certain_part) / (2 * c))
    if left == open_.shape[1]:  # nothing is open: to rounding, without the cancellation above
        own = np.concatenate([certain, open_], axis=1)
        low = high = float(np.sum((own - wanted.basis @ (wanted.basis.T @ own)) ** 2)) / c
    return max(0.0, low), max(0.0, high)


def optimum_by_samples(data: ClientData, wanted: Objective) -> float | None:
    """How far, on average, the optimum of these samples lies from that of what they were drawn from; None if unknown.

    To first order, entry (a, b) of the objective's matrix in its own basis turns direction a towards b by the entry's
    error over the gap of eigenvalues. Clients are given, and their samples are independent draws.

    Source: ledger. Units: as `Objective.distances`; good while small. Errors: none.
    """
    if data.sizes is None:
        return None
    c, theta = wanted.feature_dim, wanted.values
    vectors = curvature(wanted.matrix, c).vectors
    variance = np.zeros((c, data.dim - c))
    for i, (moment, size) in enumerate(zip(data.moments, data.sizes, strict=True)):
        inside = vectors.T @ moment @ vectors
        if data.samples is None:  # as of normal samples
            spread = np.outer(np.diag(inside)[:c], np.diag(inside)[c:]) + inside[:c, c:] ** 2
        else:
            squares = (data.samples[i] @ vectors) ** 2
            spread = squares[:, :c].T @ squares[:, c:] / size - inside[:c, c:] ** 2
        variance += wanted.weights[i] ** 2 * np.maximum(spread, 0.0) / (size - 1)
    return float(np.sum(variance / (theta[:c, None] - theta[None, c:]) ** 2)) / c
