"""The links to add to a network: one after the other (greedy), or the best set by trying all."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool

from theory.formula import OutOfDomainError

Adjacency = Bool[np.ndarray, "clients clients"]
Link = tuple[int, int]
Score = Callable[[Adjacency], float]
MOST_COMBINATIONS = 50_000
ALIKE = 1e-9  # scores nearer than that, relatively, are equal but for rounding


def missing_links(adjacency: Adjacency) -> list[Link]:
    """Every pair of clients that do not hear each other, the lower index first.

    Source: ledger. Errors: ValueError for a directed network.
    """
    if (adjacency != adjacency.T).any():
        raise ValueError("Links are added to undirected networks; got a directed one. Make the adjacency symmetric.")
    first, second = np.nonzero(np.triu(~adjacency, k=1))
    return [(int(a), int(b)) for a, b in zip(first, second, strict=True)]


def with_links(adjacency: Adjacency, links: tuple[Link, ...]) -> Adjacency:
    """The network with those links added.

    Source: ledger.
    """
    denser = adjacency.copy()
    for a, b in links:
        denser[a, b] = denser[b, a] = True
    return denser


def greedy_links(adjacency: Adjacency, score: Score, budget: int) -> list[tuple[Link, float]]:
    """Up to `budget` links, each the one that lowers `score` most given those before it, with the score it reaches.

    Stops early when no link lowers the score: under uniform or Metropolis averaging a link can do harm.

    Source: ledger. Errors: ValueError for a directed network or a negative budget.
    """
    if budget < 0:
        raise ValueError(f"A number of links from 0 was wanted; got {budget}.")
    chosen: list[tuple[Link, float]] = []
    now, best = adjacency, score(adjacency)
    for _ in range(budget):
        reached = [(score(with_links(now, (link,))), link) for link in missing_links(now)]
        if not reached:
            break
        value, link = _first_of_least(reached)
        if not value < best * (1 - 1e-12):
            break
        now, best = with_links(now, (link,)), value
        chosen.append((link, value))
    return chosen


def best_links(adjacency: Adjacency, score: Score, budget: int) -> tuple[tuple[Link, ...], float]:
    """The set of at most `budget` links with the lowest score, by trying every set; the empty set competes.

    Source: ledger. Errors: ValueError for a directed network; OutOfDomainError beyond 50,000 sets.
    """
    links = missing_links(adjacency)
    sizes = range(min(budget, len(links)) + 1)
    n_sets = sum(math.comb(len(links), size) for size in sizes)
    if n_sets > MOST_COMBINATIONS:
        raise OutOfDomainError(
            f"Trying every set of links is meant for at most {MOST_COMBINATIONS} sets; {len(adjacency)} clients and a "
            f"budget of {budget} have {n_sets}. Use the greedy choice, or a smaller budget."
        )
    sets = itertools.chain.from_iterable(itertools.combinations(links, size) for size in sizes)
    value, chosen = _first_of_least([(score(with_links(adjacency, chosen)), chosen) for chosen in sets])
    return chosen, value


def _first_of_least(scored: list[tuple[float, Any]]) -> tuple[float, Any]:
    """The first whose score is the lowest but for rounding: which of mirror images comes lower is a machine's whim."""
    least = min(value for value, _ in scored)
    return next(pair for pair in scored if pair[0] <= least + ALIKE * abs(least))
