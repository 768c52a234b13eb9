"""Barabasi-Albert graph: each new client links to a few earlier ones, preferring those with many links."""

import networkx as nx

from theory.networks.topologies._graphs import Adjacency, first_connected


def adjacency(n_clients: int, links: int, *, seed: int = 0) -> Adjacency:
    """A preferential-attachment graph in which every new client brings `links` links.

    Source: networkx `barabasi_albert_graph`. Units: none. Errors: ValueError unless 1 <= links < N.
    """
    if not 1 <= links < n_clients:
        raise ValueError(f"A new client brings 1 to {n_clients - 1} links; got {links}.")
    return first_connected(lambda generator: nx.barabasi_albert_graph(n_clients, links, generator), seed, f"ba:{links}")
