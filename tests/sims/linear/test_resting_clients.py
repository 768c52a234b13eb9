"""Models at rest as claims solve for them: against Newton's, against rounds; and what one more link does."""

import networkx as nx
import numpy as np
import pytest

from ledger.training.sampling_server import served
from sims.linear import added_links as links
from sims.linear import metrics
from sims.linear.resting_clients import at_rest, clients, federated, mixing_of, placements, simulated
from theory.formula import OutOfDomainError
from theory.networks import small_networks
from theory.training.consensus_curvature import steady_states
from theory.training.participation import decentralised_errors

STAR, RING = nx.star_graph(3), nx.cycle_graph(4)
CHORD = nx.Graph([(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)])


@pytest.mark.parametrize("rule", ["uniform", "metropolis"])
@pytest.mark.parametrize("steps", [1, 3])
def test_models_at_rest_are_those_of_newton(rule, steps):
    problem = (mixing_of(STAR, rule), clients(4))
    found = at_rest(*problem, 0.02, steps)
    wanted = steady_states(*problem, 2, 0.02, steps)
    grams = [np.einsum("nca,ncb->nab", w, w) for w in (found.models, wanted)]
    # Both stop within some hundred round-offs of rest.
    np.testing.assert_allclose(*grams, rtol=0, atol=1e-11)


def test_rounds_of_training_end_at_rest():
    problem = (mixing_of(STAR, "uniform"), clients(4), 0.02)
    run, rest = simulated(*problem, rounds=9000), at_rest(*problem)
    np.testing.assert_allclose(run.projector, rest.projector, atol=1e-9)
    assert run.consensus == pytest.approx(rest.consensus, rel=1e-8)


def test_measurements_are_those_of_sims():
    rest = at_rest(mixing_of(RING, "uniform"), clients(4), 0.02)
    assert rest.consensus == pytest.approx(float(metrics.consensus_error(rest.models)), rel=1e-10)
    mean = rest.models.mean(axis=0)
    assert rest.error == pytest.approx(float(metrics.subspace_error(mean, rest.wanted)), rel=1e-9)
    assert rest.error == pytest.approx(rest.drift, rel=1e-9)  # equal weights: the targets are one
    np.testing.assert_allclose(rest.representability, metrics.representability(mean), atol=1e-12)
    own = float(metrics.local_subspace_error_squared(rest.models, rest.wanted))
    assert rest.local_error_squared == pytest.approx(own, rel=1e-9)
    # Leading order in the step size, here 0.02 times curvatures of order one.
    assert own == pytest.approx(decentralised_errors(mixing_of(RING, "uniform"), clients(4), 2, 0.02).local, rel=0.1)


def test_a_server_with_one_local_step_has_no_drift():
    rest = at_rest(federated(5), clients(5), 0.02)
    assert rest.error < 1e-12
    assert rest.consensus < 1e-28


def test_clients_too_different_are_refused():
    x = np.stack([np.diag([2.0, 1.0, 0.99, 0.1]), np.diag([0.1, 1.0, 0.99, 2.0])]) * np.array([1, 1.02])[:, None, None]
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    x[1] = turn @ x[1] @ turn.T
    with pytest.raises(OutOfDomainError, match="Simulate"):
        at_rest(np.array([[0.99, 0.01], [0.01, 0.99]]), x, 0.2, 5)


def test_placements_are_all_orders():
    x = clients(3)
    assert len({placed.tobytes() for placed in placements(x)}) == 6


def test_the_shape_of_a_network_forgets_numbers_and_nothing_else():
    graphs = list(small_networks.connected_networks(3, 5))
    shapes = [links.shape_of(g) for g in graphs]
    assert len(set(shapes)) == len(graphs)
    for graph, shape in zip(graphs, shapes, strict=True):
        order = np.random.default_rng(0).permutation(len(graph)).tolist()
        turned = nx.Graph()
        turned.add_nodes_from(range(len(graph)))
        turned.add_edges_from((order[a], order[b]) for a, b in graph.edges)
        assert links.shape_of(turned) == shape


def test_every_link_of_every_small_network_is_tried_once():
    tried = links.added_links(5)
    wanted = sum(1 for g in small_networks.connected_networks(3, 5) for _ in nx.non_edges(g))
    assert len(tried) == wanted == len({(id(sparse), frozenset(dense.edges)) for sparse, dense in tried})
    assert all(dense.number_of_edges() == sparse.number_of_edges() + 1 for sparse, dense in tried)


def test_a_chord_raises_the_consensus_error_under_metropolis_and_not_along_the_laplacian():
    holds, details = links.never_raises(links.expected_consensus, "metropolis", links.trained_consensus)(
        (RING, CHORD), 1.0
    )
    assert not holds
    assert details["after"] > details["before"]
    assert details["trained"][1] > details["trained"][0]
    assert links.never_raises(links.expected_consensus, "laplacian")((RING, CHORD), 1.0)[0]


def test_a_rise_that_training_does_not_show_is_no_violation():
    holds, _ = links.never_raises(links.expected_consensus, "metropolis", lambda graph, rule: 1.0)((RING, CHORD), 1.0)
    assert holds


def test_a_sampling_server_is_further_off_with_larger_steps():
    (large, error), (small, _) = served(0.04, 20_000), served(0.01, 20_000)
    assert large > small + 5 * error
