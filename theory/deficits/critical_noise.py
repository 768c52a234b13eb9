"""The critical noise sigma*: at it, contrast and independent masks have equal deficits (equally many draws).

Per noise direction and sample CL misses mu^2 A + [sigma^2 (A + mu^2 B) + sigma^4 B]/2 and MIM
mu^2 [(1/(4 pi) + 1/2) A + E/(4 pi)], with A, B, E the means over the scope of lambda/gap^2, 1/gap^2 and diagonal/gap^2.
Both carry the same (d - c)/n and the same 1/K, so neither enters the root.
"""

import math
from functools import cache

import sympy as sp

from theory.data.signal_levels import signal_levels
from theory.formula import Formula, OutOfDomainError, Source
from theory.readings import Scope
from theory.setting import Setting
from theory.symbols import dim, mask_ratio, mu, n_clients, tau

PI = mask_ratio * (1 - mask_ratio)
SOURCE = Source("ledger", "equality of the second-order deficits of contrast and of independent masks, one draw each")


@cache
def sigma_star_formula(scope: Scope = Scope.FL) -> Formula:
    """sigma*: contrast is more robust below it, independent sampled masks above it.

    Source: ledger; the paper's Theorem 4.4 has masking more robust at sigma = 1 whatever the rest.
    Units: those of the data.
    """
    a, b, e = _means(scope)
    excess = mu**2 * ((1 / (4 * PI) - sp.Rational(1, 2)) * a + e / (4 * PI))
    half = (a + mu**2 * b) / 2
    # The root of b/2 s^2 + half s = excess in the form that does not cancel when the excess is small.
    squared = 2 * excess / (half + sp.sqrt(half**2 + 2 * b * excess))
    return Formula(
        name=f"sigma_star_{scope.value}",
        title="Augmentation noise at which contrast and masking have equal deficits",
        expr=sp.sqrt(squared),
        domain=(n_clients >= 2, dim >= n_clients, mask_ratio < 1),
        units="data units",
        source=SOURCE,
    )


@cache
def sigma_star_limit_formula(scope: Scope = Scope.FL) -> Formula:
    """The limit of sigma*/mu as d grows under tau = d^(1/5), mu = d^(-1/5) and N fixed: sqrt((1 + u)/(2 pi) - 1).

    u is `spectrum_unevenness`, the limit of E/A, between 1 and 2.

    Source: ledger; `tests/theory/deficits/test_critical_noise.py` takes the limit with sympy.
    Units: dimensionless, a multiple of mu.
    """
    return Formula(
        name=f"sigma_star_limit_{scope.value}",
        title="Critical augmentation noise over the pixel noise, for large dimension",
        expr=sp.sqrt((1 + spectrum_unevenness(scope)) / (2 * PI) - 1),
        domain=(n_clients >= 2, mask_ratio < 1),
        units="multiples of mu",
        source=SOURCE,
    )


def sigma_star(
    n_clients: int,
    dim: int | float,
    mask_ratio: float,
    scope: Scope = Scope.FL,
    tau: object | None = None,
    mu: object | None = None,
) -> float:
    """sigma* at a finite dimension, or sigma*/mu for `dim` infinite; tau and mu default to d^(1/5) and d^(-1/5).

    Source: ledger. Units: data units, or multiples of mu.
    Errors: ValueError outside the model; OutOfDomainError when mu = 0 (no noise, no deficit, nothing to balance).
    """
    if dim == math.inf:
        Setting.paper(max(n_clients, 2), n_clients=n_clients, mask_ratio=mask_ratio)
        return sigma_star_limit_formula(scope).value(n_clients=n_clients, mask_ratio=mask_ratio)
    if not math.isfinite(dim) or dim != int(dim):
        raise ValueError(f"dim must be a whole number or inf; got dim={dim}.")
    s = Setting.paper(int(dim), n_clients=n_clients, mask_ratio=mask_ratio)
    tau = sp.Integer(s.dim) ** sp.Rational(1, 5) if tau is None else tau
    mu = sp.Integer(s.dim) ** -sp.Rational(1, 5) if mu is None else mu
    if mu == 0:
        raise OutOfDomainError("Without pixel noise nothing is missed by either objective; got mu=0. Use mu > 0.")
    return sigma_star_formula(scope).value(n_clients=n_clients, dim=s.dim, mask_ratio=mask_ratio, tau=tau, mu=mu)


def _means(scope: Scope) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    levels = signal_levels(scope)
    a = sum((level.weight * level.eigenvalue / level.gap**2 for level in levels), sp.Integer(0))
    b = sum((level.weight / level.gap**2 for level in levels), sp.Integer(0))
    return a, b, levels.diagonal * b


@cache
def spectrum_unevenness(scope: Scope) -> sp.Expr:
    """lim E/A as tau grows and mu falls, from 1 (N = 2, or the own coordinate) to 2: how uneven the spectrum is.

    Source: ledger. Units: dimensionless.
    """
    a, _, e = (mean.subs(mu, 0) for mean in _means(scope))
    return sp.factor(sp.limit(sp.together(sp.simplify(e / a)), tau, sp.oo))
