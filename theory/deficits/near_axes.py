"""Deficits where two axes have nearly equal eigenvalues: each pair is turned exactly, not to second order.

Second order divides by the gap lambda_k - lambda_l as if it were known. A sample's own gap varies, and where it may
come near zero the two axes trade places. In the plane of the pair the matrix is 2 x 2 and symmetric, with an
off-diagonal entry x and a gap g, jointly Gaussian for many samples; axis k turns by half the angle of (g, 2x), so it
loses (1 - g / sqrt(g^2 + 4 x^2)) / 2 on average. Pairs are summed, as at second order: planes that share an axis are
taken to turn one at a time, which is right as long as at most one of them turns far.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import brentq

from theory.deficits import closed_forms_of_points
from theory.deficits.closed_forms_of_points import EntryVariances, PerAxis, Points, entry_variances, reference_axes

PerPair = Float64[np.ndarray, "trailing c"]
# Gauss-Hermite in both directions: 1e-4 where the gap is four standard deviations, a percent where it is two.
NODES, WEIGHTS = hermegauss(48)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True)
class PairVariances:
    """Variances of the gaps of the pooled alignment matrix, and their covariances with its entries (l, k).

    For one sample a client, averaged over clients, as in `EntryVariances`; `..._masks` is what one draw of two
    independent masks adds to what sampling has.
    """

    entry: EntryVariances
    gap_sampling: PerPair
    gap_masks: PerPair
    covariance_sampling: PerPair
    covariance_masks: PerPair


def pair_variances(clients: Sequence[Points], c: int, mask_ratio: float) -> PairVariances:
    """What the pairs of one leading and one trailing axis need, from fourth moments of the points, exactly.

    Errors: those of `closed_forms_of_points.entry_variances`.
    """
    entry = entry_variances(clients, c, mask_ratio)
    _, vectors = reference_axes(clients, c)
    parts = [_client(x, vectors[:, :c], vectors[:, c:], mask_ratio) for x in clients]
    return PairVariances(entry, *(np.mean(part, axis=0) for part in zip(*parts, strict=True)))


def deficit_cl(v: PairVariances, n_total: int, augmentation_std: float, draws: int = 1) -> PerAxis:
    """Expected 1 - r_k of contrastive learning with `draws` pairs of noisy views a sample; noise std 0 averages them.

    Source: ledger. Isotropic noise gives a gap four times the variance of an entry, and no covariance.
    Units: dimensionless.
    """
    noise = (augmentation_std**2 * v.entry.power / 2 + augmentation_std**4 / 2) / draws
    law = v.entry.sampling + noise, v.gap_sampling + 4 * noise, v.covariance_sampling
    return expected_tilt(v.entry.gaps, *(part / n_total for part in law)).sum(axis=0)


def deficit_mim(v: PairVariances, n_total: int, draws: int | None) -> PerAxis:
    """Expected 1 - r_k of masked image modelling with independent masks; draws=None averages the masks.

    Source: ledger. Units: dimensionless.
    """
    share = 1 / draws if draws else 0.0
    law = (
        v.entry.sampling + share * v.entry.masks,
        v.gap_sampling + share * v.gap_masks,
        v.covariance_sampling + share * v.covariance_masks,
    )
    return expected_tilt(v.entry.gaps, *(part / n_total for part in law)).sum(axis=0)


def sigma_star(v: PairVariances, n_total: int) -> float:
    """Augmentation noise at which the two objectives, one draw a sample, have the same mean deficit at this size.

    Tends to the second-order value, which no sample size moves, as `n_total` grows. Source: ledger. Units: those of the
    points. Errors: ValueError, from the search, should they not cross within a factor 10 of the second-order value.
    """
    masked, start = deficit_mim(v, n_total, 1).mean(), np.log(closed_forms_of_points.sigma_star(v.entry))

    def excess(log_sigma: float) -> float:
        return float(deficit_cl(v, n_total, float(np.exp(log_sigma))).mean() - masked)

    return float(np.exp(brentq(excess, start - np.log(10), start + np.log(10), xtol=1e-12)))


def expected_tilt(gap: PerPair, entry_variance: PerPair, gap_variance: PerPair, covariance: PerPair) -> PerPair:
    """E sin^2 of the angle by which the leading axis of [[g, x], [x, 0]] turns from the first coordinate.

    (g - `gap`, x) is Gaussian of mean 0. Source: ledger; entry_variance / gap^2 when both stds are far below it.
    Units: dimensionless, in [0, 1].
    """
    gap_std = np.sqrt(gap_variance)
    slope = np.divide(covariance, gap_std, out=np.zeros_like(gap_std), where=gap_std > 0)
    rest = np.sqrt(np.maximum(entry_variance - slope**2, 0.0))
    total = np.zeros_like(gap)
    for z, weight in zip(NODES, WEIGHTS, strict=True):
        g = gap + gap_std * z
        x = (slope * z)[..., None] + rest[..., None] * NODES
        total += weight * ((1 - g[..., None] / np.hypot(g[..., None], 2 * x)) / 2) @ WEIGHTS
    return total


def _client(x: np.ndarray, lead: np.ndarray, trail: np.ndarray, p: float) -> tuple[np.ndarray, ...]:
    """Gap variances and covariances of one client's points: by sampling, then by masks.

    With A = m.(v_k * x), A' = m'.(v_k * x) and B, B' for v_l the entries are A A', B B' and (A B' + B A') / 2 over p q;
    m and m' being independent, every mean needed is a product of one such as E A B = q^2 (sum)(sum) + p q sum.
    """
    q, n = 1 - p, len(x)
    squares = x * x
    w, u = x @ lead, x @ trail
    ww, uu = squares @ (lead * lead), squares @ (trail * trail)
    kk = (q * q * w * w + p * q * ww) * (p * p * w * w + p * q * ww)
    ll = (q * q * u * u + p * q * uu) * (p * p * u * u + p * q * uu)
    square, product = np.empty((2, trail.shape[1], lead.shape[1]))
    for k in range(lead.shape[1]):
        wk, wwk = w[:, k : k + 1], ww[:, k : k + 1]
        cross, own = u * wk, squares @ (trail * lead[:, k : k + 1])
        first, second = q * q * cross + p * q * own, p * p * cross + p * q * own
        square[:, k] = kk[:, k].mean() + ll.mean(axis=0) - 2 * (first * second).mean(axis=0)
        lead_part = first * (p * p * wk**2 + p * q * wwk) + second * (q * q * wk**2 + p * q * wwk)
        trail_part = first * (p * p * u * u + p * q * uu) + second * (q * q * u * u + p * q * uu)
        product[:, k] = (lead_part - trail_part).mean(axis=0) / 2
    fourth = ((w**4).mean(axis=0) + (u**4).mean(axis=0)[:, None]) - 2 * ((u * u).T @ (w * w)) / n
    third = (u.T @ w**3 - (u**3).T @ w) / n
    gap = (w * w).mean(axis=0) - (u * u).mean(axis=0)[:, None]
    scale = (p * q) ** 2
    return fourth - gap**2, square / scale - fourth, third - (u.T @ w) / n * gap, product / scale - third
