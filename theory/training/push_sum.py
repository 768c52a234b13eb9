"""Push-sum on one-way links: equal weights of the clients, and an effective covariance of its own.

Numerators x and weights w mix by a matrix C of unit column sums; models are z = x / w. Once w has settled at N r, with
C r = r, a round is z <- B (z - eta R^-1 P), B = R^-1 C R, R = N diag(r), P the sum of a client's E gradients at its own
models. Gradients then cancel with weights 1/N, whatever the links, yet clients of small r_i take larger steps.
"""

import numpy as np

from theory.networks.mixing import perron_weights, ratio_matrix
from theory.training.consensus import deviation_response
from theory.training.effective_covariance import Covariances, Mixing, Square, checked, represented_basis


def push_sum_effective_covariance(
    column_stochastic: Mixing, covariances: Covariances, step_size: float, local_steps: int = 1
) -> Square:
    """X_eff, whose dominant subspace the plain mean of the clients' models represents, to first order in the step size.

    X + (eta/N) [2 E sum_ij Z_ij/(N r_j) D_j D_i + (E - 1) sum_i D_i^2], X the plain mean of the covariances, D_i = X_i
    - X, Z of B. Symmetric on two-way networks with C r = r in detailed balance; else the models turn.

    Source: ledger, docs/proofs/effective_covariance.md, 11. Units: those of the covariances.
    Errors: ValueError for columns that do not sum to 1, else as
    `theory.training.effective_covariance.effective_covariance`.
    """
    off_by = float(np.abs(np.sum(column_stochastic, axis=0) - 1).max())
    if not off_by <= 1e-9:
        raise ValueError(f"Push-sum mixes by columns that sum to 1; got some off by {off_by:.3g}. Use mixing=push_sum.")
    checked(column_stochastic.T, covariances, step_size, local_steps)
    off = covariances - covariances.mean(axis=0)
    across = np.einsum("ikl,ilm->km", _apart(column_stochastic, off), off)
    within = np.einsum("ikl,ilm->km", off, off)
    drift = step_size * (2 * local_steps * across + (local_steps - 1) * within) / len(off)
    return covariances.mean(axis=0) + drift


def push_sum_projectors(
    column_stochastic: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> tuple[Square, Square]:
    """Projectors on what the plain mean of the models represents, and on what the mean of the numerators does.

    The numerators' mean weighs models by r, and so departs from the target by the first order of the differences too:
    its rows are those of the plain mean times I - (2 eta E/N) sum_ij Z_ij/(N r_j) D_j.

    Source: ledger, docs/proofs/effective_covariance.md, 11. Units: dimensionless.
    Errors: as `push_sum_effective_covariance` and `represented_basis`.
    """
    effective = push_sum_effective_covariance(column_stochastic, covariances, step_size, local_steps)
    basis = represented_basis(effective, feature_dim)
    off = covariances - covariances.mean(axis=0)
    tilt = 2 * step_size * local_steps * _apart(column_stochastic, off).mean(axis=0)
    other = np.linalg.qr(basis - tilt.T @ basis)[0]
    return basis @ basis.T, other @ other.T


def _apart(column_stochastic: Mixing, off: Covariances) -> Covariances:
    """sum_j Z_ij/(N r_j) D_j: the tilt of client i's rows from the r-weighted mean, over 2 eta E."""
    response = deviation_response(ratio_matrix(column_stochastic))
    shares = len(off) * perron_weights(column_stochastic.T)
    return np.einsum("ij,jkl->ikl", response / shares, off)
