"""Published consensus bounds: their lemmas on random matrices, their tightness, and where they meet our own terms."""

import numpy as np
import pytest

from theory.formula import OutOfDomainError
from theory.networks.mixing import lazy, metropolis, uniform
from theory.networks.topologies import topology
from theory.training import published_bounds as pb
from theory.training.consensus import client_variance
from theory.training.consensus_bounds import consensus_gap_bound
from theory.training.consensus_curvature import LinearTraining, consensus_fixed_point
from theory.training.consensus_noise import consensus_noise

NETWORKS = ("ring", "path", "star", "barbell", "hypercube", "regular:4")


def network(name, n_clients=8):
    return metropolis(topology(name, n_clients))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_one_step_lemma_of_kong_holds_on_random_models_and_gradients(name):
    mixing, rng = network(name), np.random.default_rng(1)
    p = pb.consensus_rate(mixing)
    for _ in range(200):
        w, g = rng.normal(size=(2, 8, 3)) * rng.exponential(size=(2, 1, 1))
        # Without noise the lemma's own proof gives 6 where it prints 12.
        limit = (1 - p / 2) * client_variance(w) + 6 * (1 - p) / p * np.sum(g**2) / 8
        assert client_variance(mixing @ (w - g)) <= limit


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("local_steps", [1, 2])
def test_published_bounds_hold_for_training_at_rest_and_are_loose(name, local_steps):
    mixing, rng = network(name), np.random.default_rng(2)
    noise = rng.normal(size=(8, 5, 5)) / np.sqrt(5)
    x = np.diag([2.0, 1.5, 0.5, 0.3, 0.1]) + 0.3 * (noise + np.swapaxes(noise, 1, 2)) / 2
    problem = (mixing, x, 2, 0.005, local_steps)
    training, measured = LinearTraining(*problem), consensus_fixed_point(*problem)
    dissimilarity = client_variance(training.gradient(training.start))
    found = pb.published_bounds(mixing, dissimilarity, 0.005, local_steps)
    for bound in found.values():
        if bound.is_bound:
            assert bound.tightness(measured) < 1 / 6
            assert bound.tightness(measured) == pytest.approx(measured / bound.value)


@pytest.mark.parametrize("name", ["ring", "path", "barbell"])
def test_heterogeneity_is_bounded_24_over_one_plus_beta_squared_times_our_gap_bound(name):
    mixing = network(name)
    beta = np.sqrt(1 - pb.consensus_rate(mixing))
    published = pb.published_bounds(mixing, 1.7, 0.01)["takezawa2026"].value
    # Holds where the extreme eigenvalue is positive: 24 (1-p)/p^2 over (beta/(1-beta))^2.
    np.testing.assert_allclose(published / consensus_gap_bound(mixing, 1.7, 0.01), 24 / (1 + beta) ** 2, rtol=1e-10)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_noise_part_of_takezawa_is_three_times_the_flat_noise(name):
    mixing, parameters = network(name), 12
    published = pb.published_bounds(mixing, 0.0, 0.01, noise_variance=0.5**2 * parameters)["takezawa2026"].value
    flat = consensus_noise(mixing, 0.5, 0.01, curvatures=np.zeros(parameters))
    np.testing.assert_allclose(published, 3 * flat, rtol=1e-10)


@pytest.mark.parametrize("name", NETWORKS)
def test_koloskovas_orders_need_the_constants_four_and_one(name):
    mixing = network(name)
    heterogeneity = pb.published_bounds(mixing, 1.0, 0.01)["koloskova2020"].value
    noise = pb.published_bounds(mixing, 0.0, 0.01, noise_variance=1.0)["koloskova2020"].value
    assert consensus_gap_bound(mixing, 1.0, 0.01) <= 4 * heterogeneity
    assert consensus_noise(mixing, 1.0, 0.01, curvatures=np.zeros(1)) <= noise


def test_the_constants_four_and_one_are_the_least():
    slow = metropolis(topology("ring", 100))
    heterogeneity = pb.published_bounds(slow, 1.0, 0.01)["koloskova2020"].value
    assert consensus_gap_bound(slow, 1.0, 0.01) > 3.98 * heterogeneity
    nearly_alone = np.full((100, 100), 1e-3 / 100) + (1 - 1e-3) * np.eye(100)
    noise = pb.published_bounds(nearly_alone, 0.0, 0.01, noise_variance=1.0)["koloskova2020"].value
    assert consensus_noise(nearly_alone, 1.0, 0.01, curvatures=np.zeros(1)) > 0.98 * noise


@pytest.mark.parametrize(("name", "rule"), [("ring", metropolis), ("star", lazy)])
def test_effective_neighbours_are_our_noise_term(name, rule):
    mixing, step_size, curvature = rule(topology(name, 8)), 0.05, 1.3
    decay = (1 - step_size * curvature) ** 2
    neighbours = pb.effective_neighbours(mixing, decay)
    ours = consensus_noise(mixing, 1.0, step_size, curvatures=np.array([curvature]))
    np.testing.assert_allclose(step_size**2 * (1 / neighbours - 1 / 8) / (1 - decay), ours, rtol=1e-9)


def test_effective_neighbours_run_from_the_neighbourhood_to_all_clients():
    ring = metropolis(topology("ring", 8))
    np.testing.assert_allclose(pb.effective_neighbours(ring, 0.0), 3, rtol=1e-12)
    np.testing.assert_allclose(pb.effective_neighbours(ring, 1 - 1e-7), 8, rtol=1e-5)
    np.testing.assert_allclose(pb.effective_neighbours(np.full((8, 8), 1 / 8), 0.9), 8, rtol=1e-12)
    with pytest.raises(ValueError, match="decay"):
        pb.effective_neighbours(ring, 1.0)


def test_the_cited_bounds_are_for_symmetric_matrices_that_contract():
    with pytest.raises(OutOfDomainError, match="symmetric"):
        pb.published_bounds(uniform(topology("star", 8)), 1.0, 0.1)
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(OutOfDomainError, match="contracts"):
        pb.consensus_rate(swap)
