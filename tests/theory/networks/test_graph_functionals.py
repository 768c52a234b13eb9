"""Numbers that networks are judged by, against networkx, matrix inverses and slow sums."""

import networkx as nx
import numpy as np
import pytest

from theory.networks.graph_functionals import graph_functionals, kirchhoff_index, mode_sum
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.spectra import mixing_spectrum, second_modulus
from theory.networks.topologies import from_edges, topology


@pytest.mark.parametrize(("name", "n"), [("ba:2", 14), ("star", 6), ("torus", 12)])
def test_functionals_match_networkx_and_slow_sums(name, n):
    network = topology(name, n, seed=2)
    m = mixing_matrix(network)
    found = graph_functionals(network, m)
    graph = nx.from_numpy_array(network)
    z = np.linalg.inv(np.eye(n) - m + np.outer(np.ones(n), perron_weights(m))) - np.eye(n)
    sizes = [graph.degree[i] + 1 for i in range(n)]
    assert found["mode_sum"] == pytest.approx(np.trace(z), rel=1e-10)
    assert found["squared_mode_sum"] == pytest.approx(np.trace(z @ z), rel=1e-10)
    assert found["kirchhoff_index"] == pytest.approx(nx.effective_graph_resistance(graph), rel=1e-10)
    assert found["algebraic_connectivity"] == pytest.approx(nx.laplacian_spectrum(graph)[1], rel=1e-10)
    assert found["average_connectivity"] == pytest.approx(sum(sizes) / n, rel=1e-14)
    assert found["harmonic_connectivity"] == pytest.approx(n / sum(1 / s for s in sizes), rel=1e-14)
    assert found["training_concentration"] == pytest.approx(sum(s * s for s in sizes) / sum(sizes) ** 2, rel=1e-10)
    assert found["objective_concentration"] == pytest.approx((m.mean(axis=0) ** 2).sum(), rel=1e-14)
    assert found["mixing_gap"] == pytest.approx(1 - mixing_spectrum(m)[1], rel=1e-14)
    assert found["spectral_gap"] == pytest.approx(1 - second_modulus(m), rel=1e-14)


def test_federated_averaging_has_no_modes_left():
    m = np.full((6, 6), 1 / 6)
    assert mode_sum(m) == pytest.approx(0, abs=1e-14)


def test_sums_over_modes_refuse_a_network_in_parts():
    with pytest.raises(ValueError, match="keeps groups apart"):
        mode_sum(np.eye(3))
    with pytest.raises(ValueError, match="falls into 2 parts"):
        kirchhoff_index(from_edges([(0, 1), (2, 3)]))
