"""Torus: a grid whose sides are rings; clients are numbered row by row."""

import itertools
import math

import numpy as np
import sympy as sp

from theory.networks.topologies import circulant
from theory.networks.topologies._graphs import Adjacency, from_edges


def size(sides: tuple[int, ...]) -> int:
    """The number of clients of a torus with these sides. Source: ledger."""
    return math.prod(sides)


def square_sides(n_clients: int) -> tuple[int, int]:
    """The two factors of N nearest to each other, the smaller first.

    Source: ledger. Units: clients. Errors: ValueError for a number without two factors above 1.
    """
    rows = next(r for r in range(math.isqrt(n_clients), 0, -1) if n_clients % r == 0)
    if rows == 1:
        raise ValueError(f"A torus needs a number of clients with two factors above 1; got n_clients={n_clients}.")
    return rows, n_clients // rows


def adjacency(n_clients: int, sides: tuple[int, ...] | None = None) -> Adjacency:
    """The torus with the given sides, of any number of dimensions; by default the most nearly square one.

    On a side of two, the next client is also the one before: one link joins them, not two.

    Source: ledger. Units: none. Errors: ValueError for sides that do not multiply to N, or that are below 2.
    """
    sides = square_sides(n_clients) if sides is None else sides
    if min(sides) < 2:
        raise ValueError(f"Every side of a torus has at least 2 clients; got {'x'.join(map(str, sides))}. Use ring.")
    if math.prod(sides) != n_clients:
        raise ValueError(
            f"A torus of {'x'.join(map(str, sides))} has {math.prod(sides)} clients; got n_clients={n_clients}. "
            "Change one of them."
        )
    clients = np.arange(n_clients).reshape(sides)
    links = [np.stack([clients.ravel(), np.roll(clients, -1, axis).ravel()], axis=1) for axis in range(len(sides))]
    return from_edges(map(tuple, np.concatenate(links).tolist()), n_clients)


def laplacian_eigenvalues(n_clients: int, sides: tuple[int, ...] | None = None) -> list[sp.Expr]:
    """Sums of one eigenvalue of each side's ring, a side of two being a single link.

    Source: fiedler1973, Cartesian products. Units: links. Errors: as `adjacency`.
    """
    sides = square_sides(n_clients) if sides is None else sides
    rings = [circulant.laplacian_eigenvalues(side, (1,)) for side in sides]
    return [sp.Add(*choice) for choice in itertools.product(*rings)]
