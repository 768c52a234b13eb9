"""Networks and clients that a point names by `n_clients`, `network`, `mixing`, `dim`, and a `draw` that seeds.

`random` is a random tree with each further link added by one chance, itself uniform on [0, 1]: all densities occur.
"""

from functools import lru_cache
from typing import Literal, cast

import networkx as nx
import numpy as np

from theory.domain import Choice, Parameter, Point, Whole
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.rule import Rule
from theory.networks.topologies import Adjacency, topology

Spectrum = Literal["psd", "symmetric"]
NETWORKS = ("random", "tree", "ring", "path", "star", "complete")
DRAWN = ("random", "tree")  # a draw names one of them
SYMMETRIC = ("metropolis", "lazy", "laplacian", "sinkhorn")  # rules of averaging that weigh clients alike
OWN_WEIGHTS = "drawn weights"  # every link has a weight of its own, both ways, and every client keeps the rest
LEAST_KEPT = 0.05
OWN_WEIGHTS_WORDS = "Drawn weights: every link has one of its own, both ways, and each client keeps the rest."
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
    """The connected undirected network of a point, (N, N), without self-links; one array, not to be written to."""
    n, family = int(at["n_clients"]), str(at["network"])
    return _network(n, family, int(at["draw"]) if family in DRAWN else 0)


def mixing_at(at: Point, rule: str = "metropolis") -> Mixing:
    """The mixing matrix of a point, (N, N), by its own rule or by `rule`; one array, not to be written to."""
    chosen, family = str(at.get("mixing", rule)), str(at["network"])
    draw = int(at["draw"]) if family in DRAWN or chosen == OWN_WEIGHTS else 0
    return _mixing(int(at["n_clients"]), family, draw, chosen)


# The corners of a domain have the same networks hundreds of times.
@lru_cache(maxsize=4096)
def _network(n: int, family: str, draw: int) -> Adjacency:
    links = topology(family, n) if family not in DRAWN else _drawn_links(n, family == "random", draw)
    links.flags.writeable = False
    return links


def _drawn_links(n: int, has_further: bool, draw: int) -> Adjacency:
    rng = np.random.default_rng((draw, 0))
    links = nx.to_numpy_array(nx.random_labeled_tree(n, seed=int(rng.integers(2**31)))).astype(bool)
    if has_further:
        further = np.triu(rng.random((n, n)) < rng.random(), 1)
        links |= further | further.T
    return links


@lru_cache(maxsize=4096)
def _mixing(n: int, family: str, draw: int, rule: str) -> Mixing:
    links = _network(n, family, draw if family in DRAWN else 0)
    mixing = _own_weights(links, draw) if rule == OWN_WEIGHTS else mixing_matrix(links, cast(Rule, rule))
    mixing.flags.writeable = False
    return mixing


def _own_weights(links: Adjacency, draw: int) -> Mixing:
    """Symmetric and doubly stochastic: link weights uniform on (0, 1), scaled so that each client keeps a part."""
    rng = np.random.default_rng((draw, 2))
    weights = np.triu(links * (1 - rng.random(links.shape)), 1)
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
