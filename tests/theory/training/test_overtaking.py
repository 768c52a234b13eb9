"""How fast a coordinate outside grows beside models at rest, against the eigenvalue of a round."""

import numpy as np
import pytest

from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology
from theory.training.overtaking import overtaking_rate, overtaking_remainder

INSIDE = np.array([2.0, 2.2, 1.9, 2.1, 2.0])
OUTSIDE = np.array([1.2, 2.9, 2.4, 1.1, 2.2])
MIXING = mixing_matrix(topology("star", 5), "uniform")


def growth(step: float) -> tuple[float, np.ndarray]:
    w = np.full(5, np.sqrt(2.0))
    for _ in range(int(20 / step)):
        w = MIXING @ (w - 2 * step * w * (w**2 - INSIDE))
    largest = np.linalg.eigvals(MIXING * (1 + 2 * step * (OUTSIDE - w**2))).real.max()
    return float((largest - 1) / (2 * step)), w


@pytest.mark.parametrize("step", [1e-3, 1e-2])
def test_the_growth_is_that_of_the_entries_within_the_remainder(step):
    found, w = growth(step)
    remainder = overtaking_remainder(MIXING, INSIDE, OUTSIDE, step, w)
    assert 0 < abs(found - overtaking_rate(MIXING, INSIDE, OUTSIDE, step)) <= remainder < np.inf


def test_the_remainder_falls_fourfold_where_the_step_is_halved():
    w = np.sqrt(INSIDE)
    first, second = (overtaking_remainder(MIXING, INSIDE, OUTSIDE, step, w) for step in (1e-4, 5e-5))
    assert first / second == pytest.approx(4, rel=0.02)


def test_differences_lift_a_coordinate_outside_above_one_inside():
    below = OUTSIDE - overtaking_rate(MIXING, INSIDE, OUTSIDE, 1e-3) - 0.02
    rates = [overtaking_rate(MIXING, INSIDE, below, step) for step in (1e-3, 0.2)]
    assert rates[0] < 0 < rates[1]


def test_steps_too_large_have_no_remainder():
    assert overtaking_remainder(MIXING, INSIDE, OUTSIDE, 1.0, np.sqrt(INSIDE)) == np.inf
