"""Entries of averaged diagonal matrices on the star, whose weights are known: 7/16 for the hub, 3/16 for a leaf."""

import numpy as np
import pytest

from theory.networks.mixing import mixing_matrix, objective_weights_of
from theory.networks.objective_entries import (
    entries_by_weight,
    entries_spread,
    least_gap,
    mean_entry,
    neighbourhood_entries,
)
from theory.networks.topologies import topology

STAR = topology("star", 4)
OTHER, OWN = 5.0, 1.0


def test_entries_of_the_star_have_the_mean_and_the_spread_that_is_said():
    weights = objective_weights_of(mixing_matrix(STAR, "uniform"))
    assert sorted(weights) == pytest.approx([3 / 16, 3 / 16, 3 / 16, 7 / 16])
    entries = entries_by_weight(weights, OTHER, OWN)
    assert entries.mean() == pytest.approx(mean_entry(4, OTHER, OWN))
    assert np.ptp(entries) == pytest.approx(entries_spread(weights, OTHER, OWN)) == pytest.approx(4 * 4 / 16)


def test_a_neighbourhood_moves_its_own_coordinates_alone():
    members = np.array([True, True, False])
    assert neighbourhood_entries(members, OTHER, OWN) == pytest.approx([3.0, 3.0, 5.0])


@pytest.mark.parametrize("rule", ["uniform", "metropolis"])
def test_two_clients_agree_at_once_as_the_gap_says(rule):
    pair = topology("complete", 2)
    assert least_gap(pair) == 1.0
    assert np.linalg.eigvals(mixing_matrix(pair, rule)) == pytest.approx([1.0, 0.0], abs=1e-15)
