"""Limits of uniformity on a sphere, for one model and where each client has coordinates of its own.

Uniformity is -log of the mean of exp(-t |u - v|^2) over pairs of points, a point with itself included; more is more
uniform. Over the uniform law the mean is exp(-2t) 0F1(; dim/2; t^2), with 0F1 the confluent hypergeometric limit
function, and no other law on the sphere has less.
Proofs: docs/proofs/hypersphere.md.
"""

import numpy as np
import scipy.special

LARGEST_T = 300.0  # exp(2 t) is a float64


def greatest_uniformity(dim: int, t: float = 2.0) -> float:
    """That of the uniform law on the unit sphere of `dim` dimensions; no set of points has more.

    Source: ledger, docs/proofs/hypersphere.md, 1; that the uniform law is best is wang2020, Proposition 1.
    Units: dimensionless, from 0 to 2 t. Errors: ValueError for dim < 1 or t out of range.
    """
    return 2 * t - float(np.log1p(_excess(dim, t)))


def greatest_separated_uniformity(dim: int, n_clients: int, t: float = 2.0) -> float:
    """The most that points have together where each lies in its own client's floor(dim / n_clients) coordinates.

    At most `greatest_uniformity(dim, t)`, and less for two clients or more.

    Source: ledger, docs/proofs/hypersphere.md, 2 and 3. Units: dimensionless, from 0 to 2 t.
    Errors: ValueError for t out of range, no client, or more clients than coordinates.
    """
    return 2 * t - float(np.log1p(_excess(own_width(dim, n_clients), t) / n_clients))


def least_separated_uniformity(n_clients: int, t: float = 2.0) -> float:
    """What equally many points of every client have together at least: each client's may be one and the same point.

    Source: ledger, docs/proofs/hypersphere.md, 2. Units: dimensionless, from 0 to 2 t.
    Errors: ValueError for no client or t out of range.
    """
    _check(n_clients, t)
    return -float(np.log1p((n_clients - 1) * np.exp(-2 * t))) + float(np.log(n_clients))


def own_width(dim: int, n_clients: int) -> int:
    """Coordinates that each client has to itself under hard separation.

    Source: fang2025, Section 4. Units: a count. Errors: ValueError for no client, or more clients than coordinates.
    """
    if not 1 <= n_clients <= dim:
        raise ValueError(
            "Each client owns a coordinate or more: from 1 client to as many as coordinates were wanted; got "
            f"{n_clients} clients for {dim}. Take fewer clients or a wider encoder."
        )
    return dim // n_clients


def _excess(dim: int, t: float) -> float:
    """0F1(; dim/2; t^2) - 1."""
    _check(dim, t)
    return float(scipy.special.hyp0f1(dim / 2, t**2)) - 1


def _check(count: int, t: float) -> None:
    if count < 1 or not 0 < t <= LARGEST_T:
        raise ValueError(
            f"A count of at least 1 and t above 0, up to {LARGEST_T:g}, were wanted; got {count} and t={t}."
        )
