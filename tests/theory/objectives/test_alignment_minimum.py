"""Values and bounds of the alignment loss, at matrices whose answers are known by hand."""

import numpy as np
import pytest

from theory.objectives import linear_alignment
from theory.objectives.alignment_minimum import (
    best_gram,
    best_reconstruction,
    entry_bound,
    gram_distance_bound,
    least_loss,
    left_out,
    stationary_loss,
)


def test_the_least_loss_leaves_negative_eigenvalues_out():
    assert least_loss([3.0, -5.0, 1.0], 2) == -(9 + 1) / 2
    assert least_loss([3.0, -5.0, 1.0], 3) == -(9 + 1) / 2
    assert least_loss([-1.0, -2.0], 1) == 0


def test_keeping_a_smaller_eigenvalue_is_stationary_and_worse():
    x, w = np.diag([3.0, 2.0]), np.array([[0.0, np.sqrt(2.0)]])
    assert np.abs(linear_alignment.gradient(w, x)).max() < 1e-15
    assert linear_alignment.loss(w, x) == pytest.approx(stationary_loss([2.0]), rel=1e-15)
    assert stationary_loss([2.0]) > least_loss([3.0, 2.0], 1)
    assert np.sum((x - w.T @ w) ** 2) == pytest.approx(left_out([3.0, 2.0], [2.0]), rel=1e-15)


def test_the_gram_distance_is_met_with_one_feature_and_refuses_dependent_rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 4))
    x, w = x + x.T, rng.standard_normal((1, 4))
    projector = w.T @ w / np.sum(w**2)
    assert np.linalg.norm(projector @ x - w.T @ w) == pytest.approx(gram_distance_bound(w, x), rel=1e-12)
    with pytest.raises(ValueError, match="independent rows"):
        gram_distance_bound(np.zeros((1, 4)), x)


def test_the_entry_bound_is_met_by_the_first_axis_of_a_diagonal_matrix():
    assert entry_bound(np.diag([4.0, 2.0, 1.0]), 1) == pytest.approx([1.0, 0.0, -0.5])
    with pytest.raises(ValueError, match="different eigenvalues"):
        entry_bound(np.eye(3), 1)


def test_the_best_gram_is_the_matrix_itself_when_all_of_it_can_be_kept():
    x = np.array([[2.0, 1.0], [1.0, 2.0]])
    assert best_gram(x, 2) == pytest.approx(x)
    assert best_gram(np.diag([1.0, -1.0]), 2) == pytest.approx(np.diag([1.0, 0.0]))


def test_the_best_reconstruction_of_full_rank_is_least_squares():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 3, 50))
    full = best_reconstruction(a @ a.T, a @ b.T, 3)
    assert full == pytest.approx(np.linalg.lstsq(a.T, b.T, rcond=None)[0].T)
    errors = [np.sum((best_reconstruction(a @ a.T, a @ b.T, c) @ a - b) ** 2) for c in (1, 2, 3)]
    assert errors == sorted(errors, reverse=True)
