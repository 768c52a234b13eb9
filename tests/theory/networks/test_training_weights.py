"""Training weights in closed form against those that are solved for."""

import numpy as np
import pytest

from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.topologies import topology
from theory.networks.training_weights import MEAN_ENTRY, data_size_weights, entry_spread, uniform_weights

NETWORKS = ("path", "star", "barbell", "ring")


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_of_uniform_averaging_are_sizes_of_neighbourhoods(name):
    network = topology(name, 8)
    np.testing.assert_allclose(uniform_weights(network), perron_weights(mixing_matrix(network, "uniform")))


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_by_data_sizes_count_the_neighbours_samples(name):
    network, sizes = topology(name, 8), np.arange(1.0, 9.0)
    solved = perron_weights(mixing_matrix(network, "data_size", sizes=sizes))
    np.testing.assert_allclose(data_size_weights(network, sizes), solved)


@pytest.mark.parametrize("name", NETWORKS)
def test_entries_are_those_of_the_weighted_mean_of_the_clients_matrices(name):
    network, tau, p = topology(name, 8), 1.7, 0.6
    entries = 2 * p * (1 - p) * uniform_weights(network) @ (tau**2 + (1 - tau**2) * np.eye(8))
    assert np.ptp(entries) == pytest.approx(entry_spread(network, tau, p))
    assert entries.mean() == pytest.approx(MEAN_ENTRY.value(tau=tau, mask_ratio=p, n_clients=8))
