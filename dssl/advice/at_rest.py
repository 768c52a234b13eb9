"""Models at rest of clients that train and average: where a network, or a server that hears all, ends.

A round takes the models W to M (W + s (Phi(W) - W)): E gradient steps Phi of every client on its own second moment,
and a mixing matrix M. The shares s are 1 but under push-sum, where a client of small channel moves more. Newton's
method solves for rest, with the inverse of a network of equal clients in front. Where it finds nothing that training
stays near, training itself goes on from where it is, and Newton tries again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse.linalg
from jaxtyping import Float

from runtime.usage import UsageError
from sims.linear.objective import optimum, random_start
from theory.formula import OutOfDomainError
from theory.networks.mixing import perron_weights
from theory.objectives import linear_alignment
from theory.objectives.curvature import Curvature, curvature
from theory.training.stationary_models import equal_curvature_inverse

Models = Float[np.ndarray, "clients feature dim"]
Moments = Float[np.ndarray, "clients dim dim"]
NEWTON_STEPS = 20
INNER_TOLERANCE = 1e-3
DIFFERENCE = 1e-6  # of the models, relative: the step of derivatives along a direction
ROUND_OFF = 200 * np.finfo(float).eps
FIRST_ROUNDS = 400  # of training between two tries of Newton's method; doubled each time
OPERATIONS = 4e10  # multiplications that training in place of Newton's method may take: some ten seconds
AN_EVALUATION = 1e6  # operations that calls cost whatever the sizes
WATCHED = 150  # rounds for which a deviation is watched
SAFETY = 10.0  # times what one more Newton step would change
STEPS_BACK = 0.3  # by which unstable rest is left, relative to the models
OTHER_STARTS = 4  # random ones, from which rest is looked for once more
ALIKE = 1e-4  # of ||P_i - P||^2 / (2c) after local steps: below, clients are one model, and one model has one rest
SETTLING = 15.0  # times in which a deviation falls e-fold


@dataclass(frozen=True)
class Training:
    """Clients, how they step, and how they average. `shares` scales what local steps change; 1 but for push-sum."""

    mixing: Float[np.ndarray, "clients clients"]
    moments: Moments
    feature_dim: int
    step_size: float
    local_steps: int
    shares: Float[np.ndarray, " clients"]

    @property
    def weights(self) -> Float[np.ndarray, " clients"]:
        """The weight of each client in what training settles on. Errors: as `perron_weights`."""
        return perron_weights(self.mixing) * self.shares

    @property
    def target(self) -> Float[np.ndarray, "dim dim"]:
        """The second moment in the mean by `weights`."""
        return np.einsum("i,ijk->jk", self.weights, self.moments)

    @property
    def operations(self) -> float:
        """Multiplications of one round, roughly."""
        n, d = self.moments.shape[:2]
        return AN_EVALUATION + 2.0 * n * self.feature_dim * d * d * self.local_steps

    def local(self, models: Models) -> Models:
        """The models that the clients hand on: after their local steps, and before averaging."""
        moved = models
        for _ in range(self.local_steps):
            moved = moved - self.step_size * linear_alignment.gradient(moved, self.moments)
        return models + self.shares[:, None, None] * (moved - models)

    def round(self, models: Models) -> Models:
        """The models after local steps and one mixing."""
        moved = self.local(models)
        return (self.mixing @ moved.reshape(len(moved), -1)).reshape(moved.shape)


@dataclass(frozen=True)
class Rest:
    """Models after mixing; `error` bounds how far each client's rows may still tilt (a sine), `is_solved` says how."""

    models: Models
    error: Float[np.ndarray, " clients"]
    is_solved: bool


@dataclass(frozen=True)
class Ends:
    """Where training settles from several starts, and how many more starts it diverged from."""

    rests: tuple[Rest, ...]
    n_diverged: int = 0


def ends(training: Training) -> Ends:
    """Where training settles from the optimum of its weighted mean, first, and from random starts common to all.

    Source: ledger. Units: weights. Errors: as `at_rest`.
    """
    first = at_rest(training)
    values = np.linalg.eigvalsh(training.target)[::-1]
    c = training.feature_dim
    gap = max(float(values[c - 1] - values[c]), 1e-3 * float(values[0]))
    rounds = int(SETTLING / (2 * training.step_size * training.local_steps * gap)) + 50
    rounds = int(min(rounds, OPERATIONS / 4 / training.operations))
    if first.is_solved and _spread(training, first.models) < ALIKE:
        return Ends((first,))
    found, n_diverged = [first], 0
    for seed in range(OTHER_STARTS):
        models = random_start(seed, training.moments, c)
        with np.errstate(all="ignore"):
            for _ in range(rounds):
                models = training.round(models)
        if np.isfinite(models).all():
            found.append(_settled(training, models))
        else:
            n_diverged += 1
    return Ends(tuple(found), n_diverged)


def _spread(training: Training, models: Models) -> float:
    """How unlike the row spaces are that clients hand on."""
    bases = np.linalg.qr(np.swapaxes(training.local(models), 1, 2))[0]
    shared = np.linalg.eigh(np.mean(bases @ np.swapaxes(bases, 1, 2), axis=0))[1][:, -bases.shape[2] :]
    return float(np.max(np.sum((bases - shared @ (shared.T @ bases)) ** 2, axis=(1, 2)))) / bases.shape[2]


def at_rest(training: Training) -> Rest:
    """Where training from the optimum of its weighted mean settles. `is_solved` False: training still moves there.

    Source: ledger. Units: weights. Errors: as `perron_weights`; UsageError where training diverges.
    """
    models = np.repeat(optimum(training.target, training.feature_dim)[None], len(training.moments), axis=0)
    return _settled(training, models)


def _settled(training: Training, models: Models) -> Rest:
    try:
        shape = curvature(training.target, training.feature_dim)
    except OutOfDomainError:  # a tie: there is no one optimum to expand about
        return _trained(training, models, None)
    solve = equal_curvature_inverse(training.mixing, shape, training.step_size, training.local_steps)
    return _trained(training, models, _Newton(training, shape, solve))


class _Newton:
    def __init__(self, training: Training, shape: Curvature, solve: Callable[[Models], Models]) -> None:
        self._training, self._shape, self._solve = training, shape, solve
        self._v = perron_weights(training.mixing)

    def inverse(self, change: Models) -> Models:
        return self._shape.from_modes(self._solve(self._shape.to_modes(change)))

    def residual(self, models: Models) -> Models:
        """What a round changes, turns of all models at once taken out."""
        after = self._training.round(models)
        before_mean, after_mean = (np.einsum("i,icd->cd", self._v, w) for w in (models, after))
        turned = after_mean @ before_mean.T
        if not np.isfinite(turned).all():
            return np.full_like(models, np.inf)
        left, _, right = np.linalg.svd(turned)
        return (left @ right).T @ after - models

    def along(self, models: Models, residual: Models, direction: Models) -> Models:
        size = float(np.linalg.norm(direction))
        if size == 0:
            return direction
        step = DIFFERENCE * float(np.linalg.norm(models)) / size
        return (self.residual(models + step * direction) - residual) / step

    def step(self, models: Models, residual: Models) -> Models:
        operator = scipy.sparse.linalg.LinearOperator(
            (models.size, models.size),
            matvec=lambda x: self.inverse(self.along(models, residual, x.reshape(models.shape))).ravel(),
            dtype=np.float64,
        )
        right = -self.inverse(residual).ravel()
        return scipy.sparse.linalg.gmres(operator, right, rtol=INNER_TOLERANCE, maxiter=3)[0].reshape(models.shape)

    def solved(self, models: Models) -> tuple[Models, Models, bool]:
        """Models, the last step that Newton's method would take, and whether what a round changes is round-off."""
        residual, step = self.residual(models), np.zeros_like(models)
        for _ in range(2):  # cheap, and near to rest where clients differ little
            fresh = models - self.inverse(residual)
            then = self.residual(fresh)
            if not np.abs(then).max() < np.abs(residual).max():
                break
            models, residual = fresh, then
        floor = ROUND_OFF * float(np.abs(models).max())
        for _ in range(NEWTON_STEPS):
            step = self.step(models, residual)
            fresh = models + step
            then = self.residual(fresh)
            if not np.abs(then).max() < np.abs(residual).max():
                break
            models, residual = fresh, then
        return models, step, bool(np.abs(residual).max() <= 8 * floor)

    def unstable(self, models: Models) -> Models | None:
        """A direction in which training leaves rest, however slowly; None where there is none.

        Where a mode of the round's derivative turns from decay to growth, its product with the inverse for equal
        clients, which is near the identity, has an eigenvalue that passes 0. Turns of all models are taken out.
        """
        residual = self.residual(models)
        turns = _turns(models)

        def product(flat: np.ndarray) -> np.ndarray:
            found = self.inverse(self.along(models, residual, flat.reshape(models.shape))).ravel()
            return found + turns.T @ (turns @ flat)

        values: Any
        vectors: Any
        if models.size < 4:
            values, vectors = np.linalg.eig(np.stack([product(e) for e in np.eye(models.size)], axis=1))
        else:
            operator = scipy.sparse.linalg.LinearOperator((models.size, models.size), matvec=product, dtype=np.float64)
            start = np.cos(np.arange(models.size) ** 2.0)
            restarts = int(np.clip(OPERATIONS / 200 / self._training.operations, 1, 20))
            try:
                values, vectors = scipy.sparse.linalg.eigs(
                    operator, 1, which="SR", v0=start, tol=1e-2, maxiter=restarts
                )
            except scipy.sparse.linalg.ArpackNoConvergence:  # eigenvalues crowd at 1: none stands out below
                return None
        least = int(values.real.argmin())
        if values[least].real > 0:
            return None
        direction = vectors[:, least].real.reshape(models.shape)
        return direction / np.linalg.norm(direction)


def _turns(models: Models) -> Float[np.ndarray, "turns parameters"]:
    """An orthonormal basis of the directions that turn all models by one rotation."""
    c = models.shape[1]
    found = []
    for a in range(c):
        for b in range(a):
            turned = np.zeros_like(models)
            turned[:, a], turned[:, b] = models[:, b], -models[:, a]
            found.append(turned.ravel())
    return np.linalg.qr(np.array(found).T)[0].T if found else np.zeros((0, models.size))


def _trained(training: Training, models: Models, newton: _Newton | None) -> Rest:
    left, rounds = OPERATIONS / training.operations, FIRST_ROUNDS
    generator = np.random.default_rng(0)
    size = float(np.linalg.norm(models))
    is_first = True
    while True:
        if newton is not None:
            with np.errstate(all="ignore"):
                found, step, is_rest = newton.solved(models)
            if is_rest:
                away = newton.unstable(found)
                if away is None and _stays(training, newton, found):
                    return Rest(found, SAFETY * _tilts(found, step), is_solved=True)
                if away is not None:
                    models = found + STEPS_BACK * size * away
        if left <= rounds and not is_first:
            break
        is_first = False
        # Exactly symmetric starts would stay symmetric for ever.
        models = models + 1e-3 * size / np.sqrt(models.size) * generator.standard_normal(models.shape)
        halves, before = [models], models
        with np.errstate(all="ignore"):
            for k in range(rounds):
                before, models = models, training.round(models)
                if k in (rounds // 2, rounds // 2 + 1):
                    halves.append(models)
        _require_finite(models)
        drift = np.minimum(*(_tilt_between(half, models) for half in halves[1:]))
        left, rounds = left - rounds, 2 * rounds
        if newton is None and (drift + _tilt_between(before, models) < 1e-12).all():
            return Rest(models, SAFETY * drift, is_solved=True)
    # What the second half of the last training changed may be changed a few times more; rounds may also alternate.
    return Rest(models, np.minimum(1.0, SAFETY * drift + _tilt_between(before, models)), is_solved=False)


def _require_finite(models: Models) -> None:
    if not np.isfinite(models).all():
        raise UsageError(
            "Training diverges on this network: push-sum lets some clients move further. Lower --step-size."
        )


def _stays(training: Training, newton: _Newton, models: Models) -> bool:
    """Whether a small deviation is smaller after many rounds than at first, and no larger than after half as many."""
    rounds = int(max(8, min(WATCHED, OPERATIONS / 10 / training.operations)))
    scale = 1e-4 * float(np.linalg.norm(models)) / np.sqrt(models.size)
    now = models + scale * np.random.default_rng(1).standard_normal(models.shape)
    sizes = []
    with np.errstate(all="ignore"):
        for _ in range(2):
            for _ in range(rounds):
                now = training.round(now)
            sizes.append(float(np.linalg.norm(_aligned(now, models) - models)))
    first = scale * np.sqrt(models.size)
    return bool(sizes[1] <= 1.02 * sizes[0] + 1e-9 * scale and sizes[1] < 2 * first)


def _aligned(models: Models, like: Models) -> Models:
    left, _, right = np.linalg.svd(np.einsum("iad,ibd->ab", like, models))
    return left @ right @ models


def _tilts(models: Models, step: Models) -> Float[np.ndarray, " clients"]:
    """How far a change of these models can tilt their rows."""
    least = np.linalg.svd(models, compute_uv=False)[:, -1]
    change = np.linalg.norm(step, axis=(1, 2))
    return np.minimum(1.0, change / np.maximum(least, np.finfo(float).tiny))


def _tilt_between(first: Models, second: Models) -> Float[np.ndarray, " clients"]:
    a, b = (np.linalg.qr(np.swapaxes(w, 1, 2))[0] for w in (first, second))
    return np.linalg.norm(b - a @ (np.swapaxes(a, 1, 2) @ b), axis=(1, 2))
