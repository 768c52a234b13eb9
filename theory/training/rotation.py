"""Rotation on one-way networks: the models never rest but turn together, at a rate of order step_size^2.

X_eff then has a skew part. On the flow W' = -2 (W W^T W - W X_eff) the row space is left-invariant, Q^T X_eff = R Q^T,
and the Gram matrix of rest is Q P^-1 Q^T with R P + P R^T = 2 I. What is left over, the skew part of B = L R L^-1 with
L^T L = P^-1, turns W without changing its Gram matrix. With E >= 2 local steps even symmetric mixing turns the models,
at order step_size^3.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float

from theory.training.effective_covariance import Covariances, Mixing, Square, effective_covariance, represented_basis


@dataclass(frozen=True)
class RelativeEquilibrium:
    """What stays (`gram` = W^T W) and what turns: `angles`, radians a round, descending, one for each turning plane."""

    gram: Square
    angles: Float[np.ndarray, " planes"]


def relative_equilibrium(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> RelativeEquilibrium:
    """The v-mean's Gram matrix and its rotation a round, both to their leading order in the step size.

    Rates are of order step_size^2 and vanish when v_i M_ij = v_j M_ji; `angles` has floor(feature_dim/2) entries.

    Source: ledger, docs/proofs/effective_covariance.md. Units: of the covariances; radians a round.
    Errors: as `theory.training.effective_covariance.effective_covariance` and `represented_basis`.
    """
    effective = effective_covariance(mixing, covariances, step_size, local_steps)
    basis = represented_basis(effective, feature_dim)
    restricted = basis.T @ effective @ basis
    if np.array_equal(effective, effective.T):
        return RelativeEquilibrium(basis @ restricted @ basis.T, np.zeros(feature_dim // 2))
    inverse_gram = scipy.linalg.solve_continuous_lyapunov(restricted, 2 * np.eye(feature_dim))
    values, vectors = np.linalg.eigh((inverse_gram + inverse_gram.T) / 2)
    root, inverse_root = (vectors * values**power @ vectors.T for power in (-0.5, 0.5))
    turned = root @ restricted @ inverse_root
    rates = scipy.linalg.svdvals(step_size * local_steps * (turned - turned.T))
    return RelativeEquilibrium(basis @ (vectors / values) @ vectors.T @ basis.T, rates[: 2 * (feature_dim // 2) : 2])


def rotation_angles(rotation: Float[np.ndarray, "feature feature"]) -> Float[np.ndarray, " planes"]:
    """The angles of a rotation matrix near I, descending, one for each of its floor(c/2) planes.

    Source: ledger: (R - R^T)/2 has the sines as singular values, each twice; a cosine would lose small angles.
    Units: radians, in [0, pi/2]. Errors: none.
    """
    sines = scipy.linalg.svdvals((rotation - rotation.T) / 2)
    return np.arcsin(np.minimum(sines[: 2 * (len(rotation) // 2) : 2], 1.0))
