"""Certificates: every property on a matrix that has it and one that has not, and what the hint mends."""

import re

import networkx as nx
import numpy as np
import pytest

from theory.networks.certificate import certificate
from theory.networks.mixing import RULES, SIZED, mixing_matrix
from theory.networks.topologies import topology

DOUBLY = ("metropolis", "lazy", "laplacian", "sinkhorn")
STAR = topology("star", 5)
SWAP = np.array([[0.0, 1.0], [1.0, 0.0]])
LEADER = np.array([[1.0, 0.0], [0.5, 0.5]])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("name", "n"), [("star", 6), ("ring", 7), ("barbell", 8)])
def test_every_rule_but_push_sum_passes_on_a_connected_network(rule, name, n):
    network = topology(name, n)
    found = certificate(mixing_matrix(network, rule, sizes=range(1, n + 1) if rule in SIZED else None), network)
    assert found.is_nonnegative
    assert found.is_primitive
    assert found.respects_graph
    assert found.is_row_stochastic == (rule != "push_sum" or name == "ring")
    assert found.is_valid == found.is_row_stochastic
    assert found.is_doubly_stochastic == ((name == "ring" and rule not in SIZED) or rule in DOUBLY)
    assert found.is_symmetric == found.is_doubly_stochastic


def test_numbers_of_the_star_are_those_of_its_closed_form():
    found = certificate(mixing_matrix(STAR), STAR)
    assert found.n_clients == 5
    assert found.lambda_2 == pytest.approx(1 / 2, rel=1e-12)
    assert found.min_eigenvalue == pytest.approx(1 / 5 - 1 / 2, rel=1e-12)
    assert found.gap == pytest.approx(1 / 2, rel=1e-12)
    assert found.laplacian_lambda_2 == pytest.approx(1, rel=1e-12)
    assert found.average_connectivity == pytest.approx(13 / 5, rel=1e-12)
    assert found.harmonic_connectivity == pytest.approx(5 / (1 / 5 + 4 / 2), rel=1e-12)
    assert found.v is not None
    np.testing.assert_allclose(found.pi, np.array([1 / 5 + 4 / 2, *[1 / 5 + 1 / 2] * 4]) / 5, rtol=1e-12)
    np.testing.assert_allclose(found.v, np.array([5, 2, 2, 2, 2]) / 13, rtol=1e-12)


@pytest.mark.parametrize(
    ("mixing", "network", "words"),
    [
        (np.eye(5) - 0.4 * (np.diag(STAR.sum(axis=1)) - STAR), STAR, "Client 0 gives 0 weight -0.6"),
        (mixing_matrix(STAR, "push_sum"), STAR, "row 0 sums to 2.2. Transpose"),
        (1.1 * mixing_matrix(STAR), STAR, "row 0 sums to 1.1"),
        (np.diag([1.0, 1.0, 0.0]), None, "client 2 keeps nothing"),
        (mixing_matrix(topology("complete", 5)), STAR, "Client 1 listens to 2 without a link"),
        (np.eye(3), None, "Client 0 hears nobody else: let 0 listen to 1"),
        (np.kron(np.eye(2), np.full((2, 2), 0.5)), None, "Clients 0, 1 hear nobody else: let 0 listen to 2"),
        (LEADER, None, "Client 0 hears nobody else"),
        (SWAP, None, r"\(I \+ M\)/2"),
        (np.roll(np.eye(3), 1, axis=0), None, "fixed rhythm"),
    ],
)
def test_the_hint_names_what_fails(mixing, network, words):
    found = certificate(mixing, network)
    assert not found.is_valid
    assert re.search(words, found.repair)


def test_the_swap_is_doubly_stochastic_and_never_agrees():
    found = certificate(SWAP)
    assert found.is_doubly_stochastic
    assert not found.is_primitive
    assert found.min_eigenvalue == pytest.approx(-1, rel=1e-14)
    assert found.gap == pytest.approx(0, abs=1e-14)
    assert certificate((np.eye(2) + SWAP) / 2).is_valid


def test_primitive_is_what_powers_say():
    generator = np.random.default_rng(4)
    for _ in range(200):
        pattern = generator.random((4, 4)) < 0.4
        pattern[np.arange(4), (pattern.sum(axis=1) == 0) * 1] |= pattern.sum(axis=1) == 0
        m = pattern / pattern.sum(axis=1, keepdims=True)
        # Wielandt: a primitive matrix of size n has a positive power at n^2 - 2n + 2
        assert certificate(m).is_primitive == bool((np.linalg.matrix_power(pattern.astype(float), 10) > 0).all())


def test_training_weights_exist_when_one_part_listens_to_nobody():
    np.testing.assert_array_equal(certificate(LEADER).v, [1.0, 0.0])
    assert certificate(np.eye(3)).v is None


def test_without_a_network_links_are_read_off_the_matrix():
    found = certificate(mixing_matrix(STAR))
    assert found.respects_graph is None
    assert found.average_connectivity == pytest.approx(2.6, rel=1e-14)
    assert certificate(mixing_matrix(topology("directed_ring", 4))).laplacian_lambda_2 is None


def test_a_network_beside_the_matrix_gives_its_own_connectivity():
    graph = nx.complete_graph(5)
    found = certificate(mixing_matrix(STAR), nx.to_numpy_array(graph))
    assert found.average_connectivity == 5
    assert found.respects_graph


@pytest.mark.parametrize(
    ("mixing", "network", "words"),
    [
        (np.ones((2, 3)), None, "square"),
        (np.array([[1, np.nan], [0, 1]]), None, "finite; got nan for client 0 listening to 1"),
        (np.array([[1j, 0], [0, 1]]), None, "real numbers"),
        (np.array([["a"]]), None, "real numbers"),
        (np.eye(3), STAR, "for 3 clients and the network has 5"),
    ],
)
def test_what_is_no_matrix_is_refused_in_a_sentence(mixing, network, words):
    with pytest.raises(ValueError, match=words):
        certificate(mixing, network)
