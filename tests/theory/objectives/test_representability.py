"""The RV of a minimiser, against dense eigendecompositions and against the literal loss."""

import numpy as np
import pytest

from theory.data.moments import CornerMatrix, alignment_matrix
from theory.objectives.representability import leading_representability, representability
from theory.readings import Mask, Objective, Rare, Selection
from theory.setting import Setting

PAPER = Setting.paper(14, n_clients=5, mask_ratio=0.7)


def _dense(x: np.ndarray, c: int, selection: Selection) -> np.ndarray:
    """The RV by a full eigendecomposition; only for spectra without ties at c."""
    values, vectors = np.linalg.eigh(x)
    key = np.abs(values) if selection is Selection.MODULUS else values
    chosen = [j for j in np.argsort(-key)[:c] if key[j] > 1e-12 * np.max(np.abs(values))]
    return np.sum(vectors[:, chosen] ** 2, axis=1)


@pytest.mark.parametrize("selection", list(Selection))
@pytest.mark.parametrize("c", [1, 2, 4, 6, 9])
def test_a_matrix_without_ties_agrees_with_a_full_eigendecomposition(c, selection):
    corner = np.cos(np.arange(36.0)).reshape(6, 6)
    matrix = CornerMatrix(corner + corner.T, 1e-3, 9)
    r, unique = representability(matrix, c, 6, selection)
    want = _dense(matrix.dense(), c, selection)[:6]
    np.testing.assert_allclose(r, want, atol=1e-12)
    assert unique


@pytest.mark.parametrize("scope", ["fl", "local"])
@pytest.mark.parametrize("c", [5, 6, 10])
def test_with_independent_masks_or_contrast_the_whole_signal_is_represented(scope, c):
    for objective in Objective:
        x = alignment_matrix(PAPER, objective, scope=scope, client=2)
        r, unique = representability(x, c, 5)
        np.testing.assert_allclose(r, 1.0, rtol=1e-12)
        assert unique


@pytest.mark.parametrize("c", [1, 5, 10, 14])
def test_complementary_masks_keep_one_direction_of_the_signal(c):
    fl = representability(alignment_matrix(PAPER, Objective.MIM, Mask.COMPLEMENTARY), c, 5)[0]
    np.testing.assert_allclose(fl, 1 / 5, rtol=1e-12)
    x = alignment_matrix(PAPER, Objective.MIM, Mask.COMPLEMENTARY, scope="local", client=2)
    np.testing.assert_allclose(representability(x, c, 5)[0], [0.25, 0.25, 0, 0.25, 0.25], atol=1e-12)


def test_by_modulus_complementary_masks_keep_the_whole_signal():
    x = alignment_matrix(PAPER, Objective.MIM, Mask.COMPLEMENTARY)
    np.testing.assert_allclose(representability(x, 5, 5, Selection.MODULUS)[0], 1.0, rtol=1e-12)


def test_with_two_clients_complementary_masks_leave_nothing_to_learn():
    x = alignment_matrix(Setting.paper(14, n_clients=2), Objective.MIM, Mask.COMPLEMENTARY)
    np.testing.assert_array_equal(representability(x, 2, 2)[0], 0.0)


def test_fewer_features_than_signal_cut_a_degenerate_space_and_are_averaged():
    r, unique = representability(alignment_matrix(PAPER, Objective.CL), 3, 5)
    np.testing.assert_allclose(r, 3 / 5, rtol=1e-12)
    assert not unique


def test_coordinates_outside_the_signal_share_what_the_features_leave():
    r = leading_representability(alignment_matrix(PAPER, Objective.CL), 10, 10)
    np.testing.assert_allclose(r, [1.0] * 5 + [(10 - 5) / (14 - 5)] * 5, rtol=1e-12)


def test_rare_classes_outside_the_signal_are_represented_before_the_noise():
    s = Setting.paper(14, n_clients=5, rare_fraction=0.2)
    x = alignment_matrix(s, Objective.MIM, rare=Rare.OUTSIDE)
    np.testing.assert_allclose(leading_representability(x, 10, 10), 1.0, rtol=1e-12)
    np.testing.assert_allclose(leading_representability(x, 7, 10), [1.0] * 5 + [0.4] * 5, rtol=1e-12)


@pytest.mark.parametrize("c", [1, 3, 5, 8])
@pytest.mark.parametrize("mask", list(Mask))
def test_no_smaller_loss_exists_among_rank_c_fits(mask, c):
    x = alignment_matrix(PAPER, Objective.MIM, mask).dense()
    values, vectors = np.linalg.eigh(x)
    top = np.argsort(-values)[:c]
    best = sum(max(values[j], 0) ** 2 for j in top)
    rng = np.random.default_rng(1)
    for _ in range(50):  # any W: the loss -tr(W X W^T) + |W^T W|^2/2 never falls below -best/2
        w = rng.standard_normal((c, 14)) * rng.uniform(0.1, 2)
        gram = w.T @ w
        assert -np.trace(x @ gram) + np.sum(gram**2) / 2 >= -best / 2 - 1e-12
    w = (vectors[:, top] * np.sqrt(np.maximum(values[top], 0))).T
    assert -np.trace(x @ w.T @ w) + np.sum((w.T @ w) ** 2) / 2 == pytest.approx(-best / 2, rel=1e-10)


def test_a_trillion_coordinates_cost_nothing():
    x = alignment_matrix(Setting.paper(10**12, n_clients=6), Objective.CL)
    np.testing.assert_allclose(leading_representability(x, 12, 12), [1.0] * 6 + [6 / (10**12 - 6)] * 6, rtol=1e-12)


@pytest.mark.parametrize(("c", "n", "sentence"), [(15, 5, "got feature_dim=15"), (0, 5, "=0"), (5, 6, "got 6")])
def test_sizes_that_do_not_fit_are_refused(c, n, sentence):
    with pytest.raises(ValueError, match=sentence):
        representability(alignment_matrix(PAPER, Objective.CL), c, n)
