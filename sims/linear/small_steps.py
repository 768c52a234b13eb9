"""What trained models come to as the step size goes to 0: linear clients at rest at three step sizes, extrapolated.

A quantity of the models at rest is a smooth function of the step size eta near 0, so that its values at eta, eta/2 and
eta/4 give the one at 0 up to the third power of eta. Rest is found here for many placements of the clients at once,
and for push-sum; `sims.linear.resting_clients` has it for one network at a time.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError
from theory.networks.mixing import perron_weights, ratio_matrix
from theory.objectives.curvature import Curvature, curvature
from theory.objectives.linear_alignment import gradient
from theory.training.stationary_models import equal_curvature_inverse

Covariances = Float[np.ndarray, "clients dim dim"]
Mixing = Float[np.ndarray, "clients clients"]
Solve = Callable[[np.ndarray], np.ndarray]
SMALL = 1e-2  # share of the step size at which a quantity would change by its own size
SETTLED = 6e-14  # change of a round, relative, below which corrections may end: a few hundred roundings
ITERATIONS = 300


def limit_of(measure: Callable[[float], np.ndarray], first: float) -> tuple[np.ndarray, float]:
    """The value at 0 of a smooth function of the step size, and how far the last extrapolation moved it.

    Source: Richardson's extrapolation. Units: those of `measure`. Errors: those of `measure`.
    """
    whole, half, quarter = (np.asarray(measure(first / k), dtype=float) for k in (1, 2, 4))
    coarse, fine = 2 * half - whole, 2 * quarter - half
    best = (4 * fine - coarse) / 3
    return best, float(np.abs(best - fine).max())


def small_step(mixing: Mixing, covariances: Covariances, feature_dim: int, local_steps: int) -> float:
    """A step size that is small against everything that the models at rest depend on.

    Source: ledger, docs/proofs/effective_covariance.md, 2: the expansion is in eta E h/|1 - lambda|, h the curvature,
    and in the same with |X_i - X|^2 over the gap for h. Units: step size. Errors: OutOfDomainError as `curvature`.
    """
    mean = np.einsum("i,ikl->kl", perron_weights(mixing), covariances)
    shape = curvature(mean, feature_dim)
    apart = float(np.linalg.norm(covariances - mean, 2, axis=(1, 2)).max())
    steepest = max(4 * float(shape.values[0]), 4 * apart, 4 * apart**2 / shape.gap)
    others = np.sort(np.abs(1 - np.linalg.eigvals(mixing)))[1:]
    return SMALL * float(others.min(initial=1.0)) / (local_steps * steepest)


def rest(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> Float[np.ndarray, "clients feature dim"]:
    """The models at rest, any mixing with row sums 1, on the branch of the optimum for its training weights.

    `sims.linear.resting_clients.at_rest` ends where a round changes nothing; this goes on to what small steps resolve.

    Source: ledger, docs/proofs/effective_covariance.md, 7. Units: those of W.
    Errors: OutOfDomainError when the iteration does not settle, and as `curvature`.
    """
    v = perron_weights(mixing)
    shape = curvature(np.einsum("i,ikl->kl", v, covariances), feature_dim)
    inverse = equal_curvature_inverse(mixing, shape, step_size, local_steps)
    return _settled(mixing, covariances[None], shape, _single(inverse), step_size, local_steps)[0]


def placed_at_rest(
    mixing: Mixing,
    placed: Float[np.ndarray, "placements clients dim dim"],
    feature_dim: int,
    step_size: float,
    local_steps: int = 1,
) -> Float[np.ndarray, "placements clients feature dim"]:
    """The models at rest for several placements of the same clients, symmetric doubly stochastic mixing.

    Source: ledger, docs/proofs/effective_covariance.md, 7. Units: those of W.
    Errors: OutOfDomainError when the iteration does not settle.
    """
    shape = curvature(placed[0].mean(axis=0), feature_dim)
    solve = _symmetric_inverse(mixing, shape, step_size, local_steps)
    return _settled(mixing, placed, shape, solve, step_size, local_steps)


def push_sum_at_rest(
    column_stochastic: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> Float[np.ndarray, "clients feature dim"]:
    """Push-sum's models z at rest, once the weight channel has settled: client i takes steps eta/(N r_i), C r = r.

    Source: ledger, docs/proofs/effective_covariance.md, 1 and 11. Units: those of W.
    Errors: OutOfDomainError when the iteration does not settle.
    """
    shape = curvature(covariances.mean(axis=0), feature_dim)
    ratios = ratio_matrix(column_stochastic)
    shares = len(covariances) * perron_weights(column_stochastic.T)
    inverse = equal_curvature_inverse(ratios, shape, step_size, local_steps)
    # The sum of a client's gradients is divided by its share, its own steps are not: as the algorithm has it.
    shares = shares[:, None, None]
    return _settled(ratios, covariances[None], shape, _single(inverse), step_size, local_steps, shares)[0]


def mean_projectors(models: Float[np.ndarray, "*placements clients feature dim"]) -> Float[np.ndarray, "..."]:
    """The projector on the rows of the plain mean of the clients' models. Units: dimensionless. Errors: none."""
    bases = np.linalg.qr(models.mean(axis=-3).mT)[0]
    return bases @ bases.mT


def _settled(
    mixing: Mixing,
    placed: np.ndarray,
    shape: Curvature,
    solve: Solve,
    step_size: float,
    local_steps: int,
    shares: float | np.ndarray = 1.0,
) -> np.ndarray:
    """Rounds that are corrected by the round's inverse for equal Hessians until a round only turns all models alike."""
    models = np.broadcast_to(shape.optimum, (*placed.shape[:2], *shape.optimum.shape)).copy()
    last = np.inf
    for _ in range(ITERATIONS):
        local = models
        for _ in range(local_steps):
            local = local - step_size * gradient(local, placed)
        after = np.einsum("ij,pjcd->picd", mixing, models + (local - models) / shares)
        left, _, right = np.linalg.svd(after.mean(axis=1) @ models.mean(axis=1).mT)
        change = (left @ right).mT[:, None] @ after - models
        correction = shape.from_modes(solve(shape.to_modes(change)))
        models, size = models - correction, float(np.abs(correction).max())
        # Small steps leave a correction far above the rounding of a round: it goes on for as long as it shrinks.
        if np.abs(change).max() <= SETTLED * np.abs(models).max() and size >= last / 2:
            return models
        last = size
    raise OutOfDomainError(f"Rest was not found in {ITERATIONS} iterations at step_size={step_size}. Lower it.")


def _single(inverse: Solve) -> Solve:
    return lambda modes: inverse(modes[0])[None]


def _symmetric_inverse(mixing: Mixing, shape: Curvature, step_size: float, local_steps: int) -> Solve:
    """x with M rho x - x = y, by the eigenvectors of M; rotations common to all have no inverse and come back as 0."""
    values, vectors = np.linalg.eigh(mixing)
    pulls = (1 - step_size * shape.rates) ** local_steps * values[:, None, None] - 1
    is_free = (shape.rates == 0) & (np.arange(len(values)) == len(values) - 1)[:, None, None]

    def solve(modes: np.ndarray) -> np.ndarray:
        inside = np.einsum("ji,pjab->piab", vectors, modes)
        return np.einsum("ij,pjab->piab", vectors, np.where(is_free, 0, inside / np.where(is_free, 1, pulls)))

    return solve
