"""Links to add: greedy steps, exhaustive sets, and when to add none."""

import numpy as np
import pytest

from theory.formula import OutOfDomainError
from theory.networks.edge_choice import best_links, greedy_links, missing_links, with_links
from theory.networks.graph_functionals import kirchhoff_index
from theory.networks.topologies import topology


def test_missing_links_are_the_complement():
    assert missing_links(topology("path", 4)) == [(0, 2), (0, 3), (1, 3)]
    assert missing_links(topology("complete", 5)) == []


def test_links_go_both_ways_and_leave_the_first_network_alone():
    path = topology("path", 3)
    closed = with_links(path, ((0, 2),))
    assert closed[0, 2]
    assert closed[2, 0]
    assert not path[0, 2]


def test_one_greedy_link_is_the_best_single_link():
    path = topology("path", 7)
    ((link, value),) = greedy_links(path, kirchhoff_index, 1)
    links, best = best_links(path, kirchhoff_index, 1)
    assert (links, best) == ((link,), value)
    assert best < kirchhoff_index(path)


def test_of_mirror_images_the_first_is_chosen_whatever_rounding_says():
    ring = topology("ring", 12)
    for seed in range(3):
        rng = np.random.default_rng(seed)

        def rounded(adjacency, rng=rng):
            return kirchhoff_index(adjacency) * (1 + 1e-13 * rng.standard_normal())

        assert greedy_links(ring, rounded, 1)[0][0] == (0, 6)
        assert best_links(ring, rounded, 1)[0] == ((0, 6),)


def test_the_best_set_is_never_worse_than_the_greedy_one_and_can_be_better():
    ring = topology("ring", 12)
    greedy = greedy_links(ring, kirchhoff_index, 2)[-1][1]
    _, best = best_links(ring, kirchhoff_index, 2)
    assert best <= greedy * (1 + 1e-12)


def test_no_link_is_chosen_when_every_link_raises_the_score():
    def n_links(adjacency: np.ndarray) -> float:
        return float(adjacency.sum())

    path = topology("path", 5)
    assert greedy_links(path, n_links, 3) == []
    assert best_links(path, n_links, 2) == ((), n_links(path))


def test_refusals_say_what_to_do():
    with pytest.raises(OutOfDomainError, match="greedy"):
        best_links(topology("ring", 40), kirchhoff_index, 5)
    with pytest.raises(ValueError, match="from 0"):
        greedy_links(topology("ring", 5), kirchhoff_index, -1)
    with pytest.raises(ValueError, match="directed"):
        missing_links(topology("directed_ring", 5))
