"""Clients, networks and models at rest that a point names."""

import networkx as nx
import numpy as np
import pytest

from ledger.drawn.drawn_networks import ONE_WAY, mixing_at, network_at, one_way_at, sizes_at
from ledger.drawn.drawn_quadratics import EQUAL, local_sums, mode_along, quadratics_at, variance
from ledger.drawn.drawn_trainings import (
    BETWEEN,
    clients_near,
    measurement,
    problem_at,
    rest_at,
    resting_parameters,
    row_projector,
    simulated,
    slow,
    solved_to,
    target_at,
    turned,
)
from ledger.points import random_points
from theory.domain import Domain
from theory.networks.mixing import perron_weights
from theory.training.small_steps import LIPSCHITZ, response_norm

POINTS = random_points(Domain(resting_parameters((0.05, 0.5)), (BETWEEN,)), 12, 3)
QUADRATIC = {"n_clients": 5, "network": "star", "dim": 3, "local_steps": 3, "curvature": 0.5, "draw": 4}


@pytest.mark.parametrize("at", POINTS)
def test_every_weighing_of_the_clients_has_a_gap_and_the_step_is_that_of_the_stiffness(at):
    x, c = clients_near(at), int(at["feature_dim"])
    weights = np.random.default_rng(1).dirichlet(np.ones(len(x)))
    values = np.linalg.eigvalsh(np.tensordot(weights, x, 1))[::-1]
    assert values[-1] >= -1e-12
    assert values[c - 1] - values[c] >= at["gap"] * (1 - at["difference"]) - 1e-12
    p = problem_at(at)
    scale = LIPSCHITZ * np.linalg.eigvalsh(x).max() * max(1.0, response_norm(p.mixing))
    assert p.step_size * scale == pytest.approx(at["stiffness"])


@pytest.mark.parametrize("at", POINTS)
def test_a_round_leaves_models_at_rest_as_they_are(at):
    rest, problem = rest_at(at).models, problem_at(at)
    after = simulated(problem, rest, 1)[0][0]
    assert np.abs(after - rest).max() < 1e-13
    wanted = row_projector(problem.start[0])
    np.testing.assert_allclose(target_at(at), wanted, atol=1e-12)
    assert solved_to(rest_at(at)) < 1e-7


def test_rounds_are_the_local_steps_then_the_mixing():
    at = dict(POINTS[0], local_steps=3)
    p = problem_at(at)
    path, sums = simulated(p, p.start, 2)
    local = p.local(p.start)
    np.testing.assert_allclose(path[0], np.tensordot(p.mixing, local, 1), atol=1e-14)
    np.testing.assert_allclose(sums[0], (p.start - local) / p.step_size, atol=1e-9)


@pytest.mark.parametrize("draw", range(1, 9))
def test_one_way_networks_are_strongly_connected(draw):
    at = {"n_clients": 6, "network": ONE_WAY, "draw": draw}
    links = one_way_at(at)
    assert nx.is_strongly_connected(nx.from_numpy_array(links, create_using=nx.DiGraph))
    assert (network_at(at) == links).all()
    assert not links.diagonal().any()


def test_samples_weigh_where_the_rule_says_so():
    at = {"n_clients": 6, "network": "tree", "mixing": "data_size", "draw": 2}
    sizes = sizes_at(at)
    assert sizes.min() >= 1
    assert (sizes == np.floor(sizes)).all()
    assert np.ptp(sizes) > 0
    heard = network_at(at)[0] | (np.arange(6) == 0)
    np.testing.assert_allclose(mixing_at(at)[0], heard * sizes / (heard @ sizes))


def test_mixing_that_one_round_finishes_is_told_apart():
    two = {"n_clients": 2, "network": "ring", "draw": 1}
    assert not slow("uniform").holds(two)
    assert slow("lazy").holds(two)


def test_a_model_is_turned_as_near_as_can_be():
    w = np.random.default_rng(2).normal(size=(2, 4))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    back, rotation = turned(turn @ w, w)
    np.testing.assert_allclose(back, w, atol=1e-14)
    np.testing.assert_allclose(rotation, turn.T, atol=1e-14)


@pytest.mark.parametrize("hessians", [EQUAL, "own"])
@pytest.mark.parametrize("gradients", ["random", "slowest", "last"])
def test_quadratic_clients_have_a_common_optimum_and_the_curvature_asked_for(hessians, gradients):
    q = quadratics_at(QUADRATIC | {"hessians": hessians, "gradients": gradients})
    np.testing.assert_allclose(perron_weights(q.mixing) @ q.gradients, 0, atol=1e-14)
    levels = np.linalg.eigvalsh(q.hessians)
    assert levels.min() > 0
    assert levels.max() <= 0.5 + 1e-12
    assert (np.ptp(q.hessians, axis=0).max() == 0) == (hessians == EQUAL)
    rest = q.rest
    np.testing.assert_allclose(q.mixing @ (rest - local_sums(q, rest)), rest, atol=1e-11)


def test_the_variance_is_the_mean_squared_distance_from_the_mean():
    assert variance(np.array([[1.0, 0.0], [3.0, 0.0]])) == 1.0


def test_a_measurement_without_randomness_is_one_draw():
    one = measurement([1.0, 2.0], 0.5)
    assert one.values.shape == (1, 2)
    assert one.resolution == 0.5


def test_of_a_double_eigenvalue_the_mode_is_the_same_whatever_basis_lapack_gives():
    n, wave = 8, 2 * np.pi * np.arange(8) / 8
    ring = (np.eye(n) + np.roll(np.eye(n), 1, axis=0) + np.roll(np.eye(n), -1, axis=0)) / 3
    basis = np.column_stack([np.cos(wave), np.sin(wave)]) / 2  # of the second largest eigenvalue
    wanted = basis @ (basis.T @ np.random.default_rng(3).normal(size=n))
    found = mode_along(ring, -2, np.random.default_rng(3))
    np.testing.assert_allclose(found, wanted / np.linalg.norm(wanted), atol=1e-12)
