"""Transformations H that a point names: H = (X + W) Sigma^-1 for a chosen symmetric X and a random antisymmetric W.

Every H is of this form, with X = sym(H Sigma). So X can be chosen, and what is measured begins from H and the data.
X has eigenvalues from `least` to 1 on the signal, up to `rival` outside it, and a block of norm `leak` between them.
"""

import math

import numpy as np

from ledger.drawn.drawn_networks import DRAW
from ledger.drawn.listed_moments import MODEL, SCOPE, listed_moment
from theory.domain import Choice, Condition, Domain, Parameter, Point, Real, Whole

ALONG_AXIS, ANYWHERE = "axis", "any"
# Of r_k and of eigenvalues: round-off of H Sigma over the least gap that a random point has.
RESOLUTION = 1e-9
ASSUMES = (
    f"{MODEL} The signal is the first N coordinates. Views are x + xi and H x, in expectation, H any matrix; X = sym(H "
    "Sigma) is scaled: its eigenvalues on the signal go from `least` to 1, those outside lie between -`rival` and "
    "`rival`"
)
LEAKS = ", and the block between both has the norm `leak`, from one signal coordinate (axis) or all (any)."
NO_LEAKS = ", and X maps the signal into itself."


def transformation_domain(
    *more: Parameter, conditions: tuple[Condition, ...] = (), has_leak: bool = True, reach: int = 6
) -> Domain:
    """Every H on the data of every setting; `more` parameters and `conditions` are the statement's own."""
    leaks: tuple[Parameter, ...] = (
        Real("leak", 0.0, math.inf, "[)", reach=(0.01, 1.0), is_log=True),
        Choice("leaks_along", (ALONG_AXIS, ANYWHERE)),
    )
    return Domain(
        (
            Whole("n_clients", 2, reach),
            Whole("dim", 3, 16),
            Real("tau", 0.0, math.inf, "()", reach=(0.3, 6.0), is_log=True),
            Real("mu", 0.0, math.inf, "()", reach=(0.1, 1.0)),
            SCOPE,
            Real("least", -math.inf, 1.0, "(]", reach=(-1.0, 1.0)),
            Real("rival", 0.0, math.inf, "[)", reach=(0.0, 2.0)),
            *(leaks if has_leak else ()),
            DRAW,
            *more,
        ),
        (Condition("dim above n_clients", "N < d", lambda p: p["n_clients"] < p["dim"]), *conditions),
        assumes=ASSUMES + (LEAKS if has_leak else NO_LEAKS),
    )


def between(rng: np.random.Generator, low: float, high: float, size: int) -> np.ndarray:
    """A random symmetric matrix (size, size) whose least and largest eigenvalues are these two."""
    values = low + (high - low) * rng.random(size)
    values[0], values[-1] = low, high
    basis = np.linalg.qr(rng.standard_normal((size, size)))[0]
    return (basis * values) @ basis.T


def chosen_alignment(at: Point) -> np.ndarray:
    """X of a point, (d, d)."""
    n, d = int(at["n_clients"]), int(at["dim"])
    rng = np.random.default_rng((int(at["draw"]), 9))
    x = np.zeros((d, d))
    x[:n, :n] = between(rng, float(at["least"]), 1.0, n)
    x[n:, n:] = between(rng, -float(at["rival"]), float(at["rival"]), d - n)
    leak = rng.standard_normal((d - n, n))
    if at.get("leaks_along") == ALONG_AXIS:
        leak[:, 1:] = 0.0
    x[n:, :n] = float(at.get("leak", 0.0)) * leak / np.linalg.norm(leak, 2)
    x[:n, n:] = x[n:, :n].T
    return (x + x.T) / 2


def transformation_at(at: Point, x: np.ndarray) -> np.ndarray:
    """H of a point, (d, d), for a chosen X."""
    rng = np.random.default_rng((int(at["draw"]), 10))
    turn = rng.standard_normal(x.shape)
    return (x + (turn - turn.T) / 2) @ np.linalg.inv(listed_moment(at))


def aligned_at(at: Point, x: np.ndarray) -> np.ndarray:
    """sym(H Sigma), from H and the listed second moment: (d, d)."""
    product = transformation_at(at, x) @ listed_moment(at)
    return (product + product.T) / 2


def represented(aligned: np.ndarray, n_signal: int, feature_dim: int) -> np.ndarray:
    """r_k on the signal (N,), of the eigenvectors of the positive ones among the c largest eigenvalues."""
    values, vectors = np.linalg.eigh(aligned)
    kept = vectors[:, -feature_dim:][:, values[-feature_dim:] > RESOLUTION]
    return np.sum(kept[:n_signal] ** 2, axis=1)
