"""Exponential graph, undirected: client i is linked to i + 2^k and i - 2^k, modulo N, for every power 2^k < N.

Ying et al. (2021) send one way only; that digraph is `directed_exponential`. The undirected one is the Chord-like
graph that symmetric rules (Metropolis, Laplacian) and Assumption A.1 ask for.
"""

import sympy as sp

from theory.networks.topologies import circulant
from theory.networks.topologies._graphs import Adjacency, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The circulant graph with jumps 1, 2, 4, ... below N.

    Source: ledger, the undirected form of ying2021, static exponential graph. Units: none.
    Errors: ValueError for fewer than 2 clients.
    """
    require_clients(n_clients, 2, "exponential graph")
    return circulant.adjacency(n_clients, jumps(n_clients))


def jumps(n_clients: int) -> tuple[int, ...]:
    """The powers of two below N. Source: ying2021, static exponential graph."""
    return tuple(1 << k for k in range((n_clients - 1).bit_length()))


def laplacian_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """Those of the circulant graph with the powers of two. Source: ledger. Units: links. Errors: none."""
    return circulant.laplacian_eigenvalues(n_clients, jumps(n_clients))
