"""Corollary 4.5: does decentralised training become more robust with every link? Objectives here, training later.

The network enters the objective of Eq (1) through one weight a client; unequal weights are what costs robustness, and a
link can make them less equal.
"""

from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger.checks import printed_networks as printed
from ledger.checks.found_witnesses import found
from ledger.checks.kinds import Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.samplers.weighted import weighted_representability
from theory.deficits import printed_sensitivity as ps
from theory.deficits.on_networks import expected_deficits, setting
from theory.deficits.second_order import deficit
from theory.deficits.weighted import weighted_deficit
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.small_networks import Link
from theory.readings import Objective, Reading
from theory.setting import Setting

ROUND_OFF = 1e-12
BECAUSE_LINK = "A link changes whose losses count how much; it can turn equal weights into unequal ones."
BECAUSE_POPULATION = (
    "With c = N and a positive definite signal block every coordinate is represented whole, whatever the "
    "network: s = 0."
)
BECAUSE_EQUAL = "Noise adds up with squared weights, so equal weights average it best."


def added_links(context: Context) -> list[Link]:
    """Every connected network and every link that can be added to it, smallest first."""
    return list(networks.added_links(5 if context.tier == "quick" else 6))


def never_rises(quantity: Callable[[nx.Graph], float]) -> Callable[..., tuple[bool, Mapping[str, Any]]]:
    """Whether the quantity with one more link is at most what it was before, up to round-off."""

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


def star_findings(context: Context) -> list[Finding]:
    """The mean deficit on the star with three leaves: closed form against drawn samples, for MIM and CL."""
    s, findings = Setting.paper(64, n_clients=4, samples_per_client=1000), []
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
        findings.append(Finding({"objective": str(objective), "dim": s.dim}, claimed, float(means.mean()), error))
    return findings


def small_networks(context: Context) -> list[nx.Graph]:
    """Every connected network of two to six clients (full: seven)."""
    return list(networks.connected_networks(2, 6 if context.tier == "quick" else 7))


CLAIM = Claim(
    id="cor-connectivity",
    title="Average connectivity and the robustness of decentralised learning",
    items=("corollary-4.5",),
    source=Source("chen2026", "Corollary 4.5, A.6.5"),
    statements=(
        Statement(
            "cor45.printed-widths",
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
            "cor45.average-connectivity",
            "printed",
            "The average connectivity is proportional to 1 - 1/|A|.",
            ForAll(
                lambda context: range(2, 5),
                is_proportional,
                "It rises with it, at a falling rate.",
                Evidence.ENUMERATED,
            ),
            reading="A.6.5, as typed",
            instead="not known",
        ),
        Statement(
            "cor45.population-complementary",
            "printed",
            "Every added link lowers the sensitivity of the objective's minimiser or keeps it.",
            printed.never_rises(
                printed.complementary_sensitivity,
                BECAUSE_LINK,
                printed.POPULATION,
                found("cor45.population-complementary"),
            ),
            reading="complementary masks, population",
            instead=(
                "thm46.equal-weights",
                "thm46.complementary-population",
            ),
        ),
        Statement(
            "cor45.population-independent",
            "printed",
            "Every added link lowers the sensitivity of the objective's minimiser.",
            printed.never_rises(
                printed.independent_sensitivity,
                BECAUSE_POPULATION,
                printed.POPULATION,
                found("cor45.population-independent"),
                is_strict=True,
            ),
            reading="independent masks, population, c = N",
            instead="not known",
        ),
        Statement(
            "cor45.samples-independent-spread",
            "printed",
            "Every added link lowers the sensitivity of the expected r_k or keeps it.",
            printed.never_rises(
                printed.spread_of_deficits,
                BECAUSE_LINK,
                printed.SAMPLED,
                found("cor45.samples-independent-spread"),
            ),
            reading="independent masks, samples",
            instead=("thm46.independent-samples",),
        ),
        Statement(
            "cor45.samples-independent-deficit",
            "expected",
            "Every added link lowers the mean deficit 1 - r_k or keeps it.",
            printed.never_rises(
                printed.mean_deficit,
                BECAUSE_LINK,
                printed.SAMPLED,
                found("cor45.samples-independent-deficit"),
            ),
            reading="independent masks, samples, 1 - r_k",
            instead=("cor45.equal-weights-deficit",),
        ),
        Statement(
            "cor45.equal-weights-deficit",
            "corrected",
            "The mean deficit is least where all clients weigh the same, at any connectivity.",
            ForAll(small_networks, equal_weights_are_best, BECAUSE_EQUAL, Evidence.NUMERIC),
            reading="independent masks, samples",
        ),
        Statement(
            "cor45.irregular-deficit",
            "corrected",
            "On an irregular network the deficit is (d - c)/n_i [G M G]_kk: the noise of the clients adds up with"
            " their squared weights.",
            Prediction(star_findings, "Star of four clients against drawn samples.", rtol=0.05),
            reading="masks averaged, star of four clients",
            spoil=0.8,
        ),
    ),
)
