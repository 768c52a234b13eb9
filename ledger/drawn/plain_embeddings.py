"""Batches of embeddings that a point names by a `draw`, and Eq (6) written out on them in NumPy, real or complex.

Independent of `sims.losses.adaptive_mmd`, and without a compilation for every shape. Gradients are by complex steps:
exact to round-off, as every function here is analytic in the embeddings.
"""

from collections.abc import Callable

import numpy as np

from ledger.drawn.drawn_networks import DRAW
from theory.domain import Parameter, Point, Real, Whole

STEP = 1e-30  # of a complex step: nothing is subtracted, so nothing is lost
Function = Callable[[np.ndarray], complex]


def embedding_parameters(*, tokens: bool = False, least_width: int = 1) -> tuple[Parameter, ...]:
    """The batch, the tokens of an image if there are any, the features, and the draw."""
    return (
        Whole("batch", 2, 12),
        *((Whole("tokens", 1, 5),) if tokens else ()),
        Whole("feature_dim", least_width, 8),
        DRAW,
    )


BANDWIDTH = Real("bandwidth", 0.0, np.inf, "()", reach=(0.7, 5.0), is_log=True)


def batches_at(at: Point, count: int) -> np.ndarray:
    """Standard normal batches, (count, batch[, tokens], feature_dim)."""
    shape = [int(at[name]) for name in ("batch", "tokens", "feature_dim") if name in at]
    return np.random.default_rng((int(at["draw"]), 2)).standard_normal((count, *shape))


def mean_distance(x: np.ndarray) -> float:
    """The mean distance over pairs of different embeddings of a batch, (batch, feature), pair by pair."""
    return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(x) for b in x[:i]]))


def eq6(x: np.ndarray, y: np.ndarray, bandwidth: float) -> complex:
    """Eq (6) with squared distances for a local and a global batch of vectors, pair by pair."""

    def kernel(a: np.ndarray, b: np.ndarray) -> complex:
        return np.exp(-np.sum((a - b) ** 2) / (2 * bandwidth**2))

    def within(z: np.ndarray) -> complex:
        pairs = sum(kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j)
        return pairs / (len(z) * (len(z) - 1))

    return within(x) + within(y) - 2 * sum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))


def eq6_slope(x: np.ndarray, y: np.ndarray, bandwidth: float) -> np.ndarray:
    """The gradient of Eq (6) in the local batch, in closed form, (batch, feature)."""
    n, variance = len(x), bandwidth**2

    def pull(z: np.ndarray) -> np.ndarray:
        gaps = x[:, None] - z[None]
        kernels = np.exp(-np.sum(gaps**2, axis=2) / (2 * variance))
        return np.einsum("ab,abd->ad", kernels, gaps) / variance

    return -2 * pull(x) / (n * (n - 1)) + 2 * pull(y) / (n * len(y))


def released(x: np.ndarray, y: np.ndarray, bandwidth: float) -> complex:
    """The term as `ammd.py` of the released code has it, on vectors or on latents (batch, token, feature).

    Squared differences are summed over axis 2: features of vectors, tokens of latents. Pairs a = b are kept.
    """

    def kernels(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-np.sum((a[:, None] - b[None]) ** 2, axis=2) / (2 * bandwidth**2))

    n, m = len(x), len(y)
    return kernels(x, x).sum() / (n * (n - 1)) + kernels(y, y).sum() / (m * (m - 1)) - 2 * kernels(x, y).mean()


def released_bandwidth(x: np.ndarray) -> float:
    """The released bandwidth: the mean over all entries of the distance matrix, of each image's tokens for latents."""
    sets = x if x.ndim == 3 else x[None]
    return float(np.mean(np.linalg.norm(sets[:, :, None] - sets[:, None], axis=-1)))


def slope(function: Function, x: np.ndarray) -> np.ndarray:
    """The gradient of an analytic function of the batch, entry by entry."""
    found = np.zeros(x.shape)
    for entry in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[entry] += 1j * STEP
        found[entry] = np.imag(function(moved)) / STEP
    return found


def squared_distances(seed: int, trials: int, batch: int, feature_dim: int, n_averaged: int) -> tuple[np.ndarray, ...]:
    """Squared distances in a local batch, in the average of `n_averaged` others, and across, each (trials, B, B).

    All batches are N(0, I). The Gram matrix of the 2B vectors is Wishart and is drawn by its triangular factor, so that
    no embedding is, and every number of dimensions from 2B on costs the same.

    Errors: ValueError for fewer dimensions than vectors.
    """
    count = 2 * batch
    if feature_dim < count:
        raise ValueError(f"As many dimensions as vectors were wanted, {count}; got feature_dim={feature_dim}.")
    rng = np.random.default_rng(seed)
    root = np.tril(rng.standard_normal((trials, count, count)), -1)
    index = np.arange(count)
    root[:, index, index] = np.sqrt(rng.chisquare(feature_dim - index, (trials, count)))
    root[:, batch:] /= np.sqrt(n_averaged)
    gram = root @ np.swapaxes(root, 1, 2)
    lengths = np.diagonal(gram, axis1=1, axis2=2)
    squared = np.maximum(lengths[:, :, None] + lengths[:, None] - 2 * gram, 0)
    return squared[:, :batch, :batch], squared[:, batch:, batch:], squared[:, :batch, batch:]


def terms(squared: tuple[np.ndarray, ...], shrink: float | np.ndarray = 1.0) -> np.ndarray:
    """Eq (6) of each trial from its squared distances; the bandwidth is the batch's mean distance times `shrink`."""
    n, m = squared[2].shape[1:]
    s = shrink * np.sqrt(squared[0]).sum(axis=(1, 2)) / (n * (n - 1))
    kernels = [np.exp(-z / (2 * s[:, None, None] ** 2)) for z in squared]
    within = [(k.sum(axis=(1, 2)) - size) / (size * (size - 1)) for k, size in zip(kernels, (n, m), strict=False)]
    return within[0] + within[1] - 2 * kernels[2].mean(axis=(1, 2))


def steadied(values: np.ndarray, *centred: np.ndarray) -> np.ndarray:
    """The values less their regression on quantities of mean 0, each (trials,): the same mean, and less noise."""
    design = np.column_stack([np.ones(len(values)), *centred])
    slopes = np.linalg.lstsq(design, values, rcond=None)[0][1:]
    return values - np.column_stack(centred) @ slopes
