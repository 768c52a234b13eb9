"""Complete graph: everyone is linked to everyone, which makes a round of uniform mixing federated averaging."""

import numpy as np
import sympy as sp

from theory.networks.topologies._graphs import Adjacency, require_clients


def adjacency(n_clients: int) -> Adjacency:
    """The complete graph. Source: chen2026, Remark A.2. Units: none. Errors: ValueError for fewer than 2 clients."""
    require_clients(n_clients, 2, "complete graph")
    return ~np.eye(n_clients, dtype=bool)


def laplacian_eigenvalues(n_clients: int) -> list[sp.Expr]:
    """0, and N for all others. Source: fiedler1973. Units: links. Errors: none."""
    return [sp.Integer(0), *[sp.Integer(n_clients)] * (n_clients - 1)]
