"""The limit of the deficit when d and n grow in proportion: closed forms for contrast and for masks.

X = Gram(y) - Gram(z): y has noise variance nu^2 = mu^2 + sigma^2/2, z has s^2 = sigma^2/2 (masks: sigma = 0, no z).
1. Noise block. Free addition of nu^2 W and -s^2 W' (white Wisharts, aspect gamma): with m = (1/n) tr (X_pp - x)^-1,
   x(m) = nu^2/(1 + nu^2 m) - s^2/(1 - s^2 m) - gamma/m; outside the bulk, x'(m) > 0.
2. Signal block. With U = (y; z), J = diag(1, -1), Q = U_p (X_pp - x)^-1 U_p^T / n its Schur complement is
   U_S^T (J - J Q J) U_S / n.
   The inner matrix is independent of U_S: it acts as 1/(1 + nu^2 m) on y and -1/(1 - s^2 m) on z. In a direction u with
   E (u . x)^2 = lambda the whole tends to k(m) = (lambda + s^2)/(1 + nu^2 m) - s^2/(1 - s^2 m): outliers have k = x.
3. In k = x the terms in z cancel. With the gap l = lambda - mu^2 and lambda + s^2 - nu^2 = l it is linear in m: its one
   solution is m = -gamma/(l + gamma nu^2), and no root has to be searched for.
4. The residue of the resolvent is r = x'/(x' - k'). Put m in and multiply by m^2.
The outlier leaves the bulk iff x' > 0 there, which is r > 0.

Features beyond N take the bulk's largest eigenvalues, and each holds a part of what is missing. Where their share of
the noise coordinates, (c - N)/(d - N), stays fixed as d grows, the spectral measure of a direction, whose transform is
1/(k(m) - x), says how much: `theory.deficits.limit_law` integrates it.
"""

from functools import cache

import sympy as sp

from theory.data.signal_levels import signal_levels
from theory.deficits.limit_law import alignment_law
from theory.formula import Formula, OutOfDomainError, Source
from theory.readings import Objective, Scope
from theory.setting import Setting
from theory.symbols import augmentation_std, gamma, mu, n_clients, tau

SOURCE = Source("ledger", "deterministic equivalent; one Gram matrix: paul2007, Theorem 4, and baik2006, Theorem 1.1")


def spike_represented(gap: sp.Expr | float, objective: Objective) -> sp.Expr:
    """Limit of r for a direction whose eigenvalue stands `gap` above the pixel noise; 0 when the bulk swallows it.

    Source: ledger, step 4 of the module. Units: dimensionless, in [0, 1].
    """
    z = augmentation_std**2 / 2 if objective is Objective.CL else sp.Integer(0)
    return sp.Max(0, 1 - bulk_pull(gap, objective)) / (1 + gamma * (mu**2 + z) / gap)


def spike_deficit(gap: sp.Expr | float, objective: Objective) -> sp.Expr:
    """Limit of 1 - r for a direction whose eigenvalue stands `gap` above the pixel noise; 1 when the bulk swallows it.

    Source: ledger, steps 3 and 4 of the module; free of cancellation when it is small.
    Units: dimensionless, in [0, 1].
    """
    z = augmentation_std**2 / 2 if objective is Objective.CL else sp.Integer(0)
    y = mu**2 + z
    lost = y / gap + (y / gap) ** 2 + (z / (gap + gamma * (y + z))) ** 2
    return sp.Min(1, gamma * lost / (1 + gamma * y / gap))


@cache
def deficit_limit_formula(objective: Objective, scope: Scope = Scope.FL) -> Formula:
    """The mean over the scope of the limit of 1 - r_k, for d, n to infinity with gamma fixed and N fixed.

    Masks: independent, in expectation. Contrast: one draw a sample.

    Source: ledger. Units: dimensionless, in [0, 1].
    """
    levels = signal_levels(scope)
    return Formula(
        name=f"deficit_limit_{objective.value}_{scope.value}",
        title="Mean deficit 1 - r_k over the scope, limit at a fixed ratio of dimension to samples",
        expr=sum((level.weight * spike_deficit(level.gap, objective) for level in levels), sp.Integer(0)),
        domain=(levels.least_clients <= n_clients,),
        units="dimensionless, in [0, 1]",
        source=SOURCE,
    )


def deficit_limit(s: Setting, objective: Objective, scope: Scope = Scope.FL, gamma: float | None = None) -> float:
    """The limit at the setting's gamma = (d - N) / samples in the matrix, or at the `gamma` given, and at its share of
    spare features (c - N)/(d - N).

    With c = N it is the closed form of `deficit_limit_formula`. W uses no eigenvalue at or below 0, so that more
    features than positive eigenvalues change nothing.

    Source: ledger. Units: dimensionless, in [0, 1].
    Errors: ValueError unless gamma >= 0 is finite; OutOfDomainError for c < N, where some direction is left out.
    """
    if s.feature_dim < s.n_clients:
        raise OutOfDomainError(
            f"The limit holds for feature_dim >= n_clients; got feature_dim={s.feature_dim}, n_clients={s.n_clients}."
        )
    ratio = aspect(s, scope) if gamma is None else gamma
    if not 0 <= ratio < float("inf"):
        raise ValueError(f"gamma is noise coordinates per sample, finite and at least 0; got gamma={gamma}. Try 0.5.")
    reals = {"augmentation_std": float(s.augmentation_std), "gamma": float(ratio)}
    sizes = {"n_clients": s.n_clients, "tau": float(s.tau), "mu": float(s.mu)}
    half_noise = float(s.augmentation_std) ** 2 / 2 if objective is Objective.CL else 0.0
    # Without spare features, or without noise, there is nothing for the bulk to hold.
    if s.feature_dim == s.n_clients or ratio == 0 or float(s.mu) ** 2 + half_noise == 0:
        return deficit_limit_formula(objective, scope).value(**sizes, **reals)
    share, law = spare_share(s), alignment_law(float(s.mu) ** 2, half_noise, float(ratio))
    at = {n_clients: s.n_clients, tau: float(s.tau)}
    left = 0.0
    for level in signal_levels(scope):
        gap, weight = float(level.gap.subs(at)), float(level.weight.subs(at))
        missing = _missing(gap, objective, s, float(ratio))
        left += weight * missing * law.share_left(gap, share, missing)
    return left


def _missing(gap: float, objective: Objective, s: Setting, ratio: float) -> float:
    values = {mu: float(s.mu), augmentation_std: float(s.augmentation_std), gamma: ratio}
    return float(spike_deficit(sp.Float(gap), objective).subs(values))


def spare_share(s: Setting) -> float:
    """(c - N)/(d - N): features that no signal direction needs, for each noise coordinate. 0 where d = N."""
    return (s.feature_dim - s.n_clients) / max(1, s.dim - s.n_clients)


def aspect(s: Setting, scope: Scope = Scope.FL) -> float:
    """Noise coordinates per sample, (d - N) over the samples that enter the scope's matrix."""
    return (s.dim - s.n_clients) / (s.total_samples if scope is Scope.FL else s.samples_per_client)


def bulk_pull(gap: sp.Expr | float, objective: Objective) -> sp.Expr:
    """gamma (nu^4/l^2 + s^4/(l + gamma (nu^2 + s^2))^2), with gap l: the spike leaves the bulk iff this is below 1.

    Source: ledger; x'(m) > 0 at the solution of step 3.
    """
    z = augmentation_std**2 / 2 if objective is Objective.CL else sp.Integer(0)
    y = mu**2 + z
    return gamma * ((y / gap) ** 2 + (z / (gap + gamma * (y + z))) ** 2)
