"""The mixing matrix of each round: checked once, and changed in rounds where links fail or clients are absent."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

PyTree = Any
# Sums of weights are exact to rounding; a matrix read from a file with fewer digits is rescaled by whoever reads it.
SUM_TOLERANCE = 1e-9
# Rows that differ by less are one row computed twice.
SAME_ROW = 1e-12


def drop_links(
    key: Key[Array, ""], mixing: Float[Array, "clients clients"], probability: Float[Array, ""], by_column: bool = False
) -> Float[Array, "clients clients"]:
    """The matrix of a round in which every link, both ways, fails with `probability`.

    A failed link's weight returns to the diagonal:
    rows keep their sums, a symmetric matrix stays symmetric; `by_column` keeps the sums of columns (push-sum).
    Source: ledger.
    """
    n = mixing.shape[0]
    drawn = jnp.triu(jax.random.uniform(key, (n, n)), 1)
    works = (drawn + drawn.T) >= probability
    return _with_links(mixing, works, by_column)


def only_among(
    clients: Int[Array, " some"], mixing: Float[Array, "clients clients"], by_column: bool = False
) -> Float[Array, "clients clients"]:
    """The matrix of a round in which only `clients` talk: weights to and from others return to the diagonal."""
    present = jnp.zeros(mixing.shape[0], bool).at[clients].set(True)
    return _with_links(mixing, present[:, None] & present[None, :], by_column)


def is_server(matrices: Float[np.ndarray, "period clients clients"]) -> bool:
    """Whether all rows of every matrix are equal: everyone then gets one weighted mean, as from a server."""
    return bool(np.ptp(matrices, axis=1).max() <= SAME_ROW)


def _with_links(mixing, works, by_column):
    axis = 0 if by_column else 1
    off_diagonal = jnp.where(works & ~jnp.eye(mixing.shape[0], dtype=bool), mixing, 0.0)
    return off_diagonal + jnp.diag(mixing.sum(axis) - off_diagonal.sum(axis))


def checked_matrices(mixing: Any, params: PyTree, push_sum: bool) -> Float[np.ndarray, "period clients clients"]:
    """The matrices in float64, one a round of the period.

    Errors: ValueError for shapes that do not fit the models, weights that are negative or not finite, rows (columns
    under push-sum) that do not sum to 1.
    """
    m = np.asarray(mixing, dtype=float)
    if m.ndim not in (2, 3) or m.shape[-1] != m.shape[-2] or 0 in m.shape:
        raise ValueError(f"A mixing matrix is (N, N), a sequence of them (T, N, N); got shape {m.shape}.")
    m = m[None] if m.ndim == 2 else m
    sizes = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(params)}
    if sizes != {(m.shape[-1],)} and sizes != {(1,)}:
        raise ValueError(
            f"Every leaf of the models leads with {m.shape[-1]} clients, as the mixing matrix has; got {sizes}."
        )
    if not np.isfinite(m).all():
        raise ValueError(f"A mixing matrix has finite weights; got {int((~np.isfinite(m)).sum())} that are not.")
    if m.min() < 0:
        raise ValueError(f"Mixing weights are at least 0; got {m.min():.6g}. Lower the step of a Laplacian rule.")
    sums, what = (m.sum(-2), "column") if push_sum else (m.sum(-1), "row")
    worst = sums.flat[np.abs(sums - 1).argmax()]
    if abs(worst - 1) > SUM_TOLERANCE:
        raise ValueError(f"Every {what} of the mixing matrix sums to 1; got {worst:.12g}. Divide it by its sum.")
    return m
