"""Objective weights: the weight of every client's loss in the global objective of Eq (1), for any network.

With one common W the decentralised line of Eq (1) is sum_k w_k L_k with w_k = (1/N) sum_{i: k in A_i} 1 / |A_i|. The
network enters through w alone, so every network with w = 1/N is federated learning exactly.
"""

from fractions import Fraction

import numpy as np
from jaxtyping import Bool

Neighbourhoods = Bool[np.ndarray, "clients clients"]


def neighbourhoods(adjacency: Bool[np.ndarray, "clients clients"]) -> Neighbourhoods:
    """Row i marks A_i: the neighbours of client i and the client itself.

    Source: chen2026, Section 3.1 and Assumption A.1. Errors: ValueError for a matrix that is not square and symmetric.
    """
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1] or (adjacency != adjacency.T).any():
        raise ValueError(f"An undirected graph needs a symmetric square matrix; got shape {adjacency.shape}.")
    return adjacency.astype(bool) | np.eye(len(adjacency), dtype=bool)


def uniform_mixing(members: Neighbourhoods) -> list[list[Fraction]]:
    """M_ij = 1 / |A_i| for j in A_i: the mixing matrix that Eq (1) and Algorithm 2 print.

    Source: chen2026, Eq (1). Units: each row sums to 1.
    """
    return [[Fraction(int(inside), int(row.sum())) for inside in row] for row in members]


def objective_weights(mixing: list[list[Fraction]]) -> list[Fraction]:
    """Weight of each client's loss in (1/N) sum_i sum_j M_ij L_j: the column means of the mixing matrix.

    Source: chen2026, Eq (1), with one common W (ledger). Units: dimensionless, sum 1.
    """
    n_clients = len(mixing)
    return [sum((row[k] for row in mixing), Fraction(0)) / n_clients for k in range(n_clients)]


def average_connectivity(members: Neighbourhoods) -> Fraction:
    """|A-bar|, the mean size of a neighbourhood.

    Source: chen2026, Section 3.1 (its 1/n and upper limit n stand for N).
    """
    return Fraction(int(members.sum()), len(members))
