"""Statements about trained encoders, alone and together."""

from typing import cast

import numpy as np
import pytest

from claims import catalogue
from experiments.paper._results import Results
from ledger import decided_together as module
from ledger.checks import trained_order
from ledger.checks.trained_order import TrainedAlike, TrainedOrder, accuracy
from ledger.decided_together import decided_together
from ledger.statement import Claim, Context, Statement, Status

CATALOGUE = catalogue()


def column(values):
    return lambda results: np.array(values)


NOTHING = Results({}, {}, lambda *_: None, lambda *_: None)
ONE = [1.0, 1.1, 0.9]
ORDERS = [
    TrainedOrder("made up", column(ONE), column(larger), "Because.", at_least)
    for larger in ([3.0, 3.2, 3.1], [0.5, 1.5, 1.0], [-3.0, -3.2, -3.1], [1.2, 1.5, 1.3])
    for at_least in (0.0, 2.0, 9.0)
]
ALIKE = [
    TrainedAlike("made up", column(ONE), column(second), "Because.", within)
    for second in (ONE, [3.0, 3.2, 3.1], [-3.0, -3.2, -3.1], [1.2, 1.35, 1.1], [1.4, 0.2, 2.8], [2.4, 2.5, 2.45])
    for within in (0.1, 1.45, 9.0)
]


@pytest.mark.parametrize("check", ORDERS + ALIKE)
def test_a_statement_is_decided_where_its_p_value_is_below_what_the_interval_leaves(check, monkeypatch):
    monkeypatch.setattr(trained_order, "recorded", lambda name: NOTHING)
    status, p_value = check.run(Context()).status, check.p_value(*(side(NOTHING) for side in check.sides))
    if isinstance(check, TrainedAlike) and not np.ptp([side(NOTHING) for side in check.sides], axis=0).any():
        assert p_value is None  # one training: nothing to decide
    else:
        assert p_value is not None
        assert (p_value < 0.05) == (status is not Status.INCONCLUSIVE)


def test_recorded_statements_are_alone_decided_by_their_p_value():
    rows = decided_together(CATALOGUE)
    assert len(rows) > 100
    assert all((row.p_value < 0.05) == row.is_alone for row in rows)


def test_a_training_compared_with_itself_is_not_counted():
    texts = [row.statement.text for row in decided_together(CATALOGUE)]
    same = "Averaging by numbers of images ends within 1.5 points of averaging with 1/|A_i|, connectivity 5."
    assert same not in texts
    assert same in [s.text for s in CATALOGUE["tab-consensus-matrices-images"].statements]


def test_a_comparison_that_is_stated_twice_is_counted_once_and_one_seen_first_not_at_all(monkeypatch):
    first, second, other = column(ONE), column([3.0, 3.2, 3.1]), column([2.0, 2.5, 2.2])
    checks = (
        TrainedOrder("made up", first, second, "Because."),
        TrainedOrder("another with that cell", second, first, "Because."),
        TrainedOrder("made up", first, second, "Because.", 1.0),
        TrainedOrder("made up", first, other, "Because."),
        TrainedAlike("made up", first, second, "Because.", 1.5),
        TrainedAlike("made up", second, first, "Because.", 1.5),
        TrainedOrder("made up", first, accuracy("not trained"), "Because."),
        TrainedOrder("made up", column([2.1, 2.5, 2.2]), first, "Because.", is_seen=True),
    )

    class Made:
        statements = tuple(Statement(f"made.{i}", "printed", f"{i}", check) for i, check in enumerate(checks))

    made = cast(Claim, Made)  # what is read of a claim
    monkeypatch.setattr(trained_order, "recorded", lambda name: NOTHING)
    assert [row.statement.text for row in decided_together({"made-up": made})] == ["0", "2", "3", "4"]


@pytest.mark.parametrize("family", module.FAMILIES)
def test_together_they_follow_the_step_up_rule_for_any_dependence(family):
    """Written out: the k smallest stay, k the last place where p times n times the harmonic sum is below 5% of k."""
    rows = sorted((r for r in decided_together(CATALOGUE) if r.family == family), key=lambda row: row.p_value)
    n = len(rows)
    assert n > 10
    harmonic = sum(1 / k for k in range(1, n + 1))
    places = [k for k, row in enumerate(rows, 1) if row.p_value * n * harmonic / k < module.LEVEL]
    kept = max(places, default=0)
    assert [row.is_in_family for row in rows] == [i < kept for i in range(n)]


def test_the_page_counts_each_family_and_says_that_no_order_of_accuracy_is_decided():
    rows = decided_together(CATALOGUE)
    text = module.in_words(CATALOGUE)
    for family, question in module.QUESTIONS.items():
        of = [row for row in rows if row.family == family]
        line = next(line for line in text.splitlines() if question in line)
        assert [int(cell) for cell in line.split("|")[2:5]] == [
            len(of),
            sum(r.is_alone for r in of),
            sum(r.is_in_family for r in of),
        ]
    assert ("None of the rankings by accuracy is decided" in text) == (
        not any(r.is_in_family for r in rows if r.family == "accuracy")
    )


@pytest.mark.parametrize("all_are", ["nothing", "everything"])
def test_what_chance_decides_is_not_kept(all_are, monkeypatch):
    """As many statements on noise: some are decided alone, none together; with large differences all are, both ways."""
    monkeypatch.setattr(trained_order, "recorded", lambda name: NOTHING)
    rng = np.random.default_rng(0)
    shift = 0.0 if all_are == "nothing" else 1e6

    def shuffled(check):
        values = rng.standard_normal(3)
        return TrainedOrder("made up", column(np.zeros(3)), column(values + shift), "Because.", family=check.family)

    class Shuffled:
        def __init__(self, claim):
            self.statements = [
                type(s)(s.key, s.kind, s.text, shuffled(s.check))
                for s in claim.statements
                if isinstance(s.check, TrainedOrder | TrainedAlike)
            ]

    rows = decided_together({name: cast(Claim, Shuffled(claim)) for name, claim in CATALOGUE.items()})
    alone, together = sum(row.is_alone for row in rows), sum(row.is_in_family for row in rows)
    if all_are == "nothing":
        assert 0 < alone < 0.15 * len(rows)
        assert together == 0
    else:
        assert alone == together == len(rows)
