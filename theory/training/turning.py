"""How fast models turn together in the embedding, in closed form, and how far that is off.

At relative rest a round multiplies all models by one rotation R. With A = W W^T of the averaged model W, and C the sum
of its weighted gradients times minus the step size, (R - I) W = C exactly, so that the antisymmetric part O with
O A + A O = C W^T - W C^T is the turning of a round. Losses do not change under rotations: their gradients, and those of
every function of W that rotations leave alone, add nothing to it. x, v, q, z, e, e0 and d are those of
`theory.training.small_steps`, A* = W* W*^T, and w is the distance |W - W*|_F of the averaged model turned towards W*.

1. One-way links, one local step. C = -2 eta (W W^T W - W X_eff + r), r = -sum v (e - e0) D + sum v (e e^T W + ...):
   O A + A O = 2 eta W (X_eff - X_eff^T) W^T - 2 eta (r W^T - W r^T). The rotation adds (1 + z) |R - I|_2 |e|_v to what
   e can be off, so that |e|_v <= 2 eta z |W D|_v/(1 - q'), q' = q + (1 + z) |R - I|_2, and |r| <= q' |e|_v d +
   5 sqrt x |e|_v^2. What W, A in place of W*, A* change is at most 2 sqrt x w each.
2. Federated averaging, E local steps. Of the gradients after e steps, g - eta e H g + eta^2 (e (e-1)/2 H^2 g +
   e^2/2 T[g, g]) + ..., only T[g, g], T the third derivative, turns anything: H g is the gradient of |g|^2/2, and H^2 g
   that of g^T H g/2 less T[g, g]/2. So a round's sum has eta^2 E (E^2-1)/12 T[g, g], T[g, g] W^T has the antisymmetric
   part of 4 g g^T A, and O A + A O = -eta^3 E (E^2-1)/3 (G A - A G), G the clients' mean of g g^T, 4 W* D_i^2 W*^T to
   first order. With L = 6 x, tau = 12 sqrt x and c = (1 + eta L)^E the rest of a client's sum of gradients is at most
   eta^3 E^4/4 (c L^3 |g|/6 + c^2 L tau |g|^2/6 + 3 c L tau |g|^2/4 + 2 c^3 |g|^3).
"""

import math

import numpy as np
import scipy.linalg
from jaxtyping import Float

from theory.objectives.curvature import curvature
from theory.training.effective_covariance import Covariances, Mixing, effective_covariance, training_mean
from theory.training.small_steps import LIPSCHITZ, SQUARES, SmallSteps, response_norm

Model = Float[np.ndarray, "feature dim"]
Turning = Float[np.ndarray, "feature feature"]
THIRD, FOURTH = 12.0, 12.0  # norms of the third derivative over sqrt x, and of the fourth


def one_way_turning(mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float) -> Turning:
    """O a round, to leading order: 2 eta sqrt(theta_a theta_b) (X_eff - X_eff^T)_ab/(theta_a + theta_b), E = 1.

    In the eigenbasis of X_v, theta its eigenvalues; of second order in the step size.

    Source: ledger, 1 above. Units: radians a round. Errors: as `theory.objectives.curvature.curvature`.
    """
    shape = curvature(training_mean(mixing, covariances), feature_dim)
    effective = effective_covariance(mixing, covariances, step_size)
    top = shape.vectors[:, :feature_dim]
    return 2 * step_size * _shared(shape.values[:feature_dim]) * (top.T @ (effective - effective.T) @ top)


def local_steps_turning(covariances: Covariances, feature_dim: int, step_size: float, local_steps: int) -> Turning:
    """O a round of federated averaging, to leading order.

    4/3 E (E^2-1) eta^3 sqrt(theta_a theta_b) (theta_a - theta_b) Y_ab/(theta_a + theta_b), where Y is the clients' mean
    of D_i^2 in the eigenbasis of the mean matrix and theta are its eigenvalues.

    Source: ledger, 2 above. Units: radians a round. Errors: as `theory.objectives.curvature.curvature`.
    """
    shape = curvature(covariances.mean(axis=0), feature_dim)
    top, values = shape.vectors[:, :feature_dim], shape.values[:feature_dim]
    off = covariances - covariances.mean(axis=0)
    squares = top.T @ np.mean(off @ off, axis=0) @ top
    factor = 4 / 3 * local_steps * (local_steps**2 - 1) * step_size**3
    return factor * _shared(values) * (values[:, None] - values[None, :]) * squares


def turning_of(mean: Model, moved: Turning) -> Turning:
    """O of an averaged model W from `moved` = C W^T, or whatever has its antisymmetric part: O A + A O = that part.

    Source: ledger, above. Units: radians a round. Errors: none.
    """
    gram = mean @ mean.T
    return scipy.linalg.solve_continuous_lyapunov(gram, moved - moved.T)


def one_way_remainder(
    mixing: Mixing, covariances: Covariances, step_size: float, mean: Model, optimum: Model, turned: float
) -> float:
    """How far, in Frobenius norm, O at relative rest can be from `one_way_turning`: of third order in the step size.

    `mean` is the averaged model turned towards the `optimum` W*, `turned` is |R - I|_2.

    Source: ledger, 1 above. Units: radians a round. Errors: as `one_way_turning`.
    """
    steps = SmallSteps(mixing, covariances, len(mean), step_size)
    x, z = steps.largest, response_norm(mixing)
    stiff = steps.stiffness + (1 + z) * turned
    if stiff >= 1 or steps.stiffness >= 1:
        return math.inf
    spread = steps.spread * (1 - steps.stiffness) / (1 - stiff)
    left_out = stiff * spread * steps.typical(2) + SQUARES * math.sqrt(x) * spread**2
    skew = float(np.linalg.norm(steps.effective - steps.effective.T, 2))
    off = float(np.linalg.norm(mean - optimum))
    claimed = float(np.linalg.norm(one_way_turning(mixing, covariances, len(mean), step_size)))
    total = 4 * math.sqrt(x) * (step_size * left_out + step_size * off * skew + off * claimed)
    return total / (2 * _least(mean))


def local_steps_remainder(
    covariances: Covariances, step_size: float, local_steps: int, mean: Model, optimum: Model
) -> float:
    """How far, in Frobenius norm, O of federated averaging at relative rest can be from `local_steps_turning`.

    Of fourth order in the step size; `mean` is the averaged model turned towards the `optimum` W*.

    Source: ledger, 2 above. Units: radians a round. Errors: as `local_steps_turning`.
    """
    x = float(np.linalg.eigvalsh(covariances).max())
    root, lip, third = math.sqrt(x), LIPSCHITZ * x, THIRD * math.sqrt(x)
    grown = (1 + step_size * lip) ** local_steps
    off = covariances - covariances.mean(axis=0)
    common = 2 * mean @ (mean.T @ mean - covariances.mean(axis=0))
    sizes = np.linalg.norm(common - 2 * mean @ off, axis=(1, 2))
    rest = grown * lip**3 * sizes / 6 + (grown**2 / 6 + 3 * grown / 4) * lip * third * sizes**2
    rest = step_size**3 * local_steps**4 / 4 * (rest + FOURTH / 6 * grown**3 * sizes**3)
    moved = float(np.linalg.norm(mean - optimum))
    pulls = 2 * optimum @ off
    apart = 2 * moved * np.linalg.norm(off, 2, axis=(1, 2)) + np.linalg.norm(common)
    grams = float(np.mean(2 * np.linalg.norm(pulls, axis=(1, 2)) * apart + apart**2))
    power = float(np.linalg.norm(np.mean(pulls @ np.swapaxes(pulls, 1, 2), axis=0)))
    factor = step_size**3 * local_steps * (local_steps**2 - 1) / 3
    claimed = float(np.linalg.norm(local_steps_turning(covariances, len(mean), step_size, local_steps)))
    total = 2 * step_size * root * float(rest.mean()) + 2 * factor * (grams * x + 2 * power * root * moved)
    return (total + 4 * root * moved * claimed) / (2 * _least(mean))


def _shared(values: np.ndarray) -> np.ndarray:
    """sqrt(theta_a theta_b)/(theta_a + theta_b)."""
    return np.sqrt(np.outer(values, values)) / (values[:, None] + values[None, :])


def _least(mean: Model) -> float:
    return float(np.linalg.eigvalsh(mean @ mean.T)[0])
