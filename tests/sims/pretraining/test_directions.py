"""Vectors of length one, also where there is none."""

import jax
import jax.numpy as jnp
import numpy as np

from sims.pretraining.directions import unit


def test_vectors_have_length_one_and_keep_their_direction():
    x = np.random.default_rng(0).standard_normal((4, 3, 5)).astype(np.float32) * 1e-10
    found = np.asarray(unit(jnp.asarray(x)))
    np.testing.assert_allclose(found, x / np.linalg.norm(x, axis=-1, keepdims=True), rtol=1e-5)


def test_a_vector_of_zeros_stays_with_a_finite_derivative():
    x = jnp.stack([jnp.zeros(3), jnp.ones(3)]).astype(jnp.float32)
    np.testing.assert_array_equal(unit(x)[0], 0)
    slope = jax.grad(lambda y: jnp.sum(unit(y) * jnp.arange(6, dtype=jnp.float32).reshape(2, 3)))(x)
    np.testing.assert_array_equal(slope[0], 0)
    assert np.isfinite(slope).all()
    assert np.any(slope[1] != 0)
