"""Networks and clients that a point names by `n_clients`, `network`, `mixing`, `dim`, and a `draw` that seeds.

`random` is a random tree with each further link added by one chance, itself uniform on [0, 1]: all densities occur.
"""

from typing import Literal

import networkx as nx
import numpy as np

from theory.domain import Choice, Parameter, Point, Whole
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.topologies import Adjacency, topology

Spectrum = Literal["psd", "symmetric"]
NETWORKS = ("random", "tree", "ring", "path", "star", "complete")
SYMMETRIC = ("metropolis", "lazy", "laplacian", "sinkhorn")  # rules of averaging that weigh clients alike
OWN_WEIGHTS = "drawn weights"  # every link has a weight of its own, both ways, and every client keeps the rest
LEAST_KEPT = 0.05
LARGEST_DRAW = 1_000_000
DRAW = Whole("draw", 1, LARGEST_DRAW)
SPECTRUM = (1e-3, 1.0)  # eigenvalues of a client's matrix, log-uniform


def network_parameters(
    reach: int = 16, *, least: int = 3, networks: tuple[str, ...] = NETWORKS, rules: tuple[str, ...] = ("metropolis",)
) -> tuple[Parameter, ...]:
    """The clients, the network, and the mixing rule if there is a choice of rules; `DRAW` is to be added."""
    mixing: tuple[Parameter, ...] = (Choice("mixing", rules),) if len(rules) > 1 else ()
    return Whole("n_clients", least, reach), Choice("network", networks), *mixing


def network_at(at: Point) -> Adjacency:
    """The connected undirected network of a point, (N, N), without self-links."""
    n, family = int(at["n_clients"]), str(at["network"])
    if family not in ("random", "tree"):
        return topology(family, n)
    rng = np.random.default_rng((int(at["draw"]), 0))
    links = nx.to_numpy_array(nx.random_labeled_tree(n, seed=int(rng.integers(2**31)))).astype(bool)
    if family == "random":
        further = np.triu(rng.random((n, n)) < rng.random(), 1)
        links |= further | further.T
    return links


def mixing_at(at: Point, rule: str = "metropolis") -> Mixing:
    """The mixing matrix of a point, (N, N), by its own rule or by `rule`."""
    chosen = at.get("mixing", rule)
    return _drawn_weights(at) if chosen == OWN_WEIGHTS else mixing_matrix(network_at(at), chosen)


def _drawn_weights(at: Point) -> Mixing:
    """Symmetric and doubly stochastic: link weights uniform on (0, 1), scaled so that each client keeps a part."""
    rng = np.random.default_rng((int(at["draw"]), 2))
    weights = np.triu(network_at(at) * (1 - rng.random((int(at["n_clients"]),) * 2)), 1)
    weights = weights + weights.T
    weights *= (1 - LEAST_KEPT) * (1 - rng.random()) / weights.sum(axis=1).max()
    return weights + np.diag(1 - weights.sum(axis=1))


def clients_at(at: Point, spectrum: Spectrum = "psd", *, n_clients: int | None = None) -> np.ndarray:
    """One matrix a client, (N, d, d): eigenvalues log-uniform on `SPECTRUM`, of either sign if only symmetric.

    The eigenvectors are a random basis of its own for each client.
    """
    n, d = n_clients or int(at["n_clients"]), int(at["dim"])
    rng = np.random.default_rng((int(at["draw"]), 1))
    bases = np.linalg.qr(rng.normal(size=(n, d, d)))[0]
    low, high = SPECTRUM
    values = low * (high / low) ** rng.random((n, 1, d))
    if spectrum == "symmetric":
        values = values * rng.choice([-1.0, 1.0], size=values.shape)
    matrices = (bases * values) @ np.swapaxes(bases, 1, 2)
    return (matrices + np.swapaxes(matrices, 1, 2)) / 2
