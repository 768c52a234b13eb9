"""Spectra of networks in interval arithmetic: intervals that are proved to hold the eigenvalues, one each.

With Q from floating point, Q^T S Q = diag(mu) + E and Q^T Q = I + F, both enclosed exactly. By Ostrowski the k-th
eigenvalue of Q^T S Q is theta_k lambda_k(S) with theta_k among the eigenvalues of Q^T Q, and by Weyl it lies within
|E| of mu_k. So lambda_k lies in (mu_k +- |E|) / (1 +- |F|), norms bounded by the largest row sum.
"""

from fractions import Fraction

import flint
import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError
from theory.networks.spectra import laplacian_matrix
from theory.networks.topologies import Adjacency

LARGEST = 256
_BITS = 192  # products of doubles are exact in 106; the rest absorbs sums


def unit_fractions(mixing: Float[np.ndarray, "clients clients"]) -> list[list[Fraction]]:
    """The matrix in exact fractions: links read as the 1/k they round, the diagonal as what a row leaves to 1.

    Source: ledger; uniform, Metropolis, lazy and default Laplacian weights are of this form. Units: rows sum to 1.
    Errors: OutOfDomainError when a link's weight is no 1/k to the last bit.
    """
    n = len(mixing)
    exact = [[Fraction(0)] * n for _ in range(n)]
    for i, j in np.argwhere(mixing != 0):
        if i != j:
            parts = round(float(1.0 / mixing[i, j])) if mixing[i, j] > 0 else 0
            if not parts or 1.0 / parts != mixing[i, j]:
                raise OutOfDomainError(
                    f"Exact weights are read as unit fractions 1/k; got {mixing[i, j]!r} between clients {i} and {j}. "
                    "Use the uniform, metropolis, lazy or default laplacian rule."
                )
            exact[i][j] = Fraction(1, parts)
    for i, row in enumerate(exact):
        row[i] = 1 - sum(row, Fraction(0))
    return exact


def is_reversible(mixing: list[list[Fraction]]) -> bool:
    """Whether v_i M_ij = v_j M_ji exactly for some v > 0, found along a spanning tree of every connected part.

    Source: ledger; Kolmogorov's criterion. Units: none. Errors: none.
    """
    v: dict[int, Fraction] = {}
    for root in range(len(mixing)):
        if root in v:
            continue
        v[root] = Fraction(1)
        waiting = [root]
        while waiting:
            i = waiting.pop()
            for j, weight in enumerate(mixing[i]):
                if bool(weight) != bool(mixing[j][i]):
                    return False
                if weight and j not in v:
                    v[j] = v[i] * weight / mixing[j][i]
                    waiting.append(j)
                if weight and v[i] * weight != v[j] * mixing[j][i]:
                    return False
    return True


def certified_mixing_spectrum(mixing: Float[np.ndarray, "clients clients"]) -> list[flint.arb]:
    """Intervals holding the eigenvalues of the mixing matrix in exact fractions, descending, one interval each.

    Source: ledger; horn2012, Theorem 4.5.9 (Ostrowski) and 4.3.1 (Weyl). Units: dimensionless.
    Errors: OutOfDomainError for more than 256 clients, weights that are no unit fractions, or no symmetric form.
    """
    _require_small(len(mixing))
    exact = unit_fractions(mixing)
    if not is_reversible(exact):
        raise OutOfDomainError("Certified spectra need v_i M_ij = v_j M_ji for some v > 0; not so here.")
    with flint.ctx.workprec(_BITS):
        form = flint.arb_mat([[_root(exact[i][j] * exact[j][i]) for j in range(len(exact))] for i in range(len(exact))])
        return _enclosures(form)[::-1]


def certified_laplacian_spectrum(adjacency: Adjacency) -> list[flint.arb]:
    """Intervals holding the eigenvalues of the Laplacian, ascending, one interval each.

    Source: as `certified_mixing_spectrum`. Units: links.
    Errors: OutOfDomainError for more than 256 clients; ValueError for a directed network.
    """
    _require_small(len(adjacency))
    with flint.ctx.workprec(_BITS):
        return _enclosures(_arb(laplacian_matrix(adjacency)))


def _enclosures(matrix: flint.arb_mat) -> list[flint.arb]:
    """Ascending intervals; the caller has set the precision."""
    n = matrix.nrows()
    middle = np.array([[float(matrix[i, j].mid()) for j in range(n)] for i in range(n)])
    guess, vectors = np.linalg.eigh(middle)
    q = _arb(vectors)
    image = q.transpose() * (matrix * q)
    residual = _norm(image - _arb(np.diag(guess)))
    skew = _norm(q.transpose() * q - _arb(np.eye(n)))
    assert skew < 0.5, "eigenvectors from LAPACK are orthogonal to rounding"
    shift, stretch = flint.arb(0, residual), flint.arb(1, skew)
    return [(flint.arb(float(mu)) + shift) / stretch for mu in guess]


def _norm(matrix: flint.arb_mat) -> flint.arb:
    """An upper bound of the spectral norm of a symmetric matrix."""
    largest = flint.arb(0)
    for row in matrix.tolist():
        largest = flint.arb.max(largest, sum((abs(x) for x in row), flint.arb(0)))
    return largest


def _arb(matrix: np.ndarray) -> flint.arb_mat:
    return flint.arb_mat([[flint.arb(float(x)) for x in row] for row in matrix])


def _root(square: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(square.numerator, square.denominator)).sqrt()


def _require_small(n_clients: int) -> None:
    if n_clients > LARGEST:
        raise OutOfDomainError(f"Certified spectra are for at most {LARGEST} clients; got {n_clients}.")
