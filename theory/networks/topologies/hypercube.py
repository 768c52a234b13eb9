"""Hypercube: clients whose numbers differ in one binary digit are linked."""

import math

import sympy as sp

from theory.networks.topologies._graphs import Adjacency, from_edges, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The hypercube of log2(N) dimensions.

    Source: ledger. Units: none. Errors: ValueError when N is not a power of two.
    """
    require_clients(n_clients, 2, "hypercube")
    if n_clients & (n_clients - 1):
        raise ValueError(
            f"A hypercube has a power of two of clients; got n_clients={n_clients}. Try {_near(n_clients)}."
        )
    links = [(i, i ^ (1 << b)) for b in range(n_clients.bit_length() - 1) for i in range(n_clients)]
    return from_edges(links, n_clients)


def _near(n_clients: int) -> str:
    below = 1 << (n_clients.bit_length() - 1)
    return f"{below} or {2 * below}"


def laplacian_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """2 k, as often as k of log2(N) digits can be chosen. Source: ledger, a product of links. Units: links."""
    dim = n_clients.bit_length() - 1
    return [sp.Integer(2 * k) for k in range(dim + 1) for _ in range(math.comb(dim, k))]
