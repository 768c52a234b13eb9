"""Models at rest on a network, solved for instead of simulated: the exact prediction of training.

A round is W -> M Phi(W), Phi the local steps. It commutes with rotations of the embedding, so rest means W -> R W with
one rotation R for all clients. Were all covariances X_v, the round would act entry by entry in the basis of
`theory.objectives.curvature`, and its inverse is one triangular solve an entry. One step with that inverse from W* is
exact to first order in the dissimilarity D_i = X_i - X_v at any step size, two steps to second order; Newton does the
rest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import scipy.linalg
import scipy.sparse.linalg
from jaxtyping import Array, Float

from theory.float64 import jax
from theory.formula import OutOfDomainError
from theory.networks.mixing import perron_weights
from theory.objectives import linear_alignment
from theory.objectives.curvature import Curvature, curvature
from theory.training.effective_covariance import checked, training_mean

Models = Float[np.ndarray, "clients feature dim"]
Covariances = Float[np.ndarray, "clients dim dim"]
Mixing = Float[np.ndarray, "clients clients"]
NEWTON_STEPS = 15
# The inner solve only has to be good enough for the next Newton step; tighter buys nothing.
INNER_TOLERANCE = 1e-4
REPELS = 1e-3  # growth a round above 1 that counts; what grows more slowly is not told from slow decay
GROWTH_TOLERANCE, GROWTH_RESTARTS = 1e-4, 20
ROUND_OFF = 64 * np.finfo(float).eps


@dataclass(frozen=True)
class StationaryModels:
    """The clients' models after mixing (`post_mix`) and before it (`pre_mix`), and R, with M Phi(W) = R W.

    `residual` is the largest entry of R^T M Phi(W) - W; `converged` says that it is round-off.
    """

    post_mix: Models
    pre_mix: Models
    rotation: Float[np.ndarray, "feature feature"]
    residual: float
    converged: bool


def stationary_models(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1
) -> StationaryModels:
    """The models at rest after adapt-then-combine rounds, on the branch that starts at the optimum W* of X_v.

    The step size is judged by X_v's curvature alone. A client of tiny weight and huge X_i may throw rounds off what is
    found here all the same: `growth` tells. Rounds from elsewhere may settle on another branch when the dissimilarity
    is large against the gap.

    Source: ledger. Units: those of W.
    Errors: ValueError as `effective_covariance`; OutOfDomainError for a step size beyond stability, or as `curvature`.
    """
    problem = _Problem(mixing, covariances, feature_dim, step_size, local_steps)
    models = problem.to_order(2)
    shape, floor = models.shape, ROUND_OFF * float(np.abs(models).max())
    residual = problem.residual(models)
    for _ in range(NEWTON_STEPS):
        if not np.abs(residual).max() > floor:
            break
        operator = scipy.sparse.linalg.LinearOperator(
            (models.size, models.size),
            matvec=lambda x, at=models: problem.inverse(problem.derivative(at, x.reshape(shape))).ravel(),
            dtype=np.float64,
        )
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is no nearer to rest, and ends the search
            right = -problem.inverse(residual).ravel()
            step, _ = scipy.sparse.linalg.gmres(operator, right, rtol=INNER_TOLERANCE)
            fresh = models + step.reshape(shape)
            then = problem.residual(fresh)
        if not np.abs(then).max() < np.abs(residual).max():
            break
        models, residual = fresh, then
    local = np.asarray(_local_steps(models, covariances, step_size, local_steps))
    size = float(np.abs(residual).max())
    return StationaryModels(models, local, problem.rotation(models), size, bool(size <= 8 * floor))


def second_order_models(
    mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int = 1, order: int = 2
) -> Models:
    """The models at rest to second order in the dissimilarities D_i, at any stable step size: no iteration, no rounds.

    What is left out is of third order in the D_i over the gap. X_eff is this prediction's limit of small steps. Another
    `order` gives as many terms.

    Source: ledger. Units: those of W. Errors: as `stationary_models`.
    """
    return _Problem(mixing, covariances, feature_dim, step_size, local_steps).to_order(order)


def growth(mixing: Mixing, covariances: Covariances, models: Models, step_size: float, local_steps: int = 1) -> float:
    """By how much a round stretches the deviation from models at rest that it stretches most, rotations taken out.

    Above 1 + `REPELS` training leaves them within some thousand rounds; at 1, what a round leaves alone is common
    rotations. Slower growth, as off a branch that another overtakes, is not resolved.

    Source: ledger; Arnoldi's method on the round's derivative. Units: dimensionless; 1 where the method does not
    settle, as where eigenvalues crowd below 1. Errors: as `effective_covariance`.
    """
    checked(mixing, covariances, step_size, local_steps)
    constants = (jnp.asarray(mixing), jnp.asarray(covariances), jnp.asarray(perron_weights(mixing)), step_size)

    def stretched(flat: np.ndarray) -> np.ndarray:
        direction = flat.reshape(models.shape)
        return (direction + np.asarray(_change_along(models, direction, *constants, local_steps))).ravel()

    if models.size < 3:  # too few for Arnoldi's method
        return float(np.abs(np.linalg.eigvals(np.stack([stretched(e) for e in np.eye(models.size)], axis=1))).max())
    operator = scipy.sparse.linalg.LinearOperator((models.size, models.size), matvec=stretched, dtype=np.float64)
    start = np.cos(np.arange(models.size) ** 2.0)  # of no symmetry that an eigenvector could have
    try:
        largest = scipy.sparse.linalg.eigs(
            operator, 1, v0=start, tol=GROWTH_TOLERANCE, maxiter=GROWTH_RESTARTS, return_eigenvectors=False
        )
    except scipy.sparse.linalg.ArpackNoConvergence:
        return 1.0
    return float(np.abs(largest[0]))


class _Problem:
    def __init__(
        self, mixing: Mixing, covariances: Covariances, feature_dim: int, step_size: float, local_steps: int
    ) -> None:
        checked(mixing, covariances, step_size, local_steps)
        self._v = perron_weights(mixing)
        self._shape = curvature(training_mean(mixing, covariances), feature_dim)
        fastest = step_size * float(self._shape.rates.max())
        if not fastest < 2:
            raise OutOfDomainError(
                f"Local steps are stable for step_size below 2 over the largest curvature, "
                f"{2 / float(self._shape.rates.max()):.4g}; got step_size={step_size:g}. Lower it."
            )
        self._constants = (jnp.asarray(mixing), jnp.asarray(covariances), jnp.asarray(self._v), step_size)
        self._local_steps = local_steps
        self._solve = equal_curvature_inverse(mixing, self._shape, step_size, local_steps)

    def residual(self, models: Models) -> Models:
        return np.asarray(_unrotated_change(models, *self._constants, self._local_steps)[0])

    def rotation(self, models: Models) -> np.ndarray:
        return np.asarray(_unrotated_change(models, *self._constants, self._local_steps)[1])

    def derivative(self, models: Models, direction: Models) -> Models:
        return np.asarray(_change_along(models, direction, *self._constants, self._local_steps))

    def inverse(self, change: Models) -> Models:
        return self._shape.from_modes(self._solve(self._shape.to_modes(change)))

    def to_order(self, order: int) -> Models:
        models = np.repeat(self._shape.optimum[None], len(self._v), axis=0)
        for _ in range(order):
            models = models - self.inverse(self.residual(models))
        return models


def equal_curvature_inverse(
    mixing: Mixing, shape: Curvature, step_size: float, local_steps: int
) -> Callable[[Models], Models]:
    """x with M rho x - x = y in every mode, rho = (1 - step rate)^E: the round's inverse when all Hessians are equal.

    Source: ledger. A Schur form of M serves every entry, and defective M too. Rotations common to all clients have no
    inverse and come back as 0. Units: those of the argument. Errors: none.
    """
    triangular, unitary = scipy.linalg.schur(mixing, output="complex")[:2]
    contraction = (1 - step_size * shape.rates) ** local_steps
    common = int(np.argmin(np.abs(np.diag(triangular) - 1)))

    def solve(modes: Models) -> Models:
        right = np.einsum("ji,jab->iab", unitary.conj(), modes)
        found = np.zeros_like(right)
        for i in reversed(range(len(mixing))):
            later = np.einsum("j,jab->ab", triangular[i, i + 1 :], found[i + 1 :])
            pivot = contraction * triangular[i, i] - 1
            # Only rotations common to all clients have no pull back: rate 0 and the eigenvalue 1 of M.
            is_free = (shape.rates == 0) & (i == common)
            found[i] = np.where(is_free, 0, (right[i] - contraction * later) / np.where(is_free, 1, pivot))
        return np.einsum("ij,jab->iab", unitary, found).real

    return solve


@jax.jit
def _local_steps(models: Array, covariances: Array, step_size: Array | float, local_steps: Array | int) -> Array:
    def step(_: Array | int, w: Array) -> Array:
        return w - step_size * linear_alignment.gradient(w, covariances)

    return jax.lax.fori_loop(0, local_steps, step, models)


@jax.jit
def _unrotated_change(
    models: Array, mixing: Array, covariances: Array, weights: Array, step_size: Array | float, local_steps: Array | int
) -> tuple[Array, Array]:
    """R^T M Phi(W) - W, and the R that turns the v-mean before the round nearest to the one after."""
    after = jnp.einsum("ij,jcd->icd", mixing, _local_steps(models, covariances, step_size, local_steps))
    before_mean, after_mean = (jnp.einsum("i,icd->cd", weights, w) for w in (models, after))
    rotation = _nearest_rotation(after_mean @ before_mean.T)
    return rotation.T @ after - models, rotation


@jax.custom_jvp
def _nearest_rotation(matrix: Array) -> Array:
    left, _, right = jnp.linalg.svd(matrix)
    return left @ right


@_nearest_rotation.defjvp
def _nearest_rotation_along(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    """Singular vectors have no derivative at equal singular values, as of X_v with ties; the rotation they make has.

    With matrix = R S, S symmetric, and dR = R A: A S + S A = R^T d - d^T R, which only divides by sums of eigenvalues.
    """
    left, sizes, right = jnp.linalg.svd(primals[0])
    # left^T d right^T minus its transpose is the right side in the basis of S.
    inside = left.T @ tangents[0] @ right.T
    return left @ right, left @ ((inside - inside.T) / (sizes[:, None] + sizes[None, :])) @ right


@jax.jit
def _change_along(
    models: Array,
    direction: Array,
    mixing: Array,
    covariances: Array,
    weights: Array,
    step_size: Array | float,
    local_steps: Array | int,
) -> Array:
    def change(w: Array) -> Array:
        return _unrotated_change(w, mixing, covariances, weights, step_size, local_steps)[0]

    return jax.jvp(change, (models,), (direction,))[1]
