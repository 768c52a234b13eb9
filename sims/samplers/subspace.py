"""From a symmetric matrix to the squared projections of coordinate axes onto its best rank-c subspace."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Bool, Float

from sims.samplers.literal import CrossMoments
from sims.samplers.wishart import positive_qr
from theory.readings import Selection

# Eigenvalues smaller than this, relative to the largest, are zero: eigh resolves about 1e-15 of it.
ZERO_EIGENVALUE = 1e-12
KRYLOV_LEVELS = 12


def top_subspace(
    x: Float[np.ndarray, "dim dim"], feature_dim: int, selection: Selection = Selection.PSD
) -> Float[np.ndarray, "dim rank"]:
    """Orthonormal basis of the row space of the W of rank at most `feature_dim` for which W^T W is nearest to `x`.

    PSD: the eigenvectors of the largest positive eigenvalues. Modulus: of the largest absolute values.
    Source: eckart1936, with W^T W positive semi-definite as in chen2026 (2) and (4).
    """
    d = len(x)
    if selection is Selection.MODULUS:
        values, vectors = scipy.linalg.eigh(x)
        chosen = np.argsort(-np.abs(values))[:feature_dim]
        return vectors[:, chosen]
    values, vectors = scipy.linalg.eigh(x, subset_by_index=(d - feature_dim, d - 1))
    return vectors[:, values > ZERO_EIGENVALUE * max(1e-300, float(np.abs(values).max()))]


@dataclass(frozen=True)
class KrylovResult:
    """Bases, and how far each may be off: the sine of the angle to an invariant subspace is at most `angle`.

    `settled` is False where iteration ended first, or the subspace is not all positive; that basis is of no use.
    """

    basis: Float[np.ndarray, "trials dim c"]
    angle: Float[np.ndarray, " trials"]
    settled: Bool[np.ndarray, " trials"]


def krylov_subspace(
    apply: Callable[[np.ndarray], np.ndarray],
    start: Float[np.ndarray, "trials dim m"],
    feature_dim: int,
    angle: float = 1e-6,
) -> KrylovResult:
    """The top subspaces of many matrices by block Krylov iteration from `start`; `apply` sees orthonormal blocks.

    A squared projection of a vector of `start` is then known to about the square of `angle`.
    Source: ledger (Davis-Kahan: residual over gap bounds the angle).
    """
    (trials, d, m), basis, image = start.shape, start, apply(start)
    found = np.zeros((trials, d, feature_dim))
    off, settled = np.full(trials, np.inf), np.zeros(trials, dtype=bool)
    for _ in range(KRYLOV_LEVELS):
        if basis.shape[2] > feature_dim:
            small = np.swapaxes(basis, 1, 2) @ image
            values, vectors = np.linalg.eigh((small + np.swapaxes(small, 1, 2)) / 2)
            theta, top = values[:, ::-1], vectors[:, :, ::-1][:, :, :feature_dim]
            found = basis @ top
            residual = image @ top - found * theta[:, None, :feature_dim]
            gap = np.maximum(theta[:, feature_dim - 1] - theta[:, feature_dim], 1e-300)
            off = np.linalg.norm(residual, axis=(1, 2)) / gap
            settled = (off <= angle) & (theta[:, feature_dim - 1] > ZERO_EIGENVALUE * theta[:, 0])
        if settled.all() or basis.shape[2] + m > d:
            break
        fresh = image[:, :, -m:]
        for _ in range(2):
            fresh = fresh - basis @ (np.swapaxes(basis, 1, 2) @ fresh)
        fresh = positive_qr(fresh)[0]
        basis = np.concatenate([basis, fresh], axis=2)
        image = np.concatenate([image, apply(fresh)], axis=2)
    return KrylovResult(found, off, settled)


def encoder_subspace(moments: CrossMoments, feature_dim: int) -> Float[np.ndarray, "dim rank"]:
    """Orthonormal basis of the encoder's row space at the optimum of the reconstruction loss.

    Source: ledger, reduced-rank regression for chen2026 (3): C11^(-1) C12 U, U the top of C21 C11^(-1) C12.
    Errors: ValueError when the moments lack E a a^T.
    """
    if moments.within is None:
        raise ValueError("The reconstruction loss needs E a a^T; got cross moments without it.")
    guess = scipy.linalg.solve(moments.within, moments.cross, assume_a="pos")
    explained = moments.cross.T @ guess
    outputs = top_subspace((explained + explained.T) / 2, feature_dim)
    return np.linalg.qr(guess @ outputs)[0]


def squared_projections(basis: Float[np.ndarray, "dim rank"]) -> Float[np.ndarray, " dim"]:
    """r_k: squared length of each coordinate axis projected onto the span of orthonormal columns.

    Source: chen2026, Definition 4.1. Units: dimensionless, in [0, 1]; they sum to the rank.
    """
    return np.einsum("kc,kc->k", basis, basis)
