"""Static exponential graph, directed: client i receives from i + 2^k, modulo N, for every power 2^k < N."""

from theory.networks.topologies import exponential
from theory.networks.topologies._graphs import Adjacency, from_edges, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The directed circulant with jumps 1, 2, 4, ... below N.

    Source: ying2021, static exponential graph. Units: none. Errors: ValueError for fewer than 2 clients.
    """
    require_clients(n_clients, 2, "exponential graph")
    links = [((i + jump) % n_clients, i) for jump in exponential.jumps(n_clients) for i in range(n_clients)]
    return from_edges(links, n_clients, is_directed=True)
