"""Constants of the remainders, and that the remainders are of the order that they say."""

import numpy as np
import pytest

from theory.alignment_term import remainders
from theory.formula import OutOfDomainError


def test_slopes_and_bends_of_a_kernel_stay_below_their_constants():
    z = np.linspace(0, 12, 200_001)
    assert np.abs((2 * z - z**3) * np.exp(-(z**2) / 2)).max() < remainders.LARGEST_SLOPE
    bends = -4 * z * (1 - z) * np.exp(-z)
    assert bends.min() > remainders.LEAST_BEND
    assert bends.max() < remainders.LARGEST_BEND
    assert (2 * z * np.exp(-z)).max() <= remainders.LARGEST_RISE


def test_remainders_fall_like_one_over_the_dimension_and_the_batch():
    far = remainders.averaged_embedding_remainder(10**6, 2)
    assert far * 10**6 == pytest.approx(2.3, abs=0.05)
    assert remainders.own_bandwidth_remainder(10**3, 10**4) * 10**7 == pytest.approx(27, abs=1)
    assert remainders.own_bandwidth_remainder(20, 64) == pytest.approx(remainders.own_bandwidth_remainder(10, 64) / 2)


@pytest.mark.parametrize(
    "remainder",
    [lambda d: remainders.averaged_embedding_remainder(d, 2), lambda d: remainders.own_bandwidth_remainder(2, d)],
)
def test_few_dimensions_are_refused(remainder):
    with pytest.raises(OutOfDomainError, match="At least 5 dimensions"):
        remainder(4)
