"""Every kind of check can fail, and says INCONCLUSIVE rather than HOLDS when it had no power."""

import math

import pytest
import sympy as sp

from ledger.checks.kinds import Bound, Empty, Finding, ForAll, Identity, Prediction
from ledger.statement import Context, Evidence, Status, Verdict

X = sp.Symbol("x", positive=True)
PLAIN = Context()


def spoiled(factor: float = 0.9) -> Context:
    return Context(spoil=factor)


def test_an_identity_is_decided_by_algebra():
    assert Identity(lambda: (X + 1) ** 2, lambda: X**2 + 2 * X + 1, "binomial").run(PLAIN).status is Status.HOLDS


def test_a_false_identity_shows_the_entry_that_differs():
    matrix = sp.diag(X, 1)
    verdict = Identity(lambda: matrix, lambda: sp.diag(X, 2), "differs").run(PLAIN)
    assert verdict.status is Status.VIOLATED
    assert verdict.witness is not None
    assert verdict.witness["entry"] == [1, 1]


def test_an_identity_between_zeros_can_be_spoiled():
    assert Identity(lambda: sp.zeros(2, 2), lambda: sp.zeros(2, 2), "zero").run(spoiled()).status is Status.VIOLATED


def test_sides_of_different_shape_are_not_equal():
    assert Identity(lambda: sp.eye(2), lambda: sp.eye(3), "shape").run(PLAIN).status is Status.VIOLATED


def bound(measured: float, upper: bool = True) -> Bound:
    return Bound(lambda _: [Finding({"n": 1}, 0.1, 0.01), Finding({"n": 2}, 1.0, measured)], "test", upper=upper)


def test_a_bound_reports_its_tightest_finding():
    verdict = bound(0.5).run(PLAIN)
    assert (verdict.status, verdict.tightness) == (Status.HOLDS, 0.5)


def test_a_crossed_bound_is_violated_with_the_cell_as_witness():
    verdict = bound(1.01).run(PLAIN)
    assert verdict.status is Status.VIOLATED
    assert verdict.witness is not None
    assert verdict.witness["n"] == 2


def test_a_bound_is_spoiled_as_a_number_of_its_own_and_a_loose_one_is_not_caught():
    """Spoiled relative to what was measured, any bound however loose would seem to have power."""
    assert bound(0.5).run(spoiled(0.9)).status is Status.HOLDS
    assert bound(0.5).run(spoiled(0.49)).status is Status.VIOLATED
    assert bound(1.5, upper=False).run(spoiled(0.6)).status is Status.VIOLATED


def test_two_zeros_one_of_them_rounded_take_no_share_of_a_bound():
    """Without this the tightness was infinite, and no spoiled bound was caught."""
    zeros = Finding({"n": 1}, 0.0, -1e-16, resolution=1e-9)
    check = Bound(lambda _: [zeros, Finding({"n": 2}, 1.0, 2.0)], "test", upper=False)
    assert (check.run(PLAIN).tightness, check.run(spoiled(0.45)).status) == (0.5, Status.VIOLATED)


def test_a_bound_is_violated_by_any_finding_that_is_past_its_own_resolution():
    coarse, fine = Finding({"n": 1}, 1.0, 1.5, resolution=1.0), Finding({"n": 2}, 1.0, 1.1)
    found = Bound(lambda _: [coarse, fine], "test").run(Context())
    assert found.witness is not None
    assert (found.status, found.witness["n"], found.tightness) == (Status.VIOLATED, 2, 1.5)
    assert Bound(lambda _: [coarse], "test").run(Context()).status is Status.HOLDS


@pytest.mark.parametrize(
    ("claimed", "measured", "upper", "status"),
    [
        (-2.0, -1.0, True, Status.VIOLATED),
        (-1.0, -2.0, True, Status.HOLDS),
        (-1.0, 1.0, True, Status.VIOLATED),
        (-2.0, -1.0, False, Status.HOLDS),
        (-1.0, -2.0, False, Status.VIOLATED),
        (1.0, -1.0, False, Status.VIOLATED),
    ],
)
def test_a_bound_below_zero_is_held_by_order_not_by_size(claimed, measured, upper, status):
    assert Bound(lambda _: [Finding({"n": 1}, claimed, measured)], "test", upper=upper).run(Context()).status is status


def test_an_identity_that_fails_somewhere_fails_wherever_sympy_gives_up_before(monkeypatch):
    monkeypatch.setattr("ledger.checks.kinds._is_zero", lambda _: False)
    x = sp.Symbol("x")
    undecided = Identity(lambda: sp.Matrix([x, x]), lambda: sp.Matrix([x, x]), "test").run(Context())
    differs = Identity(lambda: sp.Matrix([x, x]), lambda: sp.Matrix([x, x + 1]), "test").run(Context())
    assert (undecided.status, differs.status) == (Status.INCONCLUSIVE, Status.VIOLATED)


def test_a_bound_without_a_number_is_inconclusive():
    assert bound(math.nan).run(PLAIN).status is Status.INCONCLUSIVE


def prediction(measured: float, standard_error: float) -> Prediction:
    return Prediction(lambda _: [Finding({}, 1.0, measured, standard_error)], "test", rtol=0.03)


@pytest.mark.parametrize(
    ("measured", "standard_error", "status"),
    [
        (1.02, 0.005, Status.HOLDS),
        (1.10, 0.005, Status.VIOLATED),
        (1.02, 0.05, Status.INCONCLUSIVE),
        (math.nan, 0.0, Status.INCONCLUSIVE),
    ],
)
def test_a_prediction_needs_agreement_and_power(measured, standard_error, status):
    assert prediction(measured, standard_error).run(PLAIN).status is status


def test_a_spoiled_prediction_is_violated():
    assert prediction(1.0, 0.005).run(spoiled(0.9)).status is Status.VIOLATED


def test_a_search_returns_its_first_failure():
    search = ForAll(lambda _: [1, 2, 3], lambda n, factor: (n < 2, {"n": n}), "search")
    sizes = {"points": 2, "n": pytest.approx(math.sqrt(2))}  # the geometric mean of 1 and 2: 3 was not reached
    assert search.run(PLAIN) == Verdict(Status.VIOLATED, Evidence.SEARCHED, "search", witness={"n": 2}, scale=sizes)


def test_a_search_over_nothing_is_inconclusive():
    assert ForAll(lambda _: [], lambda n, f: (True, {}), "none").run(PLAIN).status is Status.INCONCLUSIVE


def test_an_empty_statement_needs_its_demonstration():
    empty = Empty(Status.VACUOUS, "sum of squares of a full basis is 1", lambda factor: factor == 1.0)
    assert empty.run(PLAIN).status is Status.VACUOUS
    assert empty.run(spoiled()).status is Status.INCONCLUSIVE


def test_a_violation_without_a_witness_cannot_be_recorded():
    with pytest.raises(ValueError, match="needs a witness"):
        Verdict(Status.VIOLATED, Evidence.PROVED, "because")
