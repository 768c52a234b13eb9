"""Federated averaging with sampled clients against a network of all clients: which subspace ends nearer the target.

A server that samples C of N clients never rests: each round adds the sampling error of the mean gradient, and its
squared subspace error is of order step_size. A network at rest is off by a square of order step_size^2. So small steps
favour the network and large ones the server; they cross where the leading orders meet.
"""

import math
from dataclasses import dataclass

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.formula import Formula, Source
from theory.objectives.curvature import Curvature, curvature
from theory.symbols import n_clients
from theory.training.consensus import curvature as rate
from theory.training.consensus import deviation_response, local_steps, require_training, step_size
from theory.training.effective_covariance import (
    Covariances,
    Mixing,
    checked,
    effective_covariance,
    federated_effective_covariance,
    training_mean,
)

n_sampled = sp.Symbol("n_sampled", integer=True, positive=True)  # C, clients a round
_CONTRACTION = (1 - step_size * rate) ** local_steps
ROUND_OFF = 1e-12
_PROOF = Source("ledger", "docs/proofs/effective_covariance.md, 6")

SAMPLING_FACTOR = Formula(
    name="sampling_factor",
    title="Variance of the mean over n_sampled of n_clients, drawn without repetition, over the variance among clients",
    expr=(n_clients - n_sampled) / (n_sampled * (n_clients - 1)),
    domain=(n_sampled <= n_clients, n_clients >= 2),
    units="dimensionless, in [0, 1]",
    source=_PROOF,
)

SAMPLED_MODE_GAIN = Formula(
    name="sampled_mode_gain",
    title="Stationary variance of a mode of the global model per unit variance of a round's mean gradient",
    expr=(1 - _CONTRACTION) / (rate**2 * (1 + _CONTRACTION)),
    domain=(step_size * rate < 2,),
    units="squared step size over rounds",
    source=_PROOF,
)


@dataclass(frozen=True)
class SubspaceErrors:
    """||P - P*||_F^2: of the averaged model, and the mean over clients of that of their own models."""

    mean_model: float
    local: float


def partial_participation_error(
    covariances: Covariances, feature_dim: int, n_sampled: int, step_size: float, local_steps: int = 1
) -> float:
    """E ||P - P*||_F^2 of the global model at rest, C of N clients drawn each round, all taking E local steps.

    The sampling error, of order step_size, and the square of federated averaging's own drift (E - 1). What is left out
    is of order step_size^2, unless C = N, or of third order in the dissimilarity.

    Source: ledger, docs/proofs/effective_covariance.md, 6. Units: dimensionless.
    Errors: ValueError for n_sampled outside 1..N or a bad step; OutOfDomainError as `curvature`.
    """
    shape = _shape(covariances, feature_dim, n_sampled, step_size, local_steps)
    tilts = _outside(covariances - covariances.mean(axis=0), shape)
    gains = _tilt_rates(shape)
    if gains.size and not step_size * float(gains.max()) < 2:
        raise ValueError(f"Steps are stable below step_size {2 / gains.max():.4g} here; got {step_size:g}. Lower it.")
    gain = np.asarray(SAMPLED_MODE_GAIN.compiled(curvature=gains, step_size=step_size, local_steps=local_steps))
    # A gradient entry is 2 sqrt(theta_a) D_ab and a model entry sqrt(theta_a) times the tilt: theta_a cancels.
    noise = 8 * _factor(len(covariances), n_sampled) * float(np.sum(np.mean(tilts**2, axis=0) * gain))
    return noise + _federated_drift_coefficient(covariances, shape, local_steps) * step_size**2


def decentralised_errors(
    mixing: Mixing,
    covariances: Covariances,
    feature_dim: int,
    step_size: float,
    local_steps: int = 1,
    *,
    pre_mix: bool = False,
) -> SubspaceErrors:
    """||P - P*||_F^2 on a network at rest, all clients taking part: of order step_size^2, leading order.

    Source: ledger, docs/proofs/effective_covariance.md, 2 and 3. Units: dimensionless.
    Errors: as `theory.training.effective_covariance.effective_covariance` and `curvature`.
    """
    target = training_mean(mixing, covariances)
    shape = curvature(target, feature_dim)
    drift = effective_covariance(mixing, covariances, step_size, local_steps) - target
    common = 2 * _outside(drift, shape) / _tilt_rates(shape)
    response = deviation_response(mixing, pre_mix=pre_mix)
    own = 2 * step_size * local_steps * np.einsum("ij,jab->iab", response, _outside(covariances - target, shape))
    return SubspaceErrors(
        mean_model=2 * float(np.sum(common**2)),
        local=2 * float(np.mean(np.sum((common + own) ** 2, axis=(1, 2)))),
    )


def crossover_step_size(
    mixing: Mixing, covariances: Covariances, feature_dim: int, n_sampled: int, local_steps: int = 1
) -> float:
    """The step size above which clients' own models on a network are worse than a server that samples C of N clients.

    Infinite where the network wins at every step size to leading order; 0 when all clients take part at the server and
    the network is the worse. It means what it says if `stiffness` is small there. Both errors are against their own
    targets, which agree for doubly stochastic mixing.

    Source: ledger: a eta + f eta^2 = b eta^2. Units: step size. Errors: as the two errors.
    """
    shape = _shape(covariances, feature_dim, n_sampled, 1.0, local_steps)
    variance = np.mean(_outside(covariances - covariances.mean(axis=0), shape) ** 2, axis=0)
    server = 4 * local_steps * _factor(len(covariances), n_sampled) * float(np.sum(variance / _tilt_rates(shape)))
    network = decentralised_errors(mixing, covariances, feature_dim, 1.0, local_steps).local
    excess = network - _federated_drift_coefficient(covariances, shape, local_steps)
    # Rounding leaves about 1e-16 of the deviations where the network has none.
    return server / excess if excess > ROUND_OFF * float(np.sum(variance)) else math.inf


def _shape(covariances: Covariances, feature_dim: int, n_sampled: int, step: float, steps: int) -> Curvature:
    n = len(covariances)
    if isinstance(n_sampled, bool) or not 1 <= n_sampled <= n:
        raise ValueError(f"A server samples between 1 and all {n} clients a round; got n_sampled={n_sampled}.")
    require_training(step, steps)
    checked(np.full((n, n), 1 / n), covariances, step, steps)
    return curvature(covariances.mean(axis=0), feature_dim)


def _factor(n: int, sampled: int) -> float:
    return SAMPLING_FACTOR.value(n_clients=n, n_sampled=sampled) if n > 1 else 0.0


def _outside(matrices: np.ndarray, shape: Curvature) -> Float[np.ndarray, "... feature rest"]:
    """The block of a matrix that tilts the row space: from represented to unrepresented eigenvectors."""
    c = shape.feature_dim
    return shape.vectors[:, :c].T @ matrices @ shape.vectors[:, c:]


def _tilt_rates(shape: Curvature) -> Float[np.ndarray, "feature rest"]:
    return shape.rates[:, shape.feature_dim :]


def _federated_drift_coefficient(covariances: Covariances, shape: Curvature, steps: int) -> float:
    drift = federated_effective_covariance(covariances, 1.0, steps) - covariances.mean(axis=0)
    return 2 * float(np.sum((2 * _outside(drift, shape) / _tilt_rates(shape)) ** 2))
