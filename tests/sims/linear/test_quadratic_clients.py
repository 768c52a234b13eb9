"""Quadratic clients: what is solved for is what simulated rounds end at."""

import numpy as np
import pytest

from sims.linear.quadratic_clients import Quadratics
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology


@pytest.mark.parametrize("network", ["star", "directed_ring"])
@pytest.mark.parametrize("local_steps", [1, 4])
def test_rounds_end_at_rest(network, local_steps):
    rng = np.random.default_rng(3)
    roots, gradients = rng.normal(size=(5, 2, 2)), rng.normal(size=(5, 2))
    hessians = roots @ np.swapaxes(roots, 1, 2) + 0.5 * np.eye(2)
    q = Quadratics(mixing_matrix(topology(network, 5), "uniform"), hessians, gradients, 0.05, local_steps)
    models = np.zeros((5, 2))
    for _ in range(2000):
        for _ in range(local_steps):
            models = models - q.step_size * (np.einsum("iab,ib->ia", hessians, models) + gradients)
        models = q.mixing @ models
    np.testing.assert_allclose(models, q.rest, rtol=1e-9, atol=1e-12)


def test_the_dissimilarity_is_the_variance_of_the_gradients():
    gradients = np.array([[1.0], [3.0]])
    assert Quadratics(np.eye(2), np.ones((2, 1, 1)), gradients, 1.0).dissimilarity == 1.0
