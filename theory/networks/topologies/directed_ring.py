"""Directed ring: client i receives from i - 1 alone, modulo N."""

import sympy as sp

from theory.networks.topologies._graphs import Adjacency, from_edges, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The directed cycle. Source: ledger. Units: none. Errors: ValueError for fewer than 3 clients."""
    require_clients(n_clients, 3, "directed ring")
    return from_edges([(i, (i + 1) % n_clients) for i in range(n_clients)], n_clients, is_directed=True)


def mixing_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """(1 + e^(2 pi i k / N)) / 2, k = 0..N-1, of the uniform mixing matrix: on a circle, not on the line.

    Source: ledger, the discrete Fourier transform. Units: dimensionless. Errors: none.
    """
    return [(1 + sp.exp(2 * sp.pi * sp.I * k / n_clients)) / 2 for k in range(n_clients)]
