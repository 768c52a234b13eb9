"""Barbell: two equal cliques joined by one link."""

import sympy as sp

from theory.networks.topologies import two_cliques
from theory.networks.topologies._graphs import Adjacency, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """Two cliques of N/2 clients, the last of the first linked with the first of the second.

    Source: ledger; networkx `barbell_graph(N/2, 0)` gives the same. Units: none.
    Errors: ValueError for an odd number of clients, or fewer than 4.
    """
    require_clients(n_clients, 4, "barbell")
    if n_clients % 2:
        raise ValueError(
            f"A barbell is two equal cliques, so has evenly many clients; got n_clients={n_clients}. Use two_cliques."
        )
    return two_cliques.adjacency(n_clients)


def laplacian_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """0, h = N/2 with multiplicity N - 3, and the two roots of x^2 - (h + 2) x + 2, the smaller of which is lambda_2.

    Opposite values on the two halves, one at the bridge and one elsewhere, make the quadratic.

    Source: ledger. Units: links. Errors: none.
    """
    half = sp.Integer(n_clients // 2)
    root = sp.sqrt((half + 2) ** 2 - 8)
    return [sp.Integer(0), *[half] * (n_clients - 3), (half + 2 - root) / 2, (half + 2 + root) / 2]
