"""Closed forms of the squared MMD between Gaussians, against quadrature, each other, and derivatives."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from theory.alignment_term.gaussian_mmd import (
    AVERAGED_EMBEDDING_FLOOR,
    GAUSSIAN_MMD,
    MEAN_DISTANCE,
    alignment_force,
    gaussian_mmd,
    kernel_mean,
    mean_distance,
    mixture_mmd,
)
from theory.formula import OutOfDomainError


def similarity(mean: float, variance: float, bandwidth: float) -> float:
    """E exp(-u^2 / (2 bandwidth^2)) for u ~ N(mean, variance), by adaptive quadrature to 1e-10."""
    density = 1 / math.sqrt(2 * math.pi * variance)
    value, _ = integrate.quad(
        lambda u: density * math.exp(-((u - mean) ** 2) / (2 * variance) - u**2 / (2 * bandwidth**2)), -np.inf, np.inf
    )
    return value


def covariances(seed: int, count: int, dim: int) -> np.ndarray:
    roots = np.random.default_rng(seed).standard_normal((count, dim, dim))
    return roots @ roots.transpose(0, 2, 1)


def test_gaussian_mmd_agrees_with_quadrature_in_one_dimension():
    bandwidth, a, b = 1.3, 0.8, 1.7
    expected = similarity(0, 2 * a**2, bandwidth) + similarity(0, 2 * b**2, bandwidth)
    expected -= 2 * similarity(0, a**2 + b**2, bandwidth)
    found = GAUSSIAN_MMD.value(feature_dim=1, bandwidth=bandwidth, std_local=a, std_global=b)
    assert found == pytest.approx(expected, rel=1e-8)  # the quadrature's


@pytest.mark.parametrize("mean", [0.0, 0.7, -2.5])
def test_the_kernel_mean_agrees_with_quadrature(mean):
    found = float(kernel_mean(np.array([mean]), np.array([[0.9]]), 1.2))
    assert found == pytest.approx(similarity(mean, 0.9, 1.2), rel=1e-8)


def test_the_kernel_mean_is_a_product_over_independent_coordinates():
    means, variances = np.array([0.3, -1.1, 0.0]), np.array([0.2, 1.5, 3.0])
    product = np.prod([float(kernel_mean(m[None], v[None, None], 1.4)) for m, v in zip(means, variances, strict=True)])
    turn = np.linalg.qr(covariances(1, 1, 3)[0])[0]
    found = float(kernel_mean(turn @ means, turn @ np.diag(variances) @ turn.T, 1.4))
    assert found == pytest.approx(float(product), rel=1e-12)


def test_the_general_form_contains_the_isotropic_one():
    found = gaussian_mmd(np.zeros(3), np.eye(3), np.zeros(3), 4 * np.eye(3), 1.3)
    exact = GAUSSIAN_MMD.value(feature_dim=3, bandwidth=1.3, std_local=1, std_global=2)
    assert float(found) == pytest.approx(exact, rel=1e-12)


def test_it_vanishes_for_equal_laws_and_grows_with_the_distance_of_means():
    (covariance,) = covariances(2, 1, 4)
    mean = np.arange(4.0)
    values = [float(gaussian_mmd(mean, covariance, mean + shift, covariance, 1.5)) for shift in (0.0, 0.5, 1.0)]
    assert abs(values[0]) < 1e-15
    assert 0 < values[1] < values[2]


def test_a_mixture_of_one_is_the_gaussian_form():
    a, b = covariances(3, 2, 3)
    expected = float(gaussian_mmd(np.zeros(3), a, np.zeros(3), b, 2.0))
    assert float(mixture_mmd(a, b[None], np.ones(1), 2.0)) == pytest.approx(expected, rel=1e-12)


def test_a_mixture_is_linear_in_its_similarities():
    """From the definition: sum over all pairs of signed components of the weights times the kernel mean."""
    a, *pool = covariances(4, 4, 2)
    signed = [(1.0, a), *((-w, b) for w, b in zip((0.2, 0.5, 0.3), pool, strict=True))]
    none = np.zeros(2)
    expected = sum(u * v * float(kernel_mean(none, p + q, 1.7)) for u, p in signed for v, q in signed)
    found = float(mixture_mmd(a, np.stack(pool), np.array([0.2, 0.5, 0.3]), 1.7))
    assert found == pytest.approx(expected, rel=1e-11)  # differences of numbers near 1


@pytest.mark.parametrize("dim", [1, 2, 7, 300])
def test_the_mean_distance_is_that_of_a_chi_variable(dim):
    exact = MEAN_DISTANCE.value(feature_dim=dim, std_local=1.5)
    assert mean_distance(1.5**2 * np.eye(dim)) == pytest.approx(exact, rel=1e-10)  # quadrature to 1e-12 of each half


def test_the_mean_distance_in_the_plane_is_an_elliptic_integral():
    """E sqrt(a u^2 + b v^2) by quadrature over the angle, the radius having mean sqrt(pi / 2)."""
    a, b = 2 * 0.3, 2 * 4.0
    mean, _ = integrate.quad(lambda t: math.sqrt(a * math.cos(t) ** 2 + b * math.sin(t) ** 2), 0, math.pi / 2)
    expected = math.sqrt(math.pi / 2) * mean * 2 / math.pi
    assert mean_distance(np.diag([0.3, 4.0])) == pytest.approx(expected, rel=1e-10)  # as above


def test_a_law_without_variance_has_no_bandwidth():
    with pytest.raises(OutOfDomainError, match="covariance"):
        mean_distance(np.zeros((2, 2)))
    with pytest.raises(OutOfDomainError, match="-1"):
        mean_distance(np.diag([1.0, -1.0]))


def test_one_client_alone_pays_nothing():
    assert AVERAGED_EMBEDDING_FLOOR.exact(n_averaged=1) == 0


@pytest.mark.parametrize("n_averaged", [2, 5, 100])
def test_the_floor_is_the_limit_of_the_closed_form_in_many_dimensions(n_averaged):
    limit = AVERAGED_EMBEDDING_FLOOR.value(n_averaged=n_averaged)

    def at(dim: int) -> float:
        deviations = {"std_local": 1, "std_global": 1 / math.sqrt(n_averaged)}
        return GAUSSIAN_MMD.value(
            feature_dim=dim, bandwidth=MEAN_DISTANCE.value(feature_dim=dim, std_local=1), **deviations
        )

    gaps = [abs(at(dim) - limit) for dim in (1_000, 10_000)]
    assert gaps[1] < limit / 100
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.05)  # the correction is of order 1 / dim


def test_the_alignment_force_is_the_gradient():
    moments = covariances(5, 4, 6)
    model = jnp.asarray(np.random.default_rng(6).standard_normal((3, 6)))
    pool, weights = model @ moments @ model.T, np.array([0.1, 0.2, 0.3, 0.4])
    slope = jax.jit(jax.grad(lambda w: mixture_mmd(w @ moments[0] @ w.T, pool, weights, 2.0)))(model)
    force = alignment_force(pool[0], pool, weights, 2.0)
    np.testing.assert_allclose(force @ model @ moments[0], slope, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(force, force.T, atol=1e-16)


def test_the_alignment_force_leaves_the_row_space_at_second_order_only():
    """On eigenvectors of the mean moment the force is of first order in the differences, its tilt of second."""
    offs = np.random.default_rng(7).standard_normal((5, 6, 6))
    offs = offs + offs.transpose(0, 2, 1)
    offs -= offs.mean(axis=0)
    model = np.eye(2, 6) * np.array([[1.7], [1.2]])
    sizes, tilts = [], []
    for scale in (1e-3, 5e-4):
        moments = np.diag([3.0, 2.0, 1.0, 1.0, 0.5, 0.5]) + scale * offs
        pool = model @ moments @ model.T
        slope = np.asarray(alignment_force(pool[0], pool, np.full(5, 0.2), 2.0)) @ model @ moments[0]
        sizes.append(np.linalg.norm(slope))
        tilts.append(np.linalg.norm(slope[:, 2:]))
    assert sizes[0] / sizes[1] == pytest.approx(2, rel=1e-2)
    assert tilts[0] / tilts[1] == pytest.approx(4, rel=1e-2)
