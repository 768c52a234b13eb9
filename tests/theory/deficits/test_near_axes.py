"""Each pair of axes turned exactly: variances against all masks, the integral against draws, and the limits."""

import itertools

import numpy as np
import pytest

from theory.deficits import closed_forms_of_points
from theory.deficits.near_axes import deficit_cl, deficit_mim, expected_tilt, pair_variances, sigma_star

CLIENTS = tuple(np.random.default_rng(s).standard_normal((5, 3)) @ np.diag([2.0, 1.0, 0.5]) for s in (1, 2))


@pytest.mark.parametrize("p", [0.5, 0.75, 0.9])
def test_gap_variances_and_covariances_equal_the_enumeration_of_all_pairs_of_masks(p):
    q, (_, axes) = 1 - p, closed_forms_of_points.reference_axes(CLIENTS, 1)
    variance, covariance = np.zeros(2), np.zeros(2)
    for x in CLIENTS:
        gap, gap2, product, entry = np.zeros((4, 2))
        for row, m, k in itertools.product(x, *2 * [list(itertools.product((0, 1), repeat=3))]):
            chance = q ** sum(m) * p ** (3 - sum(m)) * p ** sum(k) * q ** (3 - sum(k)) / len(x)
            a, b = row * np.array(m), row * np.array(k)
            matrix = axes.T @ (np.outer(a, b) + np.outer(b, a)) @ axes / (2 * p * q)
            g, e = matrix[0, 0] - np.diag(matrix)[1:], matrix[1:, 0]
            gap, gap2, product, entry = (
                gap + chance * g,
                gap2 + chance * g * g,
                product + chance * g * e,
                entry + chance * e,
            )
        variance += (gap2 - gap**2) / len(CLIENTS)
        covariance += (product - gap * entry) / len(CLIENTS)
    v = pair_variances(CLIENTS, 1, p)
    np.testing.assert_allclose((v.gap_sampling + v.gap_masks)[:, 0], variance, rtol=1e-11)
    np.testing.assert_allclose((v.covariance_sampling + v.covariance_masks)[:, 0], covariance, rtol=1e-11)


def test_sampling_alone_has_the_variances_of_the_points():
    _, axes = closed_forms_of_points.reference_axes(CLIENTS, 1)
    v = pair_variances(CLIENTS, 1, 0.75)
    pairs = [((x @ axes)[:, :1] ** 2 - (x @ axes)[:, 1:] ** 2, (x @ axes)[:, :1] * (x @ axes)[:, 1:]) for x in CLIENTS]
    np.testing.assert_allclose(v.gap_sampling[:, 0], np.mean([g.var(axis=0) for g, _ in pairs], axis=0), rtol=1e-11)
    together = [((g - g.mean(axis=0)) * (e - e.mean(axis=0))).mean(axis=0) for g, e in pairs]
    np.testing.assert_allclose(v.covariance_sampling[:, 0], np.mean(together, axis=0), rtol=1e-11)


@pytest.mark.parametrize("spread", [0.05, 0.25, 0.5])
def test_the_tilt_is_that_of_drawn_two_by_two_matrices(spread):
    rng, trials = np.random.default_rng(3), 200_000
    covariance = np.array([[4.0, 0.6], [0.6, 1.0]]) * spread**2 / 4
    g, x = rng.multivariate_normal([1.0, 0.0], covariance, trials).T
    _, vectors = np.linalg.eigh(np.stack([np.stack([g, x], -1), np.stack([x, 0 * x], -1)], -2))
    lost = 1 - vectors[:, 0, 1] ** 2
    one = np.ones((1, 1))
    got = expected_tilt(one, covariance[1, 1] * one, covariance[0, 0] * one, covariance[0, 1] * one).item()
    error = lost.std() / np.sqrt(trials)
    # 48 nodes: to a percent where the gap is two standard deviations.
    assert abs(got - lost.mean()) < 4 * error + 0.01 * got


def test_augmentation_noise_spreads_gaps_and_entries_as_drawn():
    """The variances behind `deficit_cl`, from noise drawn on every point."""
    rng, draws, std, n = np.random.default_rng(9), 200_000, 0.8, 60
    gaps_, axes = closed_forms_of_points.reference_axes(CLIENTS, 1)
    second = np.zeros((3, 2))  # of the gap, of the entry, of both: variances and covariance, mean over clients
    for points in CLIENTS:
        x = points[rng.integers(len(points), size=draws)] @ axes
        y, z = (x + std * rng.standard_normal(x.shape) for _ in range(2))
        gap = y[:, :1] * z[:, :1] - y[:, 1:] * z[:, 1:]
        entry = (y[:, :1] * z[:, 1:] + y[:, 1:] * z[:, :1]) / 2
        both = ((gap - gap.mean(axis=0)) * (entry - entry.mean(axis=0))).mean(axis=0)
        second += np.stack([gap.var(axis=0), entry.var(axis=0), both]) / len(CLIENTS)
    gaps = (gaps_[0] - gaps_[1:])[:, None]
    wanted = expected_tilt(gaps, *(second[i][:, None] / n for i in (1, 0, 2))).sum(axis=0)
    got = deficit_cl(pair_variances(CLIENTS, 1, 0.75), n, std)
    # Variances of 400,000 draws are known to half a percent; half the gap's noise moves the deficit by five.
    np.testing.assert_allclose(got, wanted, rtol=0.02)


def test_many_samples_bring_second_order_back():
    v, n = pair_variances(CLIENTS, 1, 0.75), 10**9
    second = closed_forms_of_points
    np.testing.assert_allclose(deficit_mim(v, n, 1), second.deficit_mim(v.entry, n, 1), rtol=1e-6)
    np.testing.assert_allclose(deficit_cl(v, n, 0.7, 2), second.deficit_cl(v.entry, n, 0.7, 2), rtol=1e-6)
    assert sigma_star(v, n) == pytest.approx(second.sigma_star(v.entry), rel=1e-6)


def test_at_sigma_star_both_objectives_lose_as_much():
    v = pair_variances(CLIENTS, 1, 0.75)
    sigma = sigma_star(v, 2000)
    assert deficit_cl(v, 2000, sigma).mean() == pytest.approx(deficit_mim(v, 2000, 1).mean(), rel=1e-9)


def test_a_certain_gap_gives_the_half_angle_formula():
    """No spread of the gap and one of the entry: the average of (1 - 1 / sqrt(1 + 4 x^2)) / 2, here by a fine sum."""
    x = np.linspace(-1.5, 1.5, 20_001)
    density = np.exp(-(x**2) / (2 * 0.04)) / np.sqrt(2 * np.pi * 0.04)
    wanted = np.sum((1 - 1 / np.sqrt(1 + 4 * x * x)) / 2 * density) * (x[1] - x[0])
    one = np.ones((1, 1))
    # A branch point at x = i / 2, 2.5 standard deviations off the axis, is what 48 nodes resolve to 1e-5.
    assert expected_tilt(one, 0.04 * one, 0 * one, 0 * one).item() == pytest.approx(wanted, rel=1e-5)
