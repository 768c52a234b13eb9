"""A server that samples some clients a round, simulated many times at once in plain NumPy."""

import math

import numpy as np
from jaxtyping import Float

from theory.objectives.curvature import curvature
from theory.objectives.linear_alignment import gradient

BETWEEN = 8  # rounds between two looks at the model: nearer ones tell little more


def squared_errors(
    seed: int,
    covariances: Float[np.ndarray, "clients dim dim"],
    feature_dim: int,
    n_sampled: int,
    step_size: float,
    local_steps: int,
    runs: int,
) -> Float[np.ndarray, " runs"]:
    """|P - P*|_F^2 of the server's model, P* the optimum for the mean of all clients, the mean over late rounds.

    Every run starts at the optimum. Rounds before the slowest mode has forgotten the start six times over are left out,
    and four times as many follow.

    Source: chen2026, Algorithm 1 with some clients a round, adapted to exact gradients. Units: dimensionless.
    Errors: OutOfDomainError as `curvature`.
    """
    rng = np.random.default_rng(seed)
    shape = curvature(covariances.mean(axis=0), feature_dim)
    basis = shape.vectors[:, :feature_dim]
    tilting = shape.rates[:, feature_dim:].min()
    memory = math.ceil(-1 / (local_steps * math.log1p(-step_size * tilting)))
    models = np.broadcast_to(shape.optimum, (runs, *shape.optimum.shape))
    sums, looks = np.zeros(runs), 0
    for t in range(30 * memory):
        chosen = np.argsort(rng.random((runs, len(covariances))), axis=1)[:, :n_sampled]
        local, own = np.repeat(models[:, None], n_sampled, axis=1), covariances[chosen]
        for _ in range(local_steps):
            local = local - step_size * gradient(local, own)
        models = local.mean(axis=1)
        if t >= 6 * memory and t % BETWEEN == 0:
            rows = np.linalg.qr(models.mT)[0]
            # |P - P*|^2 = 2 |(I - P*) Q|^2: no difference of nearly equal numbers.
            sums += 2 * np.sum((rows - basis @ (basis.T @ rows)) ** 2, axis=(1, 2))
            looks += 1
    return sums / looks
