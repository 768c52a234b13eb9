"""The matrices trained on real inputs have the law that their literal definition has."""

import numpy as np
import pytest

from sims.partitions import iid
from sims.real import (
    Population,
    Sample,
    View,
    augmentation_noise,
    expected_alignment,
    masks,
    population,
    principal_features,
    representability,
    row_space,
    sample_representability,
)
from sims.real_noise import measure_sigma_star
from theory import empirical_perturbation
from theory.readings import Mask, Objective

MASKS = (Mask.INDEPENDENT, Mask.COMPLEMENTARY, Mask.FIXED_COUNT)
ROOTS = np.diag([3.0, 2.0, 0.5, 0.4, 0.3, 0.2])
POINTS = np.random.default_rng(1).standard_normal((200, 6)) @ ROOTS
POINTS[:, 1] += POINTS[:, 0] ** 2 / 4  # neither Gaussian nor uncorrelated
HALVES = (POINTS[:100], POINTS[100:])


def two_clients(c: int = 2) -> Population:
    _, axes = empirical_perturbation.reference_axes(HALVES, c)
    return Population(HALVES, axes[:, :c].copy())


@pytest.mark.parametrize("mask", MASKS)
def test_sampled_masks_average_to_the_expected_matrix(mask):
    sample = Sample(POINTS, np.ones(200), [0])
    draws = np.array(
        [Sample(POINTS, np.ones(200), [t]).alignment(View(Objective.MIM, mask, 4, mask_ratio=0.6)) for t in range(300)]
    )
    wanted = sample.alignment(View(Objective.MIM, mask, mask_ratio=0.6))
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    # 21 entries; 4.5 standard errors is one false alarm in 7,000. Entries that masks cannot move have error 0.
    assert np.all(np.abs(draws.mean(axis=0) - wanted) <= 4.5 * error + 1e-12)


@pytest.mark.parametrize("mask", MASKS)
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


def test_expected_independent_masks_and_contrast_train_on_one_matrix():
    moment = POINTS.T @ POINTS / 200
    cl, mim = (expected_alignment(moment, View(o)) for o in (Objective.CL, Objective.MIM))
    assert np.array_equal(cl, mim)


def test_on_principal_features_complementary_masks_see_nothing():
    z = principal_features(POINTS, 4)
    moment = z.T @ z / len(z)
    hollow = expected_alignment(moment, View(Objective.MIM, Mask.COMPLEMENTARY))
    assert np.abs(hollow).max() < 1e-13 * np.abs(moment).max()


def test_negative_directions_are_not_learnt():
    assert row_space(np.diag([2.0, -5.0, 0.0]), 2).shape == (3, 1)
    assert row_space(np.diag([2.0, -5.0, -1.0]), 2).shape == (3, 1)
    assert representability(np.diag([2.0, -5.0, 0.0]), np.eye(3)[:, :2].copy(), 2).tolist() == [1.0, 0.0]


def test_results_do_not_depend_on_which_other_views_are_asked_for():
    views = [View(Objective.CL, draws=1), View(Objective.MIM, draws=1), View(Objective.MIM)]
    together = sample_representability(3, two_clients(), views, samples_per_client=50, trials=2)
    for v, view in enumerate(views):
        alone = sample_representability(3, two_clients(), [view], samples_per_client=50, trials=2)
        assert np.array_equal(alone[:, 0], together[:, v])


@pytest.mark.parametrize(
    "view", [View(Objective.CL, draws=2, augmentation_std=2.0), View(Objective.MIM, draws=2), View(Objective.MIM)]
)
def test_measured_deficits_follow_second_order_theory(view):
    n, trials = 4000, 400
    v = empirical_perturbation.entry_variances(HALVES, 2, view.mask_ratio)
    if view.objective is Objective.CL:
        wanted = empirical_perturbation.deficit_cl(v, 2 * n, view.augmentation_std, 2)
    else:
        wanted = empirical_perturbation.deficit_mim(v, 2 * n, None if view.draws == "expected" else 2)
    # The law of the images is what matters here: views of the noise sampler are checked above.
    deficit = 1 - sample_representability(7, two_clients(), [view], samples_per_client=n, trials=trials)[:, 0]
    error = deficit.std(axis=0, ddof=1) / np.sqrt(trials)
    # Third order is relative O(1 / n) times (noise / gap)^2, below 3% here.
    assert np.all(np.abs(deficit.mean(axis=0) - wanted) < 4 * error + 0.03 * wanted)


def test_sigma_star_is_measured_where_theory_puts_it():
    v = empirical_perturbation.entry_variances(HALVES, 2, 0.75)
    wanted = empirical_perturbation.sigma_star(v)
    got, error = measure_sigma_star(
        9, two_clients(), samples_per_client=2000, trials=100, mask_ratio=0.75, guess=1.3 * wanted
    )
    assert abs(got - wanted) < 4 * error + 0.03 * wanted
    assert error < 0.1 * wanted


def test_a_population_follows_its_partition_and_one_client_can_be_taken():
    part = iid(np.zeros(200, np.int64), 3, 0)
    pop = population(POINTS, part, np.eye(6)[:, :2].copy())
    assert np.array_equal(pop.local(1).clients[0], POINTS[part.indices[1]])
    with pytest.raises(ValueError, match="client=3"):
        pop.local(3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: View(Objective.MIM, draws=0), "got 0"),
        (lambda: View(Objective.MIM, mask_ratio=1.0), r"mask_ratio=1\.0"),
        (lambda: View(Objective.CL, augmentation_std=float("nan")), "augmentation_std=nan"),
        (lambda: View(Objective.MIM, Mask.PRINTED), "printed"),
        (lambda: sample_representability(0, two_clients(), [], samples_per_client=1, trials=1), "0 views"),
        (lambda: augmentation_noise(np.random.default_rng(0), np.eye(3), 5), "got 5"),
        (lambda: principal_features(POINTS, 7), "m=7"),
        (lambda: empirical_perturbation.reference_axes(HALVES, 6), "c=6"),
        (lambda: empirical_perturbation.reference_axes([np.eye(3)], 1), "one eigenvalue"),
        (lambda: empirical_perturbation.entry_variances(HALVES, 2, 1.5), r"mask_ratio=1\.5"),
    ],
)
def test_bad_input_is_refused_with_its_value(call, says):
    with pytest.raises(ValueError, match=says):
        call()
