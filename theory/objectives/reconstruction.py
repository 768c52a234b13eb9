"""The minimiser of the reconstruction loss, Eq (3): the encoder of a linear masked autoencoder.

With views a = x m and b = x (1 - m), min over W_d, W_e of E|W_d W_e a - b|^2 is reduced-rank regression of b on a. The
optimum sends a to its best linear guess of b and keeps the c directions of the guess that explain most.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.linalg import subspace_angles

from theory.data.moments import SAME_EIGENVALUE, CornerMatrix

ROUND_OFF = 1e-13  # of the largest second moment: what a cross moment that is 0 can come out as


@dataclass(frozen=True)
class ViewMoments:
    """E[a a^T], E[a b^T] and E[b b^T] of complementary masked views, masks averaged exactly; E[a b^T] is symmetric."""

    visible: CornerMatrix
    cross: CornerMatrix
    hidden: CornerMatrix


def view_moments(sigma: CornerMatrix, mask_ratio: float) -> ViewMoments:
    """Second moments of the visible and the hidden part of x, given E[x x^T] = `sigma`.

    Source: ledger, from chen2026 Section 3.2. With q = 1 - p: q^2 Sigma + pq D, pq (Sigma - D), p^2 Sigma + pq D, where
    D = diag(Sigma): an entry meets itself in one view only.
    Units: squared data units.
    Errors: ValueError for a mask ratio outside (0, 1).
    """
    p = mask_ratio
    if not 0 < p < 1:
        raise ValueError(f"mask_ratio must lie strictly between 0 and 1; got mask_ratio={p}. Try 0.75.")
    own = sigma.diagonal_part().corner
    cross = sigma.off_diagonal().scaled(p * (1 - p))

    def one_view(share: float) -> CornerMatrix:
        corner = share**2 * sigma.corner + share * (1 - share) * own
        return CornerMatrix(corner, share * sigma.bulk, sigma.dim)

    return ViewMoments(one_view(1 - p), cross, one_view(p))


def best_linear_guess(sigma: CornerMatrix, mask_ratio: float) -> CornerMatrix:
    """A* = E[b a^T] E[a a^T]^(-1) on the corner (not symmetric); zero on the bulk, whose pixels nothing predicts.

    Source: ledger, normal equations of chen2026 (3).
    Units: dimensionless.
    Errors: ValueError when a coordinate of the corner never varies.
    """
    moments = view_moments(sigma, mask_ratio)
    if np.min(np.diag(sigma.corner)) <= 0:
        raise ValueError("Every signal coordinate must vary; got a zero on the diagonal of E[x x^T]. Raise mu.")
    return CornerMatrix(np.linalg.solve(moments.visible.corner, moments.cross.corner).T, 0.0, sigma.dim)


def _explained(sigma: CornerMatrix, mask_ratio: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Explained variances, descending and positive only, their output directions, and E[a a^T]^(-1) E[a b^T]."""
    guess = best_linear_guess(sigma, mask_ratio).corner
    moments = view_moments(sigma, mask_ratio)
    explained = guess @ moments.cross.corner
    values, vectors = np.linalg.eigh((explained + explained.T) / 2)
    # Explained variance is quadratic in the cross moment: where that is round-off, this is its square.
    used = values > max(SAME_EIGENVALUE * np.max(values), ROUND_OFF**2 * np.max(np.abs(sigma.corner)))
    return values[used][::-1], vectors[:, used][:, ::-1], guess.T


def explained_variance(sigma: CornerMatrix, mask_ratio: float) -> Float[np.ndarray, " rank"]:
    """Variance of the hidden view that each optimal feature explains, descending; its length is the rank of A*.

    The loss of the rank-c optimum is tr E[b b^T] less the first c of them.

    Source: ledger, eigenvalues of E[b a^T] E[a a^T]^(-1) E[a b^T].
    Units: squared data units.
    Errors: those of `best_linear_guess`.
    """
    return _explained(sigma, mask_ratio)[0]


def encoder_rows(sigma: CornerMatrix, mask_ratio: float, feature_dim: int) -> Float[np.ndarray, "corner rank"]:
    """Orthonormal basis, in corner coordinates, of the row space of the optimal W_e with `feature_dim` features.

    Source: ledger. span of E[a a^T]^(-1) E[a b^T] U_c, U_c the leading eigenvectors of the explained variance. It has
    min(c, rank A*) dimensions: further rows of W_e are arbitrary, W_d ignoring them, and are taken to be zero.
    Units: dimensionless, orthonormal columns.
    Errors: ValueError for feature_dim < 1, and those of `best_linear_guess`.
    """
    if feature_dim < 1:
        raise ValueError(f"At least one feature is wanted; got feature_dim={feature_dim}.")
    _, directions, transposed_guess = _explained(sigma, mask_ratio)
    rows = transposed_guess @ directions[:, :feature_dim]
    return np.linalg.qr(rows)[0] if rows.size else rows


def reconstruction_representability(
    sigma: CornerMatrix, mask_ratio: float, feature_dim: int, n_signal: int
) -> tuple[Float[np.ndarray, " n_signal"], bool]:
    """r_k over the signal under Eq (3), and whether the minimiser determines it.

    A cut through equal explained variances gives the mean over the choices, exactly so where E[x x^T] is symmetric
    under exchange of the coordinates concerned. False also where A* = 0 (two clients): every W_e is then optimal, and
    the zeros returned are those of the smallest.

    Source: ledger; chen2026, Definition 4.1 for r.
    Units: dimensionless, each in [0, 1].
    Errors: those of `encoder_rows`.
    """
    values, _, _ = _explained(sigma, mask_ratio)

    def captured(features: int) -> np.ndarray:
        rows = encoder_rows(sigma, mask_ratio, features) if features else np.zeros((len(sigma.corner), 0))
        return np.sum(rows**2, axis=1)[:n_signal]

    if feature_dim >= len(values):
        return captured(feature_dim), len(values) > 0
    tied = np.flatnonzero(np.abs(values - values[feature_dim]) <= SAME_EIGENVALUE * values[0])
    low, high = int(tied[0]), int(tied[-1]) + 1
    if low >= feature_dim:
        return captured(feature_dim), True
    share = (feature_dim - low) / (high - low)
    return (1 - share) * captured(low) + share * captured(high), False


def alignment_rows(matrix: CornerMatrix, feature_dim: int) -> Float[np.ndarray, "corner rank"]:
    """Row space of the alignment optimum, Eq (4): corner eigenvectors of the c largest positive eigenvalues.

    Source: ledger, Eckart and Young under W^T W >= 0. Of the corner only: wanted where the bulk is not among the c.
    Units: dimensionless, orthonormal columns.
    """
    values, vectors = np.linalg.eigh(matrix.corner)
    floor = max(float(matrix.bulk), 0.0) + SAME_EIGENVALUE * np.max(np.abs(values))
    return vectors[:, values > floor][:, ::-1][:, :feature_dim]


def principal_angles(
    first: Float[np.ndarray, "corner p"], second: Float[np.ndarray, "corner q"]
) -> Float[np.ndarray, " angles"]:
    """Principal angles between two spans, descending; as many as the smaller span has dimensions.

    Units: radians, each in [0, pi/2].
    """
    return subspace_angles(first, second)
