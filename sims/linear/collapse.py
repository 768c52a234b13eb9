"""Exact shortcuts: a training is replaced by a smaller one that has the same solution, to rounding."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sims.rounds.matrices import is_server
from theory.objectives import linear_alignment

Models = Float[Array | np.ndarray, "clients feature dim"]
# Singular values below this, relative to the largest, are zero: an SVD resolves about 1e-15.
ZERO = 1e-13


def is_one_descent(initial: Models, mixing: Any) -> bool:
    """Whether one exact step a round under one matrix of equal rows, from one common start, is a single descent.

    With M = 1 v^T all clients hold one W after mixing, and sum_i v_i (W - eta grad f_i(W)) = W - eta grad f_v(W), f_v
    the loss on X_v = sum_i v_i X_i. With two steps the second gradients are at different points, and this fails.
    Source: ledger.
    """
    m = np.asarray(mixing)
    return m.ndim == 2 and is_server(m[None]) and bool(np.ptp(np.asarray(initial), axis=0).max() == 0)


def one_descent(covariances: Float[np.ndarray, "clients dim dim"], weights: Float[np.ndarray, " clients"]) -> Any:
    """Data of the single descent: X_v as one client's covariance, and (1/N) sum_i D_i^2 about the plain mean.

    The second gives the consensus error before mixing: W_i - Wbar = 2 eta W (X_i - Xbar), so its mean square is
    4 eta^2 tr(W S W^T).
    """
    off = covariances - covariances.mean(axis=0)
    deviations = np.einsum("nab,ncb->ac", off, off, optimize=True) / len(covariances)
    return {
        "covariances": jnp.asarray(np.einsum("n,nab->ab", weights, covariances)[None]),
        "deviations": jnp.asarray(deviations),
    }


def consensus_of_step(model: Array, deviations: Array, step_size: Array | float) -> Array:
    """(1/N) sum_i ||W_i - Wbar||_F^2 after one step of every client from the common `model`."""
    return 4 * jnp.square(step_size) * jnp.sum((model @ deviations) * model)


def after_step(
    model: Float[Array | np.ndarray, "feature dim"], covariances: Float[np.ndarray, "clients dim dim"], step_size: float
) -> Float[np.ndarray, "clients feature dim"]:
    """What every client holds after one step from the common `model`."""
    models = jnp.broadcast_to(model, (len(covariances), *model.shape))
    return np.asarray(models - step_size * linear_alignment.gradient(models, covariances))


@dataclass(frozen=True)
class Reduction:
    """A problem in the coordinates of `basis` (orthonormal columns): W = w basis^T for ever."""

    basis: Float[np.ndarray, "dim rank"]
    initial: Float[np.ndarray, "clients feature rank"]
    covariances: Float[np.ndarray, "clients rank rank"]

    def expanded(self, models: Float[Array | np.ndarray, "*batch feature rank"]) -> np.ndarray:
        """Models in the coordinates of the data."""
        return np.asarray(models) @ self.basis.T


def reduced(initial: Models, covariances: Float[Array | np.ndarray, "clients dim dim"]) -> Reduction:
    """The same training in fewer dimensions, when all X_i = Q S_i Q^T + s (I - Q Q^T) and all rows of W lie in span Q.

    Then W X_i and W W^T W stay in that span, so every exact gradient does, and so does every mean; nothing that is
    measured changes, for ||w Q^T||_F = ||w||_F. Covers data of low rank, data with an equal noise floor, and starts at
    an optimum of those. Noise on gradients leaves the span. With nothing to gain `basis` has all `dim` columns.
    Source: ledger.
    """
    w, x = np.asarray(initial, dtype=float), np.asarray(covariances, dtype=float)
    n, d, c = len(x), x.shape[-1], w.shape[1]
    floor = float(np.median(np.linalg.eigvalsh(x[0])))  # a common eigenvalue on most directions is the median of any X
    size = np.abs(x).max() + abs(floor) + np.finfo(float).tiny
    rows = np.concatenate(
        [((x - floor * np.eye(d)) / size).reshape(n * d, d), (w / max(np.abs(w).max(), 1e-300)).reshape(n * c, d)]
    )
    # R of the tall matrix has its singular values and right vectors, and is d x d.
    _, values, directions = np.linalg.svd(np.linalg.qr(rows, mode="r"))
    rank = max(c, int((values > ZERO * len(rows) * values[0]).sum()))
    basis = np.eye(d) if rank == d else directions[:rank].T
    return Reduction(basis, w @ basis, basis.T @ x @ basis)
