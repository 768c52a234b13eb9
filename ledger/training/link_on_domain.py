"""A link that a drawn network lacks, under steps of one length along the Laplacian: before and after it is added.

A point names the network, the `link` (the place of the pair of clients among those that are not linked, counted round),
and `share`: the length of the steps as a share of the longest for which no eigenvalue of the mixing is negative.
"""

from functools import lru_cache

import numpy as np

from ledger.checks.on_domain import Effort, Sample
from ledger.drawn.drawn_networks import network_at
from ledger.training.small_steps import limit_over_placements, matrices_at, mean_consensus, one
from sims.linear.quadratic_clients import Quadratics
from theory.domain import Condition, Parameter, Point, Real, Value, Whole
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.topologies import Adjacency
from theory.training.consensus import client_variance, mode_gains
from theory.training.effective_covariance import effective_covariance

LINK: tuple[Parameter, ...] = (Whole("link", 1, 40), Real("share", 0.0, 1.0, "(]", reach=(0.05, 1.0)))
OF_ONE_LENGTH = (
    "Steps along the Laplacian have one length before and after: share over the largest eigenvalue of the Laplacian of "
    "the network with the link."
)
Pair = tuple[int, int]
ROUNDED = 1e-12  # relative, of entries that are sums of products


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
    step = step_at(at)
    return mixing_matrix(network_at(at), "laplacian", step=step), mixing_matrix(with_link(at), "laplacian", step=step)


def at_one_curvature(mixing: Mixing, at: Point) -> float:
    """The mean over placements of the consensus error at rest, over the gradients' dissimilarity, solved for.

    Gradients that are the columns of I - J, side by side, have the covariance of clients that are placed at random.
    """
    n, h = len(mixing), float(at["curvature"])
    hessians = np.repeat(h * np.eye(n)[None], n, axis=0)
    rest = Quadratics(mixing, hessians, np.eye(n) - 1 / n, 1.0, int(at["local_steps"])).rest
    return client_variance(rest) * n / (n - 1)


def of_the_modes(mixing: Mixing, at: Point) -> float:
    """The same by the modes' gains."""
    gains = mode_gains(mixing, 1.0, int(at["local_steps"]), float(at["curvature"]))
    return float(np.mean(gains**2))


def lowering(at: Point) -> np.ndarray:
    """What a link between a and b takes off X_eff over the step size: (2 E/(eps N (1 + R))) Y^2, (d, d).

    Y = sum_i u_i D_i, u = L^+ (e_a - e_b) and R = u_a - u_b, the resistance: Sherman and Morrison's formula for L^+.
    """
    ends, x = ends_at(at), matrices_at(at)
    assert ends is not None, "the domain makes sure of it"
    # L + J is well conditioned, J the plain mean; `pinv` took the rounded eigenvalue 0 of L for one to be inverted.
    mean = np.full((len(x), len(x)), 1 / len(x))
    inverse = np.linalg.inv(laplacian_of(network_at(at)) + mean) - mean
    potential = inverse[:, ends[0]] - inverse[:, ends[1]]
    resistance = potential[ends[0]] - potential[ends[1]]
    y = np.einsum("i,ikl->kl", potential, x - x.mean(axis=0))
    return 2 * at["local_steps"] / (step_at(at) * len(x) * (1 + resistance)) * (y @ y)


def lowered_by_link(at: Point, effort: Effort) -> Sample:
    """X_eff without the link minus X_eff with it, over the step size."""
    x, steps = matrices_at(at), int(at["local_steps"])
    before, after = (effective_covariance(m, x, 1.0, steps) for m in mixings_at(at))
    return Sample((before - after)[None], ROUNDED * float(np.abs(before).max()))


def ratio_of_gains(at: Point) -> float:
    """The mean squared gain with the link over that without, from the Laplacians' eigenvalues."""
    sums = []
    for adjacency in (with_link(at), network_at(at)):
        modes = np.linalg.eigvalsh(laplacian_of(adjacency))[1:]
        sums.append(np.sum((1 / (step_at(at) * modes) - 1) ** 2))
    return float(sums[0] / sums[1])


def trained_ratio(at: Point, effort: Effort) -> Sample:
    """Consensus error of trained models with the link over that without, mean over placements, small steps."""
    x = matrices_at(at)
    before, after = (limit_over_placements(mean_consensus, m, x, at, 2) for m in mixings_at(at))
    ratio = float(after[0] / before[0])
    return one((ratio, (after[1] + ratio * before[1]) / float(before[0])))
