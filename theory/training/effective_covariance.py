"""The effective covariance X_eff: the averaged model of a network represents it, to first order in the step size.

Clients drift apart, W_i = W + 2 eta E W sum_j Z_ij D_j, and each pulls with its own D_i = X_i - X_v. Those pulls do not
average out: to first order in the step size eta they add to X_v
    eta [2 E sum_ij v_i Z_ij D_j D_i + (E - 1) sum_i v_i D_i^2],
which for symmetric M is (eta/N) sum_l kappa_l Delta_l^2, Delta_l = sum_i u_l(i) D_i. What is left out is
about `stiffness` of the drift unless these terms partly cancel; `theory.training.stationary_models` leaves nothing out.
"""

import numpy as np
import scipy.linalg
import sympy as sp
from jaxtyping import Float

from theory.formula import Formula, OutOfDomainError, Source
from theory.networks.mixing import is_reversible, perron_weights
from theory.objectives.curvature import curvature
from theory.training.consensus import deviation_response, eigenvalue, local_steps, require_training

Covariances = Float[np.ndarray, "clients dim dim"]
Mixing = Float[np.ndarray, "clients clients"]
Square = Float[np.ndarray, "dim dim"]
# Relative asymmetry of a covariance that rounding can make.
ASYMMETRY = 1e-9

KAPPA = Formula(
    name="kappa",
    title="How strongly a network mode of the dissimilarity, squared, adds to the effective covariance, over step size",
    expr=local_steps * (1 + eigenvalue) / (1 - eigenvalue) - 1,
    domain=(sp.Abs(eigenvalue) < 1,),
    units="dimensionless, above -1; E - 1 for federated averaging",
    source=Source("ledger", "docs/proofs/effective_covariance.md, 2"),
)


def kappa(mixing: Mixing, local_steps: int = 1) -> Float[np.ndarray, " modes"]:
    """kappa_l of the modes l = 2..N, by descending eigenvalue of M.

    Source: ledger, `KAPPA`. Units: dimensionless.
    Errors: ValueError unless v_i M_ij = v_j M_ji (then eigenvalues are real), and without unique training weights.
    """
    if not is_reversible(mixing):
        raise ValueError(
            "Network modes are real if v_i M_ij = v_j M_ji, as for the usual rules on undirected networks; not here. "
            "Use effective_covariance, which needs no modes."
        )
    root = np.sqrt(perron_weights(mixing))
    eigenvalues = np.linalg.eigvalsh(mixing * root[:, None] / root[None, :])[::-1][1:]
    return np.asarray(KAPPA.compiled(eigenvalue=eigenvalues, local_steps=local_steps))


def effective_covariance(mixing: Mixing, covariances: Covariances, step_size: float, local_steps: int = 1) -> Square:
    """X_eff, whose dominant subspace the v-mean of the models represents, to first order in the step size.

    It is symmetric whenever v_i M_ij = v_j M_ji (all usual rules on undirected networks, whatever their degrees); other
    mixing leaves a skew part, and the models rotate (`theory.training.rotation`).
    Its drift is good to a share of about `stiffness` only where the first-order terms do not cancel.

    Source: ledger, docs/proofs/effective_covariance.md. Units: those of the covariances.
    Errors: ValueError for shapes that do not fit, numbers that are not finite, covariances that are not symmetric, or
    mixing without unique training weights.
    """
    checked(mixing, covariances, step_size, local_steps)
    v = perron_weights(mixing)
    off = covariances - training_mean(mixing, covariances)
    apart = np.einsum("ij,jkl->ikl", deviation_response(mixing), off)
    across = np.einsum("i,ikl,ilm->km", v, apart, off, optimize=True)
    within = np.einsum("i,ikl,ilm->km", v, off, off, optimize=True)
    drift = step_size * (2 * local_steps * across + (local_steps - 1) * within)
    effective = training_mean(mixing, covariances) + drift
    return (effective + effective.T) / 2 if is_reversible(mixing) else effective


def federated_effective_covariance(covariances: Covariances, step_size: float, local_steps: int) -> Square:
    """X_eff of federated averaging with full participation: the mean plus step_size (E - 1) mean D_i^2.

    Source: ledger, `effective_covariance` with M = 11^T/N. Units: those of the covariances. Errors: none.
    """
    off = covariances - covariances.mean(axis=0)
    return covariances.mean(axis=0) + step_size * (local_steps - 1) * np.mean(off @ off, axis=0)


def training_mean(mixing: Mixing, covariances: Covariances) -> Square:
    """X_v = sum_i v_i X_i: the covariance of the objective that training settles on as steps become small.

    Source: ledger. Units: those of the covariances. Errors: ValueError as `theory.networks.mixing.perron_weights`.
    """
    return np.einsum("i,ikl->kl", perron_weights(mixing), covariances)


def represented_basis(effective: Square, feature_dim: int) -> Float[np.ndarray, "dim feature"]:
    """Orthonormal basis of the rows of W at rest, W (W^T W - X_eff) = K W: a dominant left-invariant subspace of X_eff.

    Source: ledger. Units: dimensionless.
    Errors: OutOfDomainError when eigenvalues `feature_dim` and the next tie, or the former is not positive.
    """
    if np.array_equal(effective, effective.T):
        return curvature(effective, feature_dim).vectors[:, :feature_dim]
    values = np.sort(scipy.linalg.eigvals(effective).real)[::-1]
    last, following = values[feature_dim - 1], values[feature_dim] if feature_dim < len(values) else 0.0
    if not (last > 0 and last - following > 1e-10 * abs(values).max()):
        raise OutOfDomainError(
            f"The represented subspace is unique only if eigenvalue {feature_dim} is positive and above the next; got "
            f"{last:.6g} and {following:.6g}. Choose another feature_dim or a smaller step_size."
        )
    middle = (last + following) / 2
    ordered = scipy.linalg.schur(effective.T, output="real", sort=lambda re, im: re > middle)
    return ordered[1][:, :feature_dim]


def local_projectors(
    mixing: Mixing,
    covariances: Covariances,
    feature_dim: int,
    step_size: float,
    local_steps: int = 1,
    *,
    pre_mix: bool = False,
) -> Float[np.ndarray, "clients dim dim"]:
    """Projectors on what each client's own model represents: the rows of W_eff (I + 2 step_size E sum_j Z_ij D_j).

    Before mixing client i has taken E more steps of its own, which adds D_i to the sum.

    Source: ledger, first order in the step size. Units: dimensionless. Errors: as `effective_covariance`.
    """
    basis = represented_basis(effective_covariance(mixing, covariances, step_size, local_steps), feature_dim)
    off = covariances - training_mean(mixing, covariances)
    tilt = 2 * step_size * local_steps * np.einsum("ij,jkl->ikl", deviation_response(mixing, pre_mix=pre_mix), off)
    bases = np.linalg.qr(basis + np.swapaxes(tilt, 1, 2) @ basis)[0]
    return bases @ np.swapaxes(bases, 1, 2)


def stiffness(mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int) -> float:
    """How small the steps are for the first order: the larger of what curvature and what the clients' differences say.

    Curvature: step_size E times the largest of X_v's, over the distance from 1 of the nearest other eigenvalue of M.
    Differences: `largest_tilt`, which a client of tiny weight and huge X_i raises, unseen by X_v. The relative error of
    X_eff's drift is about the larger one on the networks of the tests, and a multiple of it where the first order
    partly cancels, as on one-way networks. No factor holds where it cancels wholly: for d = 2 and differences off the
    diagonal X_eff gives no drift, yet models drift.

    Source: ledger; measured in `tests/theory/training/test_effective_covariance.py`. Units: dimensionless.
    Errors: as `effective_covariance` and `theory.objectives.curvature.curvature`.
    """
    tilt = largest_tilt(mixing, covariances, step_size, local_steps)
    rates = curvature(training_mean(mixing, covariances), feature_dim).rates
    distances = np.sort(np.abs(1 - np.linalg.eigvals(mixing)))
    return max(tilt, float(step_size * local_steps * rates.max() / (distances[1] if len(distances) > 1 else 1.0)))


def largest_tilt(mixing: Mixing, covariances: Covariances, step_size: float, local_steps: int = 1) -> float:
    """The largest client's |T_i|_2, its model being W (I + T_i) to first order midway through its local steps.

    T_i = eta (2 E sum_j Z_ij D_j + (E - 1) D_i) is what meets D_i in X_eff. The first order takes it for small.

    Source: ledger, docs/proofs/effective_covariance.md, 2. Units: dimensionless. Errors: as `effective_covariance`.
    """
    checked(mixing, covariances, step_size, local_steps)
    off = covariances - training_mean(mixing, covariances)
    apart = np.einsum("ij,jkl->ikl", deviation_response(mixing), off)
    tilts = step_size * (2 * local_steps * apart + (local_steps - 1) * off)
    return float(np.abs(np.linalg.eigvalsh(tilts)).max())


def checked(mixing: np.ndarray, covariances: np.ndarray, step_size: float, local_steps: int) -> None:
    """Nothing, once mixing, covariances and steps fit together.

    Source: none. Units: none. Errors: ValueError in one sentence for the first thing that does not fit.
    """
    x = np.asarray(covariances)
    if x.ndim != 3 or x.shape[1] != x.shape[2]:
        raise ValueError(f"Covariances are wanted as (clients, dim, dim); got shape {x.shape}.")
    if np.shape(mixing) != (len(x), len(x)):
        raise ValueError(
            f"{len(x)} covariances need a {len(x)} x {len(x)} mixing matrix; got shape {np.shape(mixing)}. Match them."
        )
    if not (np.isfinite(mixing).all() and np.abs(np.sum(mixing, axis=1) - 1).max() <= 1e-9):
        raise ValueError("Rows of the mixing matrix must be finite and sum to 1; these do not. Divide by their sums.")
    for i in np.flatnonzero(~np.isfinite(x).all(axis=(1, 2))):
        raise ValueError(f"Covariances must be finite; that of client {i} is not. Drop that client or mend its data.")
    off = np.abs(x - np.swapaxes(x, 1, 2)).max(axis=(1, 2))
    for i in np.flatnonzero(off > ASYMMETRY * np.abs(x).max()):
        raise ValueError(f"Covariances must be symmetric; that of client {i} is off by {off[i]:.3g}. Symmetrise it.")
    require_training(step_size, local_steps)
