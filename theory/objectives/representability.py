"""Representability of a minimiser: the best positive semi-definite fit of rank c to a matrix given by its corner."""

import numpy as np
from jaxtyping import Float

from theory.data.moments import SAME_EIGENVALUE, CornerMatrix
from theory.readings import Selection


def representability(
    matrix: CornerMatrix, feature_dim: int, n_signal: int, selection: Selection = Selection.PSD
) -> tuple[Float[np.ndarray, " n_signal"], bool]:
    """r_k over the N signal coordinates, and whether the minimiser determines them.

    Eigenvectors with a positive eigenvalue enter from the largest down until c are used (`psd`), or every one with a
    non-zero eigenvalue by modulus (`modulus`). Where c cuts a degenerate eigenspace the minimiser is any c-dimensional
    choice: the mean over them comes out, and False if another choice would change r.

    Source: chen2026, Definition 4.1; the PSD rule is ledger (Eckart and Young under a sign constraint).
    Units: dimensionless, each in [0, 1].
    Errors: ValueError when feature_dim or n_signal do not fit the matrix.
    """
    r, _, unique = _select(matrix, feature_dim, selection)
    _check_width(n_signal, matrix.corner.shape[0])
    cut = np.abs(unique[:n_signal]) > SAME_EIGENVALUE
    return r[:n_signal], not bool(np.any(cut))


def leading_representability(
    matrix: CornerMatrix, feature_dim: int, n_leading: int, selection: Selection = Selection.PSD
) -> Float[np.ndarray, " n_leading"]:
    """r_k over the leading coordinates, noise ones included: those share what c leaves, (c - N)/(d - N) on average.

    Source: ledger; the paper's Theorem 4.4 takes the leading c coordinates and calls s their max - min.
    Units: dimensionless, each in [0, 1].
    Errors: ValueError when feature_dim or n_leading exceed the data's dimension.
    """
    r, r_bulk, _ = _select(matrix, feature_dim, selection)
    _check_width(n_leading, matrix.dim)
    corner = r[:n_leading]
    return np.concatenate([corner, np.full(n_leading - len(corner), r_bulk)])


def _check_width(wanted: int, available: int) -> None:
    if not 1 <= wanted <= available:
        raise ValueError(f"Between 1 and {available} coordinates are there to look at; got {wanted}.")


def _select(
    matrix: CornerMatrix, feature_dim: int, selection: Selection
) -> tuple[Float[np.ndarray, " m"], float, Float[np.ndarray, " m"]]:
    """r on the corner, the mean r of a bulk coordinate, and how much of each r hangs on the choice at the cut."""
    if not 1 <= feature_dim <= matrix.dim:
        raise ValueError(f"feature_dim must lie between 1 and dim={matrix.dim}; got feature_dim={feature_dim}.")
    values, vectors = np.linalg.eigh(matrix.corner)
    sizes = np.append(values, matrix.bulk) if matrix.n_bulk else values
    zero = SAME_EIGENVALUE * np.max(np.abs(sizes))
    rank_by = np.abs(sizes) if selection is Selection.MODULUS else sizes
    order = np.argsort(-rank_by)
    r, r_bulk, ambiguous = np.zeros(len(values)), 0.0, np.zeros(len(values))
    left = feature_dim
    while order.size and left and rank_by[order[0]] > zero:
        tied = order[rank_by[order[0]] - rank_by[order] <= zero]
        order = order[len(tied) :]
        in_corner = tied[tied < len(values)]
        has_bulk = len(in_corner) < len(tied)
        multiplicity = len(in_corner) + (matrix.n_bulk if has_bulk else 0)
        share = min(1.0, left / multiplicity)
        weight = np.sum(vectors[:, in_corner] ** 2, axis=1)
        r += share * weight
        r_bulk += share if has_bulk else 0.0
        if share < 1.0 and len(in_corner):
            # A whole eigenspace is one choice; so is a cut through coordinates that the corner does not contain.
            ambiguous = weight
        left = max(0, left - multiplicity)
    return np.clip(r, 0.0, 1.0), r_bulk, ambiguous
