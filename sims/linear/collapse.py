"""Exact shortcuts: a training is replaced by a smaller one that has the same solution, to rounding."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sims.rounds.matrices import is_server
from theory.objectives import linear_alignment

Models = Float[Array | np.ndarray, "clients feature dim"]


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
