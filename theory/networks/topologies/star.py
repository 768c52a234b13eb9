"""Star: client 0 is linked to every other client, and they to nobody else."""

import sympy as sp

from theory.networks.topologies._graphs import Adjacency, from_edges, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The star with hub 0. Source: ledger. Units: none. Errors: ValueError for fewer than 2 clients."""
    require_clients(n_clients, 2, "star")
    return from_edges([(0, i) for i in range(1, n_clients)], n_clients)


def laplacian_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """0, 1 for every pair of leaves, N. Source: fiedler1973. Units: links. Errors: none."""
    return [sp.Integer(0), *[sp.Integer(1)] * (n_clients - 2), sp.Integer(n_clients)]


def mixing_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """1, 1/2 for every pair of leaves, 1/N - 1/2: the uniform mixing matrix of a star, whose degrees differ.

    Source: ledger, from the trace. Units: dimensionless. Errors: none.
    """
    return [sp.Integer(1), *[sp.Rational(1, 2)] * (n_clients - 2), sp.Rational(1, n_clients) - sp.Rational(1, 2)]
