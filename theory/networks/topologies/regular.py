"""Random regular graph: every client has the same number of links, otherwise uniform, given that it is connected."""

import networkx as nx

from theory.networks.topologies._graphs import Adjacency, first_connected


def adjacency(n_clients: int, degree: int, *, seed: int = 0) -> Adjacency:
    """A random `degree`-regular graph; the degree does not count the client itself.

    Source: networkx `random_regular_graph`. Units: none.
    Errors: ValueError when no such connected graph exists.
    """
    if not 1 <= degree < n_clients or n_clients * degree % 2 or (degree == 1 and n_clients > 2):
        raise ValueError(
            f"A connected regular graph needs a degree from 2 to {n_clients - 1} with n_clients * degree even; "
            f"got n_clients={n_clients}, degree={degree}. Change one of them by 1."
        )
    return first_connected(
        lambda generator: nx.random_regular_graph(degree, n_clients, generator), seed, f"regular:{degree}"
    )
