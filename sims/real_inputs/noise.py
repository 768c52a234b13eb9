"""The critical noise on real inputs: augmentation noise at which contrast has the same deficit as masking."""

from collections.abc import Sequence

import numpy as np
import scipy.optimize
from jaxtyping import Float64

from sims.real_inputs.representability import Sample, sample_representability
from sims.real_inputs.views import View
from theory.readings import Objective

# The search looks this far on either side of its guess, in powers of e: first a fifth, then a factor 2.7.
REACHES = (0.2, 1.0)


def measure_sigma_star(
    samples: Sequence[Sample],
    axes: Float64[np.ndarray, "dim c"],
    masked: Float64[np.ndarray, " trials"],
    *,
    guess: float,
) -> tuple[float, float]:
    """sigma* from sampled deficits (mean over the axes) and its standard error; (nan, inf) when no crossing is near.

    `masked` holds the deficit of masked modelling on each sample; contrast takes one draw of the same images. Noise
    directions are shared between noise levels, so the mean difference is a smooth function of sigma, and its standard
    error over its slope is that of the root.
    Units: those of the inputs. Errors: ValueError for fewer than two samples, or another number of deficits.
    """
    trials = len(samples)
    if trials < 2 or len(masked) != trials:
        raise ValueError(
            f"At least 2 samples and a masked deficit for each were wanted; got {trials} and {len(masked)}."
        )

    def excess(log_sigma: float) -> np.ndarray:
        view = View(Objective.CL, draws=1, augmentation_std=float(np.exp(log_sigma)))
        return 1 - sample_representability(samples, view, axes).mean(axis=1) - masked

    ends = [(np.log(guess) - reach, np.log(guess) + reach) for reach in REACHES]
    low, high = next(((a, b) for a, b in ends if excess(a).mean() <= 0 <= excess(b).mean()), (np.nan, np.nan))
    if np.isnan(low):
        return float("nan"), float("inf")
    # Far finer than the statistical error: a root known loosely would show which path the search took.
    root = float(scipy.optimize.brentq(lambda s: excess(s).mean(), low, high, xtol=1e-10))
    step = 0.05
    slope = (excess(root + step).mean() - excess(root - step).mean()) / (2 * step)
    error = excess(root).std(ddof=1) / np.sqrt(trials) / slope
    return float(np.exp(root)), float(np.exp(root) * error)
