"""Networks and mixing that a point names."""

import networkx as nx
import numpy as np
import pytest

from ledger.drawn.drawn_networks import NETWORKS, OWN_WEIGHTS, SYMMETRIC, mixing_at, network_at


@pytest.mark.parametrize("family", NETWORKS)
@pytest.mark.parametrize("draw", [1, 2, 3])
def test_every_network_is_connected_and_goes_both_ways(family, draw):
    links = network_at({"n_clients": 7, "network": family, "draw": draw})
    assert nx.is_connected(nx.from_numpy_array(links))
    assert (links == links.T).all()
    assert not links.diagonal().any()


@pytest.mark.parametrize("rule", [*SYMMETRIC, OWN_WEIGHTS])
def test_a_rule_that_weighs_clients_alike_is_symmetric_and_doubly_stochastic(rule):
    m = mixing_at({"n_clients": 6, "network": "random", "mixing": rule, "draw": 4})
    np.testing.assert_allclose(m, m.T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(m.sum(axis=0), 1, rtol=0, atol=1e-12)
    assert (m >= 0).all()
    assert (m[network_at({"n_clients": 6, "network": "random", "draw": 4})] > 0).all()


def test_a_matrix_that_is_shared_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        mixing_at({"n_clients": 4, "network": "ring", "draw": 1})[0, 0] = 1.0
