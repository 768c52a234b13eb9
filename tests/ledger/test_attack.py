"""Attacks on a statement whose failures are known: found, confirmed, made simple; true statements survive."""

import gc
import time
from collections.abc import Callable

import numpy as np
import pytest

from ledger.attack import _within, attack, simpler
from ledger.checks.on_domain import Relation, Sample, Then
from theory.domain import Choice, Condition, Domain, Quantifier, Real, Whole

BOX = (Whole("n", 2, 40), Choice("network", ("path", "ring", "star")), Real("x", 0.0, 10.0, "(]"))
IN_EXPECTATION = Quantifier.IN_EXPECTATION


def stated(height, *, sd=0.0, relation: Relation = "<="):
    def measured(at, effort):
        noise = np.random.default_rng(effort.seed).normal(0, sd, effort.trials) if sd else np.zeros(1)
        return Sample(1.0 + height(at) + noise)

    return Then(relation, lambda at: 1.0, measured)


def hidden(at):
    """Fails in a small region inside the box, which no corner touches; the way there is uphill."""
    inside = 9 <= at["n"] <= 12 and at["network"] == "ring" and 5 < at["x"] < 6
    return 0.3 if inside else -0.1 - abs(at["x"] - 5.5) / 100


def test_a_failure_is_found_and_made_simple():
    found = attack(Domain(BOX), stated(hidden), 20.0, 1)
    assert found.witness is not None
    assert found.witness.at == {"n": 9, "network": "ring", "x": pytest.approx(5.5, abs=0.5)}
    assert len(f"{found.witness.at['x']:.12g}") <= 3
    assert found.ratio == pytest.approx(1.3)


def test_a_random_failure_is_confirmed_with_other_seeds():
    found = attack(Domain(BOX, (), IN_EXPECTATION), stated(hidden, sd=1.0), 20.0, 1)
    assert found.witness is not None
    assert (found.witness.at["n"], found.witness.at["network"]) == (9, "ring")
    assert found.witness.trials == 1600


def test_noise_alone_is_no_failure():
    found = attack(Domain(BOX, (), IN_EXPECTATION), stated(lambda at: 0.0, sd=1.0), 1.0, 1)
    assert found.witness is None
    assert found.tried > 100


def test_a_true_statement_survives_and_nearly_all_cells_are_seen():
    found = attack(Domain(BOX), stated(lambda at: -0.01 * at["x"]), 1.0, 1)
    assert found.witness is None
    assert found.coverage > 0.95
    assert found.ratio is not None
    assert 0.99 < found.ratio <= 1


def test_only_points_of_the_domain_are_measured():
    seen = []
    given = Domain(BOX, (Condition("x below n / 4", "x < n / 4", lambda at: at["x"] < at["n"] / 4),))
    attack(given, stated(lambda at: seen.append(dict(at)) or -at["x"]), 1.0, 1)
    assert len(seen) > 100
    assert all(given.refused(at) == "" for at in seen)


def test_a_factor_of_what_is_claimed_is_found_out():
    assert attack(Domain(BOX), stated(lambda at: 0.0), 5.0, 1).witness is None
    assert attack(Domain(BOX), stated(lambda at: 0.0), 5.0, 1, factor=0.99).witness is not None
    assert attack(Domain(BOX), stated(lambda at: 0.0, relation=">="), 5.0, 1, factor=1.01).witness is not None


def test_simpler_values_begin_with_the_simplest():
    assert simpler(BOX[0], 9)[0] == 2
    assert simpler(BOX[0], 9)[-1] == 8
    assert simpler(BOX[0], 2) == []
    assert simpler(BOX[1], "star") == ["path", "ring"]
    assert simpler(BOX[2], 5.123456)[:3] == [1.0, 0.5, 5.0]
    assert simpler(BOX[2], 1.0) == []


def test_a_slow_measurement_ends_when_the_time_is_up():
    def slow(at, effort):
        time.sleep(30)
        return Sample(np.ones(1))

    began = time.monotonic()
    found = attack(Domain(BOX), Then("<=", lambda at: 1.0, slow), 0.5, 1)
    assert (found.tried, found.worst, found.witness) == (0, None, None)
    assert time.monotonic() - began < 15


def test_an_alarm_that_python_would_ignore_rings_again():
    """Exceptions in `__del__` and in callbacks of the garbage collector are printed and lost."""
    waited = []

    class Slow:
        def __del__(self) -> None:
            began = time.monotonic()
            while time.monotonic() - began < 0.3:
                pass
            waited.append("__del__")

    def callback(phase: str, info: dict[str, int]) -> None:
        began = time.monotonic()
        while time.monotonic() - began < 0.3:
            pass
        waited.append("gc")

    def work_after(slow: Callable[[], object]) -> Callable[[], None]:
        def work() -> None:
            slow()  # an object is gone at once
            while True:
                time.sleep(0.01)

        return work

    try:
        for slow in (Slow, lambda: (gc.callbacks.append(callback), gc.collect(0))):
            began = time.monotonic()
            _within(0.05, work_after(slow))
            assert 0.3 <= time.monotonic() - began < 5
    finally:
        gc.callbacks.remove(callback)
    assert waited[:2] == ["__del__", "gc"]


def test_a_failure_that_is_found_as_the_time_ends_gets_its_second_look():
    def slow_to_confirm(at, effort):
        if effort.trials > 400:
            time.sleep(0.4)
        return Sample(np.full(effort.trials, 2.0))

    given = Domain((Whole("n", 2, 3),), (), IN_EXPECTATION)
    assert attack(given, Then("<=", lambda at: 1.0, slow_to_confirm), 0.2, 1).witness is not None


def test_where_no_time_is_left_to_count_cells_every_cell_counts(monkeypatch):
    # The condition leaves the cells of half of the square.
    given = Domain((*BOX[2:], Real("y", 0.0, 10.0)), (Condition("x below y", "x < y", lambda at: at["x"] < at["y"]),))
    known = attack(given, stated(lambda at: -1.0), 0.5, 1)
    monkeypatch.setattr("ledger.attack.LOOKING", 1e-6)
    unknown = attack(given, stated(lambda at: -1.0), 0.5, 1)
    assert known.coverage > 0.99
    assert 0.5 < unknown.coverage < 0.7


def test_a_domain_without_points_is_refused():
    given = Domain(BOX, (Condition("nothing", "", lambda at: False),))
    with pytest.raises(ValueError, match="No point was found"):
        attack(given, stated(lambda at: 0.0), 1.0, 1)
