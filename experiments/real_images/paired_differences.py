"""The difference of two views on the same images, in deficit or sensitivity, with its standard error."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from experiments.real_images.measured import sensitivity

Quantity = Literal["sensitivity", "own sensitivity", "deficit", "rare deficit"]
# Exact matrices that agree in theory differ by round-off in their eigenvectors.
TIE = 1e-10


def quantity(name: Quantity, r: Float64[np.ndarray, "trials c"]) -> Float64[np.ndarray, " trials"]:
    """max - min of r over the axes, or the mean of 1 - r; the last axis, where rare, is left out (`own`) or alone."""
    if name.endswith("sensitivity"):
        return sensitivity(r[:, :-1] if name.startswith("own") else r)
    return 1 - (r.mean(axis=1) if name == "deficit" else r[:, -1])


@dataclass(frozen=True)
class Difference:
    """`larger` less `smaller`, paired by trial."""

    smaller: float
    larger: float
    mean: float
    standard_error: float
    tie: bool

    @property
    def status(self) -> Literal["HOLDS", "VIOLATED", "INCONCLUSIVE"]:
        """Holds three standard errors clear, violated five the other way or in an exact tie; else INCONCLUSIVE."""
        if self.tie or self.mean < -5 * self.standard_error:
            return "VIOLATED"
        return "HOLDS" if self.mean > 3 * self.standard_error else "INCONCLUSIVE"


def difference(low: Float64[np.ndarray, " trials"], high: Float64[np.ndarray, " trials"]) -> Difference:
    """How far `high` lies above `low` on average."""
    gap = high - low
    error = float(gap.std(ddof=1) / np.sqrt(len(gap)))
    tie = bool(np.abs(gap).max() < TIE)
    return Difference(float(low.mean()), float(high.mean()), float(gap.mean()), error, tie)
