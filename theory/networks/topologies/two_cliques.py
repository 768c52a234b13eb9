"""Two cliques, of N/2 clients each (the first gets the odd one), joined by a few links of their own."""

from itertools import combinations

from theory.networks.topologies._graphs import Adjacency, from_edges, require_clients


def adjacency(n_clients: int, bridges: int = 1) -> Adjacency:
    """Clients 0..h-1 and h..N-1 form cliques, h = ceil(N/2); bridge b joins h-1-b and h+b.

    Source: ledger. Units: none. Errors: ValueError for fewer than 4 clients, or more bridges than clients in a clique.
    """
    require_clients(n_clients, 4, "pair of cliques")
    half = (n_clients + 1) // 2
    if not 1 <= bridges <= n_clients - half:
        raise ValueError(f"Between 1 and {n_clients - half} bridges fit n_clients={n_clients}; got bridges={bridges}.")
    cliques = [*combinations(range(half), 2), *combinations(range(half, n_clients), 2)]
    return from_edges([*cliques, *((half - 1 - b, half + b) for b in range(bridges))], n_clients)
