"""Models that never rest: the rate at which they turn, against models at relative rest and against rounds."""

import numpy as np
import pytest

from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.effective_covariance import training_mean
from theory.training.rotation import relative_equilibrium, rotation_angles
from theory.training.stationary_models import stationary_models

N, D, C = 6, 8, 4


def covariances(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(D, D)))[0]
    common = basis @ np.diag([3.5, 3.0, 2.5, 2.0, 0.8, 0.6, 0.4, 0.2]) @ basis.T
    own = rng.normal(size=(N, D, D)) / np.sqrt(D)
    return common + 0.25 * (own + np.swapaxes(own, 1, 2))


def one_way() -> np.ndarray:
    mixing = (np.eye(N) + np.roll(np.eye(N), 1, axis=1)) / 2
    mixing[0] = np.eye(N)[[0, 1, 3]].mean(axis=0)
    return mixing


@pytest.mark.parametrize("local_steps", [1, 2])
def test_predicted_angles_approach_those_of_training_as_steps_shrink(local_steps):
    x, errors = covariances(), []
    for step_size in (2e-3, 1e-3, 5e-4):
        solved = rotation_angles(stationary_models(one_way(), x, C, step_size, local_steps).rotation)
        claimed = relative_equilibrium(one_way(), x, C, step_size, local_steps).angles
        errors.append(np.abs(claimed / solved - 1))
    assert len(errors[0]) == 2
    assert errors[-1].max() < 0.01
    # What is left out is one order higher: it halves with the step.
    np.testing.assert_allclose(np.array(errors[:-1]) / errors[1:], 2, rtol=0.1)


def test_rounds_of_training_turn_at_the_predicted_rate_with_a_fixed_gram_matrix():
    x, step_size, mixing = covariances(), 5e-4, one_way()
    start = stationary_models(mixing, x, C, step_size)
    models, v = start.post_mix, perron_weights(mixing)
    for _ in range(400):
        models = models - 2 * step_size * (models @ (np.swapaxes(models, 1, 2) @ models - x))
        models = np.einsum("ij,jcd->icd", mixing, models)
    before, after = (np.einsum("i,icd->cd", v, w) for w in (start.post_mix, models))
    # 400 rounds of round-off 1e-16.
    np.testing.assert_allclose(after.T @ after, before.T @ before, atol=1e-12)
    left, _, right = np.linalg.svd(after @ before.T)
    claimed = relative_equilibrium(mixing, x, C, step_size).angles
    np.testing.assert_allclose(rotation_angles(left @ right) / 400, claimed, rtol=0.01)


def test_rates_are_of_second_order_in_the_step():
    first, second = (relative_equilibrium(one_way(), covariances(), C, eta).angles for eta in (2e-4, 1e-4))
    assert np.log2(first / second) == pytest.approx([2, 2], abs=0.01)


def test_the_gram_matrix_at_rest_is_predicted_to_second_order():
    x, errors = covariances(), []
    for step_size in (2e-3, 1e-3, 5e-4):
        models = stationary_models(one_way(), x, C, step_size).post_mix
        mean = np.einsum("i,icd->cd", perron_weights(one_way()), models)
        errors.append(np.linalg.norm(mean.T @ mean - relative_equilibrium(one_way(), x, C, step_size).gram))
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([2, 2], abs=0.1)
    target = training_mean(one_way(), x)
    drift = np.linalg.norm(mean.T @ mean - top_projector(target, C) @ target)
    assert errors[-1] < 0.05 * drift


@pytest.mark.parametrize("rule", ["uniform", "metropolis"])
def test_undirected_networks_do_not_turn_with_one_local_step(rule):
    mixing, x = mixing_matrix(topology("star", N), rule), covariances()
    np.testing.assert_allclose(relative_equilibrium(mixing, x, C, 1e-2).angles, np.zeros(C // 2), atol=1e-15)
    assert relative_equilibrium(mixing, x, C, 1e-2).angles.shape == (C // 2,)
    np.testing.assert_allclose(rotation_angles(stationary_models(mixing, x, C, 1e-2).rotation), 0, atol=1e-14)


@pytest.mark.parametrize("name", ["ring", "complete"])
def test_several_local_steps_turn_even_symmetric_networks_at_third_order(name):
    """So no mixing rule has a fixed point of the models themselves; federated averaging turns too."""
    mixing, x = mixing_matrix(topology(name, N), "metropolis"), covariances()
    angles = [rotation_angles(stationary_models(mixing, x, C, eta, 2).rotation)[0] for eta in (4e-3, 2e-3, 1e-3)]
    assert angles[-1] > 1e-12
    assert np.log2(np.array(angles[:-1]) / angles[1:]) == pytest.approx([3, 3], abs=0.15)


def test_angles_of_a_known_rotation_come_back():
    angle = np.array([3e-9, 0.2])
    blocks = [[[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]] for t in angle]
    rotation = np.zeros((5, 5))
    rotation[:2, :2], rotation[2:4, 2:4], rotation[4, 4] = *blocks, 1
    np.testing.assert_allclose(rotation_angles(rotation), angle[::-1], rtol=1e-12)
