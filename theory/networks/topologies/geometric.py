"""Random geometric graph: clients lie at random in the unit square and reach those within a radius."""

import networkx as nx

from theory.networks.topologies._graphs import Adjacency, first_connected


def adjacency(n_clients: int, radius: float, *, seed: int = 0) -> Adjacency:
    """A connected random geometric graph.

    Source: networkx `random_geometric_graph`, conditioned on being connected. Units: the square has side 1.
    Errors: ValueError for a radius that is not positive and finite, and when no draw is connected.
    """
    if not 0 < radius < float("inf"):
        raise ValueError(f"A radius is positive and finite; got {radius}.")
    return first_connected(
        lambda generator: nx.random_geometric_graph(n_clients, radius, seed=generator), seed, f"geometric:{radius:g}"
    )
