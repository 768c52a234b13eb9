"""Consensus error from stochastic gradients whose noise is independent between clients, steps and entries.

A network mode is an autoregression: every round adds the noise of E local steps, multiplies by lam and, along a Hessian
eigenvector, by (1 - eta h)^E. Proof: docs/proofs/consensus.md, 6.
"""

import numpy as np
import sympy as sp
from jaxtyping import Float
from scipy import linalg

from theory.formula import Formula, OutOfDomainError, Source
from theory.networks.mixing import Mixing
from theory.symbols import curvature, eigenvalue, local_steps, step_size
from theory.training.consensus import (
    CONTRACTION,
    LEDGER,
    STABLE,
    geometric_sum,
    require_stable,
    require_training,
    training_weights,
)

FADES = 1e-13  # an eigenvalue this close to the unit circle is on it, to rounding

FLAT_NOISE_GAIN = Formula(
    name="flat_noise_gain",
    title="Stationary variance of a network mode per unit variance of a stochastic gradient, without curvature",
    expr=step_size**2 * local_steps * eigenvalue**2 / (1 - eigenvalue**2),
    domain=(sp.Abs(eigenvalue) < 1,),
    units="squared step size",
    source=Source("ledger", f"{LEDGER}, 6"),
)

CURVED_NOISE_GAIN = Formula(
    name="curved_noise_gain",
    title="Stationary variance of a network mode per unit variance of a stochastic gradient, with curvature h",
    expr=step_size**2
    * (1 - CONTRACTION**2)
    / (1 - (1 - step_size * curvature) ** 2)
    * eigenvalue**2
    / (1 - (eigenvalue * CONTRACTION) ** 2),
    domain=STABLE,
    units="squared step size",
    source=Source("ledger", f"{LEDGER}, 6"),
)


def consensus_noise(
    mixing: Mixing,
    noise_std: float,
    step_size: float,
    local_steps: int = 1,
    *,
    curvatures: Float[np.ndarray, " parameters"],
) -> float:
    """What independent noise in every gradient entry adds to the stationary consensus error.

    `curvatures` are the Hessian's eigenvalues at the optimum, one a parameter (`theory.training.consensus_curvature`);
    zeros leave curvature out.

    Source: ledger, docs/proofs/consensus.md, 6; to first order in the noise's variance. Units: squared weights.
    Errors: ValueError for a negative noise_std, for curvatures outside 0 <= eta h < 2, and as `training_weights`;
    OutOfDomainError for a mode that does not fade, as lam = -1 without curvature.
    """
    require_training(step_size, local_steps)
    if not (np.isfinite(noise_std) and noise_std >= 0):
        raise ValueError(f"noise_std is a standard deviation, finite and not negative; got {noise_std}.")
    require_stable(step_size, float(curvatures.min()), float(curvatures.max()))
    fading = mixing - training_weights(mixing)
    # Of eta h, not of h: data may come in any unit.
    levels, counts = np.unique(np.round(step_size * curvatures, 12), return_counts=True)
    slowest = float(np.abs(1 - levels).max()) ** local_steps * float(np.abs(np.linalg.eigvals(fading)).max())
    if not slowest < 1 - FADES:
        raise OutOfDomainError(
            f"Noise settles if every mode shrinks in a round; here one keeps {slowest:.6g} of itself: its variance "
            "grows without end. Use mixing=lazy, or a smaller step of the Laplacian rule."
        )
    per_level = [_noise_at(fading, step_size, local_steps, float(h) / step_size) for h in levels]
    return noise_std**2 * float(np.dot(counts, per_level)) / len(mixing)


def _noise_at(fading: Mixing, step_size: float, local_steps: int, curvature: float) -> float:
    """Sum over the network's modes of the variance at one curvature, per unit noise."""
    if np.allclose(fading, fading.T, rtol=0, atol=1e-12):
        # M - J has eigenvalue 0 in place of 1, which adds no variance.
        at = {"eigenvalue": np.linalg.eigvalsh(fading), "step_size": step_size, "local_steps": local_steps}
        formula, more = (CURVED_NOISE_GAIN, {"curvature": curvature}) if curvature else (FLAT_NOISE_GAIN, {})
        return float(np.sum(formula.compiled(**at, **more)))
    keep = 1 - step_size * curvature
    covariance = linalg.solve_discrete_lyapunov(keep**local_steps * fading, fading @ fading.T)
    injected = geometric_sum(1 - keep**2, local_steps)
    return step_size**2 * injected * float(np.trace(covariance) - covariance.mean(axis=0).sum())
