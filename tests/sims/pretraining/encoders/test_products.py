"""Both orders of a product are the plain one, derivatives of either mode and mapped ones included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.encoders.products import product


@pytest.mark.parametrize(("inputs", "outputs"), [(7, 3), (3, 7), (4, 4), (5, 1)])
def test_either_order_is_the_plain_product(inputs, outputs):
    rng = np.random.default_rng(inputs)
    rows, kernels = (
        jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in ((2, 6, inputs), (2, inputs, outputs))
    )

    def all_of(form):
        value, pull = jax.vjp(jax.vmap(form), rows, kernels)
        _, tangent = jax.jvp(form, (rows[0], kernels[0]), (rows[1], kernels[1]))
        return value, *pull(value), tangent

    for got, expected in zip(*(jax.jit(all_of, static_argnums=0)(f) for f in (product, jnp.matmul)), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)
        assert got.dtype == jnp.float32
