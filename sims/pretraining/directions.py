"""Vectors scaled to length one, with derivatives that stay finite."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def unit(x: Float[Array, "*n dim"]) -> Float[Array, "*n dim"]:
    """Each vector scaled to length one; one of zeros stays, and so does the derivative there."""
    squared = jnp.sum(x**2, axis=-1, keepdims=True)
    is_some = squared > 0
    return jnp.where(is_some, x * jax.lax.rsqrt(jnp.where(is_some, squared, 1)), 0)
