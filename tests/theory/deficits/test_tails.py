"""Each tail level is passed no more often than promised: exactly where the law is known, by sampling where not."""

import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from theory.deficits import tails

FAILURES = (0.3, 0.05, 1e-3, 1e-8)
TRIALS = 4000


def sigma_above(count: int, probability: float, trials: int) -> float:
    """How many standard errors an event's count lies above its promised probability."""
    return (count - trials * probability) / math.sqrt(trials * probability * (1 - probability))


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("freedom", [1, 7, 60, 10_000])
def test_chi_square_levels_hold_against_the_exact_law(freedom, failure):
    assert stats.chi2.sf(tails.chi_square_above(freedom, failure), freedom) <= failure
    assert stats.chi2.cdf(tails.chi_square_below(freedom, failure), freedom) <= failure


def test_chi_square_levels_are_of_use():
    """At many degrees of freedom both are within 2% of the exact quantile."""
    assert tails.chi_square_above(10_000, 0.01) <= 1.02 * stats.chi2.isf(0.01, 10_000)
    assert tails.chi_square_below(10_000, 0.01) >= 0.98 * stats.chi2.ppf(0.01, 10_000)


@pytest.mark.parametrize("failure", [0.3, 0.05])
@pytest.mark.parametrize(("rows", "columns"), [(40, 3), (12, 12), (9, 1)])
def test_gaussian_singular_values_stay_inside_their_levels(rows, columns, failure):
    draws = np.random.default_rng([rows, columns]).standard_normal((TRIALS, rows, columns))
    values = np.linalg.svd(draws, compute_uv=False)
    above = int((values[:, 0] > tails.largest_singular_value(rows, columns, failure)).sum())
    below = int((values[:, -1] < tails.smallest_singular_value(rows, columns, failure)).sum())
    assert sigma_above(above, failure, TRIALS) <= 3
    assert sigma_above(below, failure, TRIALS) <= 3


@pytest.mark.parametrize("failure", FAILURES)
def test_one_gaussian_deviates_no_further_than_its_level(failure):
    assert stats.norm.sf(tails.gaussian_deviation(failure)) <= failure


@pytest.mark.parametrize("failure", [0.3, 0.05])
def test_sums_of_bounded_matrices_stay_inside_their_levels(failure):
    """Rows +-sqrt(2) e_1, +-sqrt(2) e_2: the sum is diagonal with a binomial law, norm of a term 2 / n."""
    n = 200
    counts = stats.binom(n, 0.5)
    eps = tails.chernoff_below(2, n / 2, failure)
    eps_above = tails.chernoff_above(2, n / 2, failure)
    assert eps is not None
    # The least eigenvalue is 2 min(w, n - w) / n.
    assert 2 * counts.cdf(math.ceil((1 - eps) * n / 2) - 1) <= failure
    assert 2 * counts.sf(math.floor((1 + eps_above) * n / 2)) <= failure


@pytest.mark.parametrize("effective", [30.0, 1e4, 1e12, 1e18])
@pytest.mark.parametrize("failure", FAILURES)
def test_chernoff_levels_solve_their_equation(effective, failure):
    """To the digits that float64 holds: the function is quadratic at 0, so half of them suffice for 1e-12."""
    with mpmath.workdps(60):
        for eps in (-(tails.chernoff_below(5, effective, failure) or 0.0), tails.chernoff_above(5, effective, failure)):
            x = mpmath.mpf(eps)
            rate = effective * ((1 + x) * mpmath.log1p(x) - x)
            assert float(rate) == pytest.approx(math.log(5 / failure), rel=1e-12)


@pytest.mark.parametrize("x", [-0.99, -0.2, -0.0101, -0.0099, -1e-9, 1e-12, 0.0099, 0.0101, 0.5, 30.0])
def test_entropy_keeps_its_digits_near_zero(x):
    with mpmath.workdps(60):
        exact = (1 + mpmath.mpf(x)) * mpmath.log1p(mpmath.mpf(x)) - mpmath.mpf(x)
        # The closed form just outside the series loses two digits to cancellation.
        assert tails.entropy(x) == pytest.approx(float(exact), rel=1e-11)


def test_too_few_terms_have_no_chernoff_level():
    assert tails.chernoff_below(5, 3.0, 0.05) is None


def test_a_failure_probability_outside_zero_to_one_is_refused():
    with pytest.raises(ValueError, match="strictly between 0 and 1; got 0"):
        tails.gaussian_deviation(0)
