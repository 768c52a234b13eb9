"""When clients' matrices are diagonal, a coordinate outside the represented ones overtakes once X_eff says so.

Models at rest on coordinate a have the entries w_i there, W_i = w_i e_a in one row. Along coordinate b a deviation u_i
of that row becomes M (1 + eta B) u in a round, B = 2 diag(b_i - w_i^2), whatever other rows do. Let mu be its largest
eigenvalue, u = 1 + p with sum v_i p_i = 0, F = M - 1 v^T, and x, v, z, q, |.|_v as in `theory.training.small_steps`.

1. mu = 1 + eta v^T B 1 + eta v^T B p and (mu - F) p = eta F B (1 + p). With beta = 2 eta x, which bounds eta B and
   mu - 1, and y = 1 + z, which bounds (1 - F)^-1, |p|_v <= z' beta/(1 - z' beta), z' = z/(1 - beta y), and mu is off
   from 1 + eta v^T B 1 + eta^2 v^T B Z B 1 by at most beta^2 (z' |p|_v + beta y z').
2. sum v_i w_i^2 = wb^2 + |e|_v^2, and wb^2 is off from a's entry of X_eff by at most the residual of `small_steps`
   over wb. Z takes away constants on both sides, so that v^T B Z B 1 is 4 sum v_i Z_ij (b_j - bb)(b_i - bb), but for
   the differences of the w_i^2, of norm 2 sqrt x |e|_v at most. So (mu - 1)/(2 eta) is X_eff,bb - X_eff,aa, to second
   order.
"""

import math

import numpy as np
from jaxtyping import Float

from theory.networks.mixing import perron_weights
from theory.training.effective_covariance import Mixing, effective_covariance
from theory.training.small_steps import SmallSteps, response_norm

Entries = Float[np.ndarray, " clients"]


def overtaking_rate(mixing: Mixing, inside: Entries, outside: Entries, step_size: float) -> float:
    """X_eff,bb - X_eff,aa: the growth a round of coordinate b beside a represented a, over 2 eta, to first order.

    `inside` and `outside` are the clients' entries of a and of b; one local step.

    Source: ledger, docs/proofs/effective_covariance.md, 9; above. Units: those of the entries.
    Errors: as `effective_covariance`.
    """
    effective = effective_covariance(mixing, _diagonal(inside, outside), step_size)
    return float(effective[1, 1] - effective[0, 0])


def overtaking_remainder(
    mixing: Mixing, inside: Entries, outside: Entries, step_size: float, resting: Entries
) -> float:
    """How far the growth at rest, over 2 eta, can be from `overtaking_rate`: of second order in the step size.

    `resting` are the clients' models at rest, w_i.

    Source: ledger, above. Units: those of the entries. Errors: as `effective_covariance`.
    """
    own = SmallSteps(mixing, inside[:, None, None], 1, step_size)
    x, z = float(max(inside.max(), outside.max())), response_norm(mixing)
    beta = 2 * step_size * x
    slow = z / (1 - beta * (1 + z)) if beta * (1 + z) < 1 else math.inf
    if not (slow * beta < 1 and own.stiffness < 1):
        return math.inf
    curved = beta**2 * slow * (slow * beta / (1 - slow * beta) + beta * (1 + z))
    v = perron_weights(mixing)
    squares, spread = 2 * math.sqrt(x) * own.spread, math.sqrt(float(v @ (outside - v @ outside) ** 2))
    mean = own.residual(effective=True) / float(v @ resting) + own.spread**2
    return mean + 2 * step_size * z * (2 * spread * squares + squares**2) + curved / (2 * step_size)


def _diagonal(inside: Entries, outside: Entries) -> Float[np.ndarray, "clients 2 2"]:
    return np.stack([inside, outside], axis=1)[:, :, None] * np.eye(2)
