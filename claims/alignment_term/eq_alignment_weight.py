"""Eq (7): the cosine schedule falls from gamma_max to gamma_min, and rises again once the count passes the horizon."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from scipy import stats

from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.printed.found_witnesses import found
from ledger.statement import Claim, Context, Evidence, Statement
from theory.alignment_term.weight_schedule import (
    ALIGNMENT_WEIGHT,
    CLAMPED_ALIGNMENT_WEIGHT,
    horizon,
    selections,
    weight_max,
    weight_min,
)
from theory.domain import Condition, Domain, Point, Real, Whole
from theory.formula import Source

EXPR = ALIGNMENT_WEIGHT.expr
PAPER = {weight_max: sp.Rational(1, 10), weight_min: sp.Rational(1, 1000)}
BECAUSE_RISES = "The cosine turns at the horizon. Beyond it the weight rises, back to gamma_max at twice the horizon."
ROUNDS, SHARE = 200, 0.05  # Section 6.2: 200 rounds, 5 of 100 clients a round


def counts(limit: int) -> list[tuple[int, int]]:
    """Every count of selections below `limit`, each beside a horizon of 10."""
    return [(count, 10) for count in range(limit)]


def weight(count: int, over: int) -> sp.Expr:
    """Eq (7) from 0.1 down to 0.001 after `count` selections, with horizon `over`."""
    return EXPR.subs({**PAPER, selections: count, horizon: over})


def never_rises(point: tuple[int, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether one more selection lowers a client's weight or keeps it."""
    count, over = point
    now, then = (weight(c, over) for c in (count, count + 1))
    # Spoiled: the claim that one more selection lowers the weight by a tenth.
    holds = sp.N(then) <= sp.N(now) * spoil + (0 if spoil != 1 else 1e-15)
    return bool(holds), {"selections": count + 1, "horizon": over, "before": float(now), "after": float(then)}


SCHEDULES = Domain(
    (
        Whole("selections", 1, 1000),
        Real("horizon", 0.0, np.inf, "()", reach=(0.5, 500.0), is_log=True),
        Real("weight_max", 0.0, np.inf, "[)", reach=(0.0, 10.0)),
        Real("share_left", 0.0, 1.0),
    ),
    assumes="gamma_min is share_left times gamma_max = weight_max.",
)


def weight_before(at: Point) -> float:
    """The weight, the count cut off, at one selection fewer than the point's."""
    start = float(at["weight_max"])
    return float(
        CLAMPED_ALIGNMENT_WEIGHT.value(
            weight_max=start,
            weight_min=at["share_left"] * start,
            selections=at["selections"] - 1,
            horizon=at["horizon"],
        )
    )


def weight_after(at: Point, effort: Effort) -> Sample:
    """The weight at the point's selections, as a line of code."""
    first, last = float(at["weight_max"]), float(at["share_left"] * at["weight_max"])
    angle = math.pi * min(1.0, at["selections"] / at["horizon"])
    return Sample(np.array([last + (first - last) * (1 + math.cos(angle)) / 2]), 1e-14 * max(first, 1.0))


def weight_at(at: Point, more: int) -> float:
    """The weight as printed, without a cut, at some selections more than the point's."""
    first, last = float(at["weight_max"]), float(at["share_left"] * at["weight_max"])
    return last + (first - last) * (1 + math.cos(math.pi * (at["selections"] + more) / at["horizon"])) / 2


def weight_unclamped(at: Point, effort: Effort) -> Sample:
    """The weight as printed at the point's selections."""
    return Sample(np.array([weight_at(at, 0)]), 1e-13 * max(1.0, float(at["weight_max"])))


PARTICIPATION = Domain(
    (Whole("rounds", 1, 1000), Whole("n_clients", 2, 200), Whole("participation", 1, 199)),
    (Condition("fewer participants than clients", "C < N", lambda p: p["participation"] < p["n_clients"]),),
    assumes="Each round takes `participation` of the clients, all sets alike and afresh.",
)


def chance_beyond_mean(at: Point, effort: Effort) -> Sample:
    """The probability that a client is selected more often than expected, from the law of the count."""
    share, rounds = at["participation"] / at["n_clients"], int(at["rounds"])
    return Sample(np.array([stats.binom.sf(math.floor(rounds * share + 1e-9), rounds, share)]), 1e-12)


NEVER_RISES = OnDomain(
    SCHEDULES,
    Then("<=", weight_before, weight_after),
    "The cosine falls up to the horizon, and the weight is constant beyond it.",
    Evidence.NUMERIC,
    named=[{"selections": 20, "horizon": 10.0, "weight_max": 0.1, "share_left": 0.01}],
)


def full_count_suffices(point: tuple[int, float], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Can no client's count pass a horizon of as many rounds? Spoiled, one of the rounds expected."""
    rounds, share = point
    beyond = float(stats.binom.sf(int(rounds * (1 if spoil == 1 else share)), rounds, share))
    return beyond == 0.0, {"rounds": rounds, "share": share, "probability_beyond": beyond}


def end_points() -> sp.Matrix:
    """Eq (7) before the first selection and at as many selections as the horizon."""
    return sp.Matrix([EXPR.subs(selections, 0), EXPR.subs(selections, horizon)])


def within_horizon(context: Context) -> list[tuple[int, int]]:
    """Counts from which one more selection stays below the horizon."""
    return counts(9)


def participations(context: Context) -> list[tuple[int, float]]:
    """Rounds, and the share of them in which a client is expected to train: those of Section 6.2, and half as many."""
    return [(int(r), float(s)) for r, s in zip(np.array([ROUNDS, 100]), (SHARE, SHARE), strict=True)]


CLAIM = Claim(
    id="eq-alignment-weight",
    title="The weight of the alignment term over the rounds",
    items=("eq-7", "section-5"),
    source=Source("chen2026", "Eq (7), Section 5"),
    statements=(
        Statement(
            "eq7.end-points",
            "printed",
            "The weight of the alignment term is gamma_max at the start and gamma_min at the horizon.",
            Identity(end_points, lambda: sp.Matrix([weight_max, weight_min]), "cos 0 = 1 and cos pi = -1."),
            latex=ALIGNMENT_WEIGHT.latex,
        ),
        Statement(
            "eq7.falls-within-horizon",
            "printed",
            "The weight of the alignment term falls with every selection of the client up to the horizon.",
            ForAll(within_horizon, never_rises, "The cosine falls on [0, pi].", Evidence.NUMERIC),
        ),
        Statement(
            "eq7.falls-beyond-horizon",
            "printed",
            "The weight of the alignment term falls with every selection of the client beyond the horizon.",
            OnDomain(
                SCHEDULES,
                Then("<=", lambda at: weight_at(at, -1), weight_unclamped),
                BECAUSE_RISES,
                Evidence.NUMERIC,
                named=found("eq7.falls-beyond-horizon"),
            ),
            instead=("eq7.clamped-count",),
        ),
        Statement(
            "eq7.expected-count-horizon",
            "expected",
            "If the horizon is the expected number of selections, a client's count of selections exceeds it with "
            "a probability of at most one in twenty.",
            OnDomain(
                PARTICIPATION,
                Then("<=", lambda at: 0.05, chance_beyond_mean),
                "The count is binomial. It exceeds its mean with a probability of about two in five.",
                Evidence.NUMERIC,
                named=[*found("eq7.expected-count-horizon"), {"rounds": 200, "n_clients": 100, "participation": 5}],
            ),
            instead=("eq7.rounds-horizon",),
        ),
        Statement(
            "eq7.rounds-horizon",
            "expected",
            "With 5 of 100 clients a round, and the number of rounds as the horizon, no client's count of "
            "selections exceeds the horizon.",
            ForAll(participations, full_count_suffices, "No client is selected twice a round.", Evidence.NUMERIC),
        ),
        Statement(
            "eq7.clamped-count",
            "corrected",
            "If the count of selections in Eq (7) is cut off at the horizon, the weight of the alignment term "
            "never rises with the count.",
            NEVER_RISES,
        ),
    ),
)
