"""Mixing rules against slow loops and exact fractions, and the weights that training listens to."""

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from theory.networks import mixing_rules
from theory.networks.mixing import (
    RULES,
    SIZED,
    check_mixing,
    is_reversible,
    mixing_matrix,
    objective_weights_of,
    perron_weights,
    ratio_matrix,
)
from theory.networks.objective_weights import neighbourhoods, objective_weights, uniform_mixing
from theory.networks.sinkhorn import doubly_stochastic
from theory.networks.topologies import from_edges, from_networkx, topology

NETWORKS = [("star", 6), ("path", 7), ("ba:2", 12), ("complete", 5), ("barbell", 8), ("edges:0-1,1-2,2-3,3-0,0-2", 4)]
DIGRAPHS = [("directed_ring", 7), ("edges:0>1,1>2,2>0,0>2", 3), ("directed_exponential", 9)]
UNDIRECTED_ONLY = ("metropolis", "lazy", "laplacian")


def build(name, n, rule):
    network = topology(name, n, seed=1)
    return mixing_matrix(network, rule, sizes=np.arange(1, n + 1) if rule in SIZED else None)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("name", "n"), NETWORKS)
def test_every_rule_is_stochastic_and_keeps_to_the_links(rule, name, n):
    m = build(name, n, rule)
    allowed = topology(name, n, seed=1) | np.eye(n, dtype=bool)
    assert (m >= 0).all()
    assert not m[~allowed].any()
    axis = 0 if rule == "push_sum" else 1
    np.testing.assert_allclose(m.sum(axis=axis), 1, rtol=1e-13)  # sums of up to twelve terms


@pytest.mark.parametrize("rule", ["metropolis", "lazy", "laplacian", "sinkhorn"])
@pytest.mark.parametrize(("name", "n"), NETWORKS)
def test_the_symmetric_rules_weigh_all_clients_alike(rule, name, n):
    m = build(name, n, rule)
    np.testing.assert_allclose(m, m.T, atol=1e-12)  # sinkhorn stops at a residual of 1e-14 a client
    np.testing.assert_allclose(perron_weights(m), 1 / n, rtol=1e-11)
    np.testing.assert_allclose(objective_weights_of(m), 1 / n, rtol=1e-11)


@pytest.mark.parametrize(("name", "n"), NETWORKS)
def test_uniform_weights_are_those_in_exact_fractions(name, n):
    exact = uniform_mixing(neighbourhoods(topology(name, n, seed=1)))
    m = build(name, n, "uniform")
    np.testing.assert_allclose(m, np.array(exact, dtype=float), rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(objective_weights_of(m), [float(w) for w in objective_weights(exact)], rtol=1e-14)


def test_metropolis_weights_follow_the_slow_loop():
    graph = nx.barabasi_albert_graph(12, 2, seed=0)
    expected = np.zeros((12, 12))
    for i, j in graph.edges:
        expected[i, j] = expected[j, i] = 1 / (1 + max(graph.degree[i], graph.degree[j]))
    for i in range(12):
        expected[i, i] = 1 - sum(expected[i, j] for j in graph[i])
    np.testing.assert_allclose(mixing_matrix(from_networkx(graph), "metropolis"), expected, atol=1e-15)


@pytest.mark.parametrize(("name", "n"), NETWORKS)
def test_lazy_weights_are_half_of_staying_and_half_of_metropolis(name, n):
    lazy = build(name, n, "lazy")
    np.testing.assert_allclose(lazy, (np.eye(n) + build(name, n, "metropolis")) / 2, atol=1e-15)
    assert np.linalg.eigvalsh(lazy).min() > -1e-14


def test_laplacian_weights_are_identity_minus_a_step_of_the_laplacian():
    network = topology("ba:2", 12)
    degree = network.sum(axis=1)
    laplacian = np.diag(degree) - network
    np.testing.assert_allclose(
        mixing_matrix(network, "laplacian", step=0.05), np.eye(12) - 0.05 * laplacian, atol=1e-15
    )
    step = 1 / (1 + degree.max())
    np.testing.assert_allclose(mixing_matrix(network, "laplacian"), np.eye(12) - step * laplacian, atol=1e-15)


def test_the_largest_laplacian_step_leaves_no_weight_below_zero():
    assert mixing_matrix(topology("star", 400), "laplacian", step=1 / 399).min() == 0


@pytest.mark.parametrize("rule", SIZED)
def test_data_size_weights_and_their_training_weights_follow_the_slow_loop(rule):
    network, sizes = topology("path", 5), [5, 1, 2, 2, 10]
    m = mixing_matrix(network, rule, sizes=sizes)
    inside = [[j for j in range(5) if j == i or network[i, j]] for i in range(5)]
    for i in range(5):
        for j in inside[i]:
            assert m[i, j] == pytest.approx(sizes[j] / sum(sizes[k] for k in inside[i]), rel=1e-14)
    v = np.array([sizes[i] * sum(sizes[k] for k in inside[i]) for i in range(5)])
    np.testing.assert_allclose(perron_weights(m), v / v.sum(), rtol=1e-12)


@pytest.mark.parametrize(("name", "n"), NETWORKS)
def test_uniform_training_weights_are_neighbourhood_sizes_over_their_sum(name, n):
    members = neighbourhoods(topology(name, n, seed=1)).sum(axis=1)
    np.testing.assert_allclose(perron_weights(build(name, n, "uniform")), members / members.sum(), rtol=1e-12)


@pytest.mark.parametrize(("name", "n"), NETWORKS + DIGRAPHS)
def test_training_weights_are_what_many_rounds_leave(name, n):
    m = build(name, n, "uniform")
    np.testing.assert_allclose(np.linalg.matrix_power(m, 5000), np.tile(perron_weights(m), (n, 1)), rtol=1e-9)


@pytest.mark.parametrize(("name", "n"), DIGRAPHS)
def test_push_sum_weighs_alike_on_any_strongly_connected_digraph(name, n):
    c = build(name, n, "push_sum")
    np.testing.assert_allclose(perron_weights(c), 1 / n, rtol=1e-12)
    b = ratio_matrix(c)
    r = perron_weights(c.T)
    np.testing.assert_allclose(b.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(perron_weights(b), r, rtol=1e-11)
    # the quotients of many rounds: values x from weights 1 end on the plain mean
    x = np.arange(n) ** 2.0
    power = np.linalg.matrix_power(c, 3000)
    np.testing.assert_allclose((power @ x) / power.sum(axis=1), x.mean(), rtol=1e-10)


@pytest.mark.parametrize(("name", "n"), DIGRAPHS)
def test_sinkhorn_is_doubly_stochastic_on_digraphs(name, n):
    m = build(name, n, "sinkhorn")
    np.testing.assert_allclose(m.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(m.sum(axis=1), 1, rtol=1e-12)


def test_newton_and_alternate_scaling_agree():
    closed = (topology("star", 30) | np.eye(30, dtype=bool)).astype(float)
    m = closed
    for _ in range(20_000):
        m = m / m.sum(axis=0)
        m = m / m.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(doubly_stochastic(closed), m, atol=1e-10)  # what twenty thousand sweeps leave


def test_a_scaling_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="No doubly stochastic scaling"):
        doubly_stochastic(np.array([[1.0, 0, 0], [1, 0, 0], [1, 1, 1]]) + 1e-300)


@pytest.mark.parametrize("rule", ["uniform", "metropolis", "lazy", "laplacian"])
def test_sparse_networks_give_the_same_weights(rule):
    network = topology("ba:2", 30)
    function = getattr(mixing_rules, rule)
    found = function(sparse.csr_array(network))
    assert sparse.issparse(found)
    assert (found.toarray() == function(network)).all()


@pytest.mark.parametrize("rule", UNDIRECTED_ONLY)
def test_symmetric_rules_turn_one_way_links_away(rule):
    with pytest.raises(ValueError, match="both ways"):
        mixing_matrix(topology("directed_ring", 5), rule)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rule": "unifrom"}, "no mixing rule"),
        ({"rule": "metropolis", "step": 0.1}, "step belongs"),
        ({"rule": "uniform", "sizes": [1, 2, 3]}, "sizes belong"),
        ({"rule": "data_size"}, "Add sizes"),
        ({"rule": "data_size", "sizes": [1, 2]}, "3 in all; got 2"),
        ({"rule": "data_size", "sizes": [1, 0, 2]}, "got 0 for client 1"),
        ({"rule": "data_size", "sizes": [1, float("nan"), 2]}, "client 1"),
        ({"rule": "laplacian", "step": 0.6}, "1/2"),
        ({"rule": "laplacian", "step": 0.0}, "1/2"),
        ({"rule": "laplacian", "step": float("nan")}, "1/2"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_a_sentence(options, words):
    with pytest.raises(ValueError, match=words):
        mixing_matrix(topology("path", 3), **options)


def test_sinkhorn_refuses_a_link_without_a_way_back():
    with pytest.raises(ValueError, match="client 1 listens to 0"):
        mixing_matrix(from_edges([(0, 1), (1, 2)], is_directed=True), "sinkhorn")


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.eye(3), "keeps groups apart"),
        (np.ones((3, 3)), "stochastic mixing matrices"),
        (np.array([[1, np.nan], [0, 1]]), "finite; got nan for client 0"),
        (np.array([[1, -0.5], [0, 1]]), "not negative; got -0.5"),
        (np.ones((2, 3)), "square"),
        (np.array([["a"]]), "real numbers"),
    ],
)
def test_training_weights_of_what_is_no_mixing_matrix_are_refused(matrix, words):
    with pytest.raises(ValueError, match=words):
        perron_weights(matrix)


def test_clients_that_nobody_hears_have_weight_zero():
    assert perron_weights(np.array([[1, 0], [0.5, 0.5]])).tolist() == [1.0, 0.0]


def test_whole_numbers_are_read_as_weights():
    assert check_mixing(np.array([[0, 1], [1, 0]])).dtype == np.float64


@pytest.mark.parametrize("listening", [1e-3, 1e-11, 1e-13])
def test_a_one_way_ring_is_not_reversible_however_little_clients_listen(listening):
    one_way = np.roll(np.eye(3), 1, axis=1)
    assert not is_reversible((1 - listening) * np.eye(3) + listening * one_way)
    both = (one_way + one_way.T) / 2
    assert is_reversible((1 - listening) * np.eye(3) + listening * both)
