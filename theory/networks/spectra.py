"""The spectra of a network: of its Laplacian, ascending, and of a mixing matrix, descending."""

import numpy as np
import sympy as sp
from jaxtyping import Float, Inexact
from scipy import sparse
from scipy.sparse import csgraph

from theory.networks import topologies
from theory.networks.topologies import Adjacency, is_undirected

_BALANCE = 1e-9  # tolerance of log M_ij - log M_ji summed around a cycle: rounding grows with the cycle


def laplacian_matrix(adjacency: Adjacency) -> Float[np.ndarray, "clients clients"]:
    """L = diag(degree) - A.

    Source: fiedler1973. Units: links. Errors: ValueError for a directed network.
    """
    if not is_undirected(adjacency):
        raise ValueError(
            "The Laplacian is of an undirected network; this one has one-way links. Use the mixing matrix."
        )
    return np.diag(adjacency.sum(axis=1).astype(float)) - adjacency


def laplacian_spectrum(adjacency: Adjacency) -> Float[np.ndarray, " clients"]:
    """Eigenvalues of the Laplacian, ascending: 0, then the algebraic connectivity lambda_2.

    Source: fiedler1973. Units: links. Errors: ValueError for a directed network.
    """
    return np.linalg.eigvalsh(laplacian_matrix(adjacency))


def symmetric_form(mixing: np.ndarray | sparse.csr_array) -> sparse.csr_array | None:
    """The symmetric matrix sqrt(M_ij M_ji), similar to M when v_i M_ij = v_j M_ji for some v > 0; None when for none.

    With such v it is V^(1/2) M V^(-1/2), and M has the real spectrum of a symmetric matrix: uniform and data-size
    weights on any undirected network are of this kind. Whether v exists is read off a spanning tree and every link.

    Source: ledger; Kolmogorov's criterion. Units: dimensionless. Errors: none.
    """
    matrix = sparse.csr_array(mixing)
    matrix.eliminate_zeros()
    back = sparse.csr_array(matrix.transpose())
    matrix.sort_indices()
    back.sort_indices()
    if not (np.array_equal(matrix.indices, back.indices) and np.array_equal(matrix.indptr, back.indptr)):
        return None
    ratio = matrix.copy()
    ratio.data = np.log(matrix.data) - np.log(back.data)
    if np.abs(ratio.data).max(initial=0.0) > _BALANCE:  # else symmetric already
        n = len(matrix.indptr) - 1
        potential, seen = np.zeros(n), np.zeros(n, dtype=bool)
        for root in range(len(seen)):
            if seen[root]:
                continue
            order, parent = csgraph.breadth_first_order(matrix, root, directed=False)
            seen[order] = True
            for client in order[1:]:
                potential[client] = potential[parent[client]] + ratio[parent[client], client]
        receiver, sender = (axis.ravel() for axis in ratio.tocoo().coords)
        if np.abs(potential[sender] - potential[receiver] - ratio.tocoo().data).max() > _BALANCE:
            return None
    form = matrix.copy()
    form.data = np.sqrt(matrix.data * back.data)
    return form


def mixing_spectrum(mixing: Float[np.ndarray, "clients clients"]) -> Inexact[np.ndarray, " clients"]:
    """Eigenvalues by descending real part: real where `symmetric_form` exists, else complex, conjugates together.

    Source: ledger. Units: dimensionless, in the unit disc for a stochastic matrix. Errors: none.
    """
    if (mixing == mixing.T).all():
        return np.linalg.eigvalsh(mixing)[::-1]
    form = symmetric_form(mixing) if (mixing >= 0).all() else None
    if form is not None:
        return np.linalg.eigvalsh(form.toarray())[::-1]
    eigenvalues = np.linalg.eigvals(mixing).astype(complex)
    # Conjugates must have equal keys to stay together, whatever rounding left of them.
    return eigenvalues[np.lexsort((-np.imag(eigenvalues), -np.round(np.real(eigenvalues), 12)))]


def second_modulus(mixing: Float[np.ndarray, "clients clients"]) -> float:
    """beta, the largest |lambda_l| over l >= 2: 1 - beta is the spectral gap.

    Source: xiao2004. Units: dimensionless. Errors: none.
    """
    return float(np.sort(np.abs(mixing_spectrum(mixing)))[-2])


def closed_form_spectrum(name: str, n_clients: int | None = None, matrix: str = "laplacian") -> list[sp.Expr] | None:
    """The exact eigenvalues of a named family, in no order; None where no closed form is known here.

    `matrix=mixing` is of uniform mixing. On a regular network it is I - L / (degree + 1).

    Source: the family's file. Units: links (laplacian) or dimensionless (mixing).
    Errors: ValueError as `theory.networks.topologies.topology`.
    """
    if matrix not in ("laplacian", "mixing"):
        raise ValueError(f"matrix is laplacian or mixing; got {matrix!r}.")
    module, arguments = topologies.family(name)
    degrees = topologies.topology(name, n_clients).sum(axis=1)
    if matrix == "mixing" and hasattr(module, "mixing_eigenvalues"):
        return module.mixing_eigenvalues(len(degrees), *arguments)
    if not hasattr(module, "laplacian_eigenvalues"):
        return None
    eigenvalues = module.laplacian_eigenvalues(len(degrees), *arguments)
    if matrix == "laplacian":
        return eigenvalues
    is_regular = (degrees == degrees[0]).all()
    return [1 - value / (int(degrees[0]) + 1) for value in eigenvalues] if is_regular else None
