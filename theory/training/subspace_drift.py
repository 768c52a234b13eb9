"""Drift: distance of the averaged model's subspace from the target's, with bounds by modes and by measurements.

The modes bound is of first order in the step size, with X_eff for the averaged model. The bounds from a stationarity
residual and from how far models at rest stand apart hold at any step size.
"""

import math

import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError
from theory.networks.mixing import is_reversible, perron_weights
from theory.objectives import linear_alignment
from theory.objectives.curvature import Curvature, curvature, top_projector
from theory.training.consensus import deviation_response
from theory.training.effective_covariance import (
    KAPPA,
    Covariances,
    Mixing,
    Square,
    checked,
    effective_covariance,
    represented_basis,
    training_mean,
)

Models = Float[np.ndarray, "clients feature dim"]


def subspace_drift(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> float:
    """||P - P*||_F predicted for the averaged model: P from X_eff, P* from X_v.

    Source: ledger, `effective_covariance`; relative error about `stiffness`. Units: dimensionless.
    Errors: as `effective_covariance` and `curvature`.
    """
    basis = represented_basis(effective_covariance(mixing, covariances, step_size, local_steps), feature_dim)
    return float(np.linalg.norm(basis @ basis.T - top_projector(training_mean(mixing, covariances), feature_dim)))


def drift_form(mixing: Mixing, local_steps: int = 1) -> Mixing:
    """K with X_eff - X_v = step_size sum_ij sqrt(v_i) K_ij sqrt(v_j) D_j D_i: eigenvalues kappa_l, and 0 on sqrt v.

    Source: ledger: 2 E V^1/2 Z V^-1/2 + (E - 1)(I - sqrt v sqrt v^T). Units: dimensionless.
    Errors: ValueError for clients of training weight 0, and as `theory.networks.mixing.perron_weights`.
    """
    v = perron_weights(mixing)
    if not v.min() > 0:
        raise ValueError(f"Every client needs a training weight above 0; client {int(v.argmin())} has none. Drop it.")
    root = np.sqrt(v)
    apart = np.eye(len(v)) - np.outer(root, root)
    return 2 * local_steps * deviation_response(mixing) * root[:, None] / root[None, :] + (local_steps - 1) * apart


def subspace_drift_bound(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> float:
    """A bound of ||P - P*||_F to first order: sqrt2 eta ||K|| |Y Q| |Y V| / gap, one norm spectral and one Frobenius.

    Y stacks sqrt(v_i) D_i; Q spans what X_v represents, V the rest. ||K|| is max |kappa_l| for symmetric M, and
    |Y Q| |Y V| at most sum v ||D||_F^2. The factor (1 + o(1)) of small steps is left out: see
    `effective_subspace_bound` for X_eff at any step size, `deviation_bound` for the models themselves.

    Source: ledger, docs/proofs/effective_covariance.md, 4. Units: dimensionless.
    Errors: as `drift_form` and `curvature`.
    """
    shape, power, strength = _parts(mixing, covariances, feature_dim, step_size, local_steps)
    inside, outside = (b.T @ power @ b for b in (shape.vectors[:, :feature_dim], shape.vectors[:, feature_dim:]))
    if not outside.size:
        return 0.0
    product = min(np.linalg.norm(a, 2) * np.trace(b) for a, b in ((inside, outside), (outside, inside)))
    return math.sqrt(2 * product) * strength / shape.gap


def effective_subspace_bound(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> float:
    """A bound of the distance between X_eff's subspace and X_v's at any step size, for symmetric X_eff.

    Infinite where the drift may close the gap: represented and other directions can then change places.

    Source: davis1970, the sine theorem, with Weyl's inequality for the gap; ledger for the drift. Units: dimensionless.
    Errors: as `subspace_drift_bound`.
    """
    shape, power, strength = _parts(mixing, covariances, feature_dim, step_size, local_steps)
    basis = shape.vectors[:, :feature_dim]
    largest = float(np.linalg.norm(power, 2))
    moved, gap = strength * math.sqrt(largest * np.trace(basis.T @ power @ basis)), shape.gap - strength * largest
    return math.sqrt(2) * moved / gap if gap > 0 else math.inf


def residual_bound(model: Float[np.ndarray, "feature dim"], covariance: Square, residual_norm: float) -> float:
    """A bound of ||P(W) - P*||_F from ||W (W^T W - X)||_F <= `residual_norm`, at any distance from the optimum.

    With Q the rows of W made orthonormal and A = W W^T, X Q = Q A - R^T A^-1/2, so the part of Q outside the top of X
    is at most ||R|| / sqrt(lam_min A) over lam_min(A) - theta_{c+1}. Infinite where that is not positive.

    Source: davis1970; ledger, docs/proofs/effective_covariance.md, 4. Units: dimensionless. Errors: as `curvature`.
    """
    shape = curvature(covariance, len(model))
    smallest = float(np.linalg.eigvalsh(model @ model.T)[0])
    following = float(shape.values[len(model)]) if len(model) < len(covariance) else -math.inf
    if not (smallest > 0 and smallest > following):
        return math.inf
    return math.sqrt(2) * residual_norm / math.sqrt(smallest) / (smallest - following)


def remainder_bound(
    models: Models, mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> float:
    """A bound of ||P(W) - P_eff||_F, W the v-mean of `models`: how far X_eff's subspace is from the averaged model's.

    `residual_bound` with X_eff in place of the target: at any step size, for any models. At rest it is of second order
    in the step size. Infinite where W is too far from X_eff's optimum for the bound to say anything.

    Source: davis1970; ledger, docs/proofs/effective_covariance.md, 4. Units: dimensionless.
    Errors: OutOfDomainError for mixing that is not reversible, whose X_eff is not symmetric; as `effective_covariance`.
    """
    if not is_reversible(mixing):
        raise OutOfDomainError("The remainder bound needs reversible mixing, v_i M_ij = v_j M_ji. Use metropolis.")
    mean = np.einsum("i,icd->cd", perron_weights(mixing), models)
    effective = effective_covariance(mixing, covariances, step_size, local_steps)
    residual = float(np.linalg.norm(mean @ (mean.T @ mean - effective)))
    return residual_bound(mean, effective, residual)


def deviation_bound(models: Models, covariances: Covariances, weights: Float[np.ndarray, " clients"]) -> float:
    """A bound of ||P(W) - P*||_F for the weighted mean W of any models.

    With e_i = W_i - W and g = sum_i w_i grad f_i(W_i), which is 0 at rest, exactly
    W (W^T W - X_w) = g/2 + sum w e_i D_i - sum w (e e^T W + e W^T e + W e^T e + e e^T e):
    how far clients stand apart times how differently they see, and a term of second order in the former.
    At rest with one local step these are the models after mixing, weights v; with E, all E iterates of all clients.

    Source: ledger, docs/proofs/effective_covariance.md, 4. Units: dimensionless. Errors: as `curvature`.
    """
    mean = np.einsum("i,icd->cd", weights, models)
    target = np.einsum("i,ikl->kl", weights, covariances)
    apart = np.linalg.norm(models - mean, axis=(1, 2))
    pull = np.linalg.norm(covariances - target, 2, axis=(1, 2))
    size = float(np.linalg.norm(mean, 2))
    left = np.einsum("i,icd->cd", weights, linear_alignment.gradient(models, covariances))
    residual = float(np.linalg.norm(left)) / 2 + float(weights @ (apart * pull + 3 * size * apart**2 + apart**3))
    return residual_bound(mean, target, residual)


def representability_bound(subspace_error: float) -> float:
    """The most that one r_k can change when ||P - P*||_F is `subspace_error`.

    Source: ledger: r_k = e_k^T P e_k, and P - P* has its eigenvalues in pairs +-sin(theta). Units: dimensionless.
    Errors: ValueError for a negative error.
    """
    if not subspace_error >= 0:
        raise ValueError(f"A subspace error is not negative; got {subspace_error}.")
    return min(1.0, subspace_error / math.sqrt(2))


def sensitivity_bound(subspace_error: float) -> float:
    """The most that max r_k - min r_k over any coordinates can change.

    Source: ledger: at most the largest minus the least eigenvalue of P - P*. Units and Errors as above.
    """
    return min(1.0, 2 * representability_bound(subspace_error))


def placement_mean_kappa(mixing: Mixing, local_steps: int = 1) -> float:
    """The mean of kappa_l over l = 2..N: E X_eff - X_v = eta times it times mean D_i^2, over all placements of clients.

    At least E - 1, that of federated averaging, for symmetric M with tr M >= 1; equality only for M = 11^T/N.

    Source: ledger, docs/proofs/effective_covariance.md, 5: kappa is convex in lambda, whose mean is (tr M - 1)/(N - 1).
    Units: dimensionless. Errors: ValueError unless M is symmetric, or for one client.
    """
    if len(mixing) < 2 or not np.allclose(mixing, mixing.T, rtol=0, atol=1e-12):
        raise ValueError("The mean over placements needs two clients or more and a symmetric mixing matrix.")
    modes = np.linalg.eigvalsh(mixing)[::-1][1:]
    return float(np.mean(np.asarray(KAPPA.compiled(eigenvalue=modes, local_steps=local_steps))))


def _parts(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int
) -> tuple[Curvature, Square, float]:
    """X_v's curvature, Y^T Y = sum_i v_i D_i^2, and step_size ||K||."""
    checked(mixing, covariances, step_size, local_steps)
    target = training_mean(mixing, covariances)
    off = covariances - target
    power = np.einsum("i,ikl,ilm->km", perron_weights(mixing), off, off, optimize=True)
    return curvature(target, feature_dim), power, step_size * float(np.linalg.norm(drift_form(mixing, local_steps), 2))
