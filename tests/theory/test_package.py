"""What importing the package must switch on."""

import jax
import jax.numpy as jnp

import theory


def test_float64_is_on():
    assert jax.config.jax_enable_x64
    assert jnp.asarray(1.0).dtype == jnp.float64


def test_the_package_is_not_shadowed_by_its_tests():
    assert theory.__file__ is not None
