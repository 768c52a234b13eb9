"""Metrics of recorded models, against slow loops and against what must not change them."""

import jax
import numpy as np
import pytest

from sims.linear import metrics


@pytest.fixture
def models() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((5, 3, 7))


def test_consensus_error_is_the_mean_squared_distance_to_the_plain_mean(models):
    slow = sum(np.linalg.norm(w - models.mean(axis=0)) ** 2 for w in models) / 5
    np.testing.assert_allclose(metrics.consensus_error(models), slow, rtol=1e-12)


def test_consensus_error_is_zero_for_one_model_held_by_all(models):
    assert float(metrics.consensus_error(np.broadcast_to(models[0], models.shape))) < 1e-30


def test_weighted_mean_takes_a_batch_in_front(models):
    v = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    slow = sum(v[i] * models[i] for i in range(5))
    np.testing.assert_allclose(metrics.weighted_mean(np.stack([models, 2 * models]), v)[1], 2 * slow, rtol=1e-12)


def test_subspace_error_ignores_rotation_and_scale_from_the_left(models):
    target = metrics.projector(models[1])
    turn = np.random.default_rng(1).standard_normal((3, 3))
    np.testing.assert_allclose(
        metrics.subspace_error(turn @ models[0], target), metrics.subspace_error(models[0], target), rtol=1e-12
    )
    assert float(metrics.subspace_error(turn @ models[1], target)) < 1e-13


def test_subspace_error_of_orthogonal_spaces_is_the_root_of_twice_the_dimension():
    target = metrics.projector(np.eye(7)[:3])
    np.testing.assert_allclose(metrics.subspace_error(np.eye(7)[3:6], target), np.sqrt(6), rtol=1e-14)


def test_small_subspace_errors_keep_their_digits():
    # A turn by t between one direction in and one out has distance sqrt(2) sin t.
    t = 1e-9
    w = np.eye(4)[:2] * 1.0
    w[1] = np.cos(t) * np.eye(4)[1] + np.sin(t) * np.eye(4)[2]
    np.testing.assert_allclose(
        metrics.subspace_error(w, metrics.projector(np.eye(4)[:2])), np.sqrt(2) * np.sin(t), rtol=1e-6
    )


def test_top_projector_holds_the_largest_eigenvalues():
    np.testing.assert_allclose(
        metrics.top_projector(np.diag([1.0, -5.0, 3.0, 2.0]), 2), np.diag([0.0, 0, 1, 1]), atol=1e-15
    )


def test_local_error_is_the_mean_of_squares(models):
    target = metrics.projector(models[0])
    slow = np.mean([float(metrics.subspace_error(w, target)) ** 2 for w in models])
    np.testing.assert_allclose(metrics.local_subspace_error_squared(models, target), slow, rtol=1e-12)


def test_representability_is_the_diagonal_of_the_projector_and_sums_to_the_dimension(models):
    r = metrics.representability(models[0])
    np.testing.assert_allclose(r, np.diag(metrics.projector(models[0])), rtol=1e-12)
    np.testing.assert_allclose(r.sum(), 3, rtol=1e-12)


def test_metrics_trace(models):
    found = jax.jit(lambda w: metrics.local_subspace_error_squared(w, metrics.projector(w[0])))(models)
    assert np.isfinite(found)
