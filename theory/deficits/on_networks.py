"""Deficit and sensitivity of a network's objective under the paper's scaling, from the weights of its clients."""

from collections.abc import Callable

import networkx as nx
import numpy as np

from theory.data.moments import alignment_matrix
from theory.deficits.weighted import weighted_deficit
from theory.networks import small_networks
from theory.objectives.representability import representability
from theory.readings import Mask, Objective
from theory.setting import Setting


def setting(graph: nx.Graph) -> Setting:
    """The paper's setting with one client a node, d = 1024 and 10,000 samples a client."""
    return Setting.paper(1024, n_clients=graph.number_of_nodes(), samples_per_client=10_000)


def population_sensitivity(mask: Mask) -> Callable[[nx.Graph], float]:
    """max - min of the population r_k for the objective's client weights, as a function of the network.

    Source: chen2026, Definition 4.1 and Eq (1). Units: dimensionless, in [0, 1].
    """

    def sensitivity(graph: nx.Graph) -> float:
        s = setting(graph)
        weights = [float(w) for w in small_networks.weights(graph)]
        r, _ = representability(
            alignment_matrix(s, Objective.MIM, mask, weights=weights), s.feature_dim, graph.number_of_nodes()
        )
        return float(np.ptp(r))

    return sensitivity


def expected_deficits(graph: nx.Graph) -> np.ndarray:
    """E(1 - r_k) of MIM with independent masks, to second order, for the objective's client weights.

    Source: ledger, second-order perturbation. Units: dimensionless, one number a client.
    """
    return weighted_deficit(setting(graph), small_networks.weights(graph))
