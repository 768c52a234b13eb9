"""Gradient descent on the losses themselves, from random starts: it tests that training finds theory's minimiser."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Key

from theory.objectives import linear_alignment

SGD = optax.sgd(0.25)


@dataclass(frozen=True)
class Solution:
    """Where descent stopped: an orthonormal basis of the encoder's row space, loss, gradient norm, and the encoder."""

    basis: np.ndarray
    encoder: np.ndarray
    loss: float
    gradient_norm: float


def reconstruction_loss(
    weights: tuple[Float[Array, "dim feature"], Float[Array, "feature dim"]],
    within: Float[Array, "dim dim"],
    cross: Float[Array, "dim dim"],
) -> Float[Array, ""]:
    """E|W_d W_e a - b|^2 less E|b|^2, given E a a^T and E a b^T.

    Source: chen2026, (3).
    """
    decoder, encoder = weights
    m = decoder @ encoder
    return jnp.sum((m @ within) * m) - 2 * jnp.sum(m * cross.T)


def descend_alignment(
    key: Key[Array, ""], x: Float[np.ndarray, "dim dim"], feature_dim: int, steps: int = 3_000
) -> Solution:
    """The encoder that minimises the alignment loss, by gradient descent from a random start.

    The step is 1/(4 |X|). Rows for a zero eigenvalue of X die out only like steps^(-1/2), so directions under
    twice that share of the largest are dropped from the basis.
    Source: chen2026, (2) and (4).
    """
    sym = (x + x.T) / 2
    scale = float(np.linalg.norm(sym, 2))
    # W = sqrt(scale) V turns the loss into scale^2 times the loss of V on X / scale: one step size fits every X.
    start = 0.1 * jax.random.normal(key, (feature_dim, len(x)))
    v, loss, norm = _run(linear_alignment.loss, SGD, start, (jnp.asarray(sym / scale),), steps)
    w = np.sqrt(scale) * np.asarray(v)
    return Solution(_row_space(w, 2 / np.sqrt(steps)), w, scale**2 * float(loss), scale**1.5 * float(norm))


def descend_reconstruction(
    key: Key[Array, ""],
    within: Float[np.ndarray, "dim dim"],
    cross: Float[np.ndarray, "dim dim"],
    feature_dim: int,
    steps: int = 20_000,
) -> Solution:
    """The encoder of the two-layer linear autoencoder that minimises the reconstruction loss, from a random start.

    Source: chen2026, (3).
    """
    keys = jax.random.split(key)
    d = len(within)
    start = (0.1 * jax.random.normal(keys[0], (d, feature_dim)), 0.1 * jax.random.normal(keys[1], (feature_dim, d)))
    weights, loss, norm = _run(
        reconstruction_loss, _cooling(steps), start, (jnp.asarray(within), jnp.asarray(cross)), steps
    )
    encoder = np.asarray(weights[1])
    return Solution(_row_space(encoder), encoder, float(loss), float(norm))


def stationarity(solution: Solution, x: Float[np.ndarray, "dim dim"]) -> float:
    """|W^T W - P X P| / |X|, P the projector on the row space: 0 at every stationary point of the alignment loss.

    Source: ledger, the correction of chen2026 (16). Units: dimensionless.
    """
    sym = (x + x.T) / 2
    p = solution.basis @ solution.basis.T
    return float(np.linalg.norm(solution.encoder.T @ solution.encoder - p @ sym @ p) / np.linalg.norm(sym))


def subspace_distance(a: Float[np.ndarray, "dim k"], b: Float[np.ndarray, "dim m"]) -> float:
    """Spectral norm of the difference of the two projectors: 0 for one space, 1 when they differ in dimension."""
    return float(np.linalg.norm(a @ a.T - b @ b.T, 2))


def _row_space(w: np.ndarray, cut: float = 1e-3) -> np.ndarray:
    """Directions that the encoder keeps; singular values under `cut` of the largest are rows on their way to zero."""
    _, values, rows = np.linalg.svd(w, full_matrices=False)
    return rows[values > cut * values[0]].T


@cache
def _cooling(steps: int) -> optax.GradientTransformation:
    """Adam whose step falls to 0; kept, so that one compiled loop serves every start."""
    return optax.adam(optax.cosine_decay_schedule(1e-2, steps))


@partial(jax.jit, static_argnums=(0, 1, 4))
def _run(loss: Callable, optimiser: optax.GradientTransformation, start, data, steps: int):
    """Weights, loss and gradient norm after `steps` steps, in one compiled loop."""

    def step(_, carry):
        weights, state = carry
        updates, state = optimiser.update(jax.grad(loss)(weights, *data), state)
        return optax.apply_updates(weights, updates), state

    weights, _ = jax.lax.fori_loop(0, steps, step, (start, optimiser.init(start)))
    value, gradient = jax.value_and_grad(loss)(weights, *data)
    return weights, value, optax.tree.norm(gradient)
