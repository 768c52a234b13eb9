"""The matrices trained on real inputs have the law that their literal definition has, under every reading."""

import numpy as np
import pytest

from sims.real_inputs.representability import Sample, captured, principal_features
from sims.real_inputs.views import DRAWN_MASKS, View, augmentation_noise, expected_views, masks, row_space
from sims.samplers.literal import CrossMoments
from theory.readings import Loss, Mask, Objective, Selection

ROOTS = np.diag([3.0, 2.0, 0.5, 0.4, 0.3, 0.2])
POINTS = np.random.default_rng(1).standard_normal((200, 6)) @ ROOTS
POINTS[:, 1] += POINTS[:, 0] ** 2 / 4  # neither Gaussian nor uncorrelated
MOMENT = POINTS.T @ POINTS / 200


def reconstruction(mask: Mask, draws: int | str = "expected", p: float = 0.6) -> View:
    return View(Objective.MIM, mask, draws, mask_ratio=p, loss=Loss.RECONSTRUCTION)


def space(matrix: np.ndarray, c: int, selection: Selection = Selection.PSD) -> np.ndarray:
    return row_space(CrossMoments(matrix), View(Objective.CL, selection=selection), c)


@pytest.mark.parametrize("mask", DRAWN_MASKS)
def test_sampled_masks_average_to_the_expected_moments(mask):
    wanted = expected_views(MOMENT, reconstruction(mask))
    drawn = [Sample(POINTS, np.ones(200), [t]).moments(reconstruction(mask, 4)) for t in range(300)]
    for one in ("cross", "within"):
        each = np.array([getattr(m, one) for m in drawn])
        error = each.std(axis=0, ddof=1) / np.sqrt(len(each))
        # 36 entries; 4.5 standard errors is one false alarm in 4,000. Entries that masks cannot move have error 0.
        assert np.all(np.abs(each.mean(axis=0) - getattr(wanted, one)) <= 4.5 * error + 1e-12)


@pytest.mark.parametrize("mask", DRAWN_MASKS)
def test_masks_have_the_stated_kind(mask):
    kept, shown = masks(np.random.default_rng(0), (500, 8), View(Objective.MIM, mask, 1, mask_ratio=0.75))
    assert set(np.unique(kept)) <= {0.0, 1.0}
    if mask is Mask.FIXED_COUNT:
        assert set(kept.sum(axis=1)) == {2.0}
    if mask is not Mask.INDEPENDENT:
        assert np.array_equal(kept + shown, np.ones((500, 8)))


def test_augmentation_noise_has_the_moments_of_its_literal_twin():
    """Mean and variance of every entry of the contrastive matrix, against noise drawn on each image."""
    x, n, sigma, trials = POINTS[:20], 20, 0.7, 4000
    moment = x.T @ x / n
    rng = np.random.default_rng(5)
    law, literal = np.empty((trials, 6, 6)), np.empty((trials, 6, 6))
    for t in range(trials):
        linear, quadratic = augmentation_noise(rng, moment, n)
        law[t] = moment + sigma * linear + sigma**2 * quadratic
        a, b = (x + sigma * rng.standard_normal(x.shape) for _ in range(2))
        literal[t] = (a.T @ b + b.T @ a) / (2 * n)
    scale = literal.std(axis=0)
    assert np.abs((law.mean(axis=0) - literal.mean(axis=0)) / scale).max() < 4.5 * np.sqrt(2 / trials)
    # A variance of a nearly Gaussian quantity is known to sqrt(2 / T), of a ratio of two to sqrt(4 / T).
    assert np.abs(law.var(axis=0) / scale**2 - 1).max() < 5 * np.sqrt(4 / trials)


def test_expected_independent_masks_and_contrast_train_on_one_matrix_up_to_a_factor():
    cl, mim = (expected_views(MOMENT, View(o, mask_ratio=0.6)).cross for o in (Objective.CL, Objective.MIM))
    np.testing.assert_allclose(mim, 0.6 * 0.4 * cl, rtol=1e-15)


def test_the_printed_matrix_keeps_whole_coordinates():
    view = View(Objective.MIM, Mask.PRINTED)
    basis = row_space(expected_views(MOMENT, view), view, 2)
    brightest = np.argsort(np.diag(MOMENT))[-2:]
    np.testing.assert_allclose((basis**2).sum(axis=1), np.isin(np.arange(6), brightest), atol=1e-14)


@pytest.mark.parametrize("selection", Selection)
def test_on_principal_features_complementary_masks_see_nothing(selection):
    z = principal_features(POINTS, 4)
    for loss in Loss:
        view = View(Objective.MIM, Mask.COMPLEMENTARY, loss=loss, selection=selection)
        assert row_space(expected_views(z.T @ z / len(z), view), view, 2).shape == (4, 0)


def test_negative_directions_are_learnt_only_by_largest_modulus():
    assert space(np.diag([2.0, -5.0, 0.0]), 2).shape == (3, 1)
    assert space(np.diag([2.0, -5.0, -1.0]), 2).shape == (3, 1)
    axes = np.eye(3)[:, :2].copy()
    assert captured(space(np.diag([2.0, -5.0, 0.0]), 2), axes).tolist() == [1.0, 0.0]
    assert captured(space(np.diag([2.0, -5.0, 1.0]), 1, Selection.MODULUS), axes).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("mask", DRAWN_MASKS)
def test_the_reconstruction_encoder_is_that_of_a_regression_on_the_drawn_views(mask):
    """Against least squares on the views themselves, then their best rank-2 fit by singular values."""
    rng, view = np.random.default_rng(4), reconstruction(mask, 1)
    kept, shown = masks(rng, POINTS.shape, view)
    a, b = POINTS * kept, POINTS * shown
    fitted = np.linalg.lstsq(a, b, rcond=None)[0]
    outputs = np.linalg.svd(a @ fitted, full_matrices=False)[2][:2].T
    wanted = np.linalg.qr(fitted @ outputs)[0]
    got = row_space(CrossMoments(a.T @ b / 200, a.T @ a / 200), view, 2)
    np.testing.assert_allclose(got @ got.T, wanted @ wanted.T, atol=1e-10)


def test_no_other_encoder_reconstructs_better():
    """The loss at the optimum, decoder fitted, against 500 encoders near it and far from it."""
    view, rng = reconstruction(Mask.COMPLEMENTARY), np.random.default_rng(6)
    m = expected_views(MOMENT, view)
    assert m.within is not None

    def explained(basis: np.ndarray) -> float:
        return float(np.trace(np.linalg.solve(basis.T @ m.within @ basis, basis.T @ m.cross @ m.cross.T @ basis)))

    best = row_space(m, view, 2)
    tried = [explained(best + size * rng.standard_normal(best.shape)) for size in (1e-3, 1.0) for _ in range(250)]
    assert max(tried) < explained(best) * (1 + 1e-12)


def test_a_pixel_that_is_never_lit_gets_no_weight_in_the_reconstruction():
    dark = np.zeros((7, 7))
    dark[:6, :6] = MOMENT
    view = reconstruction(Mask.COMPLEMENTARY)
    with_dark = row_space(expected_views(dark, view), view, 2)
    without = row_space(expected_views(MOMENT, view), view, 2)
    np.testing.assert_allclose(with_dark[6], 0, atol=1e-14)
    np.testing.assert_allclose(with_dark[:6] @ with_dark[:6].T, without @ without.T, atol=1e-11)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: View(Objective.MIM, draws=0), "got 0"),
        (lambda: View(Objective.MIM, mask_ratio=1.0), r"mask_ratio=1\.0"),
        (lambda: View(Objective.CL, augmentation_std=float("nan")), "augmentation_std=nan"),
        (lambda: View(Objective.MIM, Mask.PRINTED, draws=1), "mask=printed with draws=1"),
        (lambda: View(Objective.MIM, Mask.PRINTED, loss=Loss.RECONSTRUCTION), "loss=reconstruction"),
        (lambda: View(Objective.CL, loss=Loss.RECONSTRUCTION), "objective=cl"),
        (lambda: augmentation_noise(np.random.default_rng(0), np.eye(3), 5), "got 5"),
    ],
)
def test_bad_input_is_refused_with_its_value(call, says):
    with pytest.raises(ValueError, match=says):
        call()
