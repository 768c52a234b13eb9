"""Symmetric matrices, and models W where the alignment loss has no gradient, that a point names by `dim` and `draw`.

The eigenvalues are chosen, so that what is claimed of them is not read off the matrix. `spectrum` says their signs:
all positive; some of them zero; or of both signs, the largest positive.
"""

from dataclasses import dataclass

import numpy as np

from ledger.drawn.drawn_networks import DRAW, SPECTRUM
from theory.domain import Choice, Condition, Parameter, Point, Whole

POSITIVE, SEMIDEFINITE, INDEFINITE = "positive", "semidefinite", "indefinite"
SPECTRA = (POSITIVE, SEMIDEFINITE, INDEFINITE)
FEATURES_FIT = Condition("feature_dim at most dim", r"c \le d", lambda p: p["feature_dim"] <= p["dim"])
# Products of three matrices of this size are good to some hundred round-offs.
ROUND_OFF = 1e3 * np.finfo(float).eps


@dataclass(frozen=True)
class Drawn:
    """A symmetric matrix (d, d), its eigenvalues descending (d,), and the eigenvectors as columns (d, d)."""

    x: np.ndarray
    values: np.ndarray
    vectors: np.ndarray

    @property
    def size(self) -> float:
        """The largest modulus of an eigenvalue."""
        return float(np.abs(self.values).max())


@dataclass(frozen=True)
class Stationary:
    """A model W (c, d) where the gradient vanishes, and the eigenvalues of X that its rows keep, at most c."""

    model: np.ndarray
    kept: np.ndarray


def matrix_parameters(reach: int = 16, spectra: tuple[str, ...] = SPECTRA, least: int = 1) -> tuple[Parameter, ...]:
    """The size, the number of features, the signs of the eigenvalues if there is a choice, and the draw."""
    signs: tuple[Parameter, ...] = (Choice("spectrum", spectra),) if len(spectra) > 1 else ()
    return Whole("dim", least, reach), Whole("feature_dim", 1, reach), *signs, DRAW


def matrix_at(at: Point, spectrum: str = POSITIVE) -> Drawn:
    """The symmetric matrix of a point: sizes of eigenvalues log-uniform on `SPECTRUM`, eigenvectors a random basis."""
    d, signs = int(at["dim"]), str(at.get("spectrum", spectrum))
    rng = np.random.default_rng((int(at["draw"]), 2))
    low, high = SPECTRUM
    values = low * (high / low) ** rng.random(d)
    if signs == SEMIDEFINITE:
        values[rng.random(d) < 0.5] = 0.0
    if signs == INDEFINITE:
        values = values * rng.choice([-1.0, 1.0], size=d)
    values[0] = abs(values[0]) if values[0] else high
    values = np.sort(values)[::-1]
    vectors = np.linalg.qr(rng.standard_normal((d, d)))[0]
    x = (vectors * values) @ vectors.T
    return Drawn((x + x.T) / 2, values, vectors)


def stationary_at(at: Point, drawn: Drawn) -> Stationary:
    """A stationary model of a point: some positive eigenvectors, each times the root of its eigenvalue, turned.

    Which ones, how many, and the turn of the features are drawn; features beyond the number kept are combinations.
    """
    rng = np.random.default_rng((int(at["draw"]), 3))
    positive = np.flatnonzero(drawn.values > 0)
    count = int(rng.integers(1, min(int(at["feature_dim"]), len(positive)) + 1))
    kept = np.sort(rng.choice(positive, count, replace=False))
    rows = np.sqrt(drawn.values[kept])[:, None] * drawn.vectors[:, kept].T
    turn = np.linalg.qr(rng.standard_normal((int(at["feature_dim"]), count)))[0]
    model = turn @ rows
    off = np.abs(model @ drawn.x - model @ model.T @ model).max()
    assert off <= ROUND_OFF * drawn.size**1.5 * len(drawn.x), "only a stationary point is a point of the statement"
    return Stationary(model, drawn.values[kept])
