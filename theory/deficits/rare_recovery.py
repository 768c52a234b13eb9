"""The share from which a rare class is represented: client i's class h_i has a coordinate outside the signal.

Its second moment is theta above the pixel noise: theta = rho for one client, rho / N in the average over clients. That
is a spike like the signal's, only small, so the limit of `theory.deficits.proportional_limit` says when the bulk of
noise hides it. Masks average to a matrix with noise mu^2; contrast adds the noise of augmentation, and needs a larger
spike.
"""

from functools import cache
from typing import Literal

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from theory.deficits.limit_law import LimitLaw, Points
from theory.deficits.proportional_limit import bulk_pull, spike_represented
from theory.formula import Formula, OutOfDomainError, Source
from theory.readings import Objective
from theory.setting import Setting
from theory.symbols import augmentation_std, beta, draws, gamma, mask_ratio, mu, n_clients, rare_fraction

Growth = Literal["fixed", "paper"]
Site = Literal["fl", "local"]


@cache
def rare_recovery_formula(objective: Objective, scope: Site = "fl") -> Formula:
    """Limit of r at the rare coordinate h, 0 below the threshold.

    For masks (1 - gamma mu^4/theta^2)/(1 + gamma mu^2/theta); contrast has the noise of both Gram matrices in it.

    Source: ledger; masks: paul2007, Theorem 4. Units: dimensionless, in [0, 1].
    """
    spike = rare_fraction / n_clients if scope == "fl" else rare_fraction
    return Formula(
        name=f"rare_recovery_{objective.value}_{scope}",
        title="Representability of a rare class's coordinate, limit at a fixed ratio of dimension to samples",
        expr=spike_represented(spike, objective),
        domain=(rare_fraction > 0, rare_fraction < 1, n_clients >= 2),
        units="dimensionless, in [0, 1]",
        source=Source("ledger", "spiked covariance limit, theory.deficits.proportional_limit"),
    )


# The least theta that is seen at all.
MIM_RARE_THRESHOLD = Formula(
    name="rare_threshold_mim",
    title="Least spike theta that masked modelling represents",
    expr=mu**2 * sp.sqrt(gamma),
    domain=(),
    units="squared data units",
    source=Source("baik2006", "Theorem 1.1"),
)
CL_RARE_THRESHOLD_LEADING = Formula(
    name="rare_threshold_cl_leading",
    title="Least spike theta that contrast represents with K draws a sample, leading order in gamma",
    expr=sp.sqrt(gamma * (mu**4 + (mu**2 * augmentation_std**2 + augmentation_std**4 / 2) / draws)),
    domain=(),
    units="squared data units",
    source=Source(
        "ledger", "theory.deficits.proportional_limit at small gamma; K > 1 by the variance of a mean of K draws"
    ),
)
# Where one draw of independent masks and one of augmentations leave the same bulk of noise.
EQUAL_DRAWS_NOISE = Formula(
    name="equal_draws_noise",
    title="Augmentation noise below which contrast sees smaller rare classes than masks drawn as often, small gamma",
    expr=mu * sp.sqrt(1 / sp.sqrt(mask_ratio * (1 - mask_ratio)) - 1),
    domain=(mask_ratio > 0, mask_ratio < 1),
    units="data units",
    source=Source("ledger", "theory.deficits.rare_recovery.drawn_mask_law; one draw each"),
)


def drawn_mask_law(mu2: float, ratio: float, mask_ratio: float) -> LimitLaw:
    """The law of X over p(1-p) for independent masks drawn once a sample; the gap is a rare coordinate's theta.

    A noise pixel enters by (m x, m' x), of covariance mu^2 ((q, pq), (pq, p)), and X pairs the two: two Wisharts of
    variances a = mu^2 (1 +- (pq)^(-1/2))/2. Contrast has nu^2 and -s^2 there, the same two where sigma^2/2 = -a_-. The
    rare coordinate is masked like any pixel: theta stands with mu^2 in both terms, and not in nu^2 alone.

    Source: ledger. Units: squared data units.
    """
    root = (mask_ratio * (1 - mask_ratio)) ** -0.5
    above, below = mu2 * (1 + root) / 2, mu2 * (1 - root) / 2

    def signal(m: Points) -> Points:
        return (above / (1 + above * m) + below / (1 + below * m)) / mu2

    return LimitLaw(((1.0, above), (1.0, below)), ratio, signal, lambda m: 0 * m)


def drawn_mask_recovery(s: Setting, scope: Site = "fl") -> float:
    """Limit of r_h under independent masks drawn once a sample; 0 below the threshold.

    Source: ledger. Units: dimensionless, in [0, 1]. Errors: those of `rare_recovery`; ValueError for mu = 0.
    """
    rare_recovery(s, Objective.MIM, scope)  # refuses what lies outside the domain
    found = _drawn(s, scope).outlier(float(s.rare_fraction) / (s.n_clients if scope == "fl" else 1))
    return 0.0 if found is None else found[1]


def drawn_mask_threshold(s: Setting, scope: Site = "fl") -> float:
    """The least rho represented in the limit under independent masks drawn once a sample.

    To leading order in gamma N mu^2 sqrt(gamma (1 + 1/(p(1-p)))/2). Source: ledger. Units: a fraction of the samples.
    Errors: ValueError for mu = 0.
    """
    law = _drawn(s, scope)
    edge = np.array([law.edge_root])
    return (s.n_clients if scope == "fl" else 1) * float((-law.gamma / edge / law.signal(edge))[0])


def _drawn(s: Setting, scope: Site) -> LimitLaw:
    if float(s.mu) == 0:
        raise ValueError("Without pixel noise every rare class is represented; got mu=0. Use mu > 0.")
    return drawn_mask_law(float(s.mu) ** 2, rare_aspect(s, scope), float(s.mask_ratio))


def rare_recovery(s: Setting, objective: Objective, scope: Site = "fl") -> float:
    """Limit of r_h for the setting's rare fraction, gamma = d / samples in it; masks in expectation, one CL draw.

    Each client's h lies outside the signal and is its own; W must have room for it (c >= 2N in FL, N + 1 locally).

    Source: ledger. Units: dimensionless, in [0, 1].
    Errors: ValueError for an unknown scope or no rare class; OutOfDomainError when d has no room for them.
    """
    if scope not in ("fl", "local"):
        raise ValueError(f'scope must be "fl" or "local"; got scope={scope!r}.')
    if not 0 < float(s.rare_fraction) < 1:
        raise ValueError(f"rare_fraction must lie strictly between 0 and 1; got rare_fraction={s.rare_fraction}.")
    room = 2 * s.n_clients if scope == "fl" else s.n_clients + 1
    if s.dim < room:
        raise OutOfDomainError(f"Rare coordinates outside the signal need dim >= {room}; got dim={s.dim}.")
    return rare_recovery_formula(objective, scope).value(
        n_clients=s.n_clients,
        rare_fraction=float(s.rare_fraction),
        mu=float(s.mu),
        augmentation_std=float(s.augmentation_std),
        gamma=rare_aspect(s, scope),
    )


def rare_threshold(s: Setting, objective: Objective, scope: Site = "fl") -> float:
    """The least rho whose coordinate is represented at all in the limit: exact edge, one CL draw.

    Above 1 no rare class is large enough. Source: ledger. Units: a fraction of the samples.
    """
    ratio, m2 = rare_aspect(s, scope), float(s.mu) ** 2
    clients = s.n_clients if scope == "fl" else 1
    if objective is Objective.MIM:
        return clients * MIM_RARE_THRESHOLD.value(mu=float(s.mu), gamma=ratio)
    leading = CL_RARE_THRESHOLD_LEADING.value(
        mu=float(s.mu), augmentation_std=float(s.augmentation_std), gamma=ratio, draws=1
    )
    s2 = float(s.augmentation_std) ** 2 / 2
    if s2 == 0:
        return clients * leading
    gap = sp.Symbol("gap", positive=True)
    inside = sp.lambdify((gap, gamma, mu, augmentation_std), bulk_pull(gap, objective) - 1, "math")
    # At the first end the term in nu alone reaches 1; at the second both do, even without the shift in z's.
    low = (m2 + s2) * ratio**0.5
    edge = brentq(
        lambda x: inside(x, ratio, float(s.mu), float(s.augmentation_std)), low, leading, xtol=1e-300, rtol=1e-14
    )
    return clients * float(edge)


def rare_aspect(s: Setting, scope: Site = "fl") -> float:
    """d over the samples in the matrix: seen from the rare coordinate the whole space is noise, up to O(N/d)."""
    return s.dim / (s.total_samples if scope == "fl" else s.samples_per_client)


@cache
def rare_window_formula(objective: Objective, n_growth: Growth = "fixed", scope: Site = "fl") -> Formula:
    """The alpha above which rare classes of d^alpha samples are represented under the paper's scaling; alpha < 1 there.

    theta = d^(alpha - beta) / N is set against sqrt(gamma), gamma = d^(1 - beta) / N; for masks times d^(-2/5).

    Source: ledger; chen2026 Section 3.2 for alpha in (0, 1). Units: an exponent of d.
    """
    growth = sp.Rational(1, 20) if n_growth == "paper" else sp.Integer(0)
    clients = growth if scope == "fl" else sp.Integer(0)
    noise = sp.Rational(-2, 5) if objective is Objective.MIM else sp.Integer(0)
    return Formula(
        name=f"rare_window_{objective.value}_{n_growth}_{scope}",
        title="Least alpha at which rare classes of d^alpha samples are represented",
        expr=sp.expand(beta + clients + noise + (1 - beta - clients) / 2),
        domain=(beta > 0,),
        units="exponent of d",
        source=Source("ledger", "threshold of the spike under the paper's scaling"),
    )
