"""Erdos-Renyi graph by mean connectivity |A|, self included: any connected graph with N (|A| - 1)/2 links alike."""

import networkx as nx

from theory.networks.topologies._graphs import Adjacency, first_connected


def adjacency(n_clients: int, connectivity: float, *, seed: int = 0) -> Adjacency:
    """A connected G(N, m) graph whose mean neighbourhood, the client included, has `connectivity` members.

    The number of links m is the nearest whole one. For G(N, p) see `er_p`.

    Source: networkx `gnm_random_graph`, conditioned on being connected. Units: none.
    Errors: ValueError when so few links cannot connect N clients, or more are asked than exist.
    """
    if not 1 < connectivity <= n_clients:
        raise ValueError(
            f"The mean neighbourhood, client included, has 1 to n_clients={n_clients} members; got {connectivity}."
        )
    n_links = round(n_clients * (connectivity - 1) / 2)
    if n_links < n_clients - 1:
        raise ValueError(
            f"{n_clients} clients need {n_clients - 1} links to be connected; er:{connectivity:g} gives {n_links}. "
            f"Raise it to {3 - 2 / n_clients:.3g} or more."
        )
    return first_connected(
        lambda generator: nx.gnm_random_graph(n_clients, n_links, generator), seed, f"er:{connectivity:g}"
    )
