"""Linear clients with the alignment term at rest, from their equation of rest: what a point says of MAR's drift.

Embeddings are Gaussian, so that the term is its closed form and nothing is sampled; its gradient is taken here by
complex steps from the squared MMD. A round of training is: every client takes one step from its model, embeds, and
mixes. At rest a round changes nothing.
"""

from typing import Any, Literal

import numpy as np

from ledger.drawn.drawn_networks import DRAW, mixing_at, network_parameters
from theory.domain import Condition, Domain, Parameter, Point, Real, Whole

STEP_SIZE = 0.004
COMPLEX_STEP = 1e-30
MASK_RATIO = 0.75
MOST_ROUNDS = 60  # of the iteration, each of which shrinks the error by the size of the differences or of the weight
LEADING, OTHERS = (2.0, 3.0), (0.2, 0.8)  # eigenvalues of the mean matrix, uniform
Views = Literal["plain", "masked"]

FEWER_FEATURES = Condition("fewer features than dimensions", "c < d", lambda p: p["feature_dim"] < p["dim"])
MODEL = (
    "Linear encoders at rest, one local step of size 0.004 a round, neighbours' embeddings kept as sets; the mean of "
    "the clients' matrices has its represented eigenvalues in [2, 3] and the others in [0.2, 0.8]. "
)


SIZES: tuple[Parameter, ...] = (
    Whole("dim", 2, 6),
    Whole("feature_dim", 1, 3),
    Real("bandwidth", 0.0, np.inf, "()", reach=(1.5, 4.0), is_log=True),
    DRAW,
)
SPREAD = Real("spread", 0.0, 0.1, "(]", reach=(0.01, 0.1), is_log=True)  # of the clients' matrices


def on_networks(said: str, weight: tuple[float, float] = (0.01, 1.0), **limit: Any) -> Domain:
    """Clients on a network with Metropolis weights; `said` adds to what is assumed.

    They differ by `spread`, or in a limit not noticeably.
    """
    spread = () if limit else (SPREAD,)
    gamma = Real("weight", 0.0, np.inf, "()", reach=weight, is_log=True)
    return Domain((*network_parameters(8), *SIZES, gamma, *spread), (FEWER_FEATURES,), assumes=MODEL + said, **limit)


def matrices_at(at: Point, spread: float, views: Views = "plain") -> tuple[np.ndarray, np.ndarray]:
    """The matrices of the clients' losses and the second moments of what they embed, each (N, d, d).

    Clients differ from their mean by `spread` times symmetric normal matrices. plain: both are one. masked: each
    coordinate is kept with probability 1 - p, in units in which the loss keeps its eigenvalues; coordinates are turned.
    """
    n, d, c = int(at["n_clients"]), int(at["dim"]), int(at["feature_dim"])
    rng = np.random.default_rng((int(at["draw"]), 5))
    off = rng.standard_normal((n, d, d))
    off = spread * (off + np.swapaxes(off, 1, 2)) / 2
    values = np.concatenate([np.sort(rng.uniform(*LEADING, c))[::-1], rng.uniform(*OTHERS, d - c)])
    data = np.diag(values) + off - off.mean(axis=0)
    if views == "plain":
        return data, data
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    data, p = turn @ data @ turn.T, MASK_RATIO
    return data, ((1 - p) * data + p * data * np.eye(d)) / p


def optimum(matrix: np.ndarray, feature_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """A minimiser of the loss of one matrix, (c, d), and the projector on its rows, (d, d)."""
    values, vectors = np.linalg.eigh(matrix)
    rows = vectors[:, -feature_dim:].T
    return np.sqrt(values[-feature_dim:])[:, None] * rows, rows.T @ rows


def gradient(models: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Of -tr(W X W^T) + |W^T W|^2 / 2, for each client, (..., c, d)."""
    return 2 * (models @ np.swapaxes(models, -1, -2) @ models - models @ matrices)


def pulls(
    models: np.ndarray, moments: np.ndarray, pools: np.ndarray, shares: np.ndarray, bandwidth: float
) -> np.ndarray:
    """The gradient of each client's squared MMD to the mixture of the pooled Gaussians, (N, c, d), the pool held fixed.

    `pools` are covariances of embeddings, (N, c, c), or (N, K, c, c) for pools of one's own; `shares` (N, K).
    """
    n, c, d = models.shape
    units = np.eye(c * d).reshape(c * d, c, d)
    moved = models[:, None] + 1j * COMPLEX_STEP * units
    own = moved @ moments[:, None] @ np.swapaxes(moved, -1, -2)
    others = np.broadcast_to(pools, (n, *pools.shape[-3:]))

    def similarity(total: np.ndarray) -> np.ndarray:
        return np.linalg.det(np.eye(c) + total / bandwidth**2) ** -0.5

    across = np.einsum("ij,ikj->ik", shares, similarity(own[:, :, None] + others[:, None]))
    return (np.imag(similarity(2 * own) - 2 * across) / COMPLEX_STEP).reshape(n, c, d)


def at_rest(
    matrices: np.ndarray,
    moments: np.ndarray,
    mixing: np.ndarray,
    feature_dim: int,
    weight: float = 0.0,
    bandwidth: float = 1.0,
    local_steps: int = 1,
) -> np.ndarray:
    """The clients' models before mixing at rest, (N, c, d); NaN where the iteration does not settle.

    Models are corrected by the equation of rest linearised at the joint optimum, whose rotations are left out.
    """
    n, d = len(matrices), matrices.shape[1]
    best, _ = optimum(matrices.mean(axis=0), feature_dim)
    size = best.size
    step = np.linalg.matrix_power(np.eye(size) - STEP_SIZE * curvature_at(best, matrices.mean(axis=0)), local_steps)
    correction = np.linalg.pinv(np.eye(n * size) - np.kron(mixing, step), rcond=1e-10)
    started = np.broadcast_to(best, (n, feature_dim, d)).copy()
    trained = started
    for _ in range(MOST_ROUNDS):
        pools = trained @ moments @ np.swapaxes(trained, 1, 2)
        before, trained = trained, started
        for _ in range(local_steps):
            slopes = gradient(trained, matrices)
            if weight > 0:
                slopes = slopes + weight * pulls(trained, moments, pools, mixing, bandwidth)
            trained = trained - STEP_SIZE * slopes
        residual = np.einsum("ij,jcd->icd", mixing, trained) - started
        started = started + (correction @ residual.ravel()).reshape(started.shape)
        if np.abs(trained - before).max() < 1e-15 * np.abs(best).max():
            break
    settled = np.abs(trained - before).max() < 1e-13 * np.abs(best).max()
    return trained if settled else np.full_like(trained, np.nan)


def rest_at(at: Point, spread: float, weight: float, views: Views = "plain") -> tuple[np.ndarray, np.ndarray]:
    """The point's clients at rest under this weight, (N, c, d), and the projector on their joint optimum's rows."""
    matrices, moments = matrices_at(at, spread, views)
    c = int(at["feature_dim"])
    models = at_rest(matrices, moments, mixing_at(at), c, weight, float(at["bandwidth"]))
    return models, optimum(matrices.mean(axis=0), c)[1]


def bias_of_the_term(matrices: np.ndarray, moments: np.ndarray, feature_dim: int, bandwidth: float) -> float:
    """How fast |P - P*|_F of the one model of federated clients rises with the weight from 0, steps being small.

    The equation of rest is differentiated: the mean pull at the optimum against the curvature there.
    """
    n, d = len(matrices), matrices.shape[1]
    best, _ = optimum(matrices.mean(axis=0), feature_dim)
    pools = best @ moments @ best.T
    models = np.broadcast_to(best, (n, feature_dim, d))
    pull = pulls(models, moments, pools, np.full((n, n), 1 / n), bandwidth).mean(axis=0)
    moved = -np.linalg.lstsq(curvature_at(best, matrices.mean(axis=0)), pull.ravel(), rcond=1e-10)[0]
    turned = best + 1j * COMPLEX_STEP * moved.reshape(best.shape)
    projector = turned.T @ np.linalg.inv(turned @ turned.T) @ turned
    return float(np.linalg.norm(np.imag(projector) / COMPLEX_STEP))


def curvature_at(model: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The Hessian of the loss of one matrix, (c d, c d); 0 along rotations of the embedding at an optimum."""
    size = model.size
    moved = model + 1j * COMPLEX_STEP * np.eye(size).reshape(size, *model.shape)
    return (np.imag(gradient(moved, matrix)) / COMPLEX_STEP).reshape(size, size)


def alike_lengths(values: np.ndarray, averaged: int, weight: float, bandwidth: float, seed: int) -> np.ndarray:
    """Squared lengths, largest first, of the rows of a model that alike clients train, embeddings averaged slotwise.

    Descent from a turned start near the optimum until nothing moves; NaN where it does not settle.
    """
    rng, c = np.random.default_rng(seed), len(values)
    data = np.diag([*values, *(0.2 * values.min() for _ in range(2))])
    turn = np.linalg.qr(rng.standard_normal((c, c)))[0]
    model = turn @ (optimum(data, c)[0] + 0.01 * rng.standard_normal((c, c + 2)))
    step, moments = 1 / (8 * values.max()), data[None]
    for _ in range(6000):
        pool = (model @ data @ model.T)[None] / averaged
        pull = pulls(model[None], moments, pool, np.ones((1, 1)), bandwidth)[0]
        slope = gradient(model, data) + weight * pull
        model = model - step * slope
        if np.abs(slope).max() < 1e-12:
            return np.sort(np.linalg.eigvalsh(model @ model.T))[::-1]
    return np.full(c, np.nan)


def deviations(models: np.ndarray, projector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How models differ from their plain mean off the represented subspace and in it, each (N, c, d)."""
    off = models - models.mean(axis=0)
    return off - off @ projector, off @ projector
