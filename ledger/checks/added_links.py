"""A link that a drawn network lacks, under steps of one length along the Laplacian: before and after it is added.

A point names the network, the `link` (the place of the pair of clients among those that are not linked, counted round),
and `share`: the length of the steps as a share of the longest for which no eigenvalue of the mixing is negative.
"""

from functools import lru_cache

import numpy as np

from ledger.checks.drawn_networks import network_at
from theory.domain import Condition, Parameter, Point, Real, Value, Whole
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.topologies import Adjacency

LINK: tuple[Parameter, ...] = (Whole("link", 1, 40), Real("share", 0.0, 1.0, "(]", reach=(0.05, 1.0)))
OF_ONE_LENGTH = (
    "Steps along the Laplacian have one length before and after: share over the largest eigenvalue of the Laplacian of "
    "the network with the link."
)
Pair = tuple[int, int]


@lru_cache(maxsize=4096)
def _ends(names: tuple[tuple[str, Value], ...]) -> Pair | None:
    at = dict(names)
    lacking = np.argwhere(np.triu(~network_at(at), 1))
    return tuple(lacking[int(at["link"]) % len(lacking)].tolist()) if len(lacking) else None


def ends_at(at: Point) -> Pair | None:
    """The two clients that the link joins; None on a network that lacks no link."""
    return _ends(tuple((k, at[k]) for k in ("n_clients", "network", "draw", "link")))


LACKS_A_LINK = Condition("a network that lacks a link", r"|\mathcal{E}| < N(N-1)/2", lambda at: ends_at(at) is not None)


def laplacian_of(adjacency: Adjacency) -> np.ndarray:
    """Degrees on the diagonal, -1 for each link. Source: any textbook. Units: links. Errors: none."""
    links = adjacency.astype(float)
    return np.diag(links.sum(axis=1)) - links


def step_at(at: Point) -> float:
    """The length of the steps along the Laplacian."""
    return float(at["share"] / np.linalg.eigvalsh(laplacian_of(with_link(at)))[-1])


def with_link(at: Point) -> Adjacency:
    """The network with the link added. Errors: ValueError for a network that lacks none."""
    ends = ends_at(at)
    if ends is None:
        raise ValueError("The network lacks no link; take another.")
    adjacency = network_at(at).copy()
    adjacency[ends] = adjacency[ends[::-1]] = True
    return adjacency


def mixings_at(at: Point) -> tuple[Mixing, Mixing]:
    """The mixing without the link, and with it."""
    sparse, dense = network_at(at), with_link(at)
    return tuple(mixing_matrix(a, "laplacian", step=step_at(at)) for a in (sparse, dense))  # pyright: ignore[reportReturnType]
