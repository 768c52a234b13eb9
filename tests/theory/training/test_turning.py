"""Closed forms of how fast models turn, against rounds of plain NumPy."""

import numpy as np
import pytest

from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.topologies import topology
from theory.objectives.curvature import curvature
from theory.training.effective_covariance import training_mean
from theory.training.turning import (
    local_steps_remainder,
    local_steps_turning,
    one_way_remainder,
    one_way_turning,
    turning_of,
)

N, D, C = 4, 3, 2


def clients() -> np.ndarray:
    own = np.random.default_rng(3).normal(size=(N, D, D)) * 0.4
    return np.diag([2.0, 1.2, 0.3]) + own @ np.swapaxes(own, 1, 2)


def a_round(w: np.ndarray, x: np.ndarray, mixing: np.ndarray, step: float, local_steps: int) -> np.ndarray:
    for _ in range(local_steps):
        w = w - step * 2 * w @ (np.swapaxes(w, 1, 2) @ w - x)
    return np.tensordot(mixing, w, 1)


def turned_by(mixing: np.ndarray, step: float, local_steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rotation of a round once all else has settled, the averaged model towards W*, and W*."""
    x, v = clients(), perron_weights(mixing)
    optimum = curvature(training_mean(mixing, x), C).optimum
    w = np.repeat(optimum[None], N, axis=0)
    for _ in range(int(20 / (step * local_steps))):
        w = a_round(w, x, mixing, step, local_steps)
    means = [np.tensordot(v, one, 1) for one in (w, a_round(w, x, mixing, step, local_steps))]
    left, _, right = np.linalg.svd(optimum @ means[0].T)
    before, after = (left @ right @ one for one in means)
    left, _, right = np.linalg.svd(after @ before.T)
    return left @ right, before, optimum


def test_one_way_links_turn_models_at_the_closed_rate():
    mixing, step = mixing_matrix(topology("directed_ring", N), "uniform"), 2e-3
    rotation, mean, optimum = turned_by(mixing, step, 1)
    claimed = one_way_turning(mixing, clients(), C, step)
    assert abs(claimed[0, 1]) > 1e-9
    assert rotation[0, 1] == pytest.approx(claimed[0, 1], rel=0.1)
    size = float(np.linalg.norm(rotation - np.eye(C), 2))
    assert abs(rotation[0, 1] - claimed[0, 1]) <= one_way_remainder(mixing, clients(), step, mean, optimum, size)


@pytest.mark.parametrize("local_steps", [2, 5])
def test_local_steps_turn_a_federated_model_at_the_closed_rate(local_steps):
    mixing, step = np.full((N, N), 1 / N), 0.005 / local_steps
    rotation, mean, optimum = turned_by(mixing, step, local_steps)
    claimed = local_steps_turning(clients(), C, step, local_steps)
    assert rotation[0, 1] == pytest.approx(claimed[0, 1], rel=0.1)
    remainder = local_steps_remainder(clients(), step, local_steps, mean, optimum)
    assert abs(rotation[0, 1] - claimed[0, 1]) <= remainder


def test_one_local_step_turns_no_federated_model():
    assert not local_steps_turning(clients(), C, 0.01, 1).any()


def test_undirected_links_turn_no_model():
    mixing = mixing_matrix(topology("star", N), "uniform")
    np.testing.assert_allclose(one_way_turning(mixing, clients(), C, 0.01), 0, atol=1e-15)


def test_the_turning_of_a_rotation_is_its_generator():
    w = np.random.default_rng(1).normal(size=(C, D))
    generator = np.array([[0.0, 0.3], [-0.3, 0.0]])
    np.testing.assert_allclose(turning_of(w, generator @ w @ w.T), generator, atol=1e-13)


def test_remainders_are_one_order_above_the_rates():
    x, optimum = clients(), curvature(clients().mean(axis=0), C).optimum
    ratio = local_steps_remainder(x, 1e-5, 2, optimum, optimum) / local_steps_remainder(x, 5e-6, 2, optimum, optimum)
    assert ratio == pytest.approx(16, rel=0.01)
