"""All predictions for one network of linear clients, and for each that fails the sentence that says why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError
from theory.networks.mixing import perron_weights
from theory.objectives.curvature import top_projector
from theory.training.consensus import client_variance, consensus_first_order, consensus_identity
from theory.training.consensus_bounds import consensus_gap_bound, gap_bound_holds
from theory.training.consensus_curvature import LinearTraining, resummed, steady_states
from theory.training.consensus_noise import consensus_noise
from theory.training.participation import decentralised_errors, partial_participation_error
from theory.training.push_sum import push_sum_projectors
from theory.training.stationary_models import REPELS, growth, second_order_models
from theory.training.subspace_drift import subspace_drift, subspace_drift_bound

Models = Float[np.ndarray, "clients feature dim"]
TOLERATED = 0.02  # relative error of `curvature_resummed`, measured against the models at rest
SAME = 1e-9  # relative: one number computed in two ways
Covariances = Float[np.ndarray, "clients dim dim"]


@dataclass(frozen=True)
class Case:
    """One way of training: who mixes with whom, on what, and how. `sampled` clients a round train; None is all."""

    mixing: Float[np.ndarray, "clients clients"]
    covariances: Covariances
    feature_dim: int
    step_size: float
    local_steps: int = 1
    rounds: int | None = None
    sampled: int | None = None
    gradient_noise: float = 0.0
    outside: str = ""  # why no tier covers this case, if so
    push_sum: Float[np.ndarray, "clients clients"] | None = None  # the matrix of unit column sums; `mixing` is its aim
    outside_rounds: str = ""  # why none covers a number of rounds, if so: another start or order

    @property
    def weights(self) -> Float[np.ndarray, " clients"]:
        """v, the training weights."""
        return perron_weights(self.mixing)

    @property
    def target(self) -> Float[np.ndarray, "dim dim"]:
        """X_v, the training-weighted covariance."""
        return np.einsum("i,ijk->jk", self.weights, self.covariances)

    @property
    def gradients_at_optimum(self) -> Models:
        """Every client's gradient at the optimum of the target: -2 W* (X_i - X_v)."""
        start = LinearTraining(*self._training()).start
        return 2 * start @ (self.target - self.covariances)

    @property
    def dissimilarity(self) -> float:
        """zeta^2, the mean over clients of the squared gradient at the optimum, about its mean."""
        g = self.gradients_at_optimum
        return float(np.sum((g - g.mean(axis=0)) ** 2) / len(g))

    @cached_property
    def _found(self) -> Models | OutOfDomainError:
        try:
            models = steady_states(*self._training())
            self.require_attracting(models)
        except OutOfDomainError as error:
            return error
        return models

    @property
    def rest(self) -> Models:
        """The models at rest after mixing. Errors: OutOfDomainError as `steady_states` and `require_attracting`."""
        if isinstance(self._found, OutOfDomainError):
            raise self._found
        return self._found

    def require_attracting(self, models: Models) -> None:
        """Nothing, if training stays near `models` at rest. Errors: OutOfDomainError if it leaves them."""
        found = growth(self.mixing, self.covariances, models, self.step_size, self.local_steps)
        if not found <= 1 + REPELS:
            raise OutOfDomainError(
                f"Training leaves the models at rest: a round takes small deviations from them {found:.3g}-fold, as "
                "when one client's covariance is far larger than the others'. Lower step_size, or scale that client."
            )

    def _training(self):
        return self.mixing, self.covariances, self.feature_dim, self.step_size, self.local_steps

    def local(self, models: Models) -> Models:
        """The models after one more bout of local steps."""
        return LinearTraining(*self._training()).local(models)


@dataclass
class Tiers:
    """Predicted numbers by tier; for a tier without one, the reason. `ratios` are simulated over predicted."""

    values: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, tier: str, predict: Callable[[], float]) -> None:
        """Keeps what `predict` returns for a tier; where it raises or is not finite, None and the reason.

        Errors: those of `predict` other than OutOfDomainError and ValueError.
        """
        try:
            value = float(predict())
        except (OutOfDomainError, ValueError) as error:
            self.values[tier], self.reasons[tier] = None, " ".join(str(error).split())
            return
        self.values[tier] = value if np.isfinite(value) else None
        if self.values[tier] is None:
            self.reasons[tier] = "The bound is infinite here: the drift may close the gap."

    def ratios(self, measured: float | None) -> dict[str, float | None]:
        """Measured over predicted by tier, dimensionless; None where either number is missing or predicted as 0."""
        return {
            tier: None if value is None or measured is None or value == 0 else measured / value
            for tier, value in self.values.items()
        }


def predict(case: Case, models: Models | None = None) -> Mapping[str, Tiers]:
    """Tiers by measured quantity. `models` (after mixing, at rest) give the tier that works on recorded gradients."""
    post, pre, mean, local, late = Tiers(), Tiers(), Tiers(), Tiers(), Tiers()
    if case.outside:
        for tiers in (post, pre, mean, local):
            tiers.values["all"], tiers.reasons["all"] = None, case.outside
        if case.push_sum is not None:
            _push_sum(mean, case, case.push_sum)
    elif case.sampled is not None:
        problem = (case.covariances, case.feature_dim, case.sampled, case.step_size, case.local_steps)
        late.add("partial_participation", lambda: partial_participation_error(*problem))
    else:
        for tiers, pre_mix in ((post, False), (pre, True)):
            _consensus(tiers, case, models, pre_mix=pre_mix)
        if case.gradient_noise:
            for tiers in (mean, local):
                tiers.values["all"] = None
                tiers.reasons["all"] = "Gradient noise tilts subspaces too; no prediction says by how much."
        else:
            _subspace(mean, local, case)
    return {
        "consensus_post_mix": post,
        "consensus_pre_mix": pre,
        "mean_model_subspace_error": mean,
        "mean_local_subspace_error_squared": local,
        "late_mean_model_subspace_error_squared": late,
    }


def _consensus(tiers: Tiers, case: Case, models: Models | None, *, pre_mix: bool) -> None:
    m, eta, steps = case.mixing, case.step_size, case.local_steps
    noise = case.gradient_noise
    if models is not None and not noise:
        recorded = (models - case.local(models)) / eta
        tiers.add("recorded_gradients", lambda: consensus_identity(m, recorded, eta, pre_mix=pre_mix))
    problem = (m, case.covariances, case.feature_dim, eta, steps)
    extra = 0.0
    if noise:
        if pre_mix:
            tiers.values["all"] = None
            tiers.reasons["all"] = "Gradient noise is predicted after mixing only."
            return
        extra = consensus_noise(m, noise, eta, steps, curvatures=LinearTraining(*problem).hessian_spectrum)
    training = LinearTraining(*problem)
    tiers.add("fixed_point", lambda: training.consensus(case.rest, pre_mix=pre_mix) + extra)

    def curvature_resummed() -> float:
        states = resummed(*problem).states
        case.require_attracting(states)
        found, exact = (training.consensus(s, pre_mix=pre_mix) for s in (states, case.rest))
        # No size of the next orders bounds the error, so it is measured.
        if abs(found - exact) > TOLERATED * exact + SAME**2 * float(np.mean(states**2)):
            raise OutOfDomainError(
                f"Curvature resummed is off by {abs(found / exact - 1) if exact else np.inf:.2g} of the consensus "
                f"error at rest, more than {TOLERATED:g}. Use fixed_point."
            )
        return found + extra

    tiers.add("curvature_resummed", curvature_resummed)
    gradients = case.gradients_at_optimum
    tiers.add("first_order", lambda: consensus_first_order(m, gradients, eta, steps, pre_mix=pre_mix) + extra)
    if case.rounds is not None and case.outside_rounds:
        tiers.values["first_order_after_these_rounds"] = None
        tiers.reasons["first_order_after_these_rounds"] = case.outside_rounds
    elif case.rounds is not None:
        tiers.add(
            "first_order_after_these_rounds",
            lambda: consensus_first_order(m, gradients, eta, steps, rounds=case.rounds, pre_mix=pre_mix) + extra,
        )
    if not pre_mix and not noise:
        tiers.add("spectral_gap_bound", lambda: gap_bound(case))


def gap_bound(case: Case) -> float:
    """The gap bound, once the models at rest, turned towards W*, meet what it is proved from.

    Errors: OutOfDomainError where they do not, and as `consensus_gap_bound` and `steady_states`.
    """
    training = LinearTraining(*case._training())
    bound = consensus_gap_bound(case.mixing, case.dissimilarity, case.step_size, case.local_steps)
    rest, start = case.rest, training.start
    left, _, right = np.linalg.svd(start[0] @ np.einsum("i,icd->cd", case.weights, rest).T)
    rest = (left @ right) @ rest
    stepped = training.local(start)
    # With E > 1 the optimum's own steps have a mean; the proof is about those around it.
    stepped = stepped - np.einsum("i,icd->cd", case.weights, stepped) + start
    is_small = (
        client_variance(start - stepped) <= (1 + SAME) * (case.step_size * case.local_steps) ** 2 * case.dissimilarity
    )
    if not (is_small and gap_bound_holds(case.mixing, rest - start, training.local(rest) - stepped)):
        raise OutOfDomainError(
            "The gap bound is proved where gradients rise from the optimum to the models at rest, on average over "
            "clients, and step_size times curvature stays below 1; here not. Lower step_size, or use the fixed point."
        )
    return bound


def _push_sum(mean: Tiers, case: Case, column_stochastic: Float[np.ndarray, "clients clients"]) -> None:
    """The drift of what mixing preserves, the mean of the numerators."""
    problem = (case.covariances, case.feature_dim, case.step_size, case.local_steps)
    wanted = top_projector(case.target, case.feature_dim)
    mean.add(
        "effective_covariance",
        lambda: float(np.linalg.norm(push_sum_projectors(column_stochastic, *problem)[1] - wanted)),
    )


def _subspace(mean: Tiers, local: Tiers, case: Case) -> None:
    problem = (case.mixing, case.covariances, case.feature_dim, case.step_size, case.local_steps)
    wanted = top_projector(case.target, case.feature_dim)

    def error(model: Float[np.ndarray, "feature dim"]) -> float:
        basis = np.linalg.qr(model.T)[0]
        return float(np.linalg.norm(basis @ basis.T - wanted))

    mean.add("fixed_point", lambda: error(np.einsum("i,icd->cd", case.weights, case.rest)))
    mean.add(
        "second_order",
        lambda: error(np.einsum("i,icd->cd", case.weights, second_order_models(*problem))),
    )
    mean.add("effective_covariance", lambda: subspace_drift(*problem))
    mean.add("first_order_bound", lambda: subspace_drift_bound(*problem))
    local.add("fixed_point", lambda: float(np.mean([error(w) ** 2 for w in case.rest])))
    local.add("first_order", lambda: decentralised_errors(*problem).local)
