"""The alignment loss -tr(W X W^T) + |W^T W|^2 / 2 of a symmetric X: its least value, its stationary points, its spaces.

Everything is a function of the spectrum of X. `theory.objectives.linear_alignment` has the loss and its gradient.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def least_loss(eigenvalues: Sequence[float] | np.ndarray, feature_dim: int) -> float:
    """-1/2 times the sum of the squares of the positive ones among the c largest eigenvalues.

    Source: ledger: eckart1936 under the constraint that W^T W has no negative eigenvalue. Units: squared units of X.
    """
    largest = np.sort(np.asarray(eigenvalues, dtype=float))[::-1][:feature_dim]
    return -float(np.sum(np.maximum(largest, 0.0) ** 2)) / 2


def stationary_loss(kept: Sequence[float] | np.ndarray) -> float:
    """The loss where the gradient vanishes: -1/2 times the sum of the squared eigenvalues that W keeps.

    Source: ledger: W X = W W^T W gives tr(W X W^T) = |W^T W|^2. Units: squared units of X.
    """
    return -float(np.sum(np.asarray(kept, dtype=float) ** 2)) / 2


def left_out(eigenvalues: Sequence[float] | np.ndarray, kept: Sequence[float] | np.ndarray) -> float:
    """|X - W^T W|^2 where the gradient vanishes: the sum of the squared eigenvalues of X that W does not keep.

    Source: ledger: X = W^T W + (I - P) X (I - P) there, P the projector on the rows of W. Units: squared units of X.
    """
    values, part = np.asarray(eigenvalues, dtype=float), np.asarray(kept, dtype=float)
    return math.fsum(values**2) - math.fsum(part**2)


def best_gram(x: Float[np.ndarray, "dim dim"], feature_dim: int) -> Float[np.ndarray, "dim dim"]:
    """The W^T W of the least loss: the c largest eigenvalues of X with their eigenvectors, negative ones left out.

    Source: eckart1936 under the constraint W^T W >= 0. Units: those of X.
    """
    values, vectors = np.linalg.eigh(x)
    kept = np.maximum(values[-feature_dim:], 0.0)
    top = vectors[:, -feature_dim:]
    return (top * kept) @ top.T


def best_reconstruction(
    within: Float[np.ndarray, "dim dim"], cross: Float[np.ndarray, "dim dim"], feature_dim: int
) -> Float[np.ndarray, "dim dim"]:
    """The map of rank c from a view a to the best guess of b, given E a a^T and E a b^T: U U^T E[b a^T] E[a a^T]^-1.

    U are the leading eigenvectors of E[b a^T] E[a a^T]^-1 E[a b^T].
    Source: ledger, reduced-rank regression for chen2026 (3). Units: dimensionless.
    """
    guess = np.linalg.solve(within, cross).T
    explained = guess @ cross
    top = np.linalg.eigh((explained + explained.T) / 2)[1][:, -feature_dim:]
    return top @ top.T @ guess


def gram_distance_bound(model: Float[np.ndarray, "feature dim"], x: Float[np.ndarray, "dim dim"]) -> float:
    """|W X - W W^T W| over the least singular value of W: at least |P X - W^T W|, P the projector on the rows of W.

    Source: ledger: the pseudoinverse of W takes W X - W W^T W to P X - W^T W. Units: those of X.
    Errors: ValueError for a W whose rows are dependent.
    """
    least = float(np.linalg.svd(model, compute_uv=False)[-1])
    if len(model) > model.shape[1] or least == 0:
        raise ValueError(f"W needs independent rows; got shape {model.shape} and the singular value {least}.")
    return float(np.linalg.norm(model @ x - model @ model.T @ model)) / least


def entry_bound(x: Float[np.ndarray, "dim dim"], feature_dim: int) -> Float[np.ndarray, " dim"]:
    """(X_kk - l_(c+1)) / (l_1 - l_(c+1)), l descending: r_k of the c leading eigenvectors is at least that.

    Source: ledger: X_kk <= l_1 r_k + l_(c+1) (1 - r_k). Units: dimensionless, at most 1.
    Errors: ValueError when the two eigenvalues coincide, or c leaves none out.
    """
    values = np.linalg.eigvalsh(x)[::-1]
    if not 1 <= feature_dim < len(values) or values[0] <= values[feature_dim]:
        raise ValueError(f"Two different eigenvalues are needed, and 1 <= c < {len(values)}; got c={feature_dim}.")
    return (np.diag(x) - values[feature_dim]) / (values[0] - values[feature_dim])
