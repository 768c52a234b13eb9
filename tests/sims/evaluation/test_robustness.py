"""Intervals and power against simulation, and what pairing is for."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.stats

from sims.evaluation.robustness import compare_drops, drop, minimal_detectable_difference, paired_difference, power
from sims.stats import Estimate, estimate, standard_errors_allowed


def accuracies(seed=0, n=5):
    rng = np.random.default_rng(seed)
    return 0.8 + 0.02 * rng.standard_normal(n), 0.75 + 0.02 * rng.standard_normal(n)


def share(hits):
    """A share with the standard error of hits that are independent."""
    p = float(np.mean(hits))
    return Estimate(p, float(np.sqrt(max(p * (1 - p), 1 / len(hits)) / len(hits))), len(hits))


def test_the_interval_and_the_p_value_are_those_of_the_paired_t_test():
    iid, other = accuracies()
    found, twin = drop(iid, other, 0.9), scipy.stats.ttest_rel(iid, other)
    interval = twin.confidence_interval(0.9)
    # Two orders of summation of five numbers.
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert found.p_value == pytest.approx(twin.pvalue, rel=1e-10)
    assert found.mean == pytest.approx(estimate(iid - other).mean, rel=1e-14)
    assert found.standard_error == pytest.approx(estimate(iid - other).standard_error, rel=1e-14)
    assert found.std == pytest.approx(np.std(iid - other, ddof=1), rel=1e-14)


def test_an_interval_ends_where_its_p_value_is_what_is_left():
    found = drop(*accuracies(), 0.9)
    assert [found.p_at(end) for end in (found.low, found.high)] == pytest.approx([0.1, 0.1], rel=1e-9)
    assert found.p_at(found.mean) == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_the_interval_holds_the_true_drop_as_often_as_it_says(n):
    rng = np.random.default_rng(n)
    shared = rng.standard_normal((2000, n))  # what a seed does to both
    iid, other = 0.3 + shared + 0.5 * rng.standard_normal((2000, n)), shared
    found = [drop(a, b, 0.9) for a, b in zip(iid, other, strict=True)]
    hits = share([d.low <= 0.3 <= d.high for d in found])
    assert abs(hits.distance_from(0.9)) < standard_errors_allowed()
    # The normal interval in its place would be caught: at three seeds it holds 0.9 in only three of four.
    assert hits.standard_error < 0.01


def test_what_both_share_at_a_seed_cancels():
    iid, other = accuracies()
    common = np.array([-0.25, 0.125, 0.5, 0.0, 0.0625])
    moved, plain = drop(iid + common, other + common), drop(iid, other)
    assert (moved.mean, moved.low, moved.high) == pytest.approx((plain.mean, plain.low, plain.high), rel=1e-12)


def test_a_comparison_of_drops_is_paired_by_seed():
    first, second = drop(*accuracies(1)), drop(*accuracies(2))
    found = compare_drops(first, second)
    np.testing.assert_array_equal(found.per_seed, first.per_seed - second.per_seed)
    assert found.mean == pytest.approx(first.mean - second.mean, rel=1e-12)
    same = compare_drops(first, drop(accuracies(1)[0] + 0.25, accuracies(1)[1] + 0.125 + 0.01 * np.arange(5)))
    assert same.mean == pytest.approx(-0.125 + 0.01 * 2, rel=1e-9)  # the noise of both is one


@pytest.mark.parametrize("other", [np.full(3, 0.7), np.array([0.6, 0.7, 0.1]) - 0.1])
def test_equal_differences_say_nothing_of_the_deviation(other):
    found = drop(other + 0.1, other)
    assert (found.low, found.high, found.p_value) == (-np.inf, np.inf, 1.0)
    assert found.mean == pytest.approx(0.1, rel=1e-12)


@pytest.mark.parametrize(("n", "difference"), [(2, 4.0), (3, 0.0), (3, 2.0), (5, 1.0), (10, -0.8)])
def test_power_is_how_often_the_test_sees_the_difference(n, difference):
    rng = np.random.default_rng([n, 7])
    drawn = difference * 1.5 + 1.5 * rng.standard_normal((20_000, n))
    seen = share(scipy.stats.ttest_1samp(drawn, 0.0, axis=1).pvalue < 0.05)
    predicted = power(1.5 * difference, 1.5, n)
    assert abs(seen.distance_from(predicted)) < standard_errors_allowed()
    assert seen.standard_error < 0.005


@pytest.mark.parametrize("n", [2, 3, 5, 30])
def test_the_detectable_difference_has_the_wanted_power(n):
    for wanted in (0.5, 0.8, 0.99):
        found = minimal_detectable_difference(0.02, n, wanted)
        # As far as the root is solved for.
        assert power(found, 0.02, n) == pytest.approx(wanted, rel=1e-9)
        assert power(-found, 0.02, n) == pytest.approx(wanted, rel=1e-9)


def test_more_seeds_detect_less_and_the_normal_law_is_the_limit():
    found = [minimal_detectable_difference(1.0, n) for n in (2, 3, 4, 5, 10, 100, 10_000)]
    assert all(a > b for a, b in pairwise(found))
    limit = scipy.stats.norm.isf(0.025) + scipy.stats.norm.isf(0.2)
    assert found[-1] * 100 == pytest.approx(limit, rel=1e-3)  # Student's quantile is 2e-4 above the normal one


@pytest.mark.parametrize("shift", [8.0, 12.0, 40.0, 500.0])
def test_power_is_a_number_where_the_far_tail_of_the_library_is_not(shift):
    for n in (2, 3, 10):
        assert 0.4 < power(shift, np.sqrt(n), n) <= 1


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: drop(np.array([0.8]), np.array([0.7])), "one run has no standard deviation; got 1"),
        (lambda: drop(np.ones(3), np.ones(2)), r"\(3,\) and \(2,\)"),
        (lambda: drop(np.array([0.8, np.nan]), np.ones(2)), "nan"),
        (lambda: paired_difference(np.ones(2), np.zeros(2), 1.0), "confidence=1.0"),
        (lambda: power(1.0, 1.0, 1), "n_seeds=1"),
        (lambda: power(1.0, 0.0, 3), "std=0.0"),
        (lambda: power(1.0, np.inf, 3), "std=inf"),
        (lambda: power(1.0, 1.0, 3, level=0.0), "level=0.0"),
        (lambda: minimal_detectable_difference(1.0, 3, wanted=1.0), "wanted=1.0"),
        (lambda: minimal_detectable_difference(1.0, 3, wanted=0.05), "wanted=0.05"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
