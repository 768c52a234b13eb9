"""Networks and clients that a point names by `n_clients`, `network`, `mixing`, `dim`, and a `draw` that seeds.

`random` is a random tree with each further link added by one chance, itself uniform on [0, 1]: all densities occur.
"""

from typing import Literal

import networkx as nx
import numpy as np

from theory.domain import Choice, Condition, Parameter, Point, Whole
from theory.networks.mixing import SIZED, Mixing, mixing_matrix
from theory.networks.topologies import Adjacency, topology

Spectrum = Literal["psd", "symmetric"]
ONE_WAY = "one_way"  # see `one_way_at`
NETWORKS = ("random", "tree", "ring", "path", "star", "complete")
SYMMETRIC = ("metropolis", "lazy", "laplacian", "sinkhorn")  # rules of averaging that weigh clients alike
LARGEST_DRAW = 1_000_000
REVERSIBLE = ("uniform", "metropolis", "lazy", "laplacian", "sinkhorn", "data_size")  # v_i M_ij = v_j M_ji
DRAW = Whole("draw", 1, LARGEST_DRAW)
RINGS_ARE_WIDE = Condition(
    "n_clients at least 3 on a ring",
    r"N \ge 3 \text{ on a ring}",
    lambda p: p["network"] != "ring" or p["n_clients"] >= 3,
)
MOST_SAMPLES = 1000  # of a client, where a rule weighs by samples; log-uniform from 1
SPECTRUM = (1e-3, 1.0)  # eigenvalues of a client's matrix, log-uniform


def network_parameters(
    reach: int = 16, *, least: int = 3, networks: tuple[str, ...] = NETWORKS, rules: tuple[str, ...] = ("metropolis",)
) -> tuple[Parameter, ...]:
    """The clients, the network, and the mixing rule if there is a choice of rules; `DRAW` is to be added."""
    mixing: tuple[Parameter, ...] = (Choice("mixing", rules),) if len(rules) > 1 else ()
    return Whole("n_clients", least, reach), Choice("network", networks), *mixing


def network_at(at: Point) -> Adjacency:
    """The connected network of a point, (N, N), without self-links: undirected, unless its family is `ONE_WAY`."""
    n, family = int(at["n_clients"]), str(at["network"])
    if family == ONE_WAY:
        return one_way_at(at)
    if family not in ("random", "tree"):
        return topology("path" if n == 2 else family, n)  # two clients have one network, a ring of them too
    rng = np.random.default_rng((int(at["draw"]), 0))
    links = nx.to_numpy_array(nx.random_labeled_tree(n, seed=int(rng.integers(2**31)))).astype(bool)
    if family == "random":
        further = np.triu(rng.random((n, n)) < rng.random(), 1)
        links |= further | further.T
    return links


def mixing_at(at: Point, rule: str = "metropolis") -> Mixing:
    """The mixing matrix of a point, (N, N), by its own rule or by `rule`; clients hold `sizes_at` samples."""
    used = at.get("mixing", rule)
    return mixing_matrix(network_at(at), used, sizes=sizes_at(at) if used in SIZED else None)


def sizes_at(at: Point) -> np.ndarray:
    """How many samples each client holds, (N,): whole numbers, log-uniform from 1 to `MOST_SAMPLES`."""
    rng = np.random.default_rng((int(at["draw"]), 2))
    return np.floor(np.exp(rng.random(int(at["n_clients"])) * np.log(MOST_SAMPLES + 1.0)))


def one_way_at(at: Point) -> Adjacency:
    """A strongly connected network of one-way links, (N, N): a one-way ring, and each further link by one chance.

    Entry (i, j) says that i hears j. The chance is itself uniform on [0, 1].
    """
    n = int(at["n_clients"])
    rng = np.random.default_rng((int(at["draw"]), 3))
    links = rng.random((n, n)) < rng.random()
    links |= np.roll(np.eye(n, dtype=bool), -1, axis=1)
    np.fill_diagonal(links, val=False)
    return links


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
