"""Points of a domain: its corners, and random ones by its law. Every point that a check measures comes from here."""

import math
from collections.abc import Iterator
from itertools import islice

import numpy as np

from theory.domain import Domain, Point

MOST_TRIES = 2_000  # for one point: a domain that fills less than this share of its box is to be described otherwise


def random_points(domain: Domain, n_points: int, seed: int) -> list[Point]:
    """`n_points` independent points by the law of the domain, those outside its conditions left out.

    Errors: ValueError when the conditions leave too little of the box to be found.
    """
    return list(islice(_inside(domain, np.random.default_rng(seed)), n_points))


def corner_points(domain: Domain, n_points: int, seed: int) -> list[Point]:
    """Up to `n_points` corners of the box inside the conditions: all, or as many at random.

    Conditions are asked only until enough corners are found: there may be thousands, and a condition may take long.
    """
    ends = [p.corners() for p in domain.parameters]
    shape = tuple(len(e) for e in ends)
    total, chosen = math.prod(shape), []
    for index in np.random.default_rng(seed).permutation(total):
        if len(chosen) == n_points:
            break
        places = np.unravel_index(index, shape)
        point = dict(zip(domain.names, (e[i] for e, i in zip(ends, places, strict=True)), strict=True))
        if all(c.holds(point) for c in domain.conditions):
            chosen.append((int(index), point))
    return [point for _, point in sorted(chosen, key=lambda one: one[0])]


def _inside(domain: Domain, rng: np.random.Generator) -> Iterator[Point]:
    while True:
        for _ in range(MOST_TRIES):
            point = domain.at(tuple(rng.random(len(domain.parameters))))
            if not domain.refused(point):
                yield point
                break
        else:
            raise ValueError(
                f"No point was found in {MOST_TRIES} tries where {domain.words()} Describe the domain by parameters "
                "that its conditions leave room for."
            )
