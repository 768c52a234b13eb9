"""The augmentation noise at which contrastive learning on real inputs loses as much as masked image modelling."""

import numpy as np
import scipy.optimize

from sims.real import Population, Sample, View, representability
from theory.readings import Objective

# The search looks this far on either side of its guess, in powers of e: a factor 2.7.
REACH = 1.0


def measure_sigma_star(
    seed: int, inputs: Population, *, samples_per_client: int, trials: int, mask_ratio: float, guess: float
) -> tuple[float, float]:
    """sigma* from sampled deficits (mean over the axes) and its standard error; (nan, inf) when no crossing is near.

    Both objectives take one draw a sample, from the same images. Noise directions are shared between noise levels, so
    the mean difference is a smooth function of sigma, and its standard error over its slope is that of the root.
    Units: those of the inputs. Errors: ValueError for fewer than two trials.
    """
    if trials < 2:
        raise ValueError(f"A standard error needs at least 2 trials; got trials={trials}.")
    c = inputs.axes.shape[1]
    samples = [Sample.draw(inputs, samples_per_client, seed, t) for t in range(trials)]

    def deficits(view: View) -> np.ndarray:
        return np.array([1 - representability(s.alignment(view), inputs.axes, c).mean() for s in samples])

    masked = deficits(View(Objective.MIM, draws=1, mask_ratio=mask_ratio))

    def excess(log_sigma: float) -> np.ndarray:
        return deficits(View(Objective.CL, draws=1, augmentation_std=float(np.exp(log_sigma)))) - masked

    low, high = np.log(guess) - REACH, np.log(guess) + REACH
    if excess(low).mean() > 0 or excess(high).mean() < 0:
        return float("nan"), float("inf")
    # Far finer than the statistical error: a root known loosely would show which path the search took.
    root = float(scipy.optimize.brentq(lambda s: excess(s).mean(), low, high, xtol=1e-10))
    step = 0.05
    slope = (excess(root + step).mean() - excess(root - step).mean()) / (2 * step)
    error = excess(root).std(ddof=1) / np.sqrt(trials) / slope
    return float(np.exp(root)), float(np.exp(root) * error)
