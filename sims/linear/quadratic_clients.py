"""Clients with quadratic losses on a network, at rest: the problems that the gap bound is proved for.

Client i has the gradient H_i w + G_i, with sum_i v_i G_i = 0, so that the common optimum is w = 0.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.training.consensus import client_variance

Mixing = Float[np.ndarray, "clients clients"]


@dataclass(frozen=True)
class Quadratics:
    """Losses w^T H_i w / 2 + G_i^T w trained over a network; at step size 1 the eigenvalues of H_i are eta h."""

    mixing: Mixing
    hessians: Float[np.ndarray, "clients dim dim"]
    gradients: Float[np.ndarray, "clients dim"]
    step_size: float
    local_steps: int = 1

    @property
    def dissimilarity(self) -> float:
        """zeta^2 = (1/N) sum_i |G_i - mean|^2, at the optimum."""
        return client_variance(self.gradients)

    @property
    def rest(self) -> Float[np.ndarray, "clients dim"]:
        """The models after mixing that a round leaves as they are. Errors: LinAlgError where they are not unique."""
        n, p = self.gradients.shape
        kept = np.eye(p) - self.step_size * self.hessians
        powers = [np.broadcast_to(np.eye(p), kept.shape)]
        for _ in range(self.local_steps):
            powers.append(powers[-1] @ kept)
        summed = sum(powers[:-1], np.zeros_like(kept))
        # W = M (kept^E W - eta summed G), one linear system for all clients.
        kept_all = np.einsum("ij,jab->iajb", self.mixing, powers[-1]).reshape(n * p, n * p)
        pushed = self.mixing @ np.einsum("iab,ib->ia", summed, self.gradients)
        return np.linalg.solve(np.eye(n * p) - kept_all, -self.step_size * pushed.ravel()).reshape(n, p)
