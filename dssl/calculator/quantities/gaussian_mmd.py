"""The squared MMD of two Gaussian laws of embeddings, in closed form."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dssl.calculator.quantities import Answer
from theory.alignment_term.gaussian_mmd import GAUSSIAN_MMD, mean_distance
from theory.alignment_term.gaussian_mmd import gaussian_mmd as evaluate

TITLE = "Squared MMD of two Gaussians under the Gaussian kernel of Eq (6), squared distance"
LARGEST_DIM = 2048


@dataclass(frozen=True, kw_only=True)
class Query:
    """`variance_local` and `variance_global`: one number, or one a feature. `mean_difference` likewise.

    `bandwidth`: a number, or mean for the mean distance of two local embeddings. `n_averaged` embeddings are averaged
    slot by slot into one global embedding, which divides the global variance by it.
    """

    feature_dim: int
    variance_local: float | tuple[float, ...] = 1.0
    variance_global: float | tuple[float, ...] = 1.0
    mean_difference: float | tuple[float, ...] = 0.0
    bandwidth: float | Literal["mean"] = "mean"
    n_averaged: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.feature_dim <= LARGEST_DIM:
            raise ValueError(f"feature_dim lies from 1 to {LARGEST_DIM}; got feature_dim={self.feature_dim}.")
        if self.n_averaged < 1:
            raise ValueError(f"n_averaged must be a whole number from 1; got n_averaged={self.n_averaged}.")
        if self.bandwidth != "mean" and not 0 < self.bandwidth < math.inf:
            raise ValueError(f"bandwidth must be mean or positive and finite; got bandwidth={self.bandwidth}.")
        for name in ("variance_local", "variance_global", "mean_difference"):
            entries = self.entries(name)
            if not np.isfinite(entries).all() or (name != "mean_difference" and entries.min() < 0):
                sign = "" if name == "mean_difference" else ", at least 0"
                raise ValueError(f"{name} must be finite{sign}; got {name}={getattr(self, name)}.")
        if self.bandwidth == "mean" and not self.entries("variance_local").max() > 0:
            raise ValueError(
                f"A mean distance needs a positive variance; got variance_local={self.variance_local}. Raise it."
            )

    def entries(self, name: str) -> np.ndarray:
        """The key as one number a feature."""
        given = np.atleast_1d(np.asarray(getattr(self, name), dtype=float))
        if len(given) not in (1, self.feature_dim):
            raise ValueError(f"{name} is one number or {self.feature_dim} of them; got {len(given)}.")
        return np.broadcast_to(given, self.feature_dim)


def answer(query: Query) -> Answer:
    """One number; the bandwidth that was used is in the reason."""
    local, other = np.diag(query.entries("variance_local")), np.diag(query.entries("variance_global"))
    bandwidth = mean_distance(local) if query.bandwidth == "mean" else float(query.bandwidth)
    means = query.entries("mean_difference"), np.zeros(query.feature_dim)
    return Answer(
        value=float(evaluate(means[0], local, means[1], other / query.n_averaged, bandwidth)),
        units=GAUSSIAN_MMD.units,
        source=str(GAUSSIAN_MMD.source),
        latex=r"k(a, b) = |I + C/\sigma^2|^{-1/2} \exp(-m^{\top} (\sigma^2 I + C)^{-1} m / 2)",
        reason=f"bandwidth {bandwidth:.12g}",
    )
