"""Corollary 4.5: does decentralised training become more robust with every link? Objectives here, training later.

The network enters the objective of Eq (1) through one weight a client; unequal weights are what costs robustness, and a
link can make them less equal.
"""

from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from claims import networks
from claims.check import Cell, ForAll, Prediction
from claims.core import Claim, Context, Evidence, Statement
from sims.weighted import weighted_representability
from theory import printed_sensitivity as ps
from theory.formula import Source
from theory.moments import alignment_matrix
from theory.perturbation import deficit
from theory.readings import Mask, Objective, Reading
from theory.representability import representability
from theory.setting import Setting
from theory.weighted_deficit import weighted_deficit

ROUND_OFF = 1e-12
Link = tuple[nx.Graph, nx.Graph]
BECAUSE_LINK = "A link changes whose losses count how much; it can turn equal weights into unequal ones."
BECAUSE_POPULATION = (
    "With c = N and a positive definite signal block every coordinate is represented whole, whatever the "
    "network: s = 0."
)
BECAUSE_EQUAL = "Noise adds up with squared weights, so equal weights average it best."


def setting(graph: nx.Graph) -> Setting:
    return Setting.paper(1024, n_clients=graph.number_of_nodes(), samples_per_client=10_000)


def added_links(context: Context) -> list[Link]:
    """Every connected network and every link that can be added to it, smallest first."""
    links = []
    for graph in networks.connected_networks(3, 5 if context.tier == "quick" else 6):
        for a, b in nx.non_edges(graph):
            denser = graph.copy()
            denser.add_edge(a, b)
            links.append((graph, denser))
    return links


def population_spread(mask: Mask) -> Callable[[nx.Graph], float]:
    """max - min of the population r_k for the objective's client weights."""

    def spread(graph: nx.Graph) -> float:
        s = setting(graph)
        weights = [float(w) for w in networks.weights(graph)]
        r, _ = representability(
            alignment_matrix(s, Objective.MIM, mask, weights=weights), s.feature_dim, graph.number_of_nodes()
        )
        return float(np.ptp(r))

    return spread


def expected_deficits(graph: nx.Graph) -> np.ndarray:
    return weighted_deficit(setting(graph), networks.weights(graph))


def never_rises(quantity: Callable[[nx.Graph], float]) -> Callable[..., tuple[bool, Mapping[str, Any]]]:
    def predicate(link: Link, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        sparse, dense = link
        before, after = quantity(sparse), quantity(dense)
        return after <= before + ROUND_OFF, {
            "network": networks.name(sparse),
            "with_link": networks.name(dense),
            "average_connectivity": [str(networks.mean_size(sparse)), str(networks.mean_size(dense))],
            "before": before,
            "after": after,
        }

    return predicate


def strictly_falls(quantity: Callable[[nx.Graph], float]) -> Callable[..., tuple[bool, Mapping[str, Any]]]:
    def predicate(link: Link, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        holds, details = never_rises(quantity)(link, spoil)
        return holds and details["after"] < details["before"] - ROUND_OFF, details

    return predicate


def width_falls(point: tuple[ps.Formula, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The width at one more neighbour, below the width now (times `spoil`), unit constants and d = 2^20."""
    formula, connectivity = point
    at = {ps.dim: 2**20, ps.mask_ratio: sp.Rational(3, 4), ps.trace_h: 2, ps.error_mim: 1, ps.error_cl: 1}
    now, then = (formula.expr.subs({**at, ps.connectivity: connectivity + more}) for more in (0, 1))
    holds = bool(then < sp.Rational(str(spoil)) * now)
    return holds, {"width": formula.name, "connectivity": connectivity, "now": float(now), "then": float(then)}


def is_proportional(connectivity: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is (1 - 1/A) / A the same at A and A + 1?"""
    now, then = ((1 - sp.Rational(1, a)) / a for a in (connectivity, connectivity + 1))
    return now == then, {"connectivity": connectivity, "ratio": str(now), "ratio_at_one_more": str(then)}


def equal_weights_are_best(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The mean deficit is at least that of equal weights (over `spoil`)."""
    mean, equal = float(expected_deficits(graph).mean()), deficit(setting(graph), Objective.MIM)
    return mean >= equal / spoil - ROUND_OFF, {"network": networks.name(graph), "deficit": mean, "equal_weights": equal}


def star_cells(context: Context) -> list[Cell]:
    """The mean deficit on the star with three leaves: closed form against drawn samples, for MIM and CL."""
    s, cells = Setting.paper(64, n_clients=4, samples_per_client=1000), []
    weights = networks.weights(nx.star_graph(3))
    for objective, draws in ((Objective.MIM, "expected"), (Objective.CL, 1)):
        r = weighted_representability(
            context.seed,
            s,
            [weights],
            objective=objective,
            reading=Reading(draws=draws),
            trials=context.trials(80, 400),
        )
        means = 1 - r[:, 0].mean(axis=1)
        claimed = float(weighted_deficit(s, weights, objective, draws).mean())
        error = float(means.std(ddof=1) / np.sqrt(len(means)))
        cells.append(Cell({"objective": str(objective), "dim": s.dim}, claimed, float(means.mean()), error))
    return cells


def small_networks(context: Context) -> list[nx.Graph]:
    return list(networks.connected_networks(2, 6 if context.tier == "quick" else 7))


CLAIM = Claim(
    id="cor-connectivity",
    title="Average connectivity and the robustness of decentralised learning",
    items=("corollary-4.5",),
    source=Source("chen2026", "Corollary 4.5, A.6.5"),
    statements=(
        Statement(
            "printed",
            "The widths (62)-(64) fall as the average connectivity rises.",
            ForAll(
                lambda context: [(f, a) for f in (ps.DEC_MIM, ps.DEC_CL, ps.DEC_CL_H) for a in range(2, 30)],
                width_falls,
                "1 - 1/|A| rises with |A|; the widths themselves rest on (27)-(33).",
                Evidence.SEARCHED,
            ),
            reading="widths of the printed bounds",
            spoil=0.5,
        ),
        Statement(
            "printed",
            "The average connectivity is proportional to 1 - 1/|A|.",
            ForAll(
                lambda context: range(2, 5), is_proportional, "It rises with it, at a falling rate.", Evidence.EXACT
            ),
            reading="A.6.5, as typed",
        ),
        Statement(
            "printed",
            "Every added link lowers the sensitivity or keeps it.",
            ForAll(added_links, never_rises(population_spread(Mask.COMPLEMENTARY)), BECAUSE_LINK, Evidence.NUMERIC),
            reading="complementary masks, population",
        ),
        Statement(
            "printed",
            "Every added link lowers the sensitivity.",
            ForAll(
                added_links, strictly_falls(population_spread(Mask.INDEPENDENT)), BECAUSE_POPULATION, Evidence.NUMERIC
            ),
            reading="independent masks, population, c = N",
        ),
        Statement(
            "printed",
            "Every added link lowers the spread of the expected r_k or keeps it.",
            ForAll(
                added_links,
                never_rises(lambda graph: float(np.ptp(expected_deficits(graph)))),
                BECAUSE_LINK,
                Evidence.NUMERIC,
            ),
            reading="independent masks, samples",
        ),
        Statement(
            "printed",
            "Every added link lowers the mean deficit 1 - r_k or keeps it.",
            ForAll(
                added_links,
                never_rises(lambda graph: float(expected_deficits(graph).mean())),
                BECAUSE_LINK,
                Evidence.NUMERIC,
            ),
            reading="independent masks, samples, 1 - r_k",
        ),
        Statement(
            "corrected",
            "The mean deficit is least where all clients weigh the same, at any connectivity.",
            ForAll(small_networks, equal_weights_are_best, BECAUSE_EQUAL, Evidence.NUMERIC),
            reading="independent masks, samples",
        ),
        Statement(
            "corrected",
            "On an irregular network the deficit is (d - c)/n_i [G M G]_kk, noise added up with squared client "
            "weights.",
            Prediction(star_cells, "Star of four clients against drawn samples.", rtol=0.05),
            reading="R1, star of four clients",
            spoil=0.8,
        ),
    ),
)
