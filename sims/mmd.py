"""The adaptive MMD of Eq (6) on sampled embeddings, written as the display is, and its mean over many batches."""

import numpy as np
from jaxtyping import Float

from theory.formula import OutOfDomainError

Batch = Float[np.ndarray, "batch feature"]


def distances(a: Batch, b: Batch) -> Float[np.ndarray, "rows cols"]:
    """Euclidean distance of every row of `a` to every row of `b`."""
    return np.linalg.norm(a[:, None, :] - b[None, :, :], axis=-1)


def mean_distance(z: Batch) -> float:
    """The mean distance over pairs of different rows: the adaptive bandwidth.

    Source: chen2026, Section 5. Errors: OutOfDomainError for fewer than two rows.
    """
    if len(z) < 2:
        raise OutOfDomainError(f"A mean over pairs needs at least two embeddings; got {len(z)}. Use larger batches.")
    return float(distances(z, z).sum() / (len(z) * (len(z) - 1)))


def adaptive_mmd(local: Batch, average: Batch, *, bandwidth: float | None = None, power: float = 2.0) -> float:
    """Eq (6) with the kernel exp(-|z - z'|^power / (2 bandwidth^2)); the bandwidth is the local mean distance if None.

    Source: chen2026, Eq (6) and the kernel below it, which prints power 1. Errors: OutOfDomainError for batches of one,
    ValueError for batches of different size.
    """
    if len(local) != len(average):
        raise ValueError(f"Both batches must be of one size; got {len(local)} and {len(average)}.")
    size, scale = len(local), mean_distance(local) if bandwidth is None else bandwidth

    def kernel(a: Batch, b: Batch) -> Float[np.ndarray, "rows cols"]:
        return np.exp(-(distances(a, b) ** power) / (2 * scale**2))

    within = sum(k.sum() - np.trace(k) for k in (kernel(local, local), kernel(average, average)))
    return float(within / (size * (size - 1)) - 2 * kernel(local, average).sum() / size**2)


def gaussian_batches(
    seed: int, *, trials: int, batch: int, feature_dim: int, std_local: float, std_global: float
) -> list[tuple[Batch, Batch]]:
    """Independent pairs of batches from N(0, std_local^2 I) and N(0, std_global^2 I)."""
    rng = np.random.default_rng(seed)
    shape = (trials, batch, feature_dim)
    return list(zip(std_local * rng.standard_normal(shape), std_global * rng.standard_normal(shape), strict=True))
