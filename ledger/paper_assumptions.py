"""How much of its box, and of what the paper itself assumes, a statement's domain covers.

The paper's scaling fixes everything but a few free numbers: d dimensions, N = k d^(1/20) clients, tau = d^(1/5),
mu = d^(-1/5), and n_i = d^beta samples a client. It gives no law for those and no constants: the ranges here are ours.
Source: chen2026, Section 3.2 and Theorem 4.2.
"""

import math
import time
from dataclasses import dataclass

import numpy as np

from theory.domain import Domain, Point, Real, Whole

FREE = Domain(
    (
        Whole("dim", 100, 10**6),
        Real("clients_factor", 1.0, 8.0, is_log=True),
        Real("beta", 1.0, 2.0),
        Real("mask_ratio", 0.0, 1.0, "()"),
        Real("augmentation_std", 0.0, math.inf, "()", reach=(0.05, 2.0), is_log=True),
    )
)
SCALING = (
    "tau = d^(1/5), mu = d^(-1/5), N between d^(1/20) and eight times that and at least 2, n_i = d^beta samples with "
    "beta from 1 to 2, c = 2N, d from 100 to 10^6"
)
LONGEST = 10.0  # seconds: a condition may need an eigenvalue problem a point


@dataclass(frozen=True)
class Covered:
    """Shares of random points that lie in a domain, and from how many points: of its box, and of the paper's scaling.

    `paper` is None for a domain that has no data model in it.
    """

    box: float
    paper: float | None
    n_points: int


def covered(domain: Domain, n_points: int = 400, seed: int = 0) -> Covered:
    """The shares of a domain from this many points, or from as many as ten seconds allow. Source: ledger."""
    rng, began = np.random.default_rng(seed), time.monotonic()
    is_comparable = {"tau", "mu"} <= set(domain.names)
    inside = np.zeros(2, dtype=int)
    tried = 0
    while tried == 0 or (tried < n_points and time.monotonic() - began < LONGEST):
        drawn = domain.at(tuple(rng.random(len(domain.parameters))))
        inside[0] += not domain.refused(drawn)
        inside[1] += is_comparable and not domain.refused(_scaled(drawn, rng))
        tried += 1
    return Covered(inside[0] / tried, inside[1] / tried if is_comparable else None, tried)


def _scaled(drawn: Point, rng: np.random.Generator) -> Point:
    """The point with the values that the paper's scaling gives, for all parameters that it speaks of."""
    free = FREE.at(tuple(rng.random(len(FREE.parameters))))
    dim = int(free["dim"])
    n = max(2, round(float(free["clients_factor"]) * dim ** (1 / 20)))
    scaled = {
        **free,
        **{"n_clients": n, "feature_dim": 2 * n, "samples_per_client": math.ceil(dim ** float(free["beta"]))},
        **{"tau": dim**0.2, "mu": dim**-0.2},
    }
    return {name: scaled.get(name, value) for name, value in drawn.items()}
