"""Mixing rules, one function each: from a network to the weights that clients give each other.

Those whose weights stand on links (uniform, metropolis, lazy, laplacian) take a sparse adjacency as well, and then
return a sparse matrix: ten thousand clients need no dense one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import sparse

from theory.networks.sinkhorn import doubly_stochastic
from theory.networks.topologies import Adjacency, components

Mixing = Float[np.ndarray, "clients clients"]
Network = Adjacency | sparse.csr_array


def uniform(adjacency: Network) -> Any:
    """M_ij = 1 / |A_i| over the closed neighbourhood A_i, the client included.

    Source: chen2026, Eqs (1) and (25); `theory.networks.objective_weights.uniform_mixing` has it in fractions.
    Units: rows sum to 1. Errors: none.
    """
    receiver, _, degree = _links(adjacency)
    return _filled(adjacency, 1.0 / (1 + degree[receiver]))


def metropolis(adjacency: Network) -> Any:
    """M_ij = 1 / (1 + max(degree_i, degree_j)) on links, what is left on the diagonal.

    Source: xiao2007, Metropolis-Hastings weights. Units: symmetric, rows and columns sum to 1.
    Errors: ValueError for a directed network.
    """
    _require_undirected(adjacency, "metropolis")
    receiver, sender, degree = _links(adjacency)
    return _filled(adjacency, 1.0 / (1 + np.maximum(degree[receiver], degree[sender])))


def lazy(adjacency: Network) -> Any:
    """(I + M)/2 with M the Metropolis matrix: all its eigenvalues are >= 0.

    Source: ledger, the lazy version of `metropolis`. Units: symmetric, rows and columns sum to 1.
    Errors: ValueError for a directed network.
    """
    _require_undirected(adjacency, "lazy")
    receiver, sender, degree = _links(adjacency)
    return _filled(adjacency, 0.5 / (1 + np.maximum(degree[receiver], degree[sender])))


def laplacian(adjacency: Network, step: float | None = None) -> Any:
    """I - step L, by default with step 1 / (1 + largest degree).

    Source: xiao2004, constant edge weights. Units: symmetric, rows and columns sum to 1.
    Errors: ValueError for a directed network, and for a step outside (0, 1/largest degree]: weights turn negative.
    """
    _require_undirected(adjacency, "laplacian")
    receiver, _, degree = _links(adjacency)
    largest = float(degree.max())
    step = 1.0 / (1.0 + largest) if step is None else float(step)
    if not 0 < step * largest <= 1 + 1e-12:
        raise ValueError(
            f"The Laplacian step lies in (0, 1/{largest:g}], one over the largest degree; got step={step}. Change it."
        )
    return _filled(adjacency, np.full(len(receiver), step))


def data_size(adjacency: Adjacency, sizes: Sequence[float] | np.ndarray | None) -> Mixing:
    """M_ij = n_j / sum_{k in A_i} n_k: every client averages its neighbourhood by numbers of samples.

    The released code aggregates so, in the decentralised and the federated case. Training weights are v_i
    proportional to n_i sum_{A_i} n_k.

    Source: chen2026, released code. Units: rows sum to 1.
    Errors: ValueError unless there is one positive finite size a client.
    """
    if sizes is None:
        raise ValueError("Weights by data size need the number of samples of every client; got none. Add sizes=...")
    n = np.asarray(sizes, dtype=float)
    if n.shape != (len(adjacency),):
        raise ValueError(f"sizes needs one number a client, {len(adjacency)} in all; got {n.size}.")
    if not (np.isfinite(n).all() and (n > 0).all()):
        bad = int(np.flatnonzero(~(np.isfinite(n) & (n > 0)))[0])
        raise ValueError(f"Every client needs a positive number of samples; got {n[bad]:g} for client {bad}. Drop it.")
    weights = _closed(adjacency) * n
    return weights / weights.sum(axis=1, keepdims=True)


def sinkhorn(adjacency: Adjacency) -> Mixing:
    """The doubly stochastic D (A + I) D' nearest to A + I in relative entropy.

    Source: sinkhorn1967. Units: rows and columns sum to 1, symmetric when the network is.
    Errors: ValueError when a one-way link lies on no cycle: its weight would have to vanish.
    """
    for part in components(adjacency):
        inside = np.zeros(len(adjacency), dtype=bool)
        inside[part] = True
        for i, j in np.argwhere(adjacency & np.logical_xor.outer(inside, inside)):
            raise ValueError(
                f"Doubly stochastic weights need every link on a cycle; client {i} listens to {j} with no way back. "
                "Use push_sum, or add a link."
            )
    return doubly_stochastic(_closed(adjacency).astype(float))


def push_sum(adjacency: Adjacency) -> Mixing:
    """C_ij = 1 / (1 + receivers of j): every client splits its mass alike, whoever listens; columns sum to 1.

    Push-sum divides by a weight channel that mixes alike; `ratio_matrix` is what its quotients see. Its left Perron
    vector is 1/N exactly on any strongly connected network, and so are push-sum's training weights.

    Source: nedic2016, gradient-push. Units: columns sum to 1. Errors: none.
    """
    members = _closed(adjacency)
    return members / members.sum(axis=0, keepdims=True)


def _closed(adjacency: Adjacency) -> np.ndarray:
    return adjacency | np.eye(len(adjacency), dtype=bool)


def _links(adjacency: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Receiver and sender of every link, row by row, and the number of senders of every client."""
    receiver, sender = adjacency.nonzero()
    return receiver, sender, np.asarray(adjacency.sum(axis=1))


def _filled(adjacency: Network, weights: np.ndarray) -> Any:
    """These weights on the links, and a diagonal that makes rows sum to 1; sparse if the network is."""
    receiver, sender, degree = _links(adjacency)
    n = len(degree)
    # A row whose links take everything may leave -1e-16, which is not a weight.
    kept = np.maximum(1.0 - np.bincount(receiver, weights, minlength=n), 0.0)
    if sparse.issparse(adjacency):
        return sparse.csr_array((weights, (receiver, sender)), shape=(n, n)) + sparse.diags_array(kept, format="csr")
    mixing = np.diag(kept)
    mixing[receiver, sender] = weights
    return mixing


def _require_undirected(adjacency: Network, rule: str) -> None:
    if (adjacency != adjacency.transpose()).sum():
        raise ValueError(f"mixing={rule} needs links that go both ways; this network is directed. Use push_sum.")
