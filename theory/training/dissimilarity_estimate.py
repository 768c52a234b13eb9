"""Estimate of zeta^2 from samples: without the part that sampling adds, and with its standard error.

zeta^2 = 4/N sum_i ||W D_i||^2, D_i = X_i - mean, W the optimum of X_v = sum_i v_i X_i. A sample x of client i moves it
by x^T H_i x / n_i with H_i = (4/N)(G D_i + D_i G) + v_i K: through X_i at fixed G = W^T W, and through W, K being the
derivative of zeta^2 by X_v. Sampling also adds 4/N sum_i ||W (error of X_i)||^2, a bias that is subtracted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.objectives.curvature import Curvature, curvature

MOST_PAIRED = 400  # samples of a client whose pairs are compared, for the second order of the variance only


@dataclass(frozen=True)
class DissimilarityEstimate:
    """zeta^2 of the second moments given, the part that sampling adds in the mean, and the standard error."""

    given: float
    of_sampling: float
    standard_error: float

    @property
    def of_distributions(self) -> float:
        """zeta^2 of the distributions that the samples are from, estimated without bias; it may come out below 0."""
        return self.given - self.of_sampling


@dataclass(frozen=True)
class _Spread:
    """Of one sample: variance of x^T H x, trace and squared Frobenius norm of Cov(W x x^T)."""

    along: float
    trace: float
    square: float


def estimate_dissimilarity(
    moments: Float[np.ndarray, "clients dim dim"],
    sizes: Float[np.ndarray, " clients"],
    weights: Float[np.ndarray, " clients"],
    feature_dim: int,
    samples: Sequence[Float[np.ndarray, "_ dim"]] | None = None,
) -> DissimilarityEstimate:
    """zeta^2 with its sampling part and standard error, from the samples, or as for normal ones without.

    `weights` are v, for the optimum. The sampling part is unbiased at a fixed optimum. Where clients are alike the
    error is of second order in the sampling noise, which `MOST_PAIRED` samples a client measure.

    Source: ledger, the delta method; Isserlis' theorem for normal samples. Units: those of the squared gradient.
    Errors: ValueError for a client of fewer than two samples; OutOfDomainError as `curvature`.
    """
    if not (np.asarray(sizes) >= 2).all():
        raise ValueError(f"Every client needs two samples or more; got {float(np.min(sizes)):g}. Drop that client.")
    n = len(moments)
    shape = curvature(np.einsum("i,ikl->kl", weights, moments), feature_dim)
    w, inside = shape.optimum, shape.vectors[:, :feature_dim].T
    seen = [None] * n if samples is None else samples
    off = moments - moments.mean(axis=0)
    pulls = w @ off
    own = np.mean([inside @ d @ d for d in off], axis=0) - (1 - 1 / n) * np.mean(
        [_noise_rows(m, size, inside, x) / size for m, size, x in zip(moments, sizes, seen, strict=True)], axis=0
    )
    through_optimum = _through_optimum(shape, 4 * own)
    noise = linear = quadratic = 0.0
    for i in range(n):
        # x^T H_i x = 2 (left x) . (right x)
        left = np.concatenate([w, inside])
        right = np.concatenate([4 / n * pulls[i], weights[i] * through_optimum])
        x = seen[i]
        found = _normal(moments[i], float(sizes[i]), w, left, right) if x is None else _seen(x, w, left, right)
        noise += 4 / n * (1 - 1 / n) * found.trace / sizes[i]
        linear += found.along / sizes[i]
        quadratic += 2 * (1 - 1 / n) * (4 / n / sizes[i]) ** 2 * found.square
    # The noise in D_i adds twice the second order to what is measured of the first.
    variance = max(linear - quadratic, quadratic)
    return DissimilarityEstimate(float(4 / n * np.sum(pulls**2)), float(noise), float(np.sqrt(variance)))


def _noise_rows(moment: np.ndarray, n: float, inside: np.ndarray, x: np.ndarray | None) -> np.ndarray:
    """`inside` times the covariance E (x x^T - X)^2 of one sample's x x^T, which D_i^2 holds besides the difference."""
    rows = inside @ moment
    if x is None:
        # X tr X + X^2 without bias: products of the sample's own moment hold each other by shares of 1/n.
        squares = (1 - 2 / n) / ((1 + 2 / n) * (1 - 1 / n))
        return rows * np.trace(moment) * (1 - squares / n) + rows @ moment * squares
    return ((x @ inside.T) * np.sum(x**2, axis=1)[:, None]).T @ x / len(x) - rows @ moment


def _through_optimum(shape: Curvature, rows: np.ndarray) -> Float[np.ndarray, "feature dim"]:
    """B with K = V B + B^T V^T, V the represented basis; `rows` are V^T S, S what zeta^2 = tr(W^T W S) sums up."""
    c, theta = shape.feature_dim, shape.values
    ratio = np.concatenate([np.full((c, c), 0.5), theta[:c, None] / (theta[:c, None] - theta[None, c:])], axis=1)
    return (ratio * (rows @ shape.vectors)) @ shape.vectors.T


def _seen(x: np.ndarray, w: np.ndarray, left: np.ndarray, right: np.ndarray) -> _Spread:
    features = x @ w.T
    n = len(x)
    mean = features.T @ x / n
    along = float(np.var(2 * np.sum((x @ left.T) * (x @ right.T), axis=1), ddof=1))
    second = float(np.mean(np.sum(features**2, axis=1) * np.sum(x**2, axis=1)))
    few, m = slice(MOST_PAIRED), min(n, MOST_PAIRED)
    gram = (features[few] @ features[few].T) * (x[few] @ x[few].T)
    gram = gram - gram.mean(axis=0) - gram.mean(axis=1)[:, None] + gram.mean()
    square = float(np.sum(gram**2) - np.sum(gram.diagonal() ** 2)) / (m * (m - 1))
    return _Spread(along, (second - float(np.sum(mean**2))) * n / (n - 1), square)


def _normal(moment: np.ndarray, n: float, w: np.ndarray, left: np.ndarray, right: np.ndarray) -> _Spread:
    crossed = w @ moment
    inside, length = crossed @ w.T, float(np.sum(crossed**2))
    product = float(np.trace(inside) * np.trace(moment))
    # Var(x^T H x) = 2 tr(H X H X) with H = L^T R + R^T L.
    lr, ll, rr = left @ moment @ right.T, left @ moment @ left.T, right @ moment @ right.T
    along = 4 * float(np.sum(lr * lr.T) + np.sum(ll * rr))
    # Squares of a sample's moment are too large by its own noise; solved for, so that the trace has no bias.
    trace = (product + (1 - 2 / n) * length) / ((1 + 2 / n) * (1 - 1 / n))
    square = float(np.sum(inside**2) * np.sum(moment**2) + 2 * np.sum(inside * (crossed @ moment @ crossed.T)))
    return _Spread(along, trace, square + length**2)
