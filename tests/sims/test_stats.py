"""Estimates, and a false-alarm budget that is kept."""

import numpy as np
import pytest
import scipy.stats

from sims import stats


def test_an_estimate_is_the_mean_and_its_standard_error():
    e = stats.estimate(np.array([1.0, 2.0, 3.0]))
    assert (e.mean, e.n) == (2.0, 3)
    assert e.standard_error == pytest.approx(1 / np.sqrt(3))
    assert e.distance_from(2.0) == 0


def test_one_sample_has_no_standard_error():
    with pytest.raises(ValueError, match="at least 2 samples; got 1"):
        stats.estimate(np.array([1.0]))


def test_deficit_and_sensitivity_of_a_known_vector():
    r = np.array([[0.5, 1.0, 0.9]])
    assert stats.deficit(r)[0] == pytest.approx(0.2)
    assert stats.sensitivity(r)[0] == pytest.approx(0.5)


def test_a_shift_of_one_deviation_is_seen_and_a_copy_of_the_law_is_not():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(200), rng.standard_normal(200)
    assert stats.same_distribution(a, b)
    assert not stats.same_distribution(a, b + 1)


def test_the_errors_allowed_are_the_two_sided_quantile_of_the_budget():
    allowed = stats.standard_errors_allowed(10)
    assert 2 * scipy.stats.norm.sf(allowed) == pytest.approx(stats.FALSE_ALARMS_PER_RUN / 10, rel=1e-9)
