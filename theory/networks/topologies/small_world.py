"""Small world (Watts-Strogatz): a ring of nearest neighbours of which each link is rewired with some probability."""

import networkx as nx

from theory.networks.topologies._graphs import Adjacency, first_connected


def adjacency(n_clients: int, neighbours: int, probability: float, *, seed: int = 0) -> Adjacency:
    """A connected Watts-Strogatz graph; `neighbours` is the even number of ring neighbours before rewiring.

    Source: networkx `watts_strogatz_graph`, conditioned on being connected. Units: none.
    Errors: ValueError for an odd number of neighbours, one out of range, or a probability outside [0, 1].
    """
    if not 2 <= neighbours < n_clients or neighbours % 2:
        raise ValueError(f"neighbours must be even, from 2 to {n_clients - 1}; got {neighbours}.")
    if not 0 <= probability <= 1:
        raise ValueError(f"A rewiring probability lies in [0, 1]; got {probability}.")
    return first_connected(
        lambda generator: nx.watts_strogatz_graph(n_clients, neighbours, probability, generator),
        seed,
        f"small_world:{neighbours}:{probability:g}",
    )
