"""Networks and clients that a point names by `n_clients`, `network`, `mixing`, `dim`, and a `draw` that seeds.

`random` is a random tree with each further link added by one chance, itself uniform on [0, 1]: all densities occur.
"""

from functools import lru_cache
from typing import Literal, cast

import networkx as nx
import numpy as np

from theory.domain import Choice, Condition, Parameter, Point, Whole
from theory.networks.mixing import SIZED, Mixing, mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import Adjacency, topology

Spectrum = Literal["psd", "symmetric"]
ONE_WAY = "one_way"  # strongly connected, with one-way links
NETWORKS = ("random", "tree", "ring", "path", "star", "complete")
DRAWN = ("random", "tree", ONE_WAY)  # a draw names one of them
SYMMETRIC = ("metropolis", "lazy", "laplacian", "sinkhorn")  # rules of averaging that weigh clients alike
OWN_WEIGHTS = "drawn weights"  # every link has a weight of its own, both ways, and every client keeps the rest
LEAST_KEPT = 0.05
OWN_WEIGHTS_WORDS = "Drawn weights: every link has one of its own, both ways, and each client keeps the rest."
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
    """The connected network of a point, (N, N), without self-links: undirected, unless its family is `ONE_WAY`.

    One array, not to be written to.
    """
    n, family = int(at["n_clients"]), str(at["network"])
    return _network(n, family, int(at["draw"]) if family in DRAWN else 0)


def mixing_at(at: Point, rule: str = "metropolis") -> Mixing:
    """The mixing matrix of a point, (N, N), by its own rule or by `rule`; clients hold `sizes_at` samples.

    One array, not to be written to.
    """
    chosen, family = str(at.get("mixing", rule)), str(at["network"])
    is_drawn = family in DRAWN or chosen == OWN_WEIGHTS or chosen in SIZED
    return _mixing(int(at["n_clients"]), family, int(at["draw"]) if is_drawn else 0, chosen)


def one_way_at(at: Point) -> Adjacency:
    """The network of a point whose family is `ONE_WAY`, said or not; entry (i, j) says that i hears j."""
    return _network(int(at["n_clients"]), ONE_WAY, int(at["draw"]))


def sizes_at(at: Point) -> np.ndarray:
    """How many samples each client holds, (N,): whole numbers, log-uniform from 1 to `MOST_SAMPLES`."""
    return _sizes(int(at["n_clients"]), int(at["draw"]))


# The corners of a domain have the same networks hundreds of times.
@lru_cache(maxsize=4096)
def _network(n: int, family: str, draw: int) -> Adjacency:
    if family == ONE_WAY:
        links = _one_way_links(n, draw)
    elif family in DRAWN:
        links = _drawn_links(n, family == "random", draw)
    else:
        links = topology("path" if n == 2 else family, n)  # two clients have one network, a ring of them too
    links.flags.writeable = False
    return links


def _drawn_links(n: int, has_further: bool, draw: int) -> Adjacency:
    rng = np.random.default_rng((draw, 0))
    links = nx.to_numpy_array(nx.random_labeled_tree(n, seed=int(rng.integers(2**31)))).astype(bool)
    if has_further:
        further = np.triu(rng.random((n, n)) < rng.random(), 1)
        links |= further | further.T
    return links


def _one_way_links(n: int, draw: int) -> Adjacency:
    """A strongly connected network of one-way links: a one-way ring, and each further link by one chance.

    Entry (i, j) says that i hears j. The chance is itself uniform on [0, 1].
    """
    rng = np.random.default_rng((draw, 3))
    links = rng.random((n, n)) < rng.random()
    links |= np.roll(np.eye(n, dtype=bool), -1, axis=1)
    np.fill_diagonal(links, val=False)
    return links


@lru_cache(maxsize=4096)
def _mixing(n: int, family: str, draw: int, rule: str) -> Mixing:
    links = _network(n, family, draw if family in DRAWN else 0)
    if rule == OWN_WEIGHTS:
        mixing = _own_weights(links, draw)
    else:
        mixing = mixing_matrix(links, cast(Rule, rule), sizes=_sizes(n, draw) if rule in SIZED else None)
    mixing.flags.writeable = False
    return mixing


def _sizes(n: int, draw: int) -> np.ndarray:
    rng = np.random.default_rng((draw, 2))
    return np.floor(np.exp(rng.random(n) * np.log(MOST_SAMPLES + 1.0)))


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
