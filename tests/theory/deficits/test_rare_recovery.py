"""Rare-class recovery: where it starts, what it reaches, how it scales, and what sampled matrices show."""

import numpy as np
import pytest
import sympy as sp

from theory.deficits.rare_recovery import (
    CL_RARE_THRESHOLD_LEADING,
    EQUAL_DRAWS_NOISE,
    drawn_mask_recovery,
    drawn_mask_threshold,
    rare_aspect,
    rare_recovery,
    rare_threshold,
    rare_window_formula,
)
from theory.formula import OutOfDomainError
from theory.readings import Objective
from theory.setting import Setting
from theory.symbols import beta


def setting(rare: float, dim: int = 600, n_clients: int = 3, samples: int = 600, std: float = 0.3) -> Setting:
    return Setting.paper(dim, n_clients=n_clients, samples_per_client=samples, rare_fraction=rare, augmentation_std=std)


@pytest.mark.parametrize("scope", ["fl", "local"])
@pytest.mark.parametrize("objective", list(Objective))
def test_recovery_starts_at_the_threshold(objective, scope):
    edge = rare_threshold(setting(0.5), objective, scope)
    assert 0 < edge < 0.9
    assert rare_recovery(setting(edge * (1 - 1e-9)), objective, scope) == 0
    assert 0 < rare_recovery(setting(edge * (1 + 1e-9)), objective, scope) < 1e-6
    assert rare_recovery(setting(edge * 1.1), objective, scope) > 0.01


def test_masks_see_smaller_classes_than_contrast():
    assert rare_threshold(setting(0.1), Objective.MIM) < rare_threshold(setting(0.1), Objective.CL)
    quiet = setting(0.1, std=0.0)
    assert rare_threshold(quiet, Objective.CL) == pytest.approx(rare_threshold(quiet, Objective.MIM), rel=1e-12)


def test_the_exact_edge_meets_its_leading_order_as_samples_grow():
    gaps = []
    for samples in (10**4, 10**6):
        s = setting(0.1, samples=samples)
        leading = s.n_clients * CL_RARE_THRESHOLD_LEADING.value(
            mu=s.mu, augmentation_std=s.augmentation_std, gamma=rare_aspect(s), draws=1
        )
        gaps.append(1 - rare_threshold(s, Objective.CL) / leading)
    assert 0 < gaps[1] < gaps[0] < 0.1
    # The correction is of relative order sqrt(gamma).
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.2)


def test_windows_in_alpha_are_those_of_the_papers_scaling():
    half, rational = beta / 2, sp.Rational
    assert rare_window_formula(Objective.MIM, "paper").expr == half + rational(1, 8)
    assert rare_window_formula(Objective.CL, "paper").expr == half + rational(21, 40)
    assert rare_window_formula(Objective.MIM, "fixed").expr == half + rational(1, 10)
    assert rare_window_formula(Objective.CL, "fixed").expr == half + rational(1, 2)


def test_contrast_has_no_window_and_masks_have_one_below_seven_quarters():
    assert rare_window_formula(Objective.CL).exact(beta=1) == 1
    assert rare_window_formula(Objective.MIM, "paper").exact(beta=sp.Rational(174, 100)) == sp.Rational(995, 1000)
    assert rare_window_formula(Objective.MIM, "paper").exact(beta=sp.Rational(7, 4)) == 1


def test_the_window_is_where_the_threshold_falls_below_the_share():
    """Slope of the threshold in d, at sizes far beyond any sample, against the window's edge."""
    d1, d2 = 10**16, 10**20
    for objective, noise in ((Objective.MIM, 0.4), (Objective.CL, 0.0)):
        edges = [
            rare_threshold(Setting.paper(d, beta=1.5, n_clients=3, rare_fraction=0.1), objective) for d in (d1, d2)
        ]
        slope = np.log(edges[1] / edges[0]) / np.log(d2 / d1)
        # The share of a class of d^alpha among d^beta samples is d^(alpha - beta).
        assert 1.5 + slope == pytest.approx(1.5 / 2 + 0.5 - noise, abs=2e-3)


@pytest.mark.parametrize("objective", list(Objective))
def test_sampled_matrices_meet_the_limit(objective):
    s = setting(0.3, dim=300, samples=300, std=0.2)
    n, n_i, count = s.n_clients, s.samples_per_client, 90
    rng = np.random.default_rng(41)
    r = []
    for _ in range(12):
        x = s.mu * rng.standard_normal((n * n_i, s.dim))
        for i in range(n):
            rows = slice(i * n_i, (i + 1) * n_i - count)
            b = -s.tau * rng.integers(0, 2, (n_i - count, n))
            b[:, i] = rng.choice([-1.0, 1.0], n_i - count)
            x[rows, :n] += b
            x[(i + 1) * n_i - count : (i + 1) * n_i, n + i] += 1.0
        first, second = x, x
        if objective is Objective.CL:
            first, second = (x + s.augmentation_std * rng.standard_normal(x.shape) for _ in range(2))
        product = first.T @ second
        top = np.linalg.eigh(product + product.T)[1][:, -2 * n :]
        r.append((top[n : 2 * n] ** 2).sum(axis=1).mean())
    error = np.std(r, ddof=1) / np.sqrt(len(r))
    # d^(-1/2) from the edge is what a finite size costs: 2% here.
    assert abs(np.mean(r) - rare_recovery(s, objective)) <= 0.02 + 3 * error


@pytest.mark.wrong_types
def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"rare_fraction=0\.0"):
        rare_recovery(setting(0.0), Objective.MIM)
    with pytest.raises(ValueError, match="scope='all'"):
        rare_recovery(setting(0.1), Objective.MIM, "all")  # pyright: ignore[reportArgumentType]: wrong on purpose
    with pytest.raises(OutOfDomainError, match="dim=5"):
        rare_recovery(setting(0.1, dim=5), Objective.MIM)


def test_the_threshold_keeps_its_digits_in_small_units():
    """The root search must not stop at an absolute distance: in units a million times larger theta is 1e-12 of it."""
    one, small = (
        Setting.paper(600, n_clients=3, samples_per_client=600, mu=unit, augmentation_std=unit) for unit in (1.0, 1e-6)
    )
    ratio = rare_threshold(small, Objective.CL) / rare_threshold(one, Objective.CL)
    assert ratio * 1e12 == pytest.approx(1, rel=1e-9)


def test_masks_drawn_once_start_at_their_threshold():
    for samples in (600, 10**5, 10**9):
        edge = drawn_mask_threshold(setting(0.5, samples=samples))
        assert drawn_mask_recovery(setting(edge * (1 - 1e-7), samples=samples)) == 0
        assert 0 < drawn_mask_recovery(setting(min(0.99, edge * (1 + 1e-5)), samples=samples)) < 1e-3
    small = setting(0.5, samples=10**14)
    pi = small.mask_ratio * (1 - small.mask_ratio)
    leading = small.n_clients * small.mu**2 * (rare_aspect(small) * (1 + 1 / pi) / 2) ** 0.5
    assert drawn_mask_threshold(small) == pytest.approx(leading, rel=1e-5)


def test_with_equal_draws_the_order_of_thresholds_turns_at_the_derived_noise():
    turn = EQUAL_DRAWS_NOISE.value(mu=600**-0.2, mask_ratio=0.75)
    for samples in (10**8, 10**12):
        masks = drawn_mask_threshold(setting(0.1, samples=samples))
        below, above = (rare_threshold(setting(0.1, samples=samples, std=turn * f), Objective.CL) for f in (0.98, 1.02))
        assert below < masks < above


@pytest.mark.parametrize(("std", "is_contrast_ahead"), [(0.15, True), (0.4, False)])
def test_sampled_matrices_meet_the_limit_with_one_draw_each(std, is_contrast_ahead):
    s = setting(0.6, dim=300, samples=300, std=std)
    n, n_i, count = s.n_clients, s.samples_per_client, 180
    rng, found = np.random.default_rng(43), []
    for _ in range(10):
        x = s.mu * rng.standard_normal((n * n_i, s.dim))
        for i in range(n):
            rows = slice(i * n_i, (i + 1) * n_i - count)
            b = -s.tau * rng.integers(0, 2, (n_i - count, n))
            b[:, i] = rng.choice([-1.0, 1.0], n_i - count)
            x[rows, :n] += b
            x[(i + 1) * n_i - count : (i + 1) * n_i, n + i] += 1.0
        views = (
            (x * (rng.random(x.shape) > s.mask_ratio), x * (rng.random(x.shape) < s.mask_ratio)),
            tuple(x + std * rng.standard_normal(x.shape) for _ in range(2)),
        )
        tops = [np.linalg.eigh(a.T @ b + b.T @ a)[1][:, -2 * n :] for a, b in views]
        found.append([(top[n : 2 * n] ** 2).sum(axis=1).mean() for top in tops])
    means, errors = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    limits = drawn_mask_recovery(s), rare_recovery(s, Objective.CL)
    for mean, error, limit in zip(means, errors, limits, strict=True):
        assert abs(mean - limit) <= 0.03 + 3 * error
    assert (means[1] > means[0]) == is_contrast_ahead
    assert abs(means[1] - means[0]) > 1.5 * np.hypot(*errors)
