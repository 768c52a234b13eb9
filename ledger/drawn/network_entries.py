"""Diagonal matrices of clients averaged over a network by plain loops, as Eqs (25) to (31) print the sums.

A point names the network, and by `entries` which two entries a client's diagonal has: those that Eq (18) prints, or
those of the paper's data model. A factor of the masks is left out.
"""

import numpy as np

from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.drawn_networks import DRAW, RINGS_ARE_WIDE, network_at, network_parameters
from theory.domain import Choice, Condition, Domain, Parameter, Point, Real
from theory.networks.mixing import mixing_matrix, objective_weights_of

PRINTED, MODEL = "printed", "model"
ASSUMES = (
    "The network is connected and undirected. Coordinate k of the signal belongs to client k. A client's diagonal "
    "entries are 1 at its own coordinate and tau^2 at another's (printed, as Eq (18) has them), or 1 + mu^2 and "
    "tau^2/2 + mu^2 (model, as the data have them)."
)


def entries_domain(*more: Parameter, conditions: tuple[Condition, ...] = ()) -> Domain:
    """Every network of two or more clients with every size of offsets and of noise."""
    tau = Real("tau", 0.0, np.inf, "()", reach=(0.3, 20.0), is_log=True)
    mu = Real("mu", 0.0, np.inf, "[)", reach=(0.0, 1.0))
    kinds = Choice("entries", (PRINTED, MODEL))
    networks = network_parameters(least=2)
    return Domain((*networks, DRAW, tau, mu, kinds, *more), (RINGS_ARE_WIDE, *conditions), assumes=ASSUMES)


def entries_at(at: Point) -> tuple[float, float]:
    """(other, own): the entry at a coordinate of another client, and at the client's own."""
    tau, mu = float(at["tau"]), float(at["mu"])
    return (tau**2, 1.0) if at["entries"] == PRINTED else (tau**2 / 2 + mu**2, 1 + mu**2)


def weights_at(at: Point) -> np.ndarray:
    """The weight of every client in the objective of Eq (1), (N,)."""
    return objective_weights_of(mixing_matrix(network_at(at), "uniform"))


def resolution(at: Point) -> float:
    """Round-off of the sums below."""
    return ROUND_OFF * max(entries_at(at))


def summed_neighbourhood(at: Point, client: int) -> np.ndarray:
    """The mean over A_i of the clients' diagonals, (N,): Eq (27)."""
    links, (other, own) = network_at(at), entries_at(at)
    members = [j for j in range(len(links)) if j == client or links[client, j]]
    return np.array([sum(own if j == k else other for j in members) / len(members) for k in range(len(links))])


def summed_objective(at: Point) -> np.ndarray:
    """The mean over clients of the means over their neighbourhoods, (N,): Eqs (25) and (29)."""
    n = int(at["n_clients"])
    return sum((summed_neighbourhood(at, i) for i in range(n)), np.zeros(n)) / n
