"""Second-order deficits for any population of inputs, given as equally likely points within each client.

With X-hat = X + Delta, a mean of independent draws with mean X, the k-th leading axis v_k of X loses
sum over l > c of (v_l^T Delta v_k)^2 / (lambda_k - lambda_l)^2 to second order; its expectation needs only the variance
of one draw's (l, k) entry, which fourth moments of the points give exactly, masks and noise being averaged by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

Points = Float64[np.ndarray, "_ dim"]
PerAxis = Float64[np.ndarray, " c"]


@dataclass(frozen=True)
class EntryVariances:
    """Variances of entries (l, k) of the pooled alignment matrix, l trailing, k leading, for one sample a client.

    `sampling` is the sample's own; `masks` what one draw of two independent masks adds (divided by p(1-p));
    `power` the sum lambda_k + lambda_l that augmentation noise multiplies. `gaps` are lambda_k - lambda_l. All are
    averaged over clients, so that the FL matrix of n_total samples, shared equally, has them over n_total.
    """

    sampling: Float64[np.ndarray, "trailing c"]
    masks: Float64[np.ndarray, "trailing c"]
    power: Float64[np.ndarray, "trailing c"]
    gaps: Float64[np.ndarray, "trailing c"]


def reference_axes(
    clients: Sequence[Points], c: int
) -> tuple[Float64[np.ndarray, " dim"], Float64[np.ndarray, "dim dim"]]:
    """Eigenvalues, descending, and eigenvectors (columns) of the clients' average second moment.

    Source: chen2026, Section 3.2 and Eq (25): FL minimises the average of the client losses.
    Errors: ValueError when c is not below the dimension or the gap after c is zero.
    """
    dim = clients[0].shape[1]
    if not 1 <= c < dim:
        raise ValueError(f"The number of axes must lie between 1 and {dim - 1}; got c={c}.")
    moment = sum((x.T @ x) / len(x) for x in clients) / len(clients)
    values, vectors = scipy.linalg.eigh(moment)
    values, vectors = values[::-1].copy(), vectors[:, ::-1].copy()
    if values[c - 1] - values[c] <= 1e-12 * values[0]:
        raise ValueError(
            f"Axes {c} and {c + 1} have one eigenvalue, {values[c]:.6g}, so the leading {c} are undefined."
        )
    return values, vectors


def entry_variances(clients: Sequence[Points], c: int, mask_ratio: float) -> EntryVariances:
    """The three variances from the points: fourth moments, exact, masks averaged in closed form.

    Source: ledger. With u = v_l * x, w = v_k * x entry by entry and q = 1 - p, one draw of the masks m, m' (kept with
    probability q and p) has (l, k) entry (A B' + B A') / (2 p q), A = m.u, B = m.w, A' = m'.u, B' = m'.w, and
    E A^2 = q^2 (sum u)^2 + p q sum u^2, E A B = q^2 (sum u)(sum w) + p q sum u w, with p and q exchanged for m'.
    Errors: ValueError for a mask ratio outside (0, 1), and as `reference_axes`.
    """
    if not 0 < mask_ratio < 1:
        raise ValueError(f"mask_ratio must lie strictly between 0 and 1; got mask_ratio={mask_ratio}. Try 0.75.")
    values, vectors = reference_axes(clients, c)
    lead, trail = vectors[:, :c], vectors[:, c:]
    sampling, masks = (
        np.mean(parts, axis=0) for parts in zip(*(_client(x, lead, trail, mask_ratio) for x in clients), strict=True)
    )
    return EntryVariances(
        sampling=sampling,
        masks=masks,
        power=values[None, :c] + values[c:, None],
        gaps=values[None, :c] - values[c:, None],
    )


def deficit_cl(v: EntryVariances, n_total: int, augmentation_std: float, draws: int = 1) -> PerAxis:
    """Expected 1 - r_k of contrastive learning with `draws` pairs of noisy views a sample, to second order.

    Source: ledger; the general form of the paper-model deficit. noise std 0 gives the objective in expectation.
    """
    noise = augmentation_std**2 * v.power / 2 + augmentation_std**4 / 2
    return _sum(v, v.sampling + noise / draws, n_total)


def deficit_mim(v: EntryVariances, n_total: int, draws: int | None) -> PerAxis:
    """Expected 1 - r_k of masked image modelling with independent masks, to second order; draws=None averages them.

    Source: ledger. Units: dimensionless; first order in 1 / n_total.
    """
    return _sum(v, v.sampling + (v.masks / draws if draws else 0.0), n_total)


def sigma_star(v: EntryVariances) -> float:
    """Augmentation noise at which the two sampled objectives have the same mean deficit, any common number of draws.

    Source: ledger. The sampling part is common and cancels: sigma^4 b + sigma^2 a = 2 m, with a, b, m the gap-weighted
    sums of `power`, 1 and `masks`. Units: those of the points.
    """
    weight = v.gaps**-2
    a, b, m = ((weight * part).sum() for part in (v.power, np.ones_like(v.gaps), v.masks))
    return float(np.sqrt((-a + np.sqrt(a * a + 8 * b * m)) / (2 * b)))


def _sum(v: EntryVariances, variance: np.ndarray, n_total: int) -> np.ndarray:
    return (variance / v.gaps**2).sum(axis=0) / n_total


def _client(x: np.ndarray, lead: np.ndarray, trail: np.ndarray, p: float) -> tuple[np.ndarray, np.ndarray]:
    q, n = 1 - p, len(x)
    squares = x * x
    w, u = x @ lead, x @ trail
    uu, ww = squares @ (trail * trail), squares @ (lead * lead)
    second = (u.T @ w) / n
    fourth = ((u * u).T @ (w * w)) / n
    # E (A B')^2 + E (B A')^2, then the cross term 2 E (A B)(A' B'), each over 4 (p q)^2.
    aabb = 2 * p * q * q * p * fourth
    aabb += (q * q * q * p + p * p * p * q) * (((u * u).T @ ww) + (uu.T @ (w * w))) / n
    aabb += 2 * (p * q) ** 2 * (uu.T @ ww) / n
    cross = np.empty_like(fourth)
    for k in range(lead.shape[1]):
        uw = squares @ (trail * lead[:, k : k + 1])
        product = u * w[:, k : k + 1]
        cross[:, k] = ((q * q * product + p * q * uw) * (p * p * product + p * q * uw)).sum(axis=0) / n
    masks = (aabb + 2 * cross) / (4 * (p * q) ** 2) - fourth
    return fourth - second**2, masks
