"""A bound on how far any r_k moves when block Lanczos stops early, from the noise's edge and the spikes.

Proofs: docs/proofs/block_lanczos.md.
"""

import math
from dataclasses import dataclass

import numpy as np

# Chance, over a whole run, that the noise leaves the edges that the truncation is computed from.
EDGE_FAILURE = 1e-6
# Grid on which an edge is minimised; every point of it gives a valid one.
GRID = np.geomspace(1e-4, 0.5, 400)


@dataclass(frozen=True)
class Noise:
    """One Gram matrix of the sum: weight times G^T G, G with `n_rows` rows and entries of `std` off the signal."""

    weight: float
    std: float
    n_rows: int

    @property
    def power(self) -> float:
        """Weight times variance of an entry."""
        return self.weight * self.std**2


def bulk_edges(
    terms: tuple[Noise, ...], dim: int, trials: int = 1, failure: float = EDGE_FAILURE
) -> tuple[float, float]:
    """An interval that holds every eigenvalue of the noise block of X, but for a chance `failure` over `trials`.

    Source: davidson2001 for one Gram matrix; for a sum ledger, from gordon1985 and laurent2000, which with `failure`
    of order 1 tends to the edge of the free convolution. Units: squared data units.
    """
    if len(terms) == 1:
        (g,) = terms
        reach = math.sqrt(dim / g.n_rows) + math.sqrt(2 * math.log(2 * trials / failure) / g.n_rows)
        scale = g.power * g.n_rows
        return scale * max(0.0, 1 - reach) ** 2, scale * (1 + reach) ** 2
    u = max(0.0, math.log(4 * trials / failure))
    powers, n_rows = np.array([g.power for g in terms]), np.array([g.n_rows for g in terms], dtype=float)
    return -_top_edge(-powers, n_rows, dim, u), _top_edge(powers, n_rows, dim, u)


def _top_edge(powers: np.ndarray, n_rows: np.ndarray, dim: int, u: float) -> float:
    """Least mean plus deviation of dim chi-squares over x and n_rows of them times power / (1 - power x)."""
    x = np.concatenate([GRID, 1 - GRID]) / max(powers.max(), 1e-300)
    columns, rows = 1 / x, powers / (1 - np.outer(x, powers))
    mean, square = dim * columns + rows @ n_rows, dim * columns**2 + rows**2 @ n_rows
    largest = np.maximum(columns, rows.max(axis=1))
    return float((mean + 2 * np.sqrt(u * square) + 2 * u * largest).min())


def truncation_bound(coupling: float, spike: float, edges: tuple[float, float], levels: int) -> float:
    """How far L levels leave any r_k, and the whole block of the projector on the start, from that of X; at most 1.

    That is |C|^2 / ((c - high) (spike - c) T_2L(x)), T the Chebyshev polynomial, x the place of c with `edges` moved
    to [-1, 1], for any c from the middle of noise and spike to the spike; here a share 1/(2L + 2) below the spike.
    `coupling` is |C|^2, C the block of X below the start, `spike` a lower bound of the top m eigenvalues of both the
    truncated matrix and X: those of any compression of the truncated one serve (interlacing).

    Source: ledger; docs/proofs/block_lanczos.md. Units: dimensionless, in (0, 1].
    """
    low, high = edges
    if spike <= high or levels == 0:
        return 1.0
    below = (spike - high) / (2 * levels + 2)
    above = spike - high - below
    growth = math.cosh(min(300.0, 2 * levels * math.acosh(1 + 2 * above / (high - low))))
    return min(1.0, coupling / (above * below * growth))


def fewest_levels(coupling: float, spike: float, edges: tuple[float, float], allowed: float, most: int) -> int:
    """Levels whose bound stays below `allowed`, or `most`."""
    for levels in range(1, most):
        if truncation_bound(coupling, spike, edges, levels) <= allowed:
            return levels
    return most
