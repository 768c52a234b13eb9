"""Networks by name: against networkx, against counting, and what is refused."""

import networkx as nx
import numpy as np
import pytest

from theory.networks.topologies import (
    check_adjacency,
    components,
    from_edges,
    from_networkx,
    is_undirected,
    names,
    require_connected,
    topology,
    usage,
)

EXAMPLES = {
    "ring": ("ring", 7),
    "path": ("path", 6),
    "star": ("star", 5),
    "complete": ("complete", 5),
    "torus": ("torus:3x4", 12),
    "hypercube": ("hypercube", 8),
    "exponential": ("exponential", 11),
    "directed_exponential": ("directed_exponential", 11),
    "circulant": ("circulant:1,3", 9),
    "regular": ("regular:4", 15),
    "er": ("er:5", 20),
    "er_p": ("er_p:0.4", 12),
    "barbell": ("barbell", 8),
    "two_cliques": ("two_cliques:2", 9),
    "geometric": ("geometric:0.5", 15),
    "small_world": ("small_world:4:0.3", 14),
    "ba": ("ba:2", 13),
    "directed_ring": ("directed_ring", 6),
    "edges": ("edges:0-1,1-2,2-3", 4),
}


def is_same_graph(adjacency: np.ndarray, graph: nx.Graph) -> bool:
    return nx.is_isomorphic(nx.from_numpy_array(adjacency), graph)


def test_every_family_has_an_example_here():
    assert sorted(EXAMPLES) == names()


@pytest.mark.parametrize("family", EXAMPLES)
def test_a_network_is_connected_and_without_self_loops(family):
    name, n = EXAMPLES[family]
    network = topology(name, n, seed=3)
    assert network.shape == (n, n)
    assert network.dtype == bool
    assert not network.diagonal().any()
    assert len(components(network)) == 1
    assert is_undirected(network) == ("directed" not in family)


@pytest.mark.parametrize(
    ("name", "n", "graph"),
    [
        ("ring", 7, nx.cycle_graph(7)),
        ("path", 6, nx.path_graph(6)),
        ("star", 6, nx.star_graph(5)),
        ("complete", 5, nx.complete_graph(5)),
        ("torus", 12, nx.grid_graph([3, 4], periodic=True)),
        ("torus:3x3x3", None, nx.grid_graph([3, 3, 3], periodic=True)),
        ("hypercube", 16, nx.hypercube_graph(4)),
        ("circulant:1,3", 9, nx.circulant_graph(9, [1, 3])),
        ("exponential", 11, nx.circulant_graph(11, [1, 2, 4, 8])),
        ("barbell", 10, nx.barbell_graph(5, 0)),
    ],
)
def test_a_deterministic_family_is_the_one_of_networkx(name, n, graph):
    assert is_same_graph(topology(name, n), graph)


def test_client_zero_is_the_hub_of_a_star():
    assert topology("star", 5)[0].sum() == 4


def test_a_directed_ring_receives_from_the_client_before():
    assert topology("directed_ring", 4)[1].tolist() == [True, False, False, False]


def test_a_directed_exponential_graph_receives_from_powers_of_two_ahead():
    assert np.flatnonzero(topology("directed_exponential", 10)[3]).tolist() == [1, 4, 5, 7]  # 3 + 8 is 1 modulo 10


def test_a_torus_side_of_two_has_one_link_not_two():
    assert is_same_graph(topology("torus:2x5"), nx.circular_ladder_graph(5))
    assert topology("torus:2x2").sum(axis=1).tolist() == [2] * 4


def test_a_torus_is_nearly_square_by_default():
    assert is_same_graph(topology("torus", 20), nx.grid_graph([4, 5], periodic=True))


def test_odd_cliques_differ_by_one_client_and_bridges_share_no_client():
    network = topology("two_cliques:3", 9)
    assert network.sum() // 2 == 10 + 6 + 3
    assert network[:5, 5:].sum(axis=0).max() == network[:5, 5:].sum(axis=1).max() == 1


def test_random_families_have_the_numbers_of_links_asked_for():
    assert (topology("regular:4", 15, seed=2).sum(axis=1) == 4).all()
    assert topology("er:5", 20, seed=2).sum() + 20 == 5 * 20
    assert topology("ba:2", 13, seed=2).sum() == 2 * 2 * (13 - 2)
    assert topology("small_world:4:0", 14).sum() == 14 * 4


@pytest.mark.parametrize("family", ["regular", "er", "er_p", "geometric", "small_world", "ba"])
def test_a_seed_fixes_the_draw(family):
    name, n = EXAMPLES[family]
    assert (topology(name, n, seed=5) == topology(name, n, seed=5)).all()
    assert any((topology(name, n, seed=5) != topology(name, n, seed=s)).any() for s in (6, 7))


def test_links_may_go_one_way():
    network = topology("edges:0>1,1>2,2>0,0-2")
    assert network.astype(int).tolist() == [[0, 0, 1], [1, 0, 0], [1, 1, 0]]


@pytest.mark.parametrize(
    ("name", "n", "graph"),
    [
        ("barbell", 4, nx.path_graph(4)),
        ("two_cliques:1", 4, nx.path_graph(4)),
        ("star", 2, nx.path_graph(2)),
        ("exponential", 2, nx.path_graph(2)),
        ("exponential", 3, nx.cycle_graph(3)),
        ("er_p:1", 4, nx.complete_graph(4)),
        ("regular:1", 2, nx.path_graph(2)),
        ("regular:2", 3, nx.cycle_graph(3)),
        ("hypercube", 2, nx.path_graph(2)),
    ],
)
def test_the_smallest_of_a_family_is_accepted(name, n, graph):
    assert is_same_graph(topology(name, n), graph)


def test_the_smallest_directed_networks_and_trees_are_accepted():
    assert topology("directed_ring", 3).sum() == 3
    assert topology("directed_exponential", 2).tolist() == [[False, True], [True, False]]
    tree = topology("ba:1", 6, seed=1)
    assert tree.sum() == 2 * 5
    assert len(components(tree)) == 1


def test_networkx_graphs_whose_names_are_not_all_numbers_keep_the_graphs_order():
    assert from_networkx(nx.DiGraph([("b", 1), (1, 0)])).tolist() == [
        [False, False, False],
        [True, False, False],
        [False, True, False],
    ]


def test_networkx_graphs_keep_the_order_of_their_numbers():
    graph = nx.Graph([(3, 1), (1, 0), (0, 3), (2, 3), (1, 1)])
    assert (from_networkx(graph) == from_edges([(0, 1), (1, 3), (0, 3), (2, 3)])).all()
    assert from_networkx(nx.DiGraph([("a", "b")])).tolist() == [[False, False], [True, False]]


@pytest.mark.parametrize(
    ("name", "n", "words"),
    [
        ("rign", 5, "nearest valid are ring"),
        ("ring", None, "add n_clients"),
        ("ring", 2, "at least 3"),
        ("ring", 1, "2 to"),
        ("ring", 10**6, "2 to"),
        ("ring:3", 5, "is written ring"),
        ("regular", 5, "regular:degree"),
        ("regular:x", 5, "'x' cannot be read"),
        ("regular:3", 5, "even"),
        ("regular:1", 6, "degree from 2"),
        ("torus", 7, "two factors"),
        ("torus:1x5", 5, "Use ring"),
        ("torus:3x4", 10, "12 clients"),
        ("hypercube", 12, "8 or 16"),
        ("barbell", 7, "two_cliques"),
        ("two_cliques:9", 8, "bridges"),
        ("er_p:1.5", 8, "probability"),
        ("circulant:9", 8, "jump"),
        ("circulant:2", 8, "falls into 2 parts"),
        ("er:2", 20, "2.9 or more"),
        ("er:nan", 20, "1 to n_clients"),
        ("er_p:0", 20, "link probability"),
        ("geometric:-1", 20, "radius"),
        ("small_world:3:0.1", 20, "even"),
        ("small_world:4:2", 20, "probability"),
        ("ba:0", 20, "brings"),
        ("edges:0-1,2-3", None, "clients 0, 1 are cut off"),
        ("edges:0-1", 3, "client 2 is isolated"),
        ("edges:0-0", 2, "got 0-0"),
        ("edges:0-5", 3, "numbered 0 to 2"),
        ("edges:0-1;1-2", None, "cannot be read"),
        ("edges:0>1", None, "parts"),
    ],
)
def test_what_makes_no_network_is_refused_in_a_sentence(name, n, words):
    with pytest.raises(ValueError, match=words):
        topology(name, n)


def test_a_draw_that_is_never_connected_is_refused():
    with pytest.raises(ValueError, match="None of 1000 draws"):
        topology("er_p:0.001", 12)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed"):
        topology("er:5", 12, seed=-1)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.ones((2, 3)), "square"),
        (np.array([[0, 0.5], [0.5, 0]]), "holds 0 and 1"),
        (np.array([[0, np.nan], [1, 0]]), "holds 0 and 1"),
        (np.eye(3), "self loops"),
    ],
)
def test_what_is_no_adjacency_is_refused(matrix, words):
    with pytest.raises(ValueError, match=words):
        check_adjacency(matrix)


def test_connectedness_follows_the_direction_of_links():
    require_connected(topology("directed_ring", 4))
    with pytest.raises(ValueError, match="4 parts"):
        require_connected(from_edges([(0, 1), (1, 2), (2, 3)], is_directed=True))


def test_usage_shows_optional_arguments_in_brackets():
    assert (usage("torus"), usage("small_world")) == ("torus[:sides]", "small_world:neighbours:probability")
