"""Descent from random starts finds the row space that the theory uses."""

import numpy as np
import pytest

from sims.linear import solver
from sims.samplers.literal import literal_moments
from sims.samplers.subspace import encoder_subspace, top_subspace
from theory.data.moments import alignment_matrix
from theory.readings import Loss, Mask, Objective, Reading
from theory.setting import Setting

S = Setting.paper(24, n_clients=3, samples_per_client=300)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("objective", "mask"),
    [(Objective.CL, Mask.INDEPENDENT), (Objective.MIM, Mask.INDEPENDENT), (Objective.MIM, Mask.COMPLEMENTARY)],
)
def test_alignment_descends_to_the_top_positive_eigenvectors(objective, mask, seed):
    x = alignment_matrix(S, objective, mask).dense()
    found = solver.descend_alignment(seed, x, 3)
    assert solver.subspace_distance(found.basis, top_subspace(x, 3)) < 1e-6
    # Zero eigenvalues leave like steps^(-1/2): |W|^2 about 1/steps of the scale.
    assert solver.stationarity(found, x) < (1e-12 if mask is Mask.INDEPENDENT else 2e-3)


def test_alignment_on_drawn_data_descends_to_the_empirical_subspace():
    (moments,) = literal_moments(np.random.default_rng(1), S, ((Objective.CL, Reading(draws=1)),))
    found = solver.descend_alignment(2, moments.cross, 3)
    assert solver.subspace_distance(found.basis, top_subspace(moments.alignment(), 3)) < 1e-6


def test_reconstruction_descends_to_reduced_rank_regression():
    reading = Reading(mask=Mask.COMPLEMENTARY, loss=Loss.RECONSTRUCTION)
    (moments,) = literal_moments(np.random.default_rng(0), S, ((Objective.MIM, reading),))
    assert moments.within is not None
    found = solver.descend_reconstruction(0, moments.within, moments.cross, 3)
    assert solver.subspace_distance(found.basis, encoder_subspace(moments, 3)) < 1e-6


def test_the_lowest_alignment_loss_is_that_of_the_top_positive_eigenvalues():
    x = alignment_matrix(S, Objective.CL).dense()
    found = solver.descend_alignment(0, x, 3)
    assert found.loss == pytest.approx(-(np.linalg.eigvalsh(x)[-3:] ** 2).sum() / 2, rel=1e-12)
    assert found.gradient_norm < 1e-10 * np.linalg.norm(x)


def test_loss_and_gradient_are_those_of_the_encoder_where_descent_stopped():
    x = alignment_matrix(S, Objective.CL).dense()
    found = solver.descend_alignment(0, x, 3, steps=10)
    w = found.encoder
    # |W^T W - X|^2 / 2 less |X|^2 / 2, which is the loss, and its gradient.
    loss = (np.linalg.norm(w.T @ w - x) ** 2 - np.linalg.norm(x) ** 2) / 2
    assert found.loss == pytest.approx(loss, rel=1e-12)
    assert found.gradient_norm == pytest.approx(np.linalg.norm(2 * w @ (w.T @ w - x)), rel=1e-12)
    # Stopped early, nothing is stationary.
    assert solver.stationarity(found, x) > 1e-6


def test_a_point_that_is_not_stationary_is_told_from_one_that_is():
    x, basis = np.diag([3.0, 2.0, 1.0]), np.eye(3, 2)
    right = np.diag([3.0, 2.0]) ** 0.5 @ basis.T
    found = [solver.Solution(basis, w, 0.0, 0.0) for w in (right, 2 * right)]
    assert solver.stationarity(found[0], x) < 1e-15
    assert solver.stationarity(found[1], x) == pytest.approx(3 * np.sqrt(13 / 14), rel=1e-12)


def test_subspaces_are_as_far_apart_as_the_sine_of_their_angle():
    a, b = np.eye(3, 1), np.array([[np.cos(0.3)], [np.sin(0.3)], [0.0]])
    assert solver.subspace_distance(a, b) == pytest.approx(np.sin(0.3), rel=1e-12)
    assert solver.subspace_distance(a, -a) == 0
    assert solver.subspace_distance(a, np.eye(3, 2)) == pytest.approx(1, rel=1e-12)


def test_the_reconstruction_loss_is_the_mean_squared_error_of_the_views():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 5, 40))
    decoder, encoder = rng.standard_normal((5, 2)), rng.standard_normal((2, 5))
    direct = ((decoder @ encoder @ a - b) ** 2).sum(axis=0).mean() - (b**2).sum(axis=0).mean()
    ours, *slopes = solver.reconstruction_loss(decoder, encoder, a @ a.T / 40, a @ b.T / 40)
    assert ours == pytest.approx(direct, rel=1e-12)
    for number, slope in enumerate(slopes):
        moved = [decoder.copy(), encoder.copy()]
        moved[number][1, 1] += 1e-6
        there, *_ = solver.reconstruction_loss(moved[0], moved[1], a @ a.T / 40, a @ b.T / 40)
        assert (there - ours) / 1e-6 == pytest.approx(slope[1, 1], rel=1e-4)  # one-sided difference
