"""Diagonal entries of the matrix of a decentralised objective, and what the sizes of neighbourhoods do to them.

Coordinate k of the signal belongs to client k. `own` is the entry of that client's matrix at k, `other` the entry of
any other client's: 1 and tau^2 as the paper's (18) prints them, 1 + mu^2 and tau^2/2 + mu^2 in its data model, both up
to the factor of the masks.
"""

import networkx as nx
import numpy as np
from jaxtyping import Bool, Float


def entries_by_weight(
    weights: Float[np.ndarray, " clients"], other: float, own: float
) -> Float[np.ndarray, " clients"]:
    """Entry k of the global matrix, (1 - w_k) other + w_k own, w_k the weight of client k in the objective.

    Source: ledger; chen2026 (29) has 1/|A-bar| in place of w_k. Units: those of the entries.
    """
    return (1 - weights) * other + weights * own


def mean_entry(n_clients: int, other: float, own: float) -> float:
    """The mean over the signal of the entries of the global matrix, other - (other - own)/N, for every network.

    Source: ledger: the weights sum to 1. Units: those of the entries.
    """
    return other - (other - own) / n_clients


def entries_spread(weights: Float[np.ndarray, " clients"], other: float, own: float) -> float:
    """Largest minus smallest entry of the global matrix, (max w - min w) |other - own|.

    Source: ledger, from `entries_by_weight`. Units: those of the entries.
    """
    return float(np.ptp(weights)) * abs(other - own)


def neighbourhood_entries(members: Bool[np.ndarray, " clients"], other: float, own: float) -> np.ndarray:
    """The entries of the mean matrix over one neighbourhood: (1 - 1/|A|) other + own/|A| at its members, else other.

    Source: ledger; chen2026 (27) leaves out the client itself. Units: those of the entries, shape (clients,).
    """
    share = 1 / float(members.sum())
    return np.where(members, (1 - share) * other + share * own, other)


def least_gap(adjacency: Bool[np.ndarray, "clients clients"]) -> float:
    """2 / ((N - 1) a D): how far below 1 every modulus but one lies for uniform and Metropolis weights.

    a is the largest neighbourhood, the client included, and D the diameter. Both rules are reversible, with a flow of
    at least 1/(N a) on every link. A difference of two clients is at most the sum of the differences along a path of
    D links, which gives 1 - lambda_2 >= 2 / ((N - 1) a D); a self-weight of at least 1/a gives 1 + lambda_N >= 2/a.

    Source: ledger, by that argument. Units: dimensionless, in (0, 1].
    Errors: networkx.NetworkXError for a network that is not connected.
    """
    n, largest = len(adjacency), int(adjacency.sum(axis=1).max()) + 1
    return 2 / ((n - 1) * largest * nx.diameter(nx.from_numpy_array(adjacency)))
