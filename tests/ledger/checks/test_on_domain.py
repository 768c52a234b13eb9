"""What a measurement at one point shows, quantifier by quantifier; and the check that asks at many points."""

import math

import numpy as np
import pytest

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then, outcome
from ledger.statement import Context, Evidence, Statement, Status
from theory.domain import Condition, Domain, Quantifier, Real, Whole

X = Real("x", 0.0, 1.0)
ALL = Domain((X,))
MEAN = Domain((X,), quantifier=Quantifier.IN_EXPECTATION)
LIKELY = Domain((X,), quantifier=Quantifier.WITH_PROBABILITY, probability=0.9)
LIMIT = Domain((Whole("n", 1, 100),), quantifier=Quantifier.IN_THE_LIMIT, limit="n to infinity")
EFFORT = Effort(2000, 1)


def exactly(value, resolution=0.0):
    return lambda at, effort: Sample(np.array([value]), resolution)


def normal(mean, std=1.0):
    return lambda at, effort: Sample(mean + std * np.random.default_rng(effort.seed).normal(size=effort.trials))


def holds(given, relation, claimed, measured, effort=EFFORT, **more):
    at = {"n": 10} if given is LIMIT else {"x": 0.5}
    return outcome(given, Then(relation, lambda _: claimed, measured, **more), at, effort).holds


@pytest.mark.parametrize(
    ("relation", "measured", "expected"),
    [
        ("<=", 1.0, True),
        ("<=", 1.01, False),
        (">=", 1.0, True),
        (">=", 0.99, False),
        ("=", 1.0, True),
        ("=", 1.01, False),
    ],
)
def test_for_all_the_relation_holds_as_it_stands(relation, measured, expected):
    assert holds(ALL, relation, 1.0, exactly(measured)) is expected


def test_a_difference_within_round_off_or_the_tolerance_is_none():
    assert holds(ALL, "<=", 1.0, exactly(1.01, resolution=0.02)) is True
    assert holds(ALL, "=", 1.0, exactly(1.01), within=0.02) is True
    assert holds(ALL, "=", 1.0, exactly(1.03), within=0.02) is False


def test_what_is_no_number_is_not_resolved():
    assert holds(ALL, "<=", math.nan, exactly(0.0)) is None
    assert holds(ALL, "<=", 1.0, exactly(math.nan)) is None


def test_a_mean_may_be_off_by_five_standard_errors():
    error = 1 / math.sqrt(EFFORT.trials)
    assert holds(MEAN, "<=", 0.0, normal(3 * error)) is True
    assert holds(MEAN, "<=", 0.0, normal(9 * error)) is False
    assert holds(MEAN, "=", 1.0, normal(1.0, 0.1), within=0.05) is True
    assert holds(MEAN, "=", 1.0, normal(1.2, 0.1), within=0.05) is False


def test_an_equality_within_less_than_the_noise_is_not_resolved():
    assert holds(MEAN, "=", 1.0, normal(1.0), within=0.01) is None


def test_with_probability_a_share_of_draws_may_break_it():
    quantile = 1.2815515655446004  # of 90%
    assert holds(LIKELY, "<=", quantile + 0.05, normal(0.0)) is True
    assert holds(LIKELY, "<=", quantile - 0.25, normal(0.0)) is False
    assert holds(LIKELY, ">=", -quantile - 0.05, normal(0.0)) is True
    assert holds(LIKELY, ">=", -quantile + 0.25, normal(0.0)) is False


def test_with_probability_few_draws_resolve_nothing():
    assert holds(LIKELY, "<=", 9.0, normal(0.0), Effort(20, 1)) is None


def test_a_false_promise_is_told_from_few_broken_draws():
    found = outcome(LIKELY, Then("<=", lambda _: 0.0, normal(0.0)), {"x": 0.5}, Effort(100, 1))
    assert (found.holds, found.trials) == (False, 100)
    assert 30 < found.broken < 70


def test_in_the_limit_a_point_may_be_off_by_the_remainder():
    assert holds(LIMIT, "=", 1.0, exactly(1.1), remainder=lambda at: 1.5 / at["n"]) is True
    assert holds(LIMIT, "=", 1.0, exactly(1.2), remainder=lambda at: 1.5 / at["n"]) is False


def test_what_is_allowed_adds_round_off_the_remainder_and_five_standard_errors():
    limit = outcome(LIMIT, Then("=", lambda _: 1.0, exactly(1.1), 0.0, lambda at: 0.25), {"n": 6}, EFFORT)
    assert limit.allowed == pytest.approx(0.25 + limit.resolution)
    mean = outcome(MEAN, Then("<=", lambda _: 0.0, normal(0.0)), {"x": 0.5}, EFFORT)
    assert mean.allowed == pytest.approx(mean.resolution + 5 * mean.standard_error)
    assert mean.standard_error > 0


def test_a_remainder_that_is_argued_says_so_in_the_reason():
    for is_argued in (True, False):
        then = Then("=", lambda _: 1.0, exactly(1.0), 0.0, lambda at: 0.1, is_argued)
        verdict = OnDomain(LIMIT, then, "Because.", Evidence.NUMERIC).run(Context())
        assert verdict.reason == "Because." + " The remainder is argued from leading orders, not proved." * is_argued


SQUARE = Then("<=", lambda at: at["x"], lambda at, effort: Sample(np.array([at["x"] ** 2]), 1e-12))
CUBE_ROOT = Then("<=", lambda at: at["x"], lambda at, effort: Sample(np.array([at["x"] ** (1 / 3)])))


def check(then, **more):
    return OnDomain(ALL, then, "because", Evidence.NUMERIC, **more)


def test_a_statement_is_measured_at_named_points_corners_and_random_points():
    asked = []

    def measured(at, effort):
        asked.append(at["x"])
        return Sample(np.array([at["x"] ** 2]))

    verdict = check(Then("<=", lambda at: at["x"], measured), named=({"x": 0.25},), points=(5, 50)).run(Context(seed=7))
    assert verdict.status is Status.HOLDS
    assert asked[:3] == [0.25, 0.0, 1.0]
    assert len(asked) == 8
    assert verdict.scale is not None
    assert verdict.scale["points"] == 8


def test_one_point_that_fails_is_the_witness():
    verdict = check(CUBE_ROOT).run(Context())
    assert verdict.status is Status.VIOLATED
    assert verdict.witness is not None
    assert 0 < verdict.witness["x"] < 1
    assert verdict.witness["measured"] > verdict.witness["claimed"]


def test_spoiled_the_claimed_number_is_multiplied_before_anything_is_measured():
    verdict = check(SQUARE).run(Context(spoil=0.9))
    assert verdict.status is Status.VIOLATED
    assert verdict.witness == {"x": 1.0, "claimed": 0.9, "measured": 1.0}


def test_a_bound_far_too_loose_is_not_caught_by_spoiling():
    """What a spoiled statement shows is the statement's own power: that of a loose bound is none."""
    loose = Then("<=", lambda at: 1e300, lambda at, effort: Sample(np.array([at["x"]])))
    assert check(loose).run(Context(spoil=0.9)).status is Status.HOLDS


def test_an_unresolved_point_makes_the_whole_inconclusive():
    at_one = Then("<=", lambda at: math.nan if at["x"] == 1 else 2.0, lambda at, effort: Sample(np.array([1.0])))
    verdict = check(at_one).run(Context())
    assert verdict.status is Status.INCONCLUSIVE
    assert "1 of 10 points" in verdict.reason


def test_the_statement_has_the_domain_of_its_check():
    assert Statement("a.b", "corrected", "x^2 <= x.", check(SQUARE)).given is ALL


def test_points_outside_the_conditions_are_never_asked():
    small = Domain((X,), (Condition("x at most 1/2", "", lambda p: p["x"] <= 0.5),))
    seen = []

    def measured(at, effort):
        seen.append(at["x"])
        return Sample(np.array([0.0]))

    OnDomain(small, Then("<=", lambda _: 1.0, measured), "b", Evidence.NUMERIC).run(Context())
    assert max(seen) <= 0.5


def test_of_arrays_the_worst_entry_is_shown():
    pair = Then("=", lambda _: np.array([1.0, 2.0]), lambda *_: Sample(np.array([[1.0, 2.5]])), within=0.1)
    found = outcome(ALL, pair, {"x": 0.5}, EFFORT)
    assert (found.claimed, found.measured, found.holds) == (2.0, 2.5, False)
    # 0.2 is allowed, a tenth of the larger entry, of the smaller one, too
    near = Then("=", lambda _: np.array([1.0, 2.0]), lambda *_: Sample(np.array([[1.19, 2.0]])), within=0.1)
    assert outcome(ALL, near, {"x": 0.5}, EFFORT).holds is True
    assert outcome(ALL, near, {"x": 0.5}, EFFORT, factor=0.8).holds is False


def test_draws_of_another_shape_than_the_claim_are_an_error():
    wrong = Then("=", lambda _: np.ones(3), lambda *_: Sample(np.ones((1, 2))))
    with pytest.raises(ValueError, match="shape"):
        outcome(ALL, wrong, {"x": 0.5}, EFFORT)


def test_there_is_needs_one_point_and_fails_where_none_passes():
    some = Domain((X,), quantifier=Quantifier.THERE_IS)
    low = Then("<=", lambda _: 0.5, lambda at, _: Sample(np.array([at["x"]])))
    assert OnDomain(some, low, "because", Evidence.NUMERIC).run(Context(seed=3)).status is Status.HOLDS
    none = Then("<=", lambda _: -0.5, lambda at, _: Sample(np.array([at["x"]])))
    assert OnDomain(some, none, "because", Evidence.NUMERIC).run(Context(seed=3)).status is Status.VIOLATED


def test_the_size_of_a_remainder_and_of_every_entry_is_kept_for_the_record():
    """An error in a remainder, or in an entry that is not the worst one, moves no verdict."""

    def found(share: float, second: float):
        pair = np.array([1.0, second])
        then = Then("=", lambda _: pair, lambda _, effort: Sample(pair[None]), remainder=lambda at: share / at["n"])
        return OnDomain(LIMIT, then, "because", Evidence.NUMERIC, points=(3, 3), corners=(0, 0)).run(Context()).scale

    known, larger, other = found(1.0, 0.5), found(1.1, 0.5), found(1.0, 0.7)
    assert known is not None
    assert larger is not None
    assert other is not None
    assert larger["remainder"] == pytest.approx(1.1 * known["remainder"])
    assert known["measured"] == known["claimed"] == pytest.approx(0.75)
    assert other["measured"] == pytest.approx(0.85)
