"""Bounds of the consensus error: from recorded gradients, from the spectral gap, and for finitely many rounds.

Proofs, and what each rests on: docs/proofs/consensus.md, 5.
"""

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.formula import Formula, OutOfDomainError, Source
from theory.networks.mixing import Mixing, is_reversible
from theory.symbols import dissimilarity, lambda_2, lambda_min, local_steps, step_size, weight_ratio
from theory.training.consensus import (
    LEDGER,
    Gradients,
    client_variance,
    deviation_response,
    geometric_sum,
    require_dissimilarity,
    require_training,
    training_weights,
)

GAP_BOUND = Formula(
    name="gap_bound",
    title="Upper bound of the stationary consensus error from the mixing matrix's second and last eigenvalue",
    expr=weight_ratio
    * dissimilarity
    * (step_size * local_steps * sp.Max(lambda_2 / (1 - lambda_2), -lambda_min, 0)) ** 2,
    domain=(lambda_2 < 1, lambda_min > -1),
    units="squared weights",
    source=Source("ledger", f"{LEDGER}, 5"),
)

ROUND_OFF = 1e-12
BLOCK = 256  # powers of the mixing matrix taken one by one; longer sums use |M^(j+k)| <= |M^j| |M^k|


def consensus_recorded_bound(mixing: Mixing, gradients: Gradients, step_size: float) -> float:
    """Upper bound of the consensus error at a fixed point from the clients' variance of the gradients recorded there.

    eta^2 |(I - J) Z|^2 times that variance; for symmetric M the factor is max_l (lam_l/(1 - lam_l))^2. It needs no
    assumption on the losses, and the gradient in the slowest mode attains it.

    Source: ledger, docs/proofs/consensus.md, 5. Units: squared weights. Errors: as `training_weights`.
    """
    response = deviation_response(mixing)
    return (step_size * float(np.linalg.norm(response - response.mean(axis=0), 2))) ** 2 * client_variance(gradients)


def consensus_gap_bound(mixing: Mixing, dissimilarity: float, step_size: float, local_steps: int = 1) -> float:
    """Upper bound of the stationary consensus error from zeta^2 at the optimum: eta^2 E^2 zeta^2 gain^2.

    The gain is max(lam_2/(1 - lam_2), -lam_N): curvature lowers the response lam/(1 - lam) of a positive mode, and
    raises |lam|/(1 + |lam|) of a negative one, at most to |lam|. With unequal training weights, as of uniform averaging
    on an irregular network, the bound is v_max/v_min times larger.

    Proved for E = 1 and losses whose Hessians along the way from the optimum lie in [0, 1/eta], however unequal; for
    any E and quadratics of equal Hessians. For E > 1 and unequal quadratics zeta^2 is that of the E-step gradients over
    E. The linear alignment losses are not convex: hold `gap_bound_holds` against the models at rest.

    Source: ledger, docs/proofs/consensus.md, 5. Units: squared weights.
    Errors: OutOfDomainError for a matrix that is not reversible, v_i M_ij = v_j M_ji; ValueError as `training_weights`.
    """
    require_training(step_size, local_steps)
    require_dissimilarity(dissimilarity)
    if len(mixing) == 1:
        return 0.0
    v, eigenvalues = reversible_spectrum(mixing)
    return GAP_BOUND.value(
        lambda_2=float(eigenvalues[1]),
        lambda_min=float(eigenvalues[-1]),
        dissimilarity=float(dissimilarity),
        weight_ratio=float(v.max() / v.min()),
        step_size=float(step_size),
        local_steps=int(local_steps),
    )


def gap_bound_holds(mixing: Mixing, apart: Gradients, apart_after: Gradients) -> bool:
    """Whether models at rest meet the one inequality on the losses that the gap bound is proved from.

    `apart` are W_i - W*, `apart_after` the same after the local steps of both, those of W* about their v-mean. With
    m + p the part of `apart` in modes lam >= 0, and q that in modes lam < 0: <m + p - q, apart_after> <= |m + p|^2.
    Then the bound holds with E zeta the standard deviation of those steps of W* over eta, for any losses.

    Source: ledger, docs/proofs/consensus.md, 5. Units: none. Errors: as `consensus_gap_bound`.
    """
    v, _ = reversible_spectrum(mixing)
    root = np.sqrt(v)[:, None]
    eigenvalues, modes = np.linalg.eigh(root * mixing / root.T)
    now, after = (modes.T @ (root * _flat(x)) for x in (apart, apart_after))
    sign = np.where(eigenvalues >= 0, 1.0, -1.0)[:, None]
    kept = float(np.sum(now[eigenvalues >= 0] ** 2))
    return bool(np.sum(sign * now * after) <= kept + ROUND_OFF * float(np.sum(now**2)))


def _flat(states: Gradients) -> Float[np.ndarray, "clients parameters"]:
    return states.reshape(len(states), -1)


def reversible_spectrum(mixing: Mixing) -> tuple[Float[np.ndarray, " clients"], Float[np.ndarray, " clients"]]:
    """Training weights v and the eigenvalues, real and descending, of a matrix with v_i M_ij = v_j M_ji.

    Symmetric matrices are so with v = 1/N; uniform and data-size averaging are on every undirected network.

    Source: ledger; D M D^-1 with D = diag(sqrt v) is symmetric. Units: dimensionless.
    Errors: OutOfDomainError for another matrix; ValueError as `training_weights`.
    """
    v = training_weights(mixing)
    if not is_reversible(mixing):
        raise OutOfDomainError(
            "The gap bound is proved for mixing that is reversible, v_i M_ij = v_j M_ji, as on undirected networks; "
            "this matrix is not. The transient bound, for a number of rounds, holds for it."
        )
    root = np.sqrt(v)
    return v, np.linalg.eigvalsh(root[:, None] * mixing / root)[::-1]


def consensus_transient_bound(
    mixing: Mixing, dissimilarity: float, step_size: float, local_steps: int = 1, *, rounds: int
) -> float:
    """Upper bound of the consensus error after `rounds` rounds from a common start, for any mixing matrix and any E.

    eta^2 E^2 (sum over k = 1..rounds of |(I - J) M^k|)^2 times `dissimilarity`, the largest over the rounds of
    (1/N) sum_i |g_i - g-bar|^2, g the sum of a client's local gradients over E. For symmetric M the sum is
    beta (1 - beta^T)/(1 - beta), beta = max_{l>=2} |lam_l|. No assumption on the losses.

    Source: ledger, docs/proofs/consensus.md, 5. Units: squared weights.
    Errors: ValueError for rounds < 1, a negative dissimilarity, a step or number of steps that is not positive.
    """
    require_training(step_size, local_steps)
    require_dissimilarity(dissimilarity)
    if isinstance(rounds, bool) or not (np.isfinite(rounds) and rounds >= 1 and rounds == int(rounds)):
        raise ValueError(f"rounds is a whole number from 1; got rounds={rounds}.")
    return (step_size * local_steps * _summed_powers(mixing, rounds)) ** 2 * dissimilarity


def _summed_powers(mixing: Mixing, rounds: int) -> float:
    """Sum of |(I - J) M^k| over k = 1..rounds, from above once blocks are joined by submultiplicativity."""
    training_weights(mixing)  # refuses a matrix that is not row-stochastic or keeps groups apart
    centred = mixing - mixing.mean(axis=0)
    if np.allclose(mixing, mixing.T, rtol=0, atol=1e-12):
        beta = float(np.abs(np.linalg.eigvalsh(centred)).max())
        return beta * rounds if beta >= 1 else beta * (1 - beta**rounds) / (1 - beta)
    norms, power = [], np.eye(len(mixing))
    for _ in range(min(rounds, BLOCK)):
        power = power @ centred
        norms.append(float(np.linalg.norm(power, 2)))
    if rounds <= BLOCK:
        return sum(norms)
    # |(I - J) M^(bB + k)| <= last^b |(I - J) M^k|: the rounds split into full blocks and a rest.
    blocks, rest = divmod(rounds, BLOCK)
    last = norms[-1]
    return sum(norms) * geometric_sum(1 - last, blocks) + sum(norms[:rest]) * last**blocks
