"""Descent on the losses themselves, from random starts: it tests that training finds theory's minimiser.

Plain NumPy and SciPy: a step costs microseconds at the sizes of a test, and every size may be another.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.objectives import linear_alignment

START = 0.1  # standard deviation of the entries of a random start
QUASI_NEWTON_STEPS = 5_000


@dataclass(frozen=True)
class Solution:
    """Where descent stopped: an orthonormal basis of the encoder's row space, loss, gradient norm, and the encoder.

    `decoder` is that of the reconstruction loss, (d, c); None for the alignment loss, which has none.
    """

    basis: np.ndarray
    encoder: np.ndarray
    loss: float
    gradient_norm: float
    decoder: np.ndarray | None = None


def reconstruction_loss(
    decoder: Float[np.ndarray, "dim feature"],
    encoder: Float[np.ndarray, "feature dim"],
    within: Float[np.ndarray, "dim dim"],
    cross: Float[np.ndarray, "dim dim"],
) -> tuple[float, Float[np.ndarray, "dim feature"], Float[np.ndarray, "feature dim"]]:
    """E|W_d W_e a - b|^2 less E|b|^2, given E a a^T and E a b^T; and its gradients in W_d and in W_e.

    Source: chen2026, (3).
    """
    product = decoder @ encoder
    image = product @ within
    slope = 2 * (image - cross.T)  # in the product of both
    return float(np.sum((image - 2 * cross.T) * product)), slope @ encoder.T, decoder.T @ slope


def descend_alignment(seed: int, x: Float[np.ndarray, "dim dim"], feature_dim: int, steps: int = 3_000) -> Solution:
    """The encoder that minimises the alignment loss, by gradient descent from a random start.

    The step is 1/(4 |X|). Rows for a zero eigenvalue of X die out only like steps^(-1/2), so directions under
    twice that share of the largest are dropped from the basis.
    Source: chen2026, (2) and (4).
    """
    sym = (x + x.T) / 2
    scale = float(np.linalg.norm(sym, 2))
    # W = sqrt(scale) V turns the loss into scale^2 times the loss of V on X / scale: one step size fits every X.
    unit = sym / scale
    v = START * np.random.default_rng(seed).standard_normal((feature_dim, len(x)))
    for _ in range(steps):
        v = v - linear_alignment.gradient(v, unit) / 4
    w = np.sqrt(scale) * v
    loss, gradient = linear_alignment.loss(w, sym), linear_alignment.gradient(w, sym)
    return Solution(_row_space(w, 2 / np.sqrt(steps)), w, float(loss), float(np.linalg.norm(gradient)))


def descend_reconstruction(
    seed: int, within: Float[np.ndarray, "dim dim"], cross: Float[np.ndarray, "dim dim"], feature_dim: int
) -> Solution:
    """The two-layer linear autoencoder that minimises the reconstruction loss, from a random start.

    Quasi-Newton (L-BFGS) on W_d and W_e C^(1/2), C = E a a^T: the same loss, whose slopes no longer differ by the
    condition number of C.
    Source: chen2026, (3).
    """
    d, half = len(within), len(within) * feature_dim
    values, vectors = np.linalg.eigh(within)
    inverse = (vectors / np.sqrt(values)) @ vectors.T
    # Both layers are of the size of the root of the largest singular value of what they are to fit.
    size = np.sqrt(np.linalg.norm(cross.T @ inverse, 2))
    start = START * size * np.random.default_rng(seed).standard_normal(2 * half)

    def parts(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return flat[:half].reshape(d, feature_dim), flat[half:].reshape(feature_dim, d) @ inverse

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        loss, decoder, encoder = reconstruction_loss(*parts(flat), within, cross)
        return loss, np.concatenate([decoder.ravel(), (encoder @ inverse).ravel()])

    # The loss is settled to round-off long before the weights are.
    options = {"maxiter": QUASI_NEWTON_STEPS, "maxfun": 2 * QUASI_NEWTON_STEPS, "ftol": 1e-15, "gtol": 1e-10}
    found = scipy.optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    decoder, encoder = parts(found.x)
    _, *slopes = reconstruction_loss(decoder, encoder, within, cross)
    norm = math.hypot(*(float(np.linalg.norm(slope)) for slope in slopes))
    return Solution(_row_space(encoder), encoder, float(found.fun), norm, decoder)


def stationarity(solution: Solution, x: Float[np.ndarray, "dim dim"]) -> float:
    """|W^T W - P X P| / |X|, P the projector on the row space: 0 at every stationary point of the alignment loss.

    Source: ledger, the correction of chen2026 (16). Units: dimensionless.
    """
    sym = (x + x.T) / 2
    p = solution.basis @ solution.basis.T
    return float(np.linalg.norm(solution.encoder.T @ solution.encoder - p @ sym @ p) / np.linalg.norm(sym))


def subspace_distance(a: Float[np.ndarray, "dim k"], b: Float[np.ndarray, "dim m"]) -> float:
    """Spectral norm of the difference of the two projectors: 0 for one space, 1 when they differ in dimension."""
    return float(np.linalg.norm(a @ a.T - b @ b.T, 2))


def _row_space(w: np.ndarray, cut: float = 1e-3) -> np.ndarray:
    """Directions that the encoder keeps; singular values under `cut` of the largest are rows on their way to zero."""
    _, values, rows = np.linalg.svd(w, full_matrices=False)
    return rows[values > cut * values[0]].T
