"""Variances from fourth moments equal those of all masks, one by one."""

import itertools

import numpy as np
import pytest

from theory.deficits.closed_forms_of_points import deficit_cl, deficit_mim, entry_variances, reference_axes, sigma_star

CLIENTS = tuple(np.random.default_rng(s).standard_normal((5, 3)) @ np.diag([2.0, 1.0, 0.5]) for s in (1, 2))


@pytest.mark.parametrize("p", [0.5, 0.75, 0.9])
def test_variances_equal_the_enumeration_of_all_pairs_of_masks(p):
    q, (_, axes) = 1 - p, reference_axes(CLIENTS, 1)
    total = np.zeros((3, 3))
    for x in CLIENTS:
        first, second = np.zeros((3, 3)), np.zeros((3, 3))
        for row, m, k in itertools.product(x, *2 * [list(itertools.product((0, 1), repeat=3))]):
            chance = q ** sum(m) * p ** (3 - sum(m)) * p ** sum(k) * q ** (3 - sum(k)) / len(x)
            a, b = row * np.array(m), row * np.array(k)
            entry = axes.T @ (np.outer(a, b) + np.outer(b, a)) @ axes / (2 * p * q)
            first, second = first + chance * entry, second + chance * entry**2
        total += (second - first**2) / len(CLIENTS)
    v = entry_variances(CLIENTS, 1, p)
    np.testing.assert_allclose((v.sampling + v.masks)[:, 0], total[1:, 0], rtol=1e-11)


def test_at_sigma_star_both_objectives_lose_as_much():
    v = entry_variances(CLIENTS, 2, 0.75)
    sigma = sigma_star(v)
    for draws in (1, 3):
        cl, mim = deficit_cl(v, 100, sigma, draws).mean(), deficit_mim(v, 100, draws).mean()
        assert cl == pytest.approx(mim, rel=1e-12)


def test_without_noise_contrast_loses_what_expected_masks_lose():
    v = entry_variances(CLIENTS, 2, 0.75)
    np.testing.assert_array_equal(deficit_cl(v, 10, 0.0), deficit_mim(v, 10, None))
