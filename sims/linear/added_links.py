"""Every network of three to six clients with every link it lacks: the models before and after the link is added."""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import permutations
from typing import Any

import networkx as nx
import numpy as np
from jaxtyping import Float

from sims.linear.resting_clients import adjacency_of, at_rest, clients, mixing_of, placements
from theory.networks import small_networks
from theory.networks.rule_names import Rule
from theory.networks.small_networks import Link
from theory.training.consensus import consensus_exchangeable

TOLERANCE = 1e-9  # relative; beyond what solving for rest leaves
STEP_SIZE = 0.02
Quantity = Callable[[nx.Graph, Rule], float]


@cache
def added_links(largest: int = small_networks.LARGEST_SEARCHED) -> tuple[Link, ...]:
    """Every connected network and every link that can be added to it, smallest first."""
    return tuple(small_networks.added_links(largest))


def mixing(graph: nx.Graph, rule: Rule) -> Float[np.ndarray, "clients clients"]:
    """Laplacian steps have one length for all networks of a size: 1/N, at most 1 over the largest eigenvalue."""
    return mixing_of(graph, rule, 1 / graph.number_of_nodes() if rule == "laplacian" else None)


@cache
def expected_consensus(graph: nx.Graph, rule: Rule) -> float:
    """Consensus error over zeta^2 and the squared step, averaged over all placements of the clients, first order."""
    return consensus_exchangeable(mixing(graph, rule), 1.0, 1.0)


def trained_consensus(graph: nx.Graph, rule: Rule) -> float:
    """Consensus error of the models at rest, mean over placements. Units: squared weights. Errors: as `at_rest`."""
    return over_placements(shape_of(graph), graph.number_of_nodes(), rule)[0]


def trained_error(graph: nx.Graph, rule: Rule) -> float:
    """|P - P*|_F^2 of the averaged model at rest, mean over placements. Units: dimensionless. Errors: as `at_rest`."""
    return over_placements(shape_of(graph), graph.number_of_nodes(), rule)[1]


@cache
def over_placements(shape: bytes, n_clients: int, rule: Rule) -> tuple[float, float]:
    """Consensus error and squared subspace error of models at rest, the means over all placements of the clients."""
    graph = nx.from_numpy_array(np.frombuffer(shape, dtype=bool).reshape(n_clients, n_clients))
    m = mixing(graph, rule)
    found = [at_rest(m, placed, STEP_SIZE) for placed in placements(clients(n_clients))]
    return float(np.mean([t.consensus for t in found])), float(np.mean([t.error**2 for t in found]))


def shape_of(graph: nx.Graph) -> bytes:
    """The same for two networks exactly when they differ only in their clients' numbers."""
    a = adjacency_of(graph)
    return max(a[np.ix_(order, order)].tobytes() for order in map(list, permutations(range(len(a)))))


def never_raises(
    quantity: Quantity, rule: Rule, confirm: Quantity | None = None
) -> Callable[[Link, float], tuple[bool, Mapping[str, Any]]]:
    """Whether a link keeps the quantity or lowers it. A rise found by formula counts once training shows it as well."""

    def predicate(link: Link, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        sparse, dense = link
        before, after = quantity(sparse, rule), quantity(dense, rule)
        details: dict[str, Any] = {
            "network": small_networks.name(sparse),
            "with_link": small_networks.name(dense),
            "average_connectivity": [str(small_networks.mean_size(sparse)), str(small_networks.mean_size(dense))],
            "before": before,
            "after": after,
        }
        # The last term is for a quantity of 0, of which a relative tolerance leaves nothing.
        holds = after <= spoil * before * (1 + TOLERANCE) + 1e-15
        if not holds and confirm is not None:
            trained = [confirm(sparse, rule), confirm(dense, rule)]
            details["trained"] = trained
            holds = trained[1] <= spoil * trained[0]
        return holds, details

    return predicate
