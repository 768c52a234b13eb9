"""Networks of the released code: what its recipe implies for every draw."""

import networkx as nx
import numpy as np
import pytest

from sims.rounds.released_network import released_network


@pytest.mark.parametrize("seed", range(5))
def test_random_pairs_stop_at_the_number_of_links(seed):
    network = released_network(seed, 20, 3.5, is_uniform=False)
    assert network.sum() // 2 == 35
    assert (network == network.T).all()
    assert not network.diagonal().any()
    assert nx.is_connected(nx.from_numpy_array(network))


@pytest.mark.parametrize("seed", range(5))
def test_topping_up_gives_everyone_enough_and_the_last_client_no_more(seed):
    network = released_network(seed, 20, 5, is_uniform=True)
    assert network.sum(axis=1).min() >= 5
    assert network.sum() // 2 > 50
    assert nx.is_connected(nx.from_numpy_array(network))


def test_the_least_connectivity_is_a_recursive_tree():
    """Its first client has 1 + 1/2 + ... + 1/(N-1) links on average."""
    degrees = [released_network(seed, 8, 1, is_uniform=False)[0].sum() for seed in range(2000)]
    expected = sum(1 / k for k in range(1, 8))
    assert abs(np.mean(degrees) - expected) < 5 * np.std(degrees) / np.sqrt(2000)


def test_the_complete_network_is_reached_and_no_more_is_asked():
    assert released_network(0, 6, 5, is_uniform=True).sum() == 30
    with pytest.raises(ValueError, match="between 1 and 5; got 6"):
        released_network(0, 6, 6, is_uniform=True)
