"""Path: clients in a row, each linked to the next."""

import sympy as sp

from theory import symbols
from theory.formula import Formula, Source
from theory.networks.topologies._graphs import Adjacency, from_edges, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The path of N clients. Source: ledger. Units: none. Errors: ValueError for fewer than 2 clients."""
    require_clients(n_clients, 2, "path")
    return from_edges([(i, i + 1) for i in range(n_clients - 1)], n_clients)


LAPLACIAN_EIGENVALUE = Formula(
    name="path_laplacian_eigenvalue",
    title="Laplacian eigenvalue of a path, mode = 0..N-1",
    expr=2 - 2 * sp.cos(sp.pi * symbols.mode / symbols.n_clients),
    domain=(symbols.n_clients >= 2, symbols.mode < symbols.n_clients),
    units="links, in [0, 4)",
    source=Source("fiedler1973", "path"),
)


def laplacian_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """2 - 2 cos(pi k / N), k = 0..N-1. Source: `LAPLACIAN_EIGENVALUE`. Units: links. Errors: none."""
    return [LAPLACIAN_EIGENVALUE.exact(n_clients=n_clients, mode=k) for k in range(n_clients)]
