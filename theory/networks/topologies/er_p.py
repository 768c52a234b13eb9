"""Erdos-Renyi graph by link probability: every link is there with the same probability, given that it is connected."""

import networkx as nx

from theory.networks.topologies._graphs import Adjacency, first_connected


def adjacency(n_clients: int, probability: float, *, seed: int = 0) -> Adjacency:
    """A connected G(N, p) graph.

    Source: networkx `gnp_random_graph`, conditioned on being connected. Units: none.
    Errors: ValueError for a probability outside (0, 1], and when no draw is connected.
    """
    if not 0 < probability <= 1:
        raise ValueError(f"A link probability lies in (0, 1]; got {probability}.")
    return first_connected(
        lambda generator: nx.gnp_random_graph(n_clients, probability, generator), seed, f"er_p:{probability:g}"
    )
