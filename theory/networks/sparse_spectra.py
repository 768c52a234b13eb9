"""Extreme eigenvalues of large sparse networks, up to ten thousand clients: lambda_2 and the smallest one.

Lanczos alone needs about 1/sqrt(gap) products, which on a ring or path is N: it stalls. There the matrix is factored
at a shift just below its spectrum, found by bisection: a shift is below exactly when the factors are positive.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import sparse
from scipy.sparse import csgraph, linalg

from theory.formula import OutOfDomainError
from theory.networks.spectra import symmetric_form

_RESTARTS = 60
_BASIS = 40
NEAR = 1e-6  # distance from shift to spectrum, over its width: near enough that neighbours 1e-8 apart separate soon


@dataclass(frozen=True)
class SpectrumEnds:
    """The second-largest and the smallest eigenvalue of a mixing matrix, and the gap 1 - max |lambda_l|, l >= 2."""

    lambda_2: float
    smallest: float

    @property
    def gap(self) -> float:
        """One minus the second-largest modulus. Source: xiao2004. Units: dimensionless."""
        return 1.0 - max(self.lambda_2, -self.smallest)


def mixing_ends(mixing: sparse.csr_array | np.ndarray) -> SpectrumEnds:
    """The ends of a mixing matrix's spectrum; its largest eigenvalue is 1.

    Source: ledger; ARPACK. Units: dimensionless.
    Errors: OutOfDomainError without real spectrum (see `symmetric_form`); ValueError for fewer than 3 clients.
    """
    form = symmetric_form(mixing)
    if form is None:
        raise OutOfDomainError("Sparse ends need v_i M_ij = v_j M_ji for some v > 0; not so here. Use mixing_spectrum.")
    _, lambda_2 = -smallest_eigenvalues(sparse.csr_array(-form), 2)
    (smallest,) = smallest_eigenvalues(form, 1)
    return SpectrumEnds(float(lambda_2), float(smallest))


def algebraic_connectivity(adjacency: sparse.csr_array | np.ndarray) -> float:
    """lambda_2 of the Laplacian of an undirected network.

    Source: fiedler1973. Units: links. Errors: ValueError for fewer than 3 clients, or a directed network.
    """
    links = sparse.csr_array(adjacency).astype(float)
    if (links != links.transpose()).sum():
        raise ValueError("The Laplacian is of an undirected network; this one has one-way links. Use mixing_ends.")
    return float(smallest_eigenvalues(sparse.csr_array(csgraph.laplacian(links)), 2)[1])


def smallest_eigenvalues(matrix: sparse.csr_array, count: int) -> Float[np.ndarray, " count"]:
    """The `count` smallest eigenvalues of a symmetric sparse matrix, ascending, repeated ones included.

    Source: ledger; ARPACK, SuperLU. Units: those of the matrix. Errors: ValueError for fewer than count + 1 rows.
    """
    n = len(matrix.indptr) - 1
    if n <= count:
        raise ValueError(f"A sparse spectrum needs more than {count} clients; got {n}. Use the dense one.")
    if n <= 2 * _BASIS:
        return np.linalg.eigvalsh(matrix.toarray())[:count]
    start = np.cos(np.arange(n) ** 2.0)  # fixed, and orthogonal to no eigenvector of a network with symmetries
    settings = {"k": count, "v0": start, "ncv": _BASIS, "return_eigenvectors": False}
    try:
        found = linalg.eigsh(matrix, which="SA", maxiter=_RESTARTS, **settings)
    except linalg.ArpackNoConvergence:
        found = linalg.eigsh(matrix, sigma=shift_below(matrix), which="LM", **settings)
    return np.sort(found)


def shift_below(matrix: sparse.csr_array) -> float:
    """A number below the spectrum of a symmetric matrix, by at most twice `NEAR` of the width of its Gershgorin discs.

    Source: ledger. Units: those of the matrix. Errors: none.
    """
    diagonal = matrix.diagonal()
    radius = np.asarray(abs(matrix).sum(axis=1)) - np.abs(diagonal)
    below, above = float((diagonal - radius).min()), float(diagonal.min())  # Gershgorin, Rayleigh
    width = float((diagonal + radius).max()) - below
    below -= NEAR * width
    while above - below > NEAR * width:
        middle = 0.5 * (below + above)
        below, above = (middle, above) if _is_below(matrix, middle) else (below, middle)
    return below


def _is_below(matrix: sparse.csr_array, shift: float) -> bool:
    """Whether matrix - shift I is positive definite: its factors without pivoting have a positive diagonal."""
    shifted = (matrix - shift * sparse.eye_array(len(matrix.indptr) - 1)).tocsc()
    try:
        factors = linalg.splu(
            shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
    except RuntimeError:  # an exact zero on the diagonal
        return False
    return bool((factors.U.diagonal() > 0).all())
