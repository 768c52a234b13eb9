"""Which number of a network predicts how robust training on it is? Others do so better than its average connectivity.

Rank correlations are those of `results/graph_ranking.json`: over two hundred networks of sixteen clients, models at
rest. Intervals are of networks drawn with repetition; what they speak for is these families of networks.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from experiments import graph_ranking as ranking
from ledger.checks.kinds import Bound, Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.resting_clients import simulated
from theory.formula import Source

RULES, PLACEMENTS = ranking.RULES, ranking.PLACEMENTS
EVERY = tuple((rule, placement) for rule in RULES for placement in PLACEMENTS)
AT_RANDOM = tuple((rule, "random") for rule in RULES)
UNIFORM = tuple(("uniform", placement) for placement in PLACEMENTS)
WORDS = {
    "consensus": "consensus error",
    "mean_model_error": "subspace error of the averaged model",
    "sensitivity_change": "change of the averaged model's sensitivity",
}
SHORT = {"consensus": "consensus", "mean_model_error": "model-error", "sensitivity_change": "sensitivity"}
AHEAD = {"consensus": "squared-modes", "mean_model_error": "weights", "sensitivity_change": "weights"}
Case = tuple[str, str]


def column(functional: str, rule: str) -> np.ndarray:
    """A functional of every recorded network under one mixing rule, shape (networks,)."""
    return np.array(ranking.recorded()["functionals"][rule][functional])


def outcome(measure: str, case: Case) -> np.ndarray:
    """What training on every recorded network came to, rule and placement being as in `case`; shape (networks,)."""
    return np.array(ranking.recorded()["measured"][", ".join(case)][measure])


def strengths(functional: str, measure: str, cases: tuple[Case, ...], at_least: float) -> Callable[..., list[Finding]]:
    """|rho| of a functional with a measurement, at the weak end of its interval."""

    def findings(context: Context) -> list[Finding]:
        found = []
        for case in cases:
            rank = ranking.rank_correlation(column(functional, case[0]), outcome(measure, case))
            # An interval with 0 inside leaves no strength at its weak end.
            weak = max(0.0, rank["low"], -rank["high"])
            at = {"mixing": case[0], "placement": case[1], "rho": rank["rho"]}
            found.append(Finding(at, at_least, weak))
        return found

    return findings


def leads(functional: str, measure: str, cases: tuple[Case, ...], by: float) -> Callable[..., list[Finding]]:
    """By how much |rho| of a functional exceeds that of the average connectivity, at the low end of the interval."""

    def findings(context: Context) -> list[Finding]:
        found = []
        for case in cases:
            ours, theirs = (column(name, case[0]) for name in (functional, "average_connectivity"))
            difference = ranking.difference_of_strengths(ours, theirs, outcome(measure, case))
            at = {"mixing": case[0], "placement": case[1], "difference": difference["difference"]}
            found.append(Finding(at, by, difference["low"]))
        return found

    return findings


def connectivity_is_best(measure: str) -> Callable[[Case, float], tuple[bool, Mapping[str, Any]]]:
    """No other functional has a larger |rho| than the average connectivity."""

    def predicate(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        ranks = ranking.recorded()["rank_correlations"][", ".join(case)][measure]
        best = max(ranks, key=lambda name: abs(ranks[name]["rho"]))
        shown = {name: ranks[name] for name in ("average_connectivity", best)}
        return best == "average_connectivity", {
            "mixing": case[0],
            "placement": case[1],
            "networks": len(ranking.recorded()["networks"]),
            "rank_correlations": shown,
        }

    return predicate


def solved_again(context: Context) -> Iterator[Finding]:
    """A few networks' measurements made again, against those on record."""
    networks = ranking.recorded()["networks"]
    for place in range(0, len(networks), 120 if context.tier == "quick" else 20):
        name, seed = networks[place]["name"], networks[place]["seed"]
        for rule in RULES:
            found = ranking.measured(ranking.trainings(name, seed, rule, "random"))
            for measure, value in found.items():
                kept = ranking.recorded()["measured"][f"{rule}, random"][measure][place]
                yield Finding({"network": name, "seed": seed, "mixing": rule, "measure": measure}, kept, value)


def by_rounds(context: Context) -> list[Finding]:
    """Consensus error and the averaged model's error after rounds of training, and at rest."""
    findings = []
    for name in ("torus:4x4",) if context.tier == "quick" else ("torus:4x4", "barbell", "star"):
        rest = ranking.trainings(name, 0, "metropolis", "random")[0]
        p = rest.problem
        run = simulated(p.mixing, p.covariances, p.step_size, feature_dim=p.feature_dim, rounds=30_000)
        findings += [
            Finding({"network": name, "measure": "consensus"}, rest.consensus, run.consensus),
            Finding({"network": name, "measure": "mean_model_error"}, rest.error, run.error),
        ]
    return findings


def ranks(
    key: str,
    functional: str,
    words: str,
    measure: str,
    cases: tuple[Case, ...],
    at_least: float,
    reading: str,
    because: str,
) -> Statement:
    """A statement that a functional ranks a measurement at least so well, at the weak end of the interval."""
    check = Bound(strengths(functional, measure, cases, at_least), because, upper=False)
    text = f"{words} ranks networks by the {WORDS[measure]} with a rank correlation |rho| of at least {at_least}."
    return Statement(key, "corrected", text, check, reading)


def outranks(
    key: str,
    functional: str,
    words: str,
    measure: str,
    cases: tuple[Case, ...],
    by: float,
    reading: str,
    because: str,
) -> Statement:
    """A statement that a functional's |rho| exceeds the average connectivity's, at the low end of the interval."""
    check = Bound(leads(functional, measure, cases, by), because, upper=False)
    text = (
        f"{words} ranks networks by the {WORDS[measure]} better than the average connectivity does, by "
        f"at least {by} in the rank correlation |rho|."
    )
    return Statement(key, "corrected", text, check, reading)


S1, S2 = "The sum of lambda/(1 - lambda) over the modes", "The sum of (lambda/(1 - lambda))^2 over the modes"
V2, GAP = "The sum of the squared training weights", "The gap 1 - lambda_2 of the mixing matrix"
ALL_RULES = "uniform, Metropolis and Laplacian mixing"
CLAIM = Claim(
    id="sec-graph-functionals",
    title="Which number of a network predicts the robustness of training",
    items=("graph-functionals",),
    source=Source("chen2026", "Corollary 4.5, read as a ranking of networks; Sections 3.1 and 4.3"),
    statements=(
        *(
            Statement(
                f"functionals.connectivity-{SHORT[measure]}",
                "expected",
                f"Of the numbers compared the average connectivity ranks networks best by the {WORDS[measure]}.",
                ForAll(lambda context: EVERY, connectivity_is_best(measure), because, Evidence.SAMPLED),
                reading="two hundred networks of sixteen clients",
                instead=(f"functionals.{AHEAD[measure]}-lead-{SHORT[measure]}",),
            )
            for measure, because in (
                ("consensus", "How fast a network mixes is not how many neighbours its clients have."),
                ("mean_model_error", "Uniform averaging is off by unequal weights, whatever the connectivity."),
                ("sensitivity_change", "Uniform averaging is off by unequal weights, whatever the connectivity."),
            )
        ),
        ranks(
            "functionals.squared-modes-consensus",
            "squared_mode_sum",
            S2,
            "consensus",
            AT_RANDOM,
            0.97,
            f"{ALL_RULES}, clients at random",
            "Averaged over placements the consensus error is in proportion to it.",
        ),
        ranks(
            "functionals.gap-consensus",
            "mixing_gap",
            GAP,
            "consensus",
            EVERY[1::2],  # neighbours alike: the second of the two placements under each rule
            0.9,
            f"{ALL_RULES}, neighbours alike",
            "Clients that differ along the slowest mode make it count alone.",
        ),
        ranks(
            "functionals.weights-model-error",
            "training_concentration",
            V2,
            "mean_model_error",
            (("uniform", "random"),),
            0.9,
            "uniform averaging, clients at random",
            "Unequal weights move the target, and that is of order one.",
        ),
        ranks(
            "functionals.squared-modes-model-error",
            "squared_mode_sum",
            S2,
            "mean_model_error",
            AT_RANDOM[1:],
            0.95,
            "Metropolis and Laplacian mixing, clients at random",
            "Doubly stochastic: what is left is drift.",
        ),
        ranks(
            "functionals.modes-model-error",
            "mode_sum",
            S1,
            "mean_model_error",
            AT_RANDOM[1:],
            0.9,
            "Metropolis and Laplacian mixing, clients at random",
            "The expected drift is in proportion to it; the error also has a spread over placements.",
        ),
        outranks(
            "functionals.squared-modes-lead-consensus",
            "squared_mode_sum",
            S2,
            "consensus",
            EVERY,
            0.1,
            f"{ALL_RULES}, clients at random or neighbours alike",
            "Paired, over networks drawn with repetition.",
        ),
        *(
            outranks(
                f"functionals.weights-lead-{SHORT[measure]}",
                "training_concentration",
                V2,
                measure,
                UNIFORM,
                0.1,
                "uniform averaging, clients at random or neighbours alike",
                "Paired, over networks drawn with repetition.",
            )
            for measure in ("mean_model_error", "sensitivity_change")
        ),
        Statement(
            "functionals.solved-again",
            "corrected",
            "Networks whose models at rest are solved for again give the measurements on record.",
            Prediction(
                lambda context: list(solved_again(context)), "Some networks.", rtol=1e-4, evidence=Evidence.NUMERIC
            ),
            reading="models at rest",
        ),
        Statement(
            "functionals.simulated-rounds",
            "corrected",
            "Simulated training on these networks ends where the models at rest are.",
            Prediction(by_rounds, "Metropolis weights, clients at random.", rtol=0.01, evidence=Evidence.NUMERIC),
            reading="simulated rounds",
        ),
    ),
)
