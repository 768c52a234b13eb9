"""Quadratic clients: what is solved for is what simulated rounds end at, and the common optimum is 0."""

import numpy as np
import pytest

from sims.linear.quadratic_clients import random_quadratics, slowest
from theory.networks.mixing import perron_weights

KINDS = [{}, {"symmetric": True}, {"positive": True}, {"equal": True}]


@pytest.mark.parametrize("options", KINDS)
def test_rounds_from_rest_change_nothing(options):
    rng = np.random.default_rng(3)
    for _ in range(20):
        q = random_quadratics(rng, 1.0, **options)
        models = q.rest
        for _ in range(q.local_steps):
            models = models - q.step_size * (np.einsum("iab,ib->ia", q.hessians, models) + q.gradients)
        np.testing.assert_allclose(q.mixing @ models, q.rest, rtol=1e-9, atol=1e-9 * np.abs(q.rest).max())
        assert np.abs(perron_weights(q.mixing) @ q.gradients).max() <= 1e-9 * np.abs(q.gradients).max()


def test_positive_mixing_has_no_negative_eigenvalue_and_equal_hessians_are_equal():
    rng = np.random.default_rng(4)
    for _ in range(20):
        assert slowest(random_quadratics(rng, 1.0, positive=True))[1] >= -1e-12
        assert np.ptp(random_quadratics(rng, 1.0, equal=True).hessians, axis=0).max() == 0
