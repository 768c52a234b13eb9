"""The loss of a linear encoder and its gradient: against traces, against autodiff, and for both kinds of array."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from theory.objectives.curvature import curvature
from theory.objectives.linear_alignment import gradient, gradient_from_product, loss

N, C, D = 4, 3, 6


@pytest.fixture
def clients() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    roots = rng.standard_normal((N, D, 2 * D))
    return rng.standard_normal((N, C, D)), roots @ roots.transpose(0, 2, 1) / (2 * D)


def test_loss_is_the_printed_traces(clients):
    for value, w, x in zip(loss(*clients), *clients, strict=True):
        printed = -np.trace(w @ x @ w.T) + np.linalg.norm(w.T @ w, "fro") ** 2 / 2
        assert value == pytest.approx(printed, rel=1e-12)


def test_gradient_is_that_of_autodiff(clients):
    w, x = map(jnp.asarray, clients)
    np.testing.assert_allclose(gradient(w, x), jax.vmap(jax.grad(loss))(w, x), rtol=1e-12, atol=1e-13)


def test_gradient_is_the_printed_product(clients):
    w, x = clients[0][0], clients[1][0]
    np.testing.assert_allclose(gradient(w, x), 2 * w @ (w.T @ w - x), rtol=1e-12, atol=1e-13)


def test_gradient_vanishes_at_the_optimum(clients):
    x = clients[1][0]
    assert np.abs(gradient(curvature(x, C).optimum, x)).max() < 1e-13


def test_one_model_serves_many_matrices(clients):
    w, x = clients[0][0], clients[1]
    np.testing.assert_array_equal(gradient(w, x), gradient(np.broadcast_to(w, (N, C, D)), x))


def test_the_product_of_model_and_matrix_is_all_that_the_gradient_needs(clients):
    w, x = clients
    np.testing.assert_array_equal(gradient_from_product(w, w @ x), gradient(w, x))


def test_arrays_stay_of_their_kind_and_come_to_the_same(clients):
    found, compiled = gradient(*clients), jax.jit(gradient)(*clients)
    assert isinstance(found, np.ndarray)
    assert isinstance(compiled, jax.Array)
    np.testing.assert_allclose(compiled, found, rtol=1e-12, atol=1e-13)
