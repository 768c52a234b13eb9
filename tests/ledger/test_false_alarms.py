"""All checks with random draws together call a true statement VIOLATED less than once in a hundred runs."""

import math

import numpy as np
import pytest

from claims import catalogue
from ledger import false_alarms, verdicts
from ledger.checks.kinds import Prediction
from ledger.checks.on_domain import FALSE_ALARM, OnDomain, Sample, Then
from ledger.decide import decide, seed_of
from ledger.statement import Evidence, Statement
from theory.domain import Domain, Quantifier, Real

CATALOGUE = catalogue()
CHANCES = false_alarms.chances(CATALOGUE, verdicts.recorded())
X = Real("x", 0.0, 1.0)
ROW = {"scale": {"points": 10}, "evidence": "SAMPLED"}


def stated(given, relation, trials, evidence=Evidence.SAMPLED):
    then = Then(relation, lambda _: 0.0, lambda *_: Sample(np.zeros(trials)))
    check = OnDomain(given, then, "Because.", evidence, trials=(trials, trials))
    return Statement("made.up", "corrected", "Said.", check)


def test_the_chances_of_all_checks_add_up_to_less_than_one_in_a_hundred():
    told = [chance for chance in CHANCES.values() if not math.isnan(chance)]
    assert len(told) > 700
    assert 0 < sum(told) < false_alarms.MOST


def test_few_sampled_checks_do_not_say_their_chance():
    """`ForAll` and `Bound` on samples have rules of their own; none is made anew."""
    kinds = {s.key: type(s.check).__name__ for claim in CATALOGUE.values() for s in claim.statements}
    untold = [key for key, chance in CHANCES.items() if math.isnan(chance)]
    assert {kinds[key] for key in untold} <= {"ForAll", "Bound"}
    assert len(untold) <= 40


@pytest.mark.parametrize(("relation", "sides"), [("<=", 1), ("=", 2)])
def test_a_mean_is_compared_at_each_point_on_one_side_or_two(relation, sides):
    given = Domain((X,), quantifier=Quantifier.IN_EXPECTATION)
    found = false_alarms.chance(stated(given, relation, 100), ROW)
    assert found == pytest.approx(10 * sides * _tail_by_integration(99), rel=1e-6)


def _tail_by_integration(df):
    """P(t > 5), the density summed up on a fine grid."""
    x = np.linspace(5, 400, 4_000_001)
    density = (
        math.gamma((df + 1) / 2) / math.sqrt(df * math.pi) / math.gamma(df / 2) * (1 + x**2 / df) ** (-(df + 1) / 2)
    )
    return float(np.trapezoid(density, x))


def test_a_promise_has_its_own_level_and_what_draws_nothing_has_none():
    likely = Domain((X,), quantifier=Quantifier.WITH_PROBABILITY, probability=0.9)
    assert false_alarms.chance(stated(likely, "<=", 400), ROW) == 10 * FALSE_ALARM
    exact = stated(Domain((X,)), "<=", 400, Evidence.NUMERIC)
    assert false_alarms.chance(exact, ROW | {"evidence": "NUMERIC"}) == 0
    sampled = Prediction(lambda _: [], "Because.", 0.1)
    assert false_alarms.chance(Statement("a.b", "corrected", "Said.", sampled), ROW) == pytest.approx(
        5.733e-6, rel=1e-3
    )


def test_fresh_seeds_draw_other_numbers_and_leave_those_of_the_record():
    claim = CATALOGUE["thm-representability-mim-bounds"]
    statement = next(s for s in claim.statements if s.key == "thm42-bounds.mean-masks-averaged")
    assert seed_of(statement, 0) == seed_of(statement)
    assert len({seed_of(statement, run) for run in range(30)}) == 30
    one, other = (decide(claim, statement, fresh_seed=run).verdict for run in (0, 1))
    assert one.status == other.status
    assert one.tightness != other.tightness
