"""Measurements on recorded models: consensus error, and distance of a represented subspace from the target's."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Arrays = Array | np.ndarray


def consensus_error(
    models: Float[Arrays, "*batch clients feature dim"], shares: Float[Arrays, " clients"] | None = None
) -> Float[Array, "*batch"]:
    """(1/N) sum_i ||W_i - Wbar||_F^2 about the plain mean; with `shares`, model i stands for that share of all clients.

    Source: ledger; koloskova2020 for the quantity. Units: those of a squared model.
    """
    if shares is None:
        off = models - jnp.mean(models, axis=-3, keepdims=True)
        return jnp.sum(off * off, axis=(-3, -2, -1)) / models.shape[-3]
    off = models - weighted_mean(models, shares)[..., None, :, :]
    return jnp.einsum("n,...ncd,...ncd->...", shares, off, off)


def weighted_mean(
    models: Float[Arrays, "*batch clients feature dim"], weights: Float[Arrays, " clients"]
) -> Float[Array, "*batch feature dim"]:
    """sum_i v_i W_i: with the left Perron vector of the mixing matrix, the mean that mixing preserves."""
    return jnp.einsum("n,...ncd->...cd", weights, models)


def row_space(model: Float[Arrays, "*batch feature dim"]) -> Float[Array, "*batch dim feature"]:
    """Orthonormal basis of the rows of W, which must be linearly independent."""
    return jnp.linalg.qr(jnp.swapaxes(model, -1, -2))[0]


def projector(model: Float[Arrays, "*batch feature dim"]) -> Float[Array, "*batch dim dim"]:
    """The orthogonal projector on the rows of W. It does not change when W is rotated from the left."""
    basis = row_space(model)
    return basis @ jnp.swapaxes(basis, -1, -2)


def top_projector(covariance: Float[Arrays, "*batch dim dim"], feature_dim: int) -> Float[Array, "*batch dim dim"]:
    """The projector on the `feature_dim` largest eigenvalues of a symmetric matrix."""
    vectors = jnp.linalg.eigh(covariance)[1][..., -feature_dim:]
    return vectors @ jnp.swapaxes(vectors, -1, -2)


def subspace_error(
    model: Float[Arrays, "*batch feature dim"], target: Float[Arrays, "dim dim"]
) -> Float[Array, "*batch"]:
    """||P(W) - P||_F, with `target` the projector P.

    Source: ledger. Units: dimensionless, in [0, sqrt(2 c)].
    """
    # Differences, not 2c - 2 tr(P P'): the trace form loses half the digits.
    found = projector(model)
    off = found - jnp.broadcast_to(jnp.asarray(target), found.shape)
    return jnp.sqrt(jnp.sum(off * off, axis=(-2, -1)))


def local_subspace_error_squared(
    models: Float[Arrays, "clients feature dim"], target: Float[Arrays, "dim dim"]
) -> Float[Array, ""]:
    """(1/N) sum_i ||P(W_i) - P||_F^2: what a client has that uses its own model."""
    return jnp.mean(subspace_error(models, target) ** 2)


def representability(model: Float[Arrays, "*batch feature dim"]) -> Float[Array, "*batch dim"]:
    """r_k, the squared length of every coordinate axis projected onto the rows of W.

    Source: chen2026, Definition 4.1. Units: dimensionless, in [0, 1]; they sum to the feature dimension.
    """
    return jnp.sum(row_space(model) ** 2, axis=-1)
