"""The Hessian at the optimum: its eigenvalues and eigenvectors against automatic differentiation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from theory.formula import OutOfDomainError
from theory.objectives.curvature import curvature, top_projector

D, C = 6, 3


@pytest.fixture(scope="module")
def covariance():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(D, D))
    return x @ x.T / D


def loss(w, x):
    return -jnp.trace(w @ x @ w.T) + 0.5 * jnp.sum((w.T @ w) ** 2)


def test_the_gradient_is_as_written_and_vanishes_at_the_optimum(covariance):
    shape = curvature(covariance, C)
    slope = jax.grad(loss)
    w = np.random.default_rng(2).normal(size=(C, D))
    # Entries of order 1 in six dimensions: round-off.
    np.testing.assert_allclose(slope(w, covariance), 2 * (w @ w.T @ w - w @ covariance), atol=1e-12)
    np.testing.assert_allclose(slope(shape.optimum, covariance), 0, atol=1e-13)


def test_modes_diagonalise_the_hessian(covariance):
    shape = curvature(covariance, C)
    directions = shape.from_modes(np.eye(C * D).reshape(-1, C, D))
    # The derivative of the gradient of `loss`, along every mode.
    slope = jax.vmap(lambda t: jax.jvp(lambda w: 2 * (w @ w.T @ w - w @ covariance), (shape.optimum,), (t,))[1])
    # Products of a dozen numbers of order 1.
    np.testing.assert_allclose(slope(directions), shape.rates.reshape(-1, 1, 1) * directions, atol=1e-12)


def test_changing_to_modes_is_orthogonal(covariance):
    shape = curvature(covariance, C)
    x = np.random.default_rng(1).normal(size=(4, C, D))
    np.testing.assert_allclose(shape.from_modes(shape.to_modes(x)), x, atol=1e-13)
    np.testing.assert_allclose(np.sum(shape.to_modes(x) ** 2), np.sum(x**2), rtol=1e-13)


def test_only_rotations_of_the_embedding_are_free(covariance):
    shape = curvature(covariance, C)
    assert np.sum(shape.rates == 0) == C * (C - 1) // 2
    assert np.sum(shape.rates > 0) == C * D - C * (C - 1) // 2
    skew = np.array([[0, 1, -2], [-1, 0, 0.5], [2, -0.5, 0]])
    turned = shape.to_modes(skew @ shape.optimum)
    np.testing.assert_allclose(np.where(shape.rates == 0, 0, turned), 0, atol=1e-13)


def test_the_projector_is_that_of_the_largest_eigenvalues(covariance):
    vectors = np.linalg.eigh(covariance)[1][:, -C:]
    np.testing.assert_allclose(top_projector(covariance, C), vectors @ vectors.T, atol=1e-13)


def test_one_direction_may_be_represented(covariance):
    shape = curvature(covariance, 1)
    values, vectors = np.linalg.eigh(covariance)
    assert shape.optimum.shape == (1, D)
    np.testing.assert_allclose(np.abs(shape.optimum[0]), np.sqrt(values[-1]) * np.abs(vectors[:, -1]), atol=1e-13)
    assert shape.gap == pytest.approx(values[-1] - values[-2])


def test_all_dimensions_may_be_represented(covariance):
    shape = curvature(covariance, D)
    assert shape.gap == pytest.approx(shape.values[-1])
    np.testing.assert_allclose(shape.optimum.T @ shape.optimum, covariance, atol=1e-13)


@pytest.mark.parametrize("values", [[3, 1, 1, 0.5], [3, -1, -2, -3]], ids=["tie", "negative"])
def test_a_subspace_that_is_not_unique_is_turned_away(values):
    with pytest.raises(OutOfDomainError, match="unique only if eigenvalue 2"):
        curvature(np.diag(np.array(values, dtype=float)), 2)


@pytest.mark.parametrize("feature_dim", [0, D + 1])
def test_feature_dim_outside_the_dimension_is_turned_away(covariance, feature_dim):
    with pytest.raises(ValueError, match="feature_dim"):
        curvature(covariance, feature_dim)
