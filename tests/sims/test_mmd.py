"""The adaptive MMD against a double loop written like the display."""

import math

import numpy as np
import pytest

from sims.mmd import adaptive_mmd, gaussian_batches, mean_distance
from theory.formula import OutOfDomainError


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_statistic_is_the_double_sum(power):
    (local, average), *_ = gaussian_batches(3, trials=1, batch=5, feature_dim=3, std_local=1.0, std_global=2.0)
    n = len(local)
    sigma = sum(math.dist(local[a], local[b]) for a in range(n) for b in range(n) if a != b) / (n * (n - 1))

    def kernel(x, y):
        return math.exp(-(math.dist(x, y) ** power) / (2 * sigma**2))

    within = sum(kernel(z[a], z[b]) for z in (local, average) for a in range(n) for b in range(n) if a != b)
    across = sum(kernel(x, y) for x in local for y in average)
    expected = within / (n * (n - 1)) - 2 * across / n**2
    # Sums of 25 terms in another order.
    assert adaptive_mmd(local, average, power=power) == pytest.approx(expected, rel=1e-12)
    assert mean_distance(local) == pytest.approx(sigma, rel=1e-13)


def test_equal_seeds_give_equal_batches():
    options = {"trials": 2, "batch": 4, "feature_dim": 3, "std_local": 1.0, "std_global": 1.0}
    for (a, b), (c, d) in zip(gaussian_batches(1, **options), gaussian_batches(1, **options), strict=True):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)


def test_batches_of_one_have_no_statistic():
    with pytest.raises(OutOfDomainError, match="two embeddings"):
        adaptive_mmd(np.zeros((1, 2)), np.zeros((1, 2)))


def test_batches_of_different_size_are_turned_away():
    with pytest.raises(ValueError, match="one size"):
        adaptive_mmd(np.zeros((3, 2)), np.zeros((2, 2)))
