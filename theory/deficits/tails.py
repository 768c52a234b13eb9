"""Explicit tail inequalities for Gaussian matrices, chi-square variables and sums of bounded positive matrices.

Each takes a failure probability and gives the level that is passed with at most that probability.
"""

import math
from collections.abc import Callable

from scipy.optimize import brentq

# Below this size the entropy function loses more digits in its closed form than its series leaves out.
SERIES_BELOW = 1e-2


def gaussian_deviation(failure: float) -> float:
    """t with exp(-t^2/2) = `failure`: how far a 1-Lipschitz function of Gaussians exceeds its mean, on one side.

    Source: davidson2001, Theorem II.13. Units: standard deviations. Errors: ValueError unless 0 < failure < 1.
    """
    return math.sqrt(2 * _exponent(failure))


def largest_singular_value(rows: float, columns: float, failure: float) -> float:
    """Above this, sqrt(rows) + sqrt(columns) + t, the norm of a standard Gaussian matrix lies with at most `failure`.

    Source: davidson2001, Theorem II.13; one-sided, hence `failure` and not 2 `failure`.
    """
    return math.sqrt(rows) + math.sqrt(columns) + gaussian_deviation(failure)


def smallest_singular_value(rows: float, columns: float, failure: float) -> float:
    """Below this, (sqrt(rows) - sqrt(columns) - t)_+, the least singular value lies with at most `failure`.

    Source: davidson2001, Theorem II.13. Meant for rows >= columns; 0 when it says nothing.
    """
    if rows <= columns:
        return 0.0
    return max(0.0, math.sqrt(rows) - math.sqrt(columns) - gaussian_deviation(failure))


def chi_square_above(freedom: float, failure: float) -> float:
    """Above this, D + 2 sqrt(D u) + 2u with u = log(1/failure), a chi-square variable lies with at most `failure`.

    Source: laurent2000, Lemma 1, (4.3).
    """
    u = _exponent(failure)
    return freedom + 2 * math.sqrt(freedom * u) + 2 * u


def chi_square_below(freedom: float, failure: float) -> float:
    """Below this, D - 2 sqrt(D u) with u = log(1/failure), a chi-square variable lies with at most `failure`.

    Source: laurent2000, Lemma 1, (4.4).
    """
    return freedom - 2 * math.sqrt(freedom * _exponent(failure))


def chernoff_below(size: int, effective: float, failure: float) -> float | None:
    """eps in (0, 1) such that a sum of independent positive matrices with mean I falls below (1 - eps) I with at most
    `failure`; None when no eps < 1 achieves it. The matrices are `size` x `size`.

    `effective` is the mean over the largest norm of a term (n / L for n terms of norm at most L / n). It solves
    size [e^-eps (1 - eps)^-(1 - eps)]^effective = failure.

    Source: tropp2012, Theorem 1.1, lower tail.
    """
    rate = (math.log(size) + _exponent(failure)) / effective
    if rate >= 1:
        return None
    # x^2 / 2 <= entropy(-x) <= x^2: a bracket as narrow as the root itself, however small that is.
    low, high = math.sqrt(rate), min(1.0, math.sqrt(2 * rate))
    return _root(lambda eps: entropy(-eps) - rate, low, high)


def chernoff_above(size: int, effective: float, failure: float) -> float:
    """eps > 0: the sum of `chernoff_below` rises above (1 + eps) I with at most `failure`.

    It solves size [e^eps (1 + eps)^-(1 + eps)]^effective = failure.

    Source: tropp2012, Theorem 1.1, upper tail.
    """
    rate = (math.log(size) + _exponent(failure)) / effective
    # x^2 / (2 + 2x/3) <= entropy(x) <= x^2 / 2 gives the bracket.
    high = rate / 3 + math.sqrt((rate / 3) ** 2 + 2 * rate)
    return _root(lambda eps: entropy(eps) - rate, math.sqrt(2 * rate), high)


def entropy(x: float) -> float:
    """(1 + x) log(1 + x) - x for x >= -1, without cancellation near 0."""
    if x <= -1:
        return 1.0
    if abs(x) < SERIES_BELOW:
        return sum((-1) ** k * x**k / (k * (k - 1)) for k in range(2, 12))
    return (1 + x) * math.log1p(x) - x


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """The root of an increasing function between two values that may lie on it, up to round-off."""
    return float(brentq(function, low * (1 - 1e-9), high * (1 + 1e-9), xtol=1e-300, rtol=1e-15))


def _exponent(failure: float) -> float:
    if not 0 < failure < 1:
        raise ValueError(f"A failure probability must lie strictly between 0 and 1; got {failure}. Try 0.05.")
    return -math.log(failure)
