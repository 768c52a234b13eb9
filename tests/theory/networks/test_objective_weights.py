"""The weight of each client's loss in the global objective, against slow sums and known networks."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

from theory.networks.objective_weights import average_connectivity, neighbourhoods, objective_weights, uniform_mixing


def members(graph: nx.Graph) -> np.ndarray:
    return neighbourhoods(nx.to_numpy_array(graph, dtype=np.dtype(bool)))


@pytest.mark.parametrize(
    "graph", [nx.path_graph(5), nx.star_graph(4), nx.wheel_graph(6)], ids=["path", "star", "wheel"]
)
def test_weights_are_the_sums_over_neighbourhoods(graph):
    n = graph.number_of_nodes()
    expected = [
        sum(Fraction(1, graph.degree[i] + 1) for i in range(n) if i == k or graph.has_edge(i, k)) / n for k in range(n)
    ]
    assert objective_weights(uniform_mixing(members(graph))) == expected


@pytest.mark.parametrize("graph", [nx.cycle_graph(7), nx.complete_graph(5), nx.petersen_graph()])
def test_regular_networks_weigh_clients_alike(graph):
    n = graph.number_of_nodes()
    assert objective_weights(uniform_mixing(members(graph))) == [Fraction(1, n)] * n


def test_weights_sum_to_one_on_every_small_network():
    for graph in nx.graph_atlas_g():
        if 2 <= graph.number_of_nodes() <= 5 and nx.is_connected(graph):
            assert sum(objective_weights(uniform_mixing(members(graph)))) == 1


def test_average_connectivity_counts_the_client_itself():
    assert average_connectivity(members(nx.cycle_graph(6))) == 3
    assert average_connectivity(members(nx.star_graph(3))) == Fraction(5, 2)


def test_a_directed_graph_is_turned_away():
    with pytest.raises(ValueError, match="symmetric"):
        neighbourhoods(np.array([[False, True], [False, False]]))
