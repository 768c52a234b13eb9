"""What ending block Lanczos early costs: a share of the deficit, from where the noise ends and the spike begins."""

import math
from dataclasses import dataclass

# Chance, over a whole run, that the noise leaves the edges that the truncation is computed from.
EDGE_FAILURE = 1e-6


@dataclass(frozen=True)
class Noise:
    """One Gram matrix of the sum: weight times G^T G, G with `n_rows` rows and entries of `std` off the signal."""

    weight: float
    std: float
    n_rows: int


def bulk_edges(terms: tuple[Noise, ...], dim: int, trials: int = 1) -> tuple[float, float]:
    """An interval that holds every eigenvalue of the noise block of X, but for a chance EDGE_FAILURE over `trials`.

    Source: davidson2001 for each Gram matrix, Weyl for the sum.
    """
    t = math.sqrt(2 * math.log(2 * len(terms) * trials / EDGE_FAILURE))
    low = high = 0.0
    for g in terms:
        reach = math.sqrt(dim / g.n_rows) + t / math.sqrt(g.n_rows)
        scale = g.weight * g.n_rows * g.std**2
        ends = (scale * max(0.0, 1 - reach) ** 2, scale * (1 + reach) ** 2)
        low, high = low + min(ends), high + max(ends)
    return low, high


def truncated_share(spike: float, edges: tuple[float, float], levels: int) -> float:
    """What L levels leave of a deficit, at most, as a share of it; 1 when the spike lies in the noise.

    That is ((k + 1)(L + k^(-1/2)) + k) / T_L(x)^2, T_L the Chebyshev polynomial, x the place of `spike` with `edges`
    moved to [-1, 1], k = (spike - low) / (spike - high); about (2L + 3) / T_L(x)^2 for a strong spike.

    Why: let D be X off the start, C the block between, A = l - D at an eigenvalue l of X. The part w of an eigenvector
    (y, w) off the start solves A w = C y, and |w|^2 is its deficit. L levels give the Galerkin solution v in the Krylov
    space of D and C; the error e = w - v is A-orthogonal to that space. With norms |u|_A^2 = u.Au:
    (1) |e|_A <= |w|_A / T_L(x), as for conjugate gradients.
    (2) w.e = <w/A - u, e>_A for any u of the space. The polynomial t(a) (1 - t'(0) a), t the scaled Chebyshev one of
        (1), is 1 with slope 0 at a = 0, so some u has |w/A - u|_A <= (1 + L k^(1/2)) |w/A|_A / T_L(x).
    (3) |w|_A |w/A|_A <= (k + 1) / (2 k^(1/2)) |w|^2 (Kantorovich), and |e|^2 <= k |w|^2 / T_L(x)^2 by (1).
    (4) |w|^2 - |v|^2 = 2 w.e - |e|^2.
    This is for the exact l and y. Truncation moves them too, which adds terms smaller by a factor of the deficit; that
    this leaves the bound true for every coordinate is tested, not proven.

    Source: ledger (Galerkin optimality, Chebyshev, Kantorovich). Units: dimensionless, in (0, 1].
    """
    low, high = edges
    if spike <= high or levels == 0:
        return 1.0
    k = (spike - low) / (spike - high)
    growth = math.cosh(min(300.0, levels * math.acosh(1 + 2 * (spike - high) / (high - low))))
    return min(1.0, ((k + 1) * (levels + k**-0.5) + k) / growth**2)
