"""Consensus error with curvature: against plain training, the closed form of equal Hessians, and the exact rest."""

import numpy as np
import pytest

from theory.formula import OutOfDomainError
from theory.networks.mixing import metropolis, uniform
from theory.networks.topologies import topology
from theory.training import consensus_curvature as cc
from theory.training.consensus import consensus_first_order, mode_gains

NETWORKS = ("ring", "star", "path", "torus:2x4", "barbell", "complete", "hypercube", "er:4")


def covariances(n_clients, heterogeneity, seed=1):
    noise = np.random.default_rng(seed).normal(size=(n_clients, 6, 6)) / np.sqrt(6)
    return np.diag([2.0, 1.5, 0.5, 0.4, 0.2, 0.1]) + heterogeneity * (noise + np.swapaxes(noise, 1, 2)) / 2


def plain_training(mixing, x, start, step_size, local_steps, rounds):
    """Consensus error after mixing and before it, by the round as Algorithm 2 means it, client by client."""
    w = start.copy()
    for _ in range(rounds):
        moved = w.copy()
        for i, (one, cov) in enumerate(zip(w, x, strict=True)):
            for _ in range(local_steps):
                one = one - step_size * 2 * one @ (one.T @ one - cov)
            moved[i] = one
        w = np.einsum("ij,jcd->icd", mixing, moved)
    return tuple(np.mean(np.sum((s - s.mean(axis=0)) ** 2, axis=(1, 2))) for s in (w, moved))


@pytest.mark.parametrize(
    ("name", "rule"), [("ring", metropolis), ("star", uniform), ("barbell", metropolis), ("directed_ring", uniform)]
)
@pytest.mark.parametrize("local_steps", [1, 5])
def test_both_tiers_predict_plain_training(name, rule, local_steps):
    mixing, x = rule(topology(name, 8)), covariances(8, 0.3)
    problem = (mixing, x, 2, 0.02, local_steps)
    post, pre = plain_training(mixing, x, cc.LinearTraining(*problem).start, 0.02, local_steps, 500)
    # 500 rounds leave under 1e-9 of the start's error where E = 1, less where E = 5.
    np.testing.assert_allclose(cc.consensus_fixed_point(*problem), post, rtol=1e-8)
    np.testing.assert_allclose(cc.consensus_fixed_point(*problem, pre_mix=True), pre, rtol=1e-8)
    np.testing.assert_allclose(cc.consensus_resummed(*problem), post, rtol=0.02)
    np.testing.assert_allclose(cc.consensus_resummed(*problem, pre_mix=True), pre, rtol=0.02)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("local_steps", [1, 2, 5])
def test_resummed_curvature_is_within_two_per_cent_over_the_grid(name, local_steps):
    adjacency = topology(name, 8)
    for rule in (metropolis, uniform):
        for heterogeneity in (0.1, 0.3, 0.5):
            for step_size in (0.002, 0.01, 0.02):
                problem = (rule(adjacency), covariances(8, heterogeneity), 2, step_size, local_steps)
                exact = cc.consensus_fixed_point(*problem)
                if name != "complete":  # there both are round-off
                    assert abs(cc.consensus_resummed(*problem) / exact - 1) < 0.02


@pytest.mark.parametrize("name", ["ring", "path", "barbell", "star"])
def test_the_next_order_tells_the_error_of_the_resummed_prediction(name):
    mixing = metropolis(topology(name, 8))
    for heterogeneity in (0.2, 0.6, 1.0):
        for step_size, local_steps in ((0.01, 1), (0.02, 1), (0.005, 5)):
            problem = (mixing, covariances(8, heterogeneity), 2, step_size, local_steps)
            found = cc.resummed(*problem)
            assert abs(found.value / cc.consensus_fixed_point(*problem) - 1) < 2 * found.next_order


@pytest.mark.parametrize("rule", [uniform, metropolis])
@pytest.mark.parametrize("name", ["ring", "star"])
def test_the_next_order_is_the_error_where_clients_are_alike(name, rule):
    mixing = rule(topology(name, 8))
    for step_size, local_steps in ((0.02, 1), (0.02, 5), (0.1, 1)):
        problem = (mixing, covariances(8, 0.2), 2, step_size, local_steps)
        found = cc.resummed(*problem)
        error = abs(found.value / cc.consensus_fixed_point(*problem) - 1)
        assert found.next_order == pytest.approx(error, rel=0.1)  # what follows is of relative size 0.2^2


def test_alike_hessians_leave_the_closed_gain_of_every_mode():
    mixing, tiny = metropolis(topology("path", 8)), 1e-7
    problem = (mixing, covariances(8, tiny), 2, 0.05, 3)
    training = cc.LinearTraining(*problem)
    shape = training.shape
    g = shape.to_modes(training.gradient(training.start))
    vectors = np.linalg.eigh(mixing)[1][:, ::-1].T[1:]
    total = 0.0
    for a in range(2):
        for b in range(6):
            gains = mode_gains(mixing, 0.05, 3, float(shape.rates[a, b]))
            total += np.sum((gains * (vectors @ g[:, a, b])) ** 2) / 8
    # What is left out is of the order of the differences between clients, 1e-7.
    np.testing.assert_allclose(cc.consensus_resummed(*problem), total, rtol=1e-5)


def test_the_flat_prediction_misses_by_far_where_the_resummed_one_does_not():
    problem = (metropolis(topology("barbell", 8)), covariances(8, 0.1), 2, 0.02, 5)
    training = cc.LinearTraining(*problem)
    flat = consensus_first_order(problem[0], training.gradient(training.start), 0.02, 5)
    exact = cc.consensus_fixed_point(*problem)
    assert flat > 10 * exact
    np.testing.assert_allclose(cc.consensus_resummed(*problem), exact, rtol=1e-3)


def test_the_hessian_spectrum_is_that_of_a_numerical_hessian():
    training = cc.LinearTraining(metropolis(topology("ring", 4)), covariances(4, 0.3), 2, 0.01)
    start, columns = training.start, []
    for k in range(12):
        nudge = np.zeros(12)
        nudge[k] = 1e-5
        ahead, behind = (training.gradient(start + sign * nudge.reshape(2, 6)).mean(axis=0) for sign in (1, -1))
        columns.append((ahead - behind).ravel() / 2e-5)
    np.testing.assert_allclose(
        np.sort(np.linalg.eigvalsh(np.array(columns))), np.sort(training.hessian_spectrum), atol=1e-8
    )


def test_clients_too_different_for_the_expansion_are_refused_not_guessed():
    mixing = metropolis(topology("path", 8))
    with pytest.raises(OutOfDomainError, match="differ too much"):
        cc.consensus_resummed(mixing, covariances(8, 6.0), 2, 0.02, 5)
    with pytest.raises(OutOfDomainError, match="Lower"):
        cc.consensus_fixed_point(mixing, covariances(8, 0.1), 2, 0.5)


def test_clients_that_agree_exactly_have_nothing_to_resum():
    found = cc.resummed(np.full((5, 5), 0.2), covariances(5, 0.3), 2, 0.02, 5)
    assert found.value < 1e-25
    assert found.next_order < 0.25
