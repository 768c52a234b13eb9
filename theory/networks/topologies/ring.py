"""Ring: client i is linked to i - 1 and i + 1, modulo N."""

import sympy as sp

from theory import symbols
from theory.formula import Formula, Source
from theory.networks.topologies import circulant
from theory.networks.topologies._graphs import Adjacency, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The cycle of N clients. Source: ledger. Units: none. Errors: ValueError for fewer than 3 clients."""
    require_clients(n_clients, 3, "ring")
    return circulant.adjacency(n_clients, (1,))


LAPLACIAN_EIGENVALUE = Formula(
    name="ring_laplacian_eigenvalue",
    title="Laplacian eigenvalue of a ring, mode = 0..N-1; 1 - it/3 is the uniform mixing matrix's",
    expr=2 - 2 * sp.cos(2 * sp.pi * symbols.mode / symbols.n_clients),
    domain=(symbols.n_clients >= 3, symbols.mode < symbols.n_clients),
    units="links, in [0, 4]",
    source=Source("fiedler1973", "cycle"),
)


def laplacian_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """2 - 2 cos(2 pi k / N), k = 0..N-1. Source: `LAPLACIAN_EIGENVALUE`. Units: links. Errors: none."""
    return [LAPLACIAN_EIGENVALUE.exact(n_clients=n_clients, mode=k) for k in range(n_clients)]
