"""Which number of a network predicts how robust training on it is? Others do so better than its average connectivity.

Rank correlations are those of `results/graph_ranking.json`: over two hundred networks of sixteen clients, models at
rest. Intervals are of networks drawn with repetition; what they speak for is these families of networks.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments import graph_ranking as ranking
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.statement import Claim, Evidence, Statement
from ledger.training.settled_training import settled_check
from theory.domain import Choice, Domain, Point, Whole
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
RECORDED = 233  # networks
KEPT_DIGITS = 1e-4  # relative, of a record
EXAMPLE = (
    f"Over the {RECORDED} networks of sixteen clients in results/graph_ranking.json, with intervals of networks drawn "
    "with repetition: an example, which other families of networks may not follow. Homophily places each client next "
    "to those most like it."
)
Case = tuple[str, str]


def column(functional: str, rule: str) -> np.ndarray:
    """A functional of every recorded network under one mixing rule, shape (networks,)."""
    return np.array(ranking.recorded()["functionals"][rule][functional])


def outcome(measure: str, case: Case) -> np.ndarray:
    """What training on every recorded network came to, rule and placement being as in `case`; shape (networks,)."""
    return np.array(ranking.recorded()["measured"][", ".join(case)][measure])


def on_record(at_least: float, weak_end: Callable[[Case], float], cases: tuple[Case, ...], because: str) -> OnDomain:
    """A strength, at the weak end of its interval, for each of these rules and placements."""
    options = [tuple(dict.fromkeys(names)) for names in zip(*cases, strict=True)]
    given = Domain(
        tuple(Choice(name, values) for name, values in zip(("mixing", "placement"), options, strict=True)),
        assumes=EXAMPLE,
    )
    then = Then(
        ">=",
        lambda at: at_least,
        lambda at, effort: Sample(np.atleast_1d(weak_end((at["mixing"], at["placement"])))),
    )
    return OnDomain(given, then, because, Evidence.SAMPLED, points=(0, 0), corners=(len(cases), len(cases)))


def strength(functional: str, measure: str) -> Callable[[Case], float]:
    """|rho| of a functional with a measurement, at the weak end of its interval; 0 where that has 0 inside."""

    def weak_end(case: Case) -> float:
        rank = ranking.rank_correlation(column(functional, case[0]), outcome(measure, case))
        return max(0.0, rank["low"], -rank["high"])

    return weak_end


def lead(functional: str, measure: str) -> Callable[[Case], float]:
    """By how much |rho| of a functional exceeds that of the average connectivity, at the low end of the interval."""

    def weak_end(case: Case) -> float:
        ours, theirs = (column(name, case[0]) for name in (functional, "average_connectivity"))
        return ranking.difference_of_strengths(ours, theirs, outcome(measure, case))["low"]

    return weak_end


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


def solved_again(at: Point, effort: Effort) -> Sample:
    """One recorded network's three measurements made again, over those on record."""
    place = int(at["network_number"]) - 1
    network = ranking.recorded()["networks"][place]
    found = ranking.measured(ranking.trainings(network["name"], network["seed"], at["mixing"], "random"))
    kept = ranking.recorded()["measured"][f"{at['mixing']}, random"]
    return Sample(np.array([[found[m] / kept[m][place] for m in ranking.MEASURES]]), KEPT_DIGITS)


def ranks(
    key: str,
    functional: str,
    words: str,
    measure: str,
    cases: tuple[Case, ...],
    at_least: float,
    because: str,
    spoil: float,
) -> Statement:
    """A statement that a functional ranks a measurement at least so well, at the weak end of the interval."""
    check = on_record(at_least, strength(functional, measure), cases, because)
    text = f"{words} ranks networks by the {WORDS[measure]} with a rank correlation |rho| of at least {at_least}."
    return Statement(key, "corrected", text, check, spoil=spoil)


def outranks(
    key: str,
    functional: str,
    words: str,
    measure: str,
    cases: tuple[Case, ...],
    by: float,
    because: str,
    spoil: float,
) -> Statement:
    """A statement that a functional's |rho| exceeds the average connectivity's, at the low end of the interval."""
    check = on_record(by, lead(functional, measure), cases, because)
    text = (
        f"{words} ranks networks by the {WORDS[measure]} better than the average connectivity does, by "
        f"at least {by} in the rank correlation |rho|."
    )
    return Statement(key, "corrected", text, check, spoil=spoil)


S1, S2 = "The sum of lambda/(1 - lambda) over the modes", "The sum of (lambda/(1 - lambda))^2 over the modes"
V2, GAP = "The sum of the squared training weights", "The gap 1 - lambda_2 of the mixing matrix"
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
                f"Of the numbers compared, the average connectivity ranks {RECORDED} networks of sixteen clients best "
                f"by the {WORDS[measure]}.",
                ForAll(lambda context: EVERY, connectivity_is_best(measure), because, Evidence.SAMPLED),
                instead=(f"functionals.{AHEAD[measure]}-lead-{SHORT[measure]}",),
            )
            for measure, because in (
                (
                    "consensus",
                    "How fast a network averages models does not follow from how many neighbours its clients have.",
                ),
                (
                    "mean_model_error",
                    "With uniform averaging the clients' unequal weights cause the error, whatever the connectivity.",
                ),
                (
                    "sensitivity_change",
                    "With uniform averaging the clients' unequal weights cause the error, whatever the connectivity.",
                ),
            )
        ),
        ranks(
            "functionals.squared-modes-consensus",
            "squared_mode_sum",
            S2,
            "consensus",
            AT_RANDOM,
            0.99,
            "Averaged over placements the consensus error is in proportion to this sum.",
            spoil=1.05,
        ),
        ranks(
            "functionals.gap-consensus",
            "mixing_gap",
            GAP,
            "consensus",
            EVERY[1::2],  # neighbours alike: the second of the two placements under each rule
            0.94,
            "If clients differ along the slowest mode, only this mode counts.",
            spoil=1.05,
        ),
        ranks(
            "functionals.weights-model-error",
            "training_concentration",
            V2,
            "mean_model_error",
            (("uniform", "random"),),
            0.96,
            "Unequal weights move the target. This effect does not become small with the step size.",
            spoil=1.05,
        ),
        ranks(
            "functionals.squared-modes-model-error",
            "squared_mode_sum",
            S2,
            "mean_model_error",
            AT_RANDOM[1:],
            0.96,
            "These weights are doubly stochastic, so the error is all drift.",
            spoil=1.05,
        ),
        ranks(
            "functionals.modes-model-error",
            "mode_sum",
            S1,
            "mean_model_error",
            AT_RANDOM[1:],
            0.95,
            "The drift, averaged over placements, is in proportion to this sum. But the error also depends on the "
            "placement.",
            spoil=1.05,
        ),
        outranks(
            "functionals.squared-modes-lead-consensus",
            "squared_mode_sum",
            S2,
            "consensus",
            EVERY,
            0.1,
            "The two rank correlations are compared on the same networks, which are drawn with repetition.",
            spoil=1.05,
        ),
        *(
            outranks(
                f"functionals.weights-lead-{SHORT[measure]}",
                "training_concentration",
                V2,
                measure,
                UNIFORM,
                by,
                "The two rank correlations are compared on the same networks, which are drawn with repetition.",
                spoil=1.05,
            )
            for measure, by in (("mean_model_error", 0.23), ("sensitivity_change", 0.28))
        ),
        Statement(
            "functionals.solved-again",
            "corrected",
            "If models at rest are solved for again, networks give the recorded measurements.",
            OnDomain(
                Domain(
                    (
                        Whole("network_number", 1, RECORDED, RECORDED),
                        Choice("mixing", RULES),
                    ),
                    assumes=f"Clients are placed at random. {EXAMPLE}",
                ),
                Then("=", lambda at: np.ones(len(ranking.MEASURES)), solved_again),
                "The new value is divided by the recorded one, for each of the three measurements.",
                Evidence.NUMERIC,
                points=(4, 60),
                corners=(1, 6),
            ),
        ),
        Statement(
            "functionals.simulated-rounds",
            "corrected",
            "Simulated training on the fixed networks of sixteen clients ends where the models at rest are.",
            settled_check(
                RULES,
                "In each simulated round the clients take their steps and then average.",
                networks=ranking.FIXED,
                sizes=(ranking.N_CLIENTS, ranking.N_CLIENTS),
                local_steps=1,
            ),
        ),
    ),
)
