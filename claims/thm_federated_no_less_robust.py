"""Theorem 4.6: decentralised learning is at most as robust as federated learning. Objectives here, training later."""

from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from claims import networks
from claims.check import Empty, ForAll
from claims.cor_connectivity import expected_deficits, population_spread
from claims.core import Claim, Context, Evidence, Statement, Status
from claims.eq_decentralised_against_federated import always_both_zero
from claims.orders import Order
from sims.stats import sensitivity
from sims.weighted import weighted_representability
from theory.formula import Source
from theory.readings import Mask, Objective, Reading
from theory.setting import Setting

ROUND_OFF = 1e-12
# A visible amount: a spread that round-off cannot make.
VISIBLE = 1e-9
STAR = nx.star_graph(3)
BECAUSE_EVENT = "The limit of an inequality is not a number: each side tends to 0."
BECAUSE_ZERO = "By symmetry the federated r_k are equal, so their spread is 0, and no spread is below 0."


def small_networks(context: Context) -> list[nx.Graph]:
    return list(networks.connected_networks(3, 6))


def spread_of_expectation(graph: nx.Graph) -> float:
    return float(np.ptp(expected_deficits(graph)))


def at_least_federated(quantity: Callable[[nx.Graph], float]) -> Callable[..., tuple[bool, Mapping[str, Any]]]:
    """s of the network is at least s of the complete graph; spoiled, at least that plus a tenth."""

    def predicate(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        dec, fed = quantity(graph), quantity(nx.complete_graph(graph.number_of_nodes()))
        holds = dec >= fed - ROUND_OFF + (1 - spoil)
        return holds, {"network": networks.name(graph), "s_dec": dec, "s_fed": fed}

    return predicate


def strictly_more(quantity: Callable[[nx.Graph], float]) -> Callable[..., tuple[bool, Mapping[str, Any]]]:
    def predicate(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        dec, fed = quantity(graph), quantity(nx.complete_graph(graph.number_of_nodes()))
        complete = nx.density(graph) == 1
        return complete or dec > fed + VISIBLE, {"network": networks.name(graph), "s_dec": dec, "s_fed": fed}

    return predicate


def equal_exactly_when_weights_are(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The spread vanishes exactly on networks with equal client weights; spoiled, on regular trees only."""
    equal = len(set(networks.weights(graph))) == 1 and (spoil == 1 or nx.is_tree(graph))
    spread = population_spread(Mask.COMPLEMENTARY)(graph)
    holds = spread <= ROUND_OFF if equal else spread > VISIBLE
    return holds, {"network": networks.name(graph), "weights_equal": equal, "spread": spread}


def star_against_federated(
    objective: Objective, draws: int | str
) -> Callable[[Context], tuple[np.ndarray, np.ndarray]]:
    """Sampled s of the star and of equal weights, from the same data."""

    def samples(context: Context) -> tuple[np.ndarray, np.ndarray]:
        s = Setting.paper(64, n_clients=4, samples_per_client=1000)
        weightings = [networks.weights(STAR), networks.weights(nx.complete_graph(4))]
        r = weighted_representability(
            context.seed,
            s,
            weightings,
            objective=objective,
            reading=Reading(draws=draws),
            trials=context.trials(120, 500),
        )
        return sensitivity(r[:, 0]), sensitivity(r[:, 1])

    return samples


AT = {"network": networks.name(STAR), "dim": 64, "samples_per_client": 1000}
CLAIM = Claim(
    id="thm-federated-no-less-robust",
    title="Federated against decentralised learning: the sensitivity of the objectives' minimisers",
    items=("theorem-4.6",),
    source=Source("chen2026", "Theorem 4.6, A.6.5"),
    statements=(
        Statement(
            "printed",
            "The limit of the bracketed inequality between the two sensitivities.",
            Empty(Status.ILL_FORMED, BECAUSE_EVENT, always_both_zero),
            reading="as typed",
        ),
        Statement(
            "printed",
            "The decentralised sensitivity is at least the federated one.",
            ForAll(
                small_networks,
                at_least_federated(population_spread(Mask.COMPLEMENTARY)),
                BECAUSE_ZERO,
                Evidence.NUMERIC,
            ),
            reading="complementary masks, population",
        ),
        Statement(
            "printed",
            "The decentralised sensitivity is at least the federated one.",
            ForAll(
                small_networks,
                at_least_federated(population_spread(Mask.INDEPENDENT)),
                "Both are 0 on every network: c = N directions hold the whole signal.",
                Evidence.NUMERIC,
            ),
            reading="independent masks, population, c = N",
        ),
        Statement(
            "printed",
            "The spread of the expected r_k is at least the federated one.",
            ForAll(small_networks, at_least_federated(spread_of_expectation), BECAUSE_ZERO, Evidence.NUMERIC),
            reading="independent masks, samples",
        ),
        Statement(
            "printed",
            "Off the complete network the decentralised sensitivity is strictly the larger.",
            ForAll(
                small_networks,
                strictly_more(population_spread(Mask.COMPLEMENTARY)),
                "Equal client weights, as on every regular network, make the objectives equal.",
                Evidence.NUMERIC,
            ),
            reading="complementary masks, population, strict",
        ),
        Statement(
            "printed",
            "On the star the sensitivity of the decentralised objective exceeds the federated one.",
            Order(star_against_federated(Objective.MIM, "expected"), "Same data, unequal weights.", AT),
            reading="independent masks averaged, star",
            spoil=0.5,
        ),
        Statement(
            "printed",
            "On the star the sensitivity of the decentralised objective exceeds the federated one.",
            Order(star_against_federated(Objective.CL, 1), "Same data, unequal weights.", AT),
            reading="contrast with one draw, star",
            spoil=0.5,
        ),
        Statement(
            "corrected",
            "The two objectives' sensitivities are equal exactly when all clients have the same weight in Eq (1).",
            ForAll(
                small_networks,
                equal_exactly_when_weights_are,
                "Every connected network of three to six clients.",
                Evidence.NUMERIC,
            ),
            reading="complementary masks, population",
        ),
    ),
)
