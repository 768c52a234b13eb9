"""Consensus error of decentralised training: mean squared distance of models from their mean, 1/N sum |W_i - W-bar|^2.

One algebra serves every tier. A round is W <- M (W - eta P), P the sum of a client's local gradients, and the deviation
from the Perron mean obeys dev <- (M - 1 v^T)(dev - eta P). Recorded P give an identity; P from the gradients at the
common optimum the first-order prediction; random placement the exchangeable one. Curvature makes P fall with the
deviation itself: `theory.training.consensus_curvature`. White P is `theory.training.consensus_noise`; bounds are in
`theory.training.consensus_bounds`. Proofs: docs/proofs/consensus.md.
"""

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.formula import Formula, Source
from theory.networks.mixing import Mixing, Weights, perron_weights
from theory.symbols import curvature, eigenvalue, local_steps, step_size

Gradients = Float[np.ndarray, "clients ..."]
LEDGER = "docs/proofs/consensus.md"

CONTRACTION = (1 - step_size * curvature) ** local_steps  # of one mode of the loss in E local steps
STABLE = (sp.Abs(eigenvalue) < 1, step_size * curvature < 2)

FLAT_MODE_GAIN = Formula(
    name="flat_mode_gain",
    title="Deviation of a network mode per unit gradient in it, at stationarity, without curvature",
    expr=step_size * local_steps * eigenvalue / (1 - eigenvalue),
    domain=(sp.Abs(eigenvalue) < 1,),
    units="step size",
    source=Source("ledger", f"{LEDGER}, 3"),
)

CURVED_MODE_GAIN = Formula(
    name="curved_mode_gain",
    title="Deviation of a network mode per unit gradient in it, at stationarity, where the loss has curvature h",
    expr=eigenvalue * (1 - CONTRACTION) / curvature / (1 - eigenvalue * CONTRACTION),
    domain=STABLE,
    units="step size",
    source=Source("ledger", f"{LEDGER}, 4"),
)


def mode_gains(
    mixing: Mixing, step_size: float, local_steps: int = 1, curvature: float = 0.0
) -> Float[np.ndarray, " modes"]:
    """Deviation per unit gradient of the modes l = 2..N, eigenvalues descending: consensus (1/N) sum (gain |G_l|)^2.

    Source: ledger, docs/proofs/consensus.md, 3 and 4; for a symmetric mixing matrix. Units: step size.
    Errors: ValueError for a matrix that is not symmetric, and outside eta h < 2.
    """
    require_training(step_size, local_steps)
    training_weights(mixing)  # refuses what never agrees
    if not np.allclose(mixing, mixing.T, rtol=0, atol=1e-12):
        raise ValueError("Gains by mode need a symmetric mixing matrix; this one is not. Use mixing=metropolis.")
    require_stable(step_size, curvature, curvature)
    at = {"eigenvalue": np.linalg.eigvalsh(mixing)[::-1][1:], "step_size": step_size, "local_steps": local_steps}
    if curvature == 0:
        return np.asarray(FLAT_MODE_GAIN.compiled(**at))
    return np.asarray(CURVED_MODE_GAIN.compiled(**at, curvature=curvature))


def deviation_response(
    mixing: Mixing, *, contraction: float = 1.0, rounds: int | None = None, pre_mix: bool = False
) -> Mixing:
    """R with dev = -eta R P: the sum of contraction^(k-1) (M - 1 v^T)^k over k = 1..rounds, to stationarity if None.

    At contraction 1 and stationarity it is Z = (I - M + 1 v^T)^-1 - I. Before mixing the sum starts one power lower.

    Source: ledger, docs/proofs/consensus.md, 1. Units: dimensionless.
    Errors: ValueError as `training_weights`, or for rounds < 1.
    """
    if rounds is not None and rounds < 1:
        raise ValueError(f"rounds is a whole number from 1; got rounds={rounds}. Leave it out for the steady state.")
    n = len(mixing)
    v = training_weights(mixing)
    fading = mixing - v
    last = np.eye(n) - v if pre_mix else fading
    if rounds is not None:
        last = last - np.linalg.matrix_power(contraction * fading, rounds) @ last
    return np.linalg.solve(np.eye(n) - contraction * fading, last)


def client_variance(states: Gradients) -> float:
    """(1/N) sum_i |x_i - x-bar|^2 about the plain mean: the consensus error of models, zeta^2 of gradients.

    Source: ledger. Units: squared units of x. Errors: none.
    """
    return float(np.sum((states - states.mean(axis=0)) ** 2) / len(states))


def consensus_identity(mixing: Mixing, gradients: Gradients, step_size: float, *, pre_mix: bool = False) -> float:
    """Consensus error at a fixed point from the recorded gradients there: exact for any mixing matrix.

    `gradients` are (W before - W after the local steps) / eta, for E = 1 the gradients themselves. For symmetric M it
    is (eta^2/N) sum_l (lam_l/(1 - lam_l))^2 |sum_i u_l(i) g_i|^2.

    Source: ledger, docs/proofs/consensus.md, 2. Units: squared weights.
    Errors: ValueError when the gradients' Perron mean is not 0: then the models still move together, not at rest.
    """
    g = _matching(mixing, gradients)
    drift = float(np.linalg.norm(training_weights(mixing) @ g))
    if drift > 1e-3 * float(np.linalg.norm(g)) / np.sqrt(len(g)):
        raise ValueError(
            f"The identity is of a fixed point, where the weighted gradients cancel; they sum to {drift:.3g}. "
            "Train longer, or use consensus_trajectory."
        )
    return step_size**2 * client_variance(deviation_response(mixing, pre_mix=pre_mix) @ g)


def consensus_trajectory(
    mixing: Mixing,
    gradients: Float[np.ndarray, "rounds clients ..."],
    step_size: float,
    initial: Gradients | None = None,
) -> Float[np.ndarray, " rounds"]:
    """Consensus error after each round from the recorded gradients of all rounds: exact, at rest or not.

    `initial` are the models before the first round; None for a common start.

    Source: ledger, docs/proofs/consensus.md, 1. Units: squared weights.
    Errors: ValueError for gradients of another number of clients.
    """
    fading = mixing - training_weights(mixing)
    deviation = np.zeros((len(mixing), 1)) if initial is None else _matching(mixing, initial)
    errors = []
    for one in gradients:
        deviation = fading @ (deviation - step_size * _matching(mixing, one))
        errors.append(client_variance(deviation))
    return np.array(errors)


def consensus_first_order(
    mixing: Mixing,
    gradients_at_optimum: Gradients,
    step_size: float,
    local_steps: int = 1,
    *,
    rounds: int | None = None,
    pre_mix: bool = False,
) -> float:
    """Consensus error to first order in eta, from every client's gradient at the common optimum, full spectrum.

    Source: ledger, docs/proofs/consensus.md, 3. Units: squared weights.
    Meant for eta E h / (1 - lambda_2) well below 1 at every curvature h: curvature lowers the true value.
    Errors: ValueError for a step or number of steps that is not positive.
    """
    require_training(step_size, local_steps)
    response = deviation_response(mixing, rounds=rounds, pre_mix=pre_mix)
    return (step_size * local_steps) ** 2 * client_variance(response @ _matching(mixing, gradients_at_optimum))


def consensus_exchangeable(
    mixing: Mixing,
    dissimilarity: float,
    step_size: float,
    local_steps: int = 1,
    *,
    curvature: float = 0.0,
    rounds: int | None = None,
    pre_mix: bool = False,
) -> float:
    """Consensus error averaged over all placements of the clients on the network.

    `dissimilarity` is zeta^2 = (1/N) sum_i |grad f_i - mean|^2 at the optimum. The value is zeta^2 times the mean over
    l = 2..N of the squared mode gains, for any mixing matrix eta^2 E^2 |(I - J) R|_F^2 / (N - 1). `curvature` 0 gives
    the first order, an upper value where lam >= 0; one h stands for all. With unequal training weights the optimum
    itself depends on the placement; the gradients are then taken as given.

    Source: ledger, docs/proofs/consensus.md, 3. Units: squared weights.
    Errors: ValueError for a step or number of steps that is not positive, a negative dissimilarity, or outside
    0 <= eta h < 2.
    """
    require_training(step_size, local_steps)
    require_dissimilarity(dissimilarity)
    require_stable(step_size, curvature, curvature)
    if len(mixing) == 1:
        return 0.0
    keep = 1 - step_size * curvature
    advance = step_size * geometric_sum(step_size * curvature, local_steps)
    response = deviation_response(mixing, contraction=keep**local_steps, rounds=rounds, pre_mix=pre_mix)
    return advance**2 * dissimilarity * client_variance(response) * len(mixing) / (len(mixing) - 1)


def geometric_sum(loss: float, terms: int) -> float:
    """Sum of (1 - loss)^k over k < terms, without cancellation at small losses. Source: ledger. Errors: none."""
    if loss == 0:
        return float(terms)
    kept = -np.expm1(terms * np.log1p(-loss)) if loss < 0.5 else 1 - (1 - loss) ** terms
    return float(kept / loss)


def training_weights(mixing: Mixing) -> Weights:
    """v, left Perron vector of a row-stochastic mixing matrix.

    Source: ledger. Units: dimensionless, sum 1. Errors: ValueError when rows do not sum to 1, and as `perron_weights`.
    """
    off = float(np.abs(mixing.sum(axis=1) - 1).max())
    if not off <= 1e-9:
        raise ValueError(
            f"Consensus needs a mixing matrix whose rows sum to 1; these are off by {off:.3g}. For push_sum give "
            "`theory.networks.mixing.ratio_matrix` and gradients over N times its weights."
        )
    return perron_weights(mixing)


def require_training(step_size: float, local_steps: int) -> None:
    """ValueError unless the step is positive and finite and there is a whole number of local steps from 1."""
    if not (np.isfinite(step_size) and step_size > 0):
        raise ValueError(f"step_size must be positive and finite; got step_size={step_size}.")
    if isinstance(local_steps, bool) or not (1 <= local_steps < np.inf and local_steps % 1 == 0):
        raise ValueError(f"local_steps is a whole number from 1; got local_steps={local_steps}.")


def require_stable(step_size: float, least: float, largest: float) -> None:
    """ValueError unless step size times curvature stays in [0, 2): steps shrink no mode then, or throw it further."""
    if not (least >= 0 and step_size * largest < 2):
        raise ValueError(
            f"Local steps settle for step_size times curvature in [0, 2); got {step_size * least:.4g} to "
            f"{step_size * largest:.4g}. Lower step_size."
        )


def require_dissimilarity(dissimilarity: float) -> None:
    """ValueError unless zeta^2 is finite and not negative."""
    if not (np.isfinite(dissimilarity) and dissimilarity >= 0):
        raise ValueError(f"The gradient dissimilarity zeta^2 is finite and not negative; got {dissimilarity}.")


def _matching(mixing: Mixing, gradients: Gradients) -> Float[np.ndarray, "clients parameters"]:
    if len(gradients) != len(mixing):
        raise ValueError(f"There are {len(mixing)} clients in the mixing matrix and {len(gradients)} among gradients.")
    return gradients.reshape(len(gradients), -1)
