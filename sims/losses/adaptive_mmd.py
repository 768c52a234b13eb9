"""The adaptive MMD of two batches of embeddings, Eq (6): as printed, as corrected, and as released.

x is the local batch, y the global one. Everything is differentiable in both.
"""

from functools import partial
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from theory.formula import OutOfDomainError

Arrays = Array | np.ndarray
Bandwidth = Literal["mean", "median"] | float
Estimator = Literal["unbiased", "printed", "released"]
ESTIMATORS = get_args(Estimator)


def a_mmd(
    x: Arrays, y: Arrays, bandwidth: str | float | int | Array = "mean", estimator: str = "unbiased"
) -> Float[Array, ""]:
    """The squared MMD of a local batch x of n embeddings and a global one y of m, under one of three estimators.

    Batches are (batch, feature) or (batch, token, feature); bandwidth "mean", "median" or a number; see ESTIMATORS.

    unbiased: sum_{a != b} k(x_a, x_b) / (n(n-1)) + sum_{a != b} k(y_a, y_b) / (m(m-1)) - 2 mean_{a,b} k(x_a, y_b), with
    k(u, v) = exp(-|u - v|^2 / (2 s^2)) and s the mean (median) of |x_a - x_b| over pairs a != b. Its mean is the
    squared MMD for a fixed s; the gradient also runs through s.

    printed: the same with k(u, v) = exp(-|u - v| / (2 s^2)), the norm not squared, and batches of one size.

    released: squared norms; diagonals a = b are summed too, still over n(n-1) and m(m-1), which adds 1/(n-1) + 1/(m-1);
    s is over all pairs of x, a = b and its zero distance included (the median is the lower of the two middle values),
    and counts as a constant for the gradient. On latents (batch, token, feature) the squared difference is summed over
    *tokens*, one kernel a feature; kernels within a batch are summed over features, kernels across are averaged; s is
    over pairs of tokens of one image.

    A number as `bandwidth` is s itself. Elsewhere than in `released` an embedding of tokens is one long vector. With
    s = 0 (all x alike) k takes its limit, 1 for equal embeddings and 0 for others.

    Source: chen2026, Eq (6) and the kernel below it; `ammd.py` of the released code; gretton2012, Lemma 6.
    Units: dimensionless.
    Errors: ValueError for shapes that do not fit, a bandwidth that is not positive, entries that are not finite, or an
    unknown option; OutOfDomainError for batches of one, which have no pairs.
    """
    a, b = _checked(x, y, bandwidth, estimator)
    if isinstance(bandwidth, str):
        return _statistic(a, b, jnp.ones((), a.dtype), bandwidth, estimator)
    return _statistic(a, b, jnp.asarray(bandwidth, a.dtype), "given", estimator)


def adaptive_bandwidth(x: Arrays, bandwidth: Literal["mean", "median"] = "mean") -> Float[Array, ""]:
    """The mean or median Euclidean distance over pairs of different embeddings of one batch.

    Source: chen2026, Section 5 and Table 7. Errors: those of `a_mmd`.
    """
    a, _ = _checked(x, x, bandwidth, "unbiased")
    return _scale(_flat(a), bandwidth)


def mixture_mmd(
    x: Float[Arrays, "batch feature"],
    pool: Float[Arrays, "clients pooled feature"],
    weights: Float[Arrays, " clients"],
    bandwidth: Bandwidth = "mean",
) -> Float[Array, ""]:
    """The unbiased estimate when the global distribution is a mixture of clients: z-bar as sets, not averages.

    sum_j w_j mean k(x, pool_j) is the cross term; the term within the pool takes w_j w_k times the mean over pairs, for
    j = k over pairs of different embeddings. Clients with weight 0 may hold anything finite.

    Source: ledger, for Eq (6) of chen2026, whose slot-by-slot average is no sample of the mixture. Errors: none are
    checked; this runs inside training.
    """
    a, pools, w = jnp.asarray(x), jnp.asarray(pool), jnp.asarray(weights)
    clients, size, _ = pools.shape
    s = _scale(a, bandwidth) if isinstance(bandwidth, str) else jnp.asarray(bandwidth, a.dtype)
    n, flat = len(a), pools.reshape(clients * size, -1)
    per_sample = jnp.repeat(w / size, size)
    local = _kernel(_squared(a, a), s)
    within = (jnp.sum(local) - jnp.trace(local)) / (n * (n - 1))
    gram = _kernel(_squared(flat, flat), s)
    pairs = gram * per_sample[:, None] * per_sample[None, :]
    own = jnp.repeat(jnp.repeat(jnp.eye(clients, dtype=bool), size, axis=0), size, axis=1)
    # Within one client: pairs of different embeddings only, and the mean over as many.
    pairs = jnp.where(own, pairs * size / (size - 1) * (1 - jnp.eye(clients * size, dtype=pairs.dtype)), pairs)
    across = jnp.mean(_kernel(_squared(a, flat), s) @ per_sample)
    return within + jnp.sum(pairs) - 2 * across


@partial(jax.jit, static_argnames=("rule", "estimator"))
def _statistic(x: Array, y: Array, given: Array, rule: str, estimator: str) -> Float[Array, ""]:
    """Eq (6) under an estimator; `given` is the bandwidth where the rule is "given"."""
    if estimator == "released":
        return _released(x, y, given if rule == "given" else jax.lax.stop_gradient(_released_scale(x, rule)))
    a, b = _flat(x), _flat(y)
    s, n, m = given if rule == "given" else _scale(a, rule), len(a), len(b)
    kernel = _kernel if estimator == "unbiased" else _printed_kernel

    def within(z: Array) -> Array:
        return jnp.sum(jnp.where(jnp.eye(len(z), dtype=bool), 0.0, kernel(_squared(z, z), s)))

    return within(a) / (n * (n - 1)) + within(b) / (m * (m - 1)) - 2 * jnp.mean(kernel(_squared(a, b), s))


def _released(x: Array, y: Array, s: Array) -> Float[Array, ""]:
    def kernel(a: Array, b: Array) -> Array:
        # `sum(dim=2)`: over features for (batch, feature), over tokens for (batch, token, feature).
        return _kernel(jnp.sum((a[:, None] - b[None]) ** 2, axis=2), s)

    n, m = len(x), len(y)
    within = jnp.sum(kernel(x, x)) / (n * (n - 1)) + jnp.sum(kernel(y, y)) / (m * (m - 1))
    return within - 2 * jnp.mean(kernel(x, y))


def _released_scale(x: Array, rule: str) -> Array:
    sets = x if x.ndim == 3 else x[None]
    distances = jnp.sort(jnp.ravel(_root(jax.vmap(_squared)(sets, sets))))
    return jnp.mean(distances) if rule == "mean" else distances[(len(distances) - 1) // 2]


@partial(jax.jit, static_argnames="rule")
def _scale(x: Array, rule: str) -> Array:
    distances = _root(_squared(x, x)[jnp.triu_indices(len(x), 1)])
    return jnp.mean(distances) if rule == "mean" else jnp.median(distances)


def _squared(a: Array, b: Array) -> Array:
    """|a_i - b_j|^2, from differences: the expanded square loses digits far from the origin.

    Networks train in float32 on wide embeddings, where differences take most of a step's time: their squares are
    expanded, around the mean, as far off which the digits then go.
    """
    if a.dtype != jnp.float32:
        return jnp.sum((a[:, None] - b[None]) ** 2, axis=-1)
    centre = jax.lax.stop_gradient(jnp.mean(b, axis=0, keepdims=True))
    a, b = a - centre, b - centre
    product = jnp.matmul(a, b.T, precision="highest")
    norms = jnp.sum(a**2, axis=1)[:, None] + jnp.sum(b**2, axis=1)[None, :]
    return jnp.maximum(norms - 2 * product, 0)


def _root(squared: Array) -> Array:
    """The square root, with derivative 0 at 0."""
    is_zero = squared == 0
    return jnp.where(is_zero, 0.0, jnp.sqrt(jnp.where(is_zero, 1.0, squared)))


def _kernel(squared: Array, s: Array) -> Array:
    is_usual = s > 0
    return jnp.where(is_usual, jnp.exp(-squared / (2 * jnp.where(is_usual, s, 1.0) ** 2)), squared == 0)


def _printed_kernel(squared: Array, s: Array) -> Array:
    is_usual = s > 0
    return jnp.where(is_usual, jnp.exp(-_root(squared) / (2 * jnp.where(is_usual, s, 1.0) ** 2)), squared == 0)


def _flat(x: Array) -> Array:
    return x.reshape(len(x), -1)


def _checked(x: Arrays, y: Arrays, bandwidth: str | float | int | Array, estimator: str) -> tuple[Array, Array]:
    a, b = jnp.asarray(x), jnp.asarray(y)
    if estimator not in ESTIMATORS:
        raise ValueError(f"The estimator is one of {', '.join(ESTIMATORS)}; got {estimator!r}.")
    if a.ndim not in (2, 3) or a.shape[1:] != b.shape[1:] or 0 in a.shape:
        raise ValueError(
            "Two batches of embeddings of one shape were wanted, (batch, feature) or (batch, token, feature); got "
            f"{a.shape} and {b.shape}."
        )
    if not (jnp.issubdtype(a.dtype, jnp.floating) and jnp.issubdtype(b.dtype, jnp.floating)):
        raise ValueError(f"Embeddings are real numbers; got {a.dtype} and {b.dtype}. Convert them to float.")
    if min(len(a), len(b)) < 2:
        raise OutOfDomainError(
            f"A mean over pairs needs at least two embeddings; got batches of {len(a)} and {len(b)}. Use larger ones."
        )
    if estimator == "printed" and len(a) != len(b):
        raise ValueError(
            f"Eq (6) as printed is for batches of one size B; got {len(a)} and {len(b)}. Use estimator unbiased."
        )
    if isinstance(bandwidth, str):
        if bandwidth not in ("mean", "median"):
            raise ValueError(f'The bandwidth is "mean", "median" or a positive number; got {bandwidth!r}.')
    elif not isinstance(bandwidth, Tracer) and not (np.isfinite(bandwidth) and bandwidth > 0):
        raise ValueError(f"A bandwidth is positive and finite; got bandwidth={bandwidth}.")
    for name, z in (("x", a), ("y", b)):
        if not isinstance(z, Tracer) and not np.isfinite(np.asarray(z)).all():
            raise ValueError(
                f"Embeddings are finite; got {int((~jnp.isfinite(z)).sum())} entries in {name} that are not."
            )
    return a, b
