"""Consensus error with curvature: a third-order sum in the clients' differences, and the exact value at rest.

With all Hessians alike each eigenvalue h of the Hessian and lam of the mixing matrix has its own gain,
`theory.training.consensus.CURVED_MODE_GAIN`, exact in eta, E, h and lam. `theory.training.stationary_models` inverts
the round that way and adds what the clients' own Hessians and the loss's higher derivatives change, to third order or
until rest. Proofs: docs/proofs/consensus.md, 4.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError
from theory.networks.mixing import Mixing
from theory.objectives import linear_alignment
from theory.objectives.curvature import Curvature, curvature
from theory.training.consensus import client_variance
from theory.training.effective_covariance import training_mean
from theory.training.stationary_models import Covariances, Models, second_order_models, stationary_models

ORDER = 3  # in the clients' differences; even orders improve little on the odd one before
LARGEST_NEXT_ORDER = 0.25  # beyond it the expansion says nothing
ROUND_OFF = 1e-13  # of the models, relative: some hundred roundings


@dataclass(frozen=True)
class Resummed:
    """The models after mixing, their consensus error, and the relative change that the next two orders would make."""

    states: Models
    value: float
    next_order: float


@dataclass(frozen=True)
class LinearTraining:
    """Linear alignment losses f_i(W) = -tr(W X_i W^T) + |W^T W|^2/2 trained over a network by exact gradients.

    Errors: those of `theory.training.stationary_models.stationary_models`, when a property is asked for.
    """

    mixing: Mixing
    covariances: Covariances
    feature_dim: int
    step_size: float
    local_steps: int = 1

    @property
    def shape(self) -> Curvature:
        """Optimum W* and Hessian of the training-weighted loss."""
        return curvature(training_mean(self.mixing, self.covariances), self.feature_dim)

    @property
    def start(self) -> Models:
        """Every client at the optimum W*."""
        return np.repeat(self.shape.optimum[None], len(self.mixing), axis=0)

    @property
    def hessian_spectrum(self) -> Float[np.ndarray, " parameters"]:
        """All feature_dim * dim eigenvalues of the Hessian at W*, the rotations' zeros included."""
        return self.shape.rates.ravel()

    def gradient(self, states: Models) -> Models:
        """grad f_i(W_i), client by client. Source: chen2026, (14) and (41)."""
        return linear_alignment.gradient(states, self.covariances)

    def local(self, states: Models) -> Models:
        """Every client after its E local steps."""
        for _ in range(self.local_steps):
            states = states - self.step_size * self.gradient(states)
        return states

    def consensus(self, states: Models, *, pre_mix: bool = False) -> float:
        """Consensus error of `states`, or of what their local steps make of them."""
        return client_variance(self.local(states) if pre_mix else states)


def resummed(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> Resummed:
    """The models at rest to third order in the clients' differences, exact in step, local steps and curvature.

    Its error is about `next_order`, an estimate and no bound: `theory.training.predictions` measures the number against
    models at rest before it is given.

    Source: ledger, docs/proofs/consensus.md, 4. Units: squared weights.
    Errors: as `theory.training.stationary_models.stationary_models`, and OutOfDomainError where the next orders would
    change the consensus error by more than a quarter.
    """
    problem = (mixing, covariances, feature_dim, step_size, local_steps)
    with np.errstate(over="ignore", invalid="ignore"):
        states, following = (second_order_models(*problem, order=order) for order in (ORDER, ORDER + 2))
        value, then = client_variance(states), client_variance(following)
        # Clients that agree to rounding, as under federated averaging, leave nothing for a next order to change.
        floor = (ROUND_OFF**2) * float(np.sum(states**2)) / len(states)
    next_order = abs(then - value) / max(value, floor)
    if not next_order <= LARGEST_NEXT_ORDER:
        raise OutOfDomainError(
            f"The clients differ too much for curvature resummed at step_size={step_size}: the next orders would "
            "change the consensus error by more than a quarter. Use consensus_fixed_point, lower step_size or simulate."
        )
    return Resummed(states, value, next_order)


def consensus_resummed(
    mixing: Mixing,
    covariances: Covariances,
    feature_dim: int,
    step_size: float,
    local_steps: int = 1,
    *,
    pre_mix: bool = False,
) -> float:
    """Consensus error at rest with curvature resummed, after mixing or before.

    Source: ledger, docs/proofs/consensus.md, 4. Units: squared weights. Errors: as `resummed`.
    """
    problem = (mixing, covariances, feature_dim, step_size, local_steps)
    return LinearTraining(*problem).consensus(resummed(*problem).states, pre_mix=pre_mix)


def steady_states(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> Models:
    """The models at rest after mixing, exactly: a round maps them to themselves up to one common rotation.

    Source: ledger, docs/proofs/consensus.md, 4. Units: weights.
    Errors: as `theory.training.stationary_models.stationary_models`, and OutOfDomainError when it does not converge.
    """
    found = stationary_models(mixing, covariances, feature_dim, step_size, local_steps)
    if not found.converged:
        raise OutOfDomainError(
            f"No models at rest are found near the optimum at step_size={step_size}, local_steps={local_steps}: the "
            "clients differ too much for it. Lower step_size or simulate."
        )
    return found.post_mix


def consensus_fixed_point(
    mixing: Mixing,
    covariances: Covariances,
    feature_dim: int,
    step_size: float,
    local_steps: int = 1,
    *,
    pre_mix: bool = False,
) -> float:
    """Consensus error of the exact models at rest, after mixing or before.

    Source: ledger, docs/proofs/consensus.md, 4. Units: squared weights. Errors: as `steady_states`.
    """
    problem = (mixing, covariances, feature_dim, step_size, local_steps)
    return LinearTraining(*problem).consensus(steady_states(*problem), pre_mix=pre_mix)
