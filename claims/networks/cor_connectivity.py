"""Corollary 4.5: does decentralised training become more robust with every link? Objectives here, training later.

The network enters the objective of Eq (1) through one weight a client; unequal weights are what costs robustness, and a
link can make them less equal.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, mixing_at, network_parameters
from ledger.printed import printed_networks as printed
from ledger.printed.found_witnesses import found
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from sims.samplers.weighted import weighted_deficits
from theory.data.moments import signal_second_moment
from theory.deficits import printed_sensitivity as ps
from theory.deficits.closed_forms import deficit
from theory.deficits.weighted import weighted_deficit
from theory.domain import Choice, Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.small_networks import Link
from theory.readings import Objective
from theory.setting import Setting

ROUND_OFF = 1e-12
BECAUSE_LINK = "A link changes how much each client's loss counts. It can turn equal weights into unequal ones."
BECAUSE_POPULATION = (
    "With c = N and a positive definite signal block every signal coordinate is represented whole on every "
    "network, so the sensitivity is 0 before and after."
)
BECAUSE_EQUAL = (
    "Let A = sum q_i A_i with weights q_i, and let the noise P_i be affine in A_i. The deficit is sum q_i^2 "
    "|P_i^1/2 A^-1|^2. B is the mean of A over all ways to number the clients. By Cauchy's inequality against "
    "P_i^1/2 B^-1 the deficit is at least a multiple of (tr B^-1 + const tr A^-1 B^-1)^2, and the inverse is "
    "operator convex."
)


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


def setting_at(at: Point) -> Setting:
    """The data model of a point, c = N."""
    return Setting(
        n_clients=int(at["n_clients"]),
        dim=int(at["dim"]),
        feature_dim=int(at["n_clients"]),
        samples_per_client=int(at["samples_per_client"]),
        tau=float(at["tau"]),
        mu=float(at["mu"]),
        augmentation_std=float(at.get("augmentation_std", 1.0)),
    )


def weights_at(at: Point) -> np.ndarray:
    """The weight of each client's loss in Eq (1), (N,), neighbourhoods being averaged uniformly."""
    return mixing_at(at, "uniform").mean(axis=0)


def kind_at(at: Point) -> tuple[Objective, int | str]:
    """Masked images with masks averaged, or contrast with one draw a sample."""
    return (Objective.MIM, "expected") if at["objective"] == "mim" else (Objective.CL, 1)


def deficit_on_network(at: Point, effort: Effort) -> Sample:
    """The mean over coordinates of the deficit for the network's weights."""
    found = float(weighted_deficit(setting_at(at), list(weights_at(at)), *kind_at(at)).mean())
    return Sample(np.atleast_1d(found), 1e-12 * found)


def deficit_of_equals(at: Point) -> float:
    """The deficit where all clients weigh the same."""
    objective, draws = kind_at(at)
    return deficit(setting_at(at), objective, draws=draws)


def mean_deficit(at: Point) -> float:
    """The same for the network's weights."""
    return float(weighted_deficit(setting_at(at), list(weights_at(at))).mean())


def sampled_deficit(at: Point, effort: Effort) -> Sample:
    """The mean over coordinates of 1 - r_k of drawn data."""
    return Sample(weighted_deficits(effort.seed, setting_at(at), list(weights_at(at)), effort.trials))


def next_order(at: Point) -> float:
    """What further terms add at most, as a share: the squared relative size of the fluctuations, four times.

    Fluctuations of a mean of n samples of d coordinates are of size |X| sqrt(d/n), and enter divided by the least
    eigenvalue that stands above the noise. Terms of odd order have mean 0 to leading order in 1/n.
    """
    s = setting_at(at)
    blocks = [signal_second_moment(s.n_clients, float(s.tau), i) for i in range(s.n_clients)]
    values = np.linalg.eigvalsh(np.einsum("i,ikl->kl", weights_at(at), blocks))
    largest = max(float(np.linalg.norm(b, 2)) for b in blocks) + float(s.mu) ** 2
    noise = max(float(s.mu) ** 2, largest * s.n_clients / s.dim) * largest
    return 4 * s.dim / s.samples_per_client * float(np.sum(weights_at(at) ** 2)) * noise / float(values[0]) ** 2


MODEL = "Data are drawn from the paper's data model without rare classes; the loss weighs clients as Eq (1) does."
DATA: tuple[Parameter, ...] = (
    Real("tau", 0.0, math.inf, "()", reach=(0.3, 6.0), is_log=True),
    Real("mu", 0.0, math.inf, "()", reach=(0.02, 1.0), is_log=True),
)
MANY = Condition(
    "samples enough for further terms to be a tenth at most: 4 (d/n_i) sum w_i^2 max(mu^2, |X| N/d) |X| / x^2, where "
    "|X| is the largest eigenvalue of a client's second moment and x the least of the weighted mean's signal",
    r"\text{next order} \le 0.1",
    lambda at: next_order(at) <= 0.1,
)
SIZES = Condition("n_clients below dim", "N < d", lambda at: at["n_clients"] < at["dim"])
STAR = {"n_clients": 4, "network": "star", "draw": 1}


CLAIM = Claim(
    id="cor-connectivity",
    title="Average connectivity and the robustness of decentralised learning",
    items=("corollary-4.5",),
    source=Source("chen2026", "Corollary 4.5, A.6.5"),
    statements=(
        Statement(
            "cor45.printed-widths",
            "printed",
            "The interval widths of Eqs (62)-(64) fall as the connectivity |A-bar| rises.",
            ForAll(
                lambda context: [(f, a) for f in (ps.DEC_MIM, ps.DEC_CL, ps.DEC_CL_H) for a in range(2, 30)],
                width_falls,
                "1 - 1/|A-bar| rises with |A-bar|. The widths themselves depend on Eqs (27)-(33), which are "
                "checked elsewhere.",
                Evidence.SEARCHED,
            ),
            reading=read_as(parts.WIDTH),
            spoil=0.5,
        ),
        Statement(
            "cor45.average-connectivity",
            "printed",
            "The connectivity |A-bar| is proportional to 1 - 1/|A-bar|.",
            ForAll(
                lambda context: range(2, 5),
                is_proportional,
                "1 - 1/|A-bar| rises with |A-bar|, but ever more slowly.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.AS_TYPED),
            instead="not known",
        ),
        Statement(
            "cor45.population-complementary",
            "printed",
            "Every added link lowers the sensitivity of the minimiser of Eq (1), or leaves it as it is.",
            printed.never_rises(
                printed.complementary_sensitivity,
                BECAUSE_LINK,
                printed.POPULATION,
                found("cor45.population-complementary"),
            ),
            reading=read_as(parts.COMPLEMENTARY, parts.POPULATION),
            instead=(
                "thm46.equal-weights",
                "thm46.complementary-population",
            ),
        ),
        Statement(
            "cor45.population-independent",
            "printed",
            "Every added link lowers the sensitivity of the minimiser of Eq (1).",
            printed.never_rises(
                printed.independent_sensitivity,
                BECAUSE_POPULATION,
                printed.POPULATION,
                found("cor45.population-independent"),
                is_strict=True,
            ),
            reading=read_as(parts.INDEPENDENT, parts.POPULATION),
            instead="not known",
        ),
        Statement(
            "cor45.samples-independent-spread",
            "printed",
            "Every added link lowers the sensitivity of the mean r_k (means over data sets), or leaves it as it is.",
            printed.never_rises(
                printed.spread_of_deficits,
                BECAUSE_LINK,
                printed.SAMPLED,
                found("cor45.samples-independent-spread"),
            ),
            reading=read_as(parts.INDEPENDENT, parts.SAMPLES),
            instead=("thm46.independent-samples",),
        ),
        Statement(
            "cor45.samples-independent-deficit",
            "expected",
            "Every added link lowers the mean deficit 1 - r_k, or leaves it as it is.",
            printed.never_rises(
                printed.mean_deficit,
                BECAUSE_LINK,
                printed.SAMPLED,
                found("cor45.samples-independent-deficit"),
            ),
            reading=read_as(parts.INDEPENDENT, parts.SAMPLES),
            instead=("cor45.equal-weights-deficit",),
        ),
        Statement(
            "cor45.equal-weights-deficit",
            "corrected",
            "To second order the mean deficit is least if all clients' losses have the same weight, whatever the "
            "connectivity.",
            OnDomain(
                Domain(
                    (
                        *network_parameters(16),
                        *(Whole("dim", 4, 4096), Whole("samples_per_client", 10, 10**6)),
                        *DATA,
                        *(Real("augmentation_std", 0.0, 2.0, "[]"), Choice("objective", ("mim", "cl")), DRAW),
                    ),
                    (SIZES,),
                    assumes=f"{MODEL} Masks are averaged; CL has one augmentation a sample.",
                ),
                Then(">=", deficit_of_equals, deficit_on_network),
                BECAUSE_EQUAL,
                Evidence.NUMERIC,
                points=(12, 300),
                named=[
                    {**STAR, "network": "ring", "dim": 64, "samples_per_client": 1000, "tau": 2.0, "mu": 0.4}
                    | {"augmentation_std": 1.0, "objective": kind}
                    for kind in ("mim", "cl")
                ],
            ),
            spoil=1.01,
        ),
        Statement(
            "cor45.irregular-deficit",
            "corrected",
            "The mean deficit is (d - c)/n_i times the mean of (G M G)_kk over the signal. G is the inverse of "
            "the weighted mean of the clients' signal moments. M = sum w_i^2 M_i adds up the clients' noise M_i "
            "by their squared weights.",
            OnDomain(
                Domain(
                    (
                        *network_parameters(6),
                        *(Whole("dim", 8, 24), Whole("samples_per_client", 100, 10**6)),
                        *(*DATA, DRAW),
                    ),
                    (
                        SIZES,
                        Condition(
                            "more samples a client than dim + n_clients",
                            r"n_i \ge d + N",
                            lambda at: at["samples_per_client"] >= at["dim"] + at["n_clients"],
                        ),
                        MANY,
                    ),
                    Quantifier.IN_THE_LIMIT,
                    f"{MODEL} Masks are averaged.",
                    limit="of many samples a client",
                ),
                Then(
                    "=",
                    mean_deficit,
                    sampled_deficit,
                    0.1,
                    lambda at: next_order(at) * mean_deficit(at),
                    is_argued=True,
                ),
                "Second-order perturbation of the weighted mean matrix. M_i is the part of client i's noise that "
                "couples to the signal.",
                Evidence.SAMPLED,
                points=(3, 40),
                trials=(400, 3000),
                corners=(1, 16),
                named=[{**STAR, "dim": 24, "samples_per_client": 100_000, "tau": 2.0, "mu": 0.4}],
            ),
            spoil=0.75,
        ),
    ),
)
