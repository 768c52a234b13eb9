"""Clients at rest against simulated training, their pulls against the closed form, and masked views against masks."""

import numpy as np
import pytest

from ledger.drawn import aligned_clients as clients
from ledger.drawn.drawn_networks import mixing_at
from sims.linear.mar_training import population_mar
from theory.alignment_term.gaussian_mmd import alignment_force

AT = {"n_clients": 4, "network": "ring", "dim": 4, "feature_dim": 2, "bandwidth": 2.0, "draw": 3}


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.parametrize("views", ["plain", "masked"])
def test_models_at_rest_are_those_of_training(views, weight):
    matrices, moments = clients.matrices_at(AT, 0.1, views)
    best, _ = clients.optimum(matrices.mean(axis=0), 2)
    run = population_mar(
        np.broadcast_to(best, (4, 2, 4)),
        matrices,
        moments,
        mixing_at(AT),
        step_size=clients.STEP_SIZE,
        rounds=4000,
        weight=weight,
        bandwidth=2.0,
    )
    found, target = clients.rest_at(AT, 0.1, weight, views)
    for left, right in zip(clients.deviations(found, target), clients.deviations(run.pre_mix, target), strict=True):
        # Deviations of order 1e-3, four thousand rounds.
        np.testing.assert_allclose(np.sum(left**2), np.sum(right**2), rtol=1e-6)


def test_pulls_are_those_of_the_closed_force():
    _, moments = clients.matrices_at(AT, 0.3, "masked")
    models = np.random.default_rng(1).standard_normal((4, 2, 4))
    pools, shares = models @ moments @ np.swapaxes(models, 1, 2), mixing_at(AT)
    found = clients.pulls(models, moments, pools, shares, 1.7)
    for i in range(4):
        wanted = np.asarray(alignment_force(pools[i], pools, shares[i], 1.7)) @ models[i] @ moments[i]
        np.testing.assert_allclose(found[i], wanted, atol=1e-15)


def test_alike_clients_without_the_term_keep_their_eigenvalues():
    found = clients.alike_lengths(np.array([2.0, 1.5]), 3, 0.0, 1.0, seed=1)
    np.testing.assert_allclose(found, [2.0, 1.5], rtol=1e-10)


def test_masked_views_keep_a_quarter_of_the_coordinates():
    """Second moments of drawn masks, over p (1 - p), as the loss of independent masks has p (1 - p) S."""
    data, embedded = clients.matrices_at(AT, 0.01, "masked")
    rng, p, draws = np.random.default_rng(1), clients.MASK_RATIO, 200_000
    x = rng.standard_normal((draws, 4)) @ np.linalg.cholesky(data[0]).T
    kept = x * (rng.random(x.shape) > p)
    second = kept.T @ kept / draws
    assert np.abs(second / (p * (1 - p)) - embedded[0]).max() < 5 * 3 * np.abs(embedded[0]).max() / np.sqrt(draws)
