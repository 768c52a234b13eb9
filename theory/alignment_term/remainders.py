"""How far the mean of the alignment term lies from its limits at most, with every constant: Gaussian embeddings.

Both results bound a mean over the draw of the batches, where the bandwidth is taken from the local batch itself.
"""

import math

from theory.alignment_term.gaussian_mmd import MEAN_DISTANCE
from theory.formula import OutOfDomainError

LEAST_DIM = 5  # inverse fourth moments of a distance are finite from here on
LARGEST_SLOPE = 0.84  # of z^2 exp(-z^2 / 2): its derivative is 0.831 at z = 0.66 and smaller in size elsewhere
LARGEST_RISE = 2 / math.e  # of exp(-y) with the logarithm of the bandwidth: 2 y exp(-y) at y = 1
LARGEST_BEND, LEAST_BEND = 1.24, -0.65  # of exp(-y), twice in that logarithm: -4 y (1 - y) exp(-y)


def averaged_embedding_remainder(feature_dim: int, n_averaged: int, sharpness: float = 1.0) -> float:
    """Distance at most of the mean alignment term from (e^(-b/4) - e^(-b/(4K)))^2, b the `sharpness`.

    The local batch is N(0, v I) in D = `feature_dim` dimensions, the global one averages K = `n_averaged` such batches
    slot by slot, and the squared bandwidth is that of the batch's mean distance over b.

    Squared distances over 2 D v are U within the local batch, V within the average and Z across, with means 1, 1/K and
    m = (1 + 1/K)/2 and relative variances 2/D; t is the squared mean of sqrt(U) over pairs. The kernels are
    f(w) = exp(-b w/2) at w = U/t, V/t, Z/t, convex with f'' <= b^2/4. Since 1/t <= mean 1/U and t <= mean U, each
    mean of w lies between its value at t = 1 and D/(D - 2) times that, and each mean square is at most
    (1 + 2/D) D^2/((D - 2)(D - 4)) times as large. So E f(w) - f lies between f' and f''/2 times these excesses.

    Source: ledger. Units: dimensionless; about 2.3/D for two averaged batches.
    Errors: OutOfDomainError for fewer than five dimensions.
    """
    if feature_dim < LEAST_DIM:
        raise OutOfDomainError(f"At least {LEAST_DIM} dimensions were wanted; got feature_dim={feature_dim}.")
    d, k, b = feature_dim, n_averaged, sharpness
    excess, square = 2 / (d - 2), 8 * (d - 1) / ((d - 2) * (d - 4))
    means = (1.0, 1 / k, (1 + 1 / k) / 2)
    above = [b**2 / 8 * square * m**2 for m in means]
    below = [b / 2 * math.exp(-b * m / 2) * m * excess for m in means]
    return max(above[0] + above[1] + 2 * below[2], below[0] + below[1] + 2 * above[2])


def own_bandwidth_remainder(batch: int, feature_dim: int) -> float:
    """Distance at most of the mean of Eq (6) at the batch's own bandwidth s from the squared MMD at its mean, sigma.

    Local embeddings are N(0, v I) in D = `feature_dim` dimensions; global ones may have any law. With l = log(s/sigma),
    T(s) = T(sigma) + T' l + T'' l^2/2 and T(sigma) is unbiased. In units of sqrt(v), s changes by at most 2/sqrt(B)
    times a change of the batch, so that by Gaussian Poincare and log-Sobolev inequalities E delta^2 <= 4/(B sigma^2)
    and E delta^4 <= 9 (4/(B sigma^2))^2 for delta = s/sigma - 1. T' changes by at most 4 LARGEST_SLOPE / (sigma sqrt B)
    with the local batch, which bounds E T' delta by a covariance; l - delta is between -delta^2 sigma/s and 0; and
    l^2 <= delta^2 (1 + (sigma/s)^2), where the moments of sigma/s are at most those of sigma over one distance.

    Source: ledger. Units: dimensionless; about 27/(B D). Errors: OutOfDomainError for fewer than five dimensions.
    """
    if feature_dim < LEAST_DIM:
        raise OutOfDomainError(f"At least {LEAST_DIM} dimensions were wanted; got feature_dim={feature_dim}.")
    d = feature_dim
    squared = MEAN_DISTANCE.value(feature_dim=d, std_local=1.0) ** 2
    variance = 4 / (batch * squared)
    inverse, inverse_square = squared / (2 * (d - 2)), squared**2 / (4 * (d - 2) * (d - 4))
    covariance = 2 * LARGEST_SLOPE * variance
    first = 2 * LARGEST_RISE * 3 * variance * math.sqrt(inverse)
    second = (LARGEST_BEND - LEAST_BEND) * variance * (1 + 3 * math.sqrt(inverse_square))
    return covariance + first + second
