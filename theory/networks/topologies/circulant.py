"""Circulant graph: client i is linked to i + jump and i - jump, modulo N, for every jump given."""

import sympy as sp

from theory.networks.topologies._graphs import Adjacency, from_edges, require_clients


def adjacency(n_clients: int, jumps: tuple[int, ...]) -> Adjacency:
    """The circulant graph C_N(jumps); jumps that meet, such as 2 and N - 2, count once.

    Source: ledger; networkx `circulant_graph` gives the same. Units: none.
    Errors: ValueError for fewer than 2 clients, and for a jump outside 1 to N - 1.
    """
    require_clients(n_clients, 2, "circulant graph")
    for jump in jumps:
        if not 1 <= jump < n_clients:
            raise ValueError(f"A jump must lie between 1 and {n_clients - 1} for n_clients={n_clients}; got {jump}.")
    return from_edges([(i, (i + jump) % n_clients) for jump in jumps for i in range(n_clients)], n_clients)


def laplacian_eigenvalues(n_clients: int, jumps: tuple[int, ...]) -> list[sp.Expr]:
    """sum over jumps of 2 - 2 cos(2 pi jump k / N), k = 0..N-1; a jump of N/2 is one link, not two, and counts half.

    Source: ledger, the discrete Fourier transform. Units: links. Errors: none.
    """
    distinct = {min(jump, n_clients - jump) for jump in jumps}
    return [
        sum(
            ((1 if 2 * jump == n_clients else 2) * (1 - sp.cos(2 * sp.pi * jump * k / n_clients)) for jump in distinct),
            sp.Integer(0),
        )
        for k in range(n_clients)
    ]
