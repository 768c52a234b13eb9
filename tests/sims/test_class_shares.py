"""Drawn class shares against the closed forms of gradient dissimilarity, to 1 percent and in standard errors."""

import numpy as np
import pytest

from sims.class_shares import dirichlet_shares, heterogeneity, released_shares, sampled_shares
from sims.stats import estimate, standard_errors_allowed
from theory.readings import Objective
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    class_alignments,
    dissimilarity,
)

P = np.array([0.1, 0.15, 0.2, 0.25, 0.3])


def test_labels_have_random_numbers_of_their_own_even_with_the_seed_of_the_shares():
    shares = dirichlet_shares(7, P, 200, 1.0)
    drawn = sampled_shares(7, shares, 50)
    same_stream = np.random.default_rng(7).multinomial(50, shares) / 50
    assert not np.array_equal(drawn, same_stream)
    assert np.array_equal(drawn, sampled_shares(7, shares, 50))


def classes(objective):
    roots = np.random.default_rng(1).standard_normal((len(P), 6, 3))
    return class_alignments(roots @ roots.transpose(0, 2, 1), objective, 0.75)


def agrees(samples, exact, within=0.01):
    """Within 1%, and the mean known well enough to tell."""
    found = estimate(np.asarray(samples))
    assert abs(found.distance_from(exact)) < standard_errors_allowed()
    assert abs(found.mean / exact - 1) < within
    assert found.standard_error < within / 3 * exact


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("concentration", [0.1, 1.0])
@pytest.mark.parametrize("samples", [None, 5])
def test_dirichlet_clients_have_the_closed_dissimilarity(objective, concentration, samples):
    s, w = classes(objective), np.random.default_rng(2).standard_normal((2, 6))
    shares = dirichlet_shares(3, P, 250_000, concentration)
    if samples is not None:
        shares = sampled_shares(4, shares, samples)
    off = 2 * w @ s
    gradients = np.tensordot(shares - P, off, axes=1)
    h = DIRICHLET_HETEROGENEITY.value(concentration=concentration)
    agrees(np.sum(gradients**2, axis=(1, 2)), dissimilarity(s, P, h, samples=samples, model=w))


def test_around_the_mean_of_the_clients_it_is_smaller_by_one_over_their_number():
    s, n = classes(Objective.CL), 4
    shares = dirichlet_shares(5, P, 60_000 * n, 0.5).reshape(-1, n, len(P))
    off = np.tensordot(shares - shares.mean(axis=1, keepdims=True), s, axes=1)
    h = DIRICHLET_HETEROGENEITY.value(concentration=0.5)
    agrees(np.mean(np.sum(off**2, axis=(2, 3)), axis=1), (1 - 1 / n) * dissimilarity(s, P, h))


@pytest.mark.parametrize(
    ("n_clients", "n_classes", "concentration"), [(20, 100, 0.1), (20, 100, 1.0), (100, 10, 0.3), (12, 8, 1.0)]
)
def test_released_shares_have_the_closed_heterogeneity(n_clients, n_classes, concentration):
    p = np.full(n_classes, 1 / n_classes)
    trials = 400 if n_classes == 100 else 3_000
    drawn = [
        heterogeneity(released_shares(seed, n_classes, n_clients, concentration, sweeps=40), p)
        for seed in range(trials)
    ]
    exact = RELEASED_HETEROGENEITY.value(n_clients=n_clients, n_classes=n_classes, concentration=concentration)
    found = estimate(np.array(drawn))
    # The form is an interpolation between exact ends: held to 1%, not to the standard error.
    assert abs(found.mean / exact - 1) < 0.01 + 3 * found.standard_error / exact
    assert found.standard_error < exact / 300


def test_at_the_papers_decentralised_setting_balance_lowers_heterogeneity_by_a_quarter():
    """N = 20, C = 100, alpha = 0.1: (1 - 1/N)/(1 + alpha C), which leaves the balance out, is too large."""
    p = np.full(100, 0.01)
    found = estimate(np.array([heterogeneity(released_shares(seed, 100, 20, 0.1), p) for seed in range(60)]))
    assert found.mean < 0.75 * (1 - 1 / 20) / (1 + 0.1 * 100)
    cited = np.mean([heterogeneity(dirichlet_shares(seed, p, 20, 0.1), p) for seed in range(60)])
    assert cited > 10 * found.mean


def test_balanced_clients_have_the_population_as_their_mean():
    shares = released_shares(7, 30, 6, 1.0)
    np.testing.assert_allclose(shares.mean(axis=0), 1 / 30, rtol=1e-10)  # a hundred sweeps
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-14)


def test_odd_sweeps_are_refused():
    with pytest.raises(ValueError, match="sweeps=101"):
        released_shares(1, 10, 5, 1.0, sweeps=101)


def test_clients_without_any_class_are_refused():
    with pytest.raises(ValueError, match="clients got no class"):
        released_shares(0, 2, 50, 1e-3)


def test_equal_seeds_give_equal_shares():
    np.testing.assert_array_equal(dirichlet_shares(1, P, 3, 1.0), dirichlet_shares(1, P, 3, 1.0))
    np.testing.assert_array_equal(released_shares(1, 5, 3, 1.0), released_shares(1, 5, 3, 1.0))
