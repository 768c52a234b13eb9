"""From a symmetric matrix to the squared projections of coordinate axes onto its best rank-c subspace."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float

from sims.sampler import CrossMoments
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
    """A basis and how far it may be off: the sine of the angle to an invariant subspace is at most `angle`."""

    basis: np.ndarray
    angle: float


def krylov_subspace(
    apply: Callable[[np.ndarray], np.ndarray], start: Float[np.ndarray, "dim m"], feature_dim: int, angle: float = 1e-6
) -> KrylovResult | None:
    """The top subspace by block Krylov iteration from `start`; None when it does not settle or is not all positive.

    A squared projection of a vector of `start` is then known to about the square of `angle`.
    Source: ledger (Davis-Kahan: residual over gap bounds the angle).
    """
    basis, image = start, apply(start)
    newest = start.shape[1]
    for _ in range(KRYLOV_LEVELS):
        if basis.shape[1] > feature_dim:
            small = basis.T @ image
            values, vectors = np.linalg.eigh((small + small.T) / 2)
            top = vectors[:, ::-1][:, :feature_dim]
            theta = values[::-1]
            residual = image @ top - basis @ (top * theta[:feature_dim])
            gap = theta[feature_dim - 1] - theta[feature_dim]
            off = float(np.linalg.norm(residual)) / max(float(gap), 1e-300)
            if off <= angle and theta[feature_dim - 1] > ZERO_EIGENVALUE * theta[0]:
                return KrylovResult(basis @ top, off)
        if basis.shape[1] + newest > len(basis):
            return None
        fresh = image[:, -newest:]
        fresh = fresh - basis @ (basis.T @ fresh)
        fresh, _ = np.linalg.qr(fresh - basis @ (basis.T @ fresh))
        basis = np.concatenate([basis, fresh], axis=1)
        image = np.concatenate([image, apply(fresh)], axis=1)
    return None


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
