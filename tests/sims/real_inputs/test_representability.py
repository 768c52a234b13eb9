"""Representability sampled from a population of inputs follows theory computed from its moments."""

import numpy as np
import pytest

from sims.images.partitions import iid
from sims.real_inputs.noise import measure_sigma_star
from sims.real_inputs.representability import (
    Population,
    draw_samples,
    population,
    population_representability,
    principal_features,
    sample_representability,
)
from sims.real_inputs.views import View
from theory.deficits import closed_forms_of_points, near_axes
from theory.readings import Mask, Objective

ROOTS = np.diag([3.0, 2.0, 0.5, 0.4, 0.3, 0.2])
POINTS = np.random.default_rng(1).standard_normal((200, 6)) @ ROOTS
POINTS[:, 1] += POINTS[:, 0] ** 2 / 4  # neither Gaussian nor uncorrelated
HALVES = (POINTS[:100], POINTS[100:])
# Axes 2 and 3 lie close together.
NEAR = np.random.default_rng(2).standard_normal((300, 4)) @ np.diag([2.0, 1.0, 0.8, 0.3])
MASKED = View(Objective.MIM, draws=1)


def judged(points: tuple[np.ndarray, ...], c: int = 2) -> Population:
    _, axes = closed_forms_of_points.reference_axes(points, c)
    return Population(points, axes[:, :c].copy())


def test_results_do_not_depend_on_which_other_views_are_asked_for():
    everyone = judged(HALVES)
    views = [View(Objective.CL, draws=1), MASKED, View(Objective.MIM)]
    together = draw_samples(3, everyone, samples_per_client=50, trials=2)
    kept = [sample_representability(together, view, everyone.axes) for view in views]
    for view, r in zip(views, kept, strict=True):
        alone = draw_samples(3, everyone, samples_per_client=50, trials=2)
        assert np.array_equal(sample_representability(alone, view, everyone.axes), r)


@pytest.mark.parametrize(
    "view", [View(Objective.CL, draws=2, augmentation_std=2.0), View(Objective.MIM, draws=2), View(Objective.MIM)]
)
def test_measured_deficits_follow_second_order_theory(view):
    n, trials, everyone = 4000, 400, judged(HALVES)
    v = closed_forms_of_points.entry_variances(HALVES, 2, view.mask_ratio)
    if view.objective is Objective.CL:
        wanted = closed_forms_of_points.deficit_cl(v, 2 * n, view.augmentation_std, 2)
    else:
        wanted = closed_forms_of_points.deficit_mim(v, 2 * n, None if view.draws == "expected" else 2)
    # The law of the images is what matters here: views of the noise sampler are checked in test_real_views.
    samples = draw_samples(7, everyone, samples_per_client=n, trials=trials)
    deficit = 1 - sample_representability(samples, view, everyone.axes)
    error = deficit.std(axis=0, ddof=1) / np.sqrt(trials)
    # Third order is relative O(1 / n) times (noise / gap)^2, below 3% here.
    assert np.all(np.abs(deficit.mean(axis=0) - wanted) < 4 * error + 0.03 * wanted)


@pytest.mark.parametrize("view", [MASKED, View(Objective.CL, draws=1, augmentation_std=0.6)], ids=["mim", "cl"])
def test_near_axes_lose_what_turning_each_pair_exactly_says_and_more_than_second_order(view):
    n, trials, everyone = 150, 4000, judged((NEAR,))
    v = near_axes.pair_variances((NEAR,), 2, 0.75)
    if view.objective is Objective.CL:
        wanted, second = near_axes.deficit_cl(v, n, 0.6), closed_forms_of_points.deficit_cl(v.entry, n, 0.6)
    else:
        wanted, second = near_axes.deficit_mim(v, n, 1), closed_forms_of_points.deficit_mim(v.entry, n, 1)
    samples = draw_samples(11, everyone, samples_per_client=n, trials=trials)
    deficit = 1 - sample_representability(samples, view, everyone.axes)[:, 1]
    error = deficit.std(ddof=1) / np.sqrt(trials)
    # Axes outside the plane shift the gap a little, which pairs leave out.
    assert abs(deficit.mean() - wanted[1]) < 4 * error + 0.05 * wanted[1]
    assert abs(deficit.mean() - second[1]) > 8 * error


def test_sigma_star_is_measured_where_theory_puts_it():
    everyone, v = judged(HALVES), closed_forms_of_points.entry_variances(HALVES, 2, 0.75)
    wanted = closed_forms_of_points.sigma_star(v)
    samples = draw_samples(9, everyone, samples_per_client=2000, trials=100)
    masked = 1 - sample_representability(samples, MASKED, everyone.axes).mean(axis=1)
    for guess in (wanted, 2 * wanted):  # inside the first reach, and outside it
        got, error = measure_sigma_star(samples, everyone.axes, masked, guess=guess)
        assert abs(got - wanted) < 4 * error + 0.03 * wanted
        assert error < 0.1 * wanted
    far = measure_sigma_star(samples, everyone.axes, masked, guess=10 * wanted)
    np.testing.assert_array_equal(far, (np.nan, np.inf))


def test_a_population_represents_its_own_axes_whole():
    everyone = judged(HALVES)
    r = population_representability(everyone.moment(), View(Objective.CL), everyone.axes)
    np.testing.assert_allclose(r, 1, atol=1e-12)


def test_many_samples_come_to_the_population_under_complementary_masks():
    everyone, view = judged(HALVES), View(Objective.MIM, Mask.COMPLEMENTARY)
    samples = draw_samples(5, everyone, samples_per_client=1_000_000, trials=2)
    r = sample_representability(samples, view, everyone.axes)
    wanted = population_representability(everyone.moment(), view, everyone.axes)
    assert wanted.max() < 0.99 or wanted.min() < 0.99
    # 1 / sqrt(n) is 7e-4.
    np.testing.assert_allclose(r.mean(axis=0), wanted, atol=0.01)


def test_a_population_follows_its_partition_and_one_client_can_be_taken():
    part = iid(np.zeros(200, np.int64), 3, 0)
    pop = population(POINTS, part, np.eye(6)[:, :2].copy())
    assert np.array_equal(pop.local(1).clients[0], POINTS[part.indices[1]])
    with pytest.raises(ValueError, match="client=3"):
        pop.local(3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: draw_samples(0, judged(HALVES), samples_per_client=0, trials=1), "samples_per_client=0"),
        (lambda: measure_sigma_star([], np.eye(2), np.zeros(0), guess=1.0), "got 0 and 0"),
        (lambda: population_representability(np.eye(3), MASKED, np.eye(3)), "draws=1"),
        (lambda: principal_features(POINTS, 7), "m=7"),
        (lambda: closed_forms_of_points.reference_axes(HALVES, 6), "c=6"),
        (lambda: closed_forms_of_points.reference_axes([np.eye(3)], 1), "one eigenvalue"),
        (lambda: closed_forms_of_points.entry_variances(HALVES, 2, 1.5), r"mask_ratio=1\.5"),
    ],
)
def test_bad_input_is_refused_with_its_value(call, says):
    with pytest.raises(ValueError, match=says):
        call()
