"""Robustness over seeds: accuracy lost with non-IID clients, paired by seed, and what so many seeds can resolve."""

from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.stats
from jaxtyping import Float


@dataclass(frozen=True)
class PairedDifference:
    """First minus second at each seed, their mean, and Student's interval around it, [low, high].

    Differences that are equal to the last bit carry no scale (one run counted twice, or collapsed ones): the interval
    is then the whole line.
    """

    per_seed: Float[np.ndarray, " seeds"]
    mean: float
    standard_error: float
    low: float
    high: float
    confidence: float

    @property
    def std(self) -> float:
        """Standard deviation of a single seed's difference."""
        return self.standard_error * float(np.sqrt(len(self.per_seed)))

    def p_at(self, value: float) -> float:
        """The probability of a mean this far from `value`, on either side, if the true one were there.

        Source: Student's t. An interval of confidence 1 - p_at(value) ends at `value`.
        """
        return float(2 * scipy.stats.t.sf(abs(self.mean - value) / self.standard_error, len(self.per_seed) - 1))

    @property
    def p_value(self) -> float:
        """Of a mean difference as far from zero, on either side, if there were none."""
        return self.p_at(0.0)


def paired_difference(
    first: Float[np.ndarray, " seeds"],
    second: Float[np.ndarray, " seeds"],
    confidence: float = 0.95,
    least_std: float = 0.0,
) -> PairedDifference:
    """`first` minus `second` where entry i of both is seed i: what the two share at a seed cancels.

    The deviation of one seed's difference is taken to be `least_std` where the seeds lie closer together than that.
    Source: Student's t for the mean of independent normal differences.
    Errors: ValueError for fewer than two seeds, different numbers of them, entries that are not finite, or a
    confidence outside (0, 1).
    """
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"The same seeds in both were wanted; got {first.shape} and {second.shape}. Drop the others.")
    if len(first) < 2:
        raise ValueError(
            f"At least 2 seeds were wanted: one run has no standard deviation; got {len(first)}. Run more seeds."
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError(f"Finite accuracies were wanted; got {first} and {second}. Rerun the seeds that are not.")
    _check_share("confidence", confidence)
    per_seed, n = first.astype(np.float64) - second, len(first)
    mean = float(np.mean(per_seed))
    # Accuracies apart by one amount at each seed have differences that still vary by round-off.
    is_flat = float(np.ptp(per_seed)) <= 4 * np.finfo(np.float64).eps * float(np.max(np.abs([first, second])))
    error = np.inf if is_flat else max(float(np.std(per_seed, ddof=1)), least_std) / float(np.sqrt(n))
    half = float(scipy.stats.t.isf((1 - confidence) / 2, n - 1)) * error
    return PairedDifference(per_seed, mean, error, mean - half, mean + half, confidence)


def drop(
    iid: Float[np.ndarray, " seeds"], non_iid: Float[np.ndarray, " seeds"], confidence: float = 0.95
) -> PairedDifference:
    """What non-IID clients cost: accuracy with IID clients minus that with non-IID ones, seed by seed.

    Source: chen2026, Table 1 (there the difference of two means of three runs, without an error). Units: those of the
    accuracies. Errors: ValueError as `paired_difference`.
    """
    return paired_difference(iid, non_iid, confidence)


def compare_drops(first: PairedDifference, second: PairedDifference, confidence: float = 0.95) -> PairedDifference:
    """The first drop minus the second, seed by seed: below zero when the first is the more robust.

    Source: ledger. Errors: ValueError as `paired_difference`.
    """
    return paired_difference(first.per_seed, second.per_seed, confidence)


def power(difference: float, std: float, n_seeds: int, level: float = 0.05) -> float:
    """Probability that the two-sided paired t-test at `level` sees a true mean difference of this size.

    Source: non-central t. Units: `difference` and `std` (of a single seed's difference) alike; use those stated in
    advance: the power at the measured difference is the p-value over again.
    Errors: ValueError for fewer than two seeds, a deviation that is not positive, or a level outside (0, 1).
    """
    _check_design(std, n_seeds, level)
    return _power(abs(difference) / std * np.sqrt(n_seeds), n_seeds, level)


def minimal_detectable_difference(std: float, n_seeds: int, wanted: float = 0.8, level: float = 0.05) -> float:
    """The true mean difference that the two-sided paired t-test at `level` sees with probability `wanted`.

    Source: ledger, `power` solved for the difference. Units: those of `std`.
    Errors: ValueError as `power`, or for a `wanted` outside (level, 1).
    """
    _check_design(std, n_seeds, level)
    _check_share("wanted", wanted)
    if wanted <= level:
        raise ValueError(f"Any difference is seen with probability level={level}; got wanted={wanted}. Raise it.")
    highest = 1.0
    while _power(highest, n_seeds, level) < wanted:
        highest *= 2
    shift = scipy.optimize.brentq(lambda nc: _power(nc, n_seeds, level) - wanted, 0.0, highest, xtol=1e-12)
    return float(shift) * std / float(np.sqrt(n_seeds))


def _power(shift: float, n_seeds: int, level: float) -> float:
    edge = scipy.stats.t.isf(level / 2, n_seeds - 1)
    # The lower tail as an upper one of the mirrored law: there scipy's cdf is NaN for some shifts.
    return float(scipy.stats.nct.sf(edge, n_seeds - 1, [shift, -shift]).sum())


def _check_design(std: float, n_seeds: int, level: float) -> None:
    if n_seeds < 2:
        raise ValueError(f"At least 2 seeds were wanted: one run has no standard deviation; got n_seeds={n_seeds}.")
    if not (np.isfinite(std) and std > 0):
        raise ValueError(f"A positive, finite standard deviation was wanted; got std={std}. Measure it on more seeds.")
    _check_share("level", level)


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1; got {name}={value}.")
