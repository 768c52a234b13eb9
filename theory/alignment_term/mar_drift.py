"""Effect of MAR's alignment term on trained encoders: their subspace tilts, their spread moves, their length shrinks.

Linear encoders W with f_i(W) = -tr(W X_i W^T) + |W^T W|^2 / 2, embeddings N(0, W S_i W^T), a kernel of fixed bandwidth,
and the term weighed by gamma. Both results are those of a step size tending to 0, where training without the term
settles at the optimum W* of the mean X.
"""

import numpy as np
from jaxtyping import Array, Float

from theory.alignment_term.gaussian_mmd import alignment_force
from theory.formula import OutOfDomainError

Arrays = Array | np.ndarray
_SWEEPS = 500


def alignment_bias(
    covariances: Float[Arrays, "clients dim dim"],
    second_moments: Float[Arrays, "clients dim dim"],
    mixing: Float[np.ndarray, "clients clients"],
    feature_dim: int,
    weight: float,
    bandwidth: float,
) -> float:
    """|P - P*|_F of the averaged model at rest, to first order in the weight gamma, for a doubly stochastic mixing.

    Client i's term pulls W* with gamma B_i W* S_i, B_i the alignment force. Along row vector a of W* (eigenvalue x_a of
    X) and a direction k off its rows, the mean of these pulls F moves the model by -gamma F_ak / (2 (x_a - x_k)), and
    its rows turn by that over sqrt(x_a). Where X_i = S_i the pull off the rows is of second order in X_i - X, and it
    holds to the next order there.

    Source: ledger. Units: dimensionless.
    Errors: OutOfDomainError when the mean has no eigenvalue gap below its `feature_dim` largest, or these are not > 0.
    """
    x, s = np.asarray(covariances), np.asarray(second_moments)
    values, vectors = np.linalg.eigh(x.mean(axis=0))
    low, top = values[:-feature_dim], values[-feature_dim:]
    if not top[0] > max(low[-1] if len(low) else 0.0, 0.0):
        raise OutOfDomainError(
            f"An eigenvalue gap below the {feature_dim} largest, all positive, was wanted; got {values.tolist()}."
        )
    model = np.sqrt(top)[:, None] * vectors[:, -feature_dim:].T
    embedded = model @ s @ model.T
    pulls = [
        np.asarray(alignment_force(a, embedded, w, bandwidth)) @ model @ moment
        for a, w, moment in zip(embedded, mixing, s, strict=True)
    ]
    off = np.mean(pulls, axis=0) @ vectors[:, :-feature_dim]
    turn = weight * off / (2 * (top[:, None] - low)) / np.sqrt(top)[:, None]
    return float(np.sqrt(2) * np.linalg.norm(turn))


def consensus_share(values: Float[np.ndarray, " feature"], bandwidth: float, least_mixing: float) -> float:
    """Times the weight gamma, at most this share of a client's deviation in the represented subspace is the term's.

    To first order in the differences X_i - X between clients with S_i = X_i, a symmetric mixing and small steps. With
    x_a the represented eigenvalues (`values`) and w_a = s^2 + 2 x_a^2, entry (a, b) of the force on client i is, beside
    -2 sqrt(x_a) Delta_ab of its own loss, -2 sqrt(x_a) det times x_b^2 D_ab / (w_a w_b) plus, for a = b,
    (x_a / (2 w_a)) sum_b x_b D_bb / w_b: D = (I - M) Delta over clients, det = prod (1 + 2 x_a^2 / s^2)^(-1/2).
    x^2/w <= 1/2, and I - M is at most 1 - `least_mixing`, the least eigenvalue of M. Entries (a, a) and (b, b) have
    different rates and lengths: their deviations compare up to (x_1 / x_c)^(3/2).

    Source: ledger. Units: 1 / those of gamma.
    """
    x, variance = np.asarray(values, dtype=float), bandwidth**2
    widths = variance + 2 * x**2
    determinant = float(np.prod(1 + 2 * x**2 / variance) ** -0.5)
    spread = (x.max() / x.min()) ** 1.5
    return determinant * (1 - least_mixing) * float(spread / 2 * np.sum((x / widths) ** 2) + np.max(1 / (2 * widths)))


def shrunk_lengths(
    spectrum: Float[np.ndarray, " feature"], averaged: float, weight: float, bandwidth: float
) -> Float[np.ndarray, " feature"]:
    """Squared row lengths of W at rest when all clients are alike and z-bar averages `averaged` clients slot by slot.

    The average has the covariance of a client over `averaged`, so the term pulls inwards: with A = diag(length x value)
    and b the diagonal of the alignment force towards A / averaged, each length is value (1 - gamma b / 2) in place of
    value. Found by iteration.

    Source: ledger. Units: those of the spectrum, the leading eigenvalues of the clients' X = S.
    Errors: OutOfDomainError when the iteration does not settle at positive lengths: the weight is too large.
    """
    values = np.asarray(spectrum, dtype=float)
    lengths = values
    for _ in range(_SWEEPS):
        embedded = np.diag(lengths * values)
        force = alignment_force(embedded, embedded[None] / averaged, np.ones(1), bandwidth)
        before, lengths = lengths, values * (1 - weight * np.diag(np.asarray(force)) / 2)
        lengths = (before + lengths) / 2  # damped: the force falls with the length
        if not (lengths > 0).all():
            break
        if np.abs(lengths - before).max() <= 1e-14 * values.max():
            return lengths
    raise OutOfDomainError(f"No positive lengths at rest were found; got weight={weight}. Give a smaller one.")
