"""Clients with convex quadratic losses on random networks, at rest: the problems that the gap bound is proved for.

Client i has the gradient H_i w + G_i, with sum_i v_i G_i = 0, so that the common optimum is w = 0.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.networks.mixing import perron_weights
from theory.training.consensus import client_variance
from theory.training.consensus_bounds import reversible_spectrum

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


def random_quadratics(
    rng: np.random.Generator, largest: float, *, symmetric: bool = False, positive: bool = False, equal: bool = False
) -> Quadratics:
    """Two to eight clients, one to three parameters, reversible mixing, eta h from 1e-4 `largest` to `largest`.

    `symmetric` mixing weighs clients alike; `positive` mixing has no negative eigenvalue; `equal` Hessians go with
    one to six local steps. Half of the problems have their gradients along the first or the last network mode.
    """
    n, p = int(rng.integers(2, 9)), int(rng.integers(1, 4))
    mixing = _symmetric(rng, n) if symmetric or positive or rng.random() < 0.5 else _reversible(rng, n)
    if positive:
        mixing = mixing @ mixing
    levels = largest * np.exp(rng.uniform(np.log(1e-4), 0.0, (n, p)))
    turns = np.linalg.qr(rng.standard_normal((n, p, p)))[0]
    hessians = np.einsum("iab,ib,icb->iac", turns, levels, turns)
    if equal:
        hessians = np.repeat(hessians[:1], n, axis=0)
    v = perron_weights(mixing)
    gradients = rng.standard_normal((n, p))
    if rng.random() < 0.5:
        root = np.sqrt(v)[:, None]
        modes = np.linalg.eigh(root * mixing / root.T)[1] / root
        gradients = modes[:, [-2 if rng.random() < 0.5 else 0]] * gradients[0]
    gradients = gradients - v @ gradients
    return Quadratics(mixing, hessians, gradients, 1.0, int(rng.integers(1, 7)) if equal else 1)


def slowest(quadratics: Quadratics) -> tuple[float, float]:
    """lambda_2 and lambda_N of the mixing matrix, real because it is reversible."""
    values = reversible_spectrum(quadratics.mixing)[1]
    return float(values[1]), float(values[-1])


def _symmetric(rng: np.random.Generator, n: int) -> Mixing:
    """Symmetric, doubly stochastic, weights of any shape, with a little of every other client."""
    shares = rng.dirichlet(np.full(4, 0.5))
    m = sum((share * np.eye(n)[rng.permutation(n)] for share in shares), np.zeros((n, n)))
    mixed = np.exp(rng.uniform(np.log(1e-3), np.log(0.5)))
    return (1 - mixed) * (m + m.T) / 2 + mixed / n


def _reversible(rng: np.random.Generator, n: int) -> Mixing:
    """Links of random strength, each row over its sum: v_i M_ij = v_j M_ji with unequal v."""
    links = np.exp(rng.normal(0, 2, (n, n)))
    links = links + links.T
    return links / links.sum(axis=1, keepdims=True)
