"""Estimates from samples: means, deficits and sensitivities with errors, and tests with a stated false-alarm rate."""

from dataclasses import dataclass

import numpy as np
import scipy.stats
from jaxtyping import Float

# One false alarm in ten thousand runs of everything that is tested, shared out over the tests of a run.
FALSE_ALARMS_PER_RUN = 1e-4
TESTS_PER_RUN = 1_000


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` independent samples and its standard error."""

    mean: float
    standard_error: float
    n: int

    def distance_from(self, value: float) -> float:
        """How many standard errors the mean lies above `value`; infinite when all samples are one other number."""
        gap = self.mean - value
        if self.standard_error > 0:
            return gap / self.standard_error
        return 0.0 if gap == 0 else float(np.copysign(np.inf, gap))


def estimate(samples: Float[np.ndarray, " n"]) -> Estimate:
    """Mean and standard error of independent samples.

    Errors: ValueError for fewer than two samples, whose standard deviation is unknown.
    """
    if len(samples) < 2:
        raise ValueError(f"A standard error needs at least 2 samples; got {len(samples)}. Run more trials.")
    return Estimate(float(np.mean(samples)), float(np.std(samples, ddof=1) / np.sqrt(len(samples))), len(samples))


def deficit(r: Float[np.ndarray, "trials coordinates"]) -> Float[np.ndarray, " trials"]:
    """1 - r_k, averaged over the coordinates, for every trial.

    Source: chen2026, Definition 4.1 (ledger: the mean over coordinates). Units: dimensionless, in [0, 1].
    """
    return 1.0 - r.mean(axis=1)


def sensitivity(r: Float[np.ndarray, "trials coordinates"]) -> Float[np.ndarray, " trials"]:
    """max_k r_k - min_k r_k over the given coordinates, for every trial.

    Source: chen2026, Section 4.2. Units: dimensionless, in [0, 1].
    """
    return r.max(axis=1) - r.min(axis=1)


def smallest_p_value(n_tests: int = TESTS_PER_RUN) -> float:
    """The p-value below which one of `n_tests` tests of a run is an alarm (Bonferroni)."""
    return FALSE_ALARMS_PER_RUN / n_tests


def standard_errors_allowed(n_tests: int = TESTS_PER_RUN) -> float:
    """The two-sided normal quantile that belongs to `smallest_p_value`, about 5.3."""
    return float(scipy.stats.norm.isf(smallest_p_value(n_tests) / 2))


def same_distribution(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " m"], n_tests: int = TESTS_PER_RUN) -> bool:
    """Whether a two-sample Kolmogorov-Smirnov test at the false-alarm budget lets both be draws of one law."""
    return bool(scipy.stats.ks_2samp(a, b).pvalue >= smallest_p_value(n_tests))
