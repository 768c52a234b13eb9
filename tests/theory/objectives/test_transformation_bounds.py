"""Bounds on what a symmetric X does to the signal, where they are met and where they speak of nothing."""

import math

import numpy as np
import pytest

from theory.objectives.transformation_bounds import (
    first_order_remainder,
    kept_eigenvectors,
    largest_rotation,
    least_on_signal,
    loss_lower_bound,
)
from theory.setting import Setting


def test_only_positive_eigenvalues_are_kept_and_at_most_c():
    values, vectors = kept_eigenvectors(np.diag([1.0, -2.0, 3.0]), 3)
    assert values.tolist() == [3.0, 1.0]
    assert np.abs(vectors).tolist() == [[0, 1], [0, 0], [1, 0]]


def test_where_the_signal_is_kept_whole_its_least_value_is_the_last_eigenvalue_kept():
    assert least_on_signal(np.diag([2.0, 1.0, -3.0]), 2, 2) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="positive eigenvalue"):
        least_on_signal(-np.eye(2), 1, 1)


def test_a_signal_that_is_mapped_into_itself_and_leads_need_not_lose_anything():
    assert loss_lower_bound(np.diag([2.0, 1.0, 0.5]), 2) == 0
    # One of two coordinates is outranked by the noise and lost: 1, where the bound says ((4 - 1) / 4)^2 / 2.
    assert loss_lower_bound(np.diag([2.0, 1.0, 4.0, 0.0]), 2) == pytest.approx((3 / 4) ** 2 / 2)
    # A negative value on the signal is lost, too.
    assert loss_lower_bound(np.diag([2.0, -1.0, 0.0]), 2) == pytest.approx((1 / 3) ** 2 / 2)


def test_a_small_leak_costs_what_the_bound_says():
    x = np.array([[1.0, 0.0, 0.01], [0.0, 1.0, 0.0], [0.01, 0.0, 0.0]])
    kept = np.linalg.eigh(x)[1][:, 1:]
    lost = 2 - np.sum(kept[:2] ** 2)
    assert loss_lower_bound(x, 2) <= lost <= 1.001 * loss_lower_bound(x, 2)


def test_the_remainder_is_of_second_order_and_ends_at_half_the_gap():
    assert first_order_remainder(1e-4, 1.0) / first_order_remainder(1e-5, 1.0) == pytest.approx(100, rel=1e-3)
    with pytest.raises(ValueError, match="half the gap"):
        first_order_remainder(0.5, 1.0)


def test_without_noise_two_clients_may_be_turned_by_a_quarter():
    assert largest_rotation(Setting(2, 3, 2, 10, 1.0, 0.0)) == pytest.approx(math.pi / 2)
    assert largest_rotation(Setting(2, 3, 2, 10, 1.0, 0.5)) < math.pi / 2
