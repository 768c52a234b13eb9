"""Deficits 1 - r_k and sensitivities to second order: how a finite sample tilts the represented subspace.

One shape covers every reading. Outside the signal x = mu xi, independent of all else, so each coordinate l outside S
couples to S by a mean over samples of independent terms t with E (t . g)^2 = m(g). To second order
1 - r_k = sum over l of (Delta_l . G e_k)^2 with G the inverse gap on S, hence
    E (1 - r_k) = (d - c) / n_total * sum over eigenspaces of S of weight * m(lambda) / gap^2.
"""

import math
from functools import cache
from typing import Any

import sympy as sp
from scipy import integrate, special

from theory.data.signal_levels import SignalLevels, signal_levels
from theory.formula import Formula, OutOfDomainError, Source
from theory.readings import EXPECTED, Mask, Objective, Scope, Selection
from theory.setting import Setting
from theory.symbols import augmentation_std, dim, draws, feature_dim, mask_ratio, mu, n_clients, samples

N, d, c, n_i, K, sigma = n_clients, dim, feature_dim, samples, draws, augmentation_std
PI = mask_ratio * (1 - mask_ratio)


def noise_power(objective: Objective, mask: Mask, is_expected: bool, lam: sp.Expr, diagonal: sp.Expr) -> sp.Expr:
    """m(g) for a unit eigenvector g of the signal block: the variance of one sample's coupling, scaled by (E mask)^2.

    `lam` is its eigenvalue, `diagonal` the common entry of diag E[x x^T] where g lives. With K draws a sample the part
    that the draws add is divided by K; in expectation over draws it is gone.

    Source: ledger; `tests/theory/deficits/test_noise_power.py` enumerates the masks and takes the Gaussian moments.
    """
    shared = mu**2 * lam
    if is_expected:
        return shared
    if objective is Objective.CL:
        # x_l, a_l, b_l are independent: mu^2 (g x)^2 + augmentation of S, of l, and of both.
        return shared + (sigma**2 * (lam + mu**2) + sigma**4) / (2 * K)
    if mask is Mask.INDEPENDENT:
        # (m_l m'_k + m_k m'_l)/2 has second moment (pi + pi^2)/2, and (pi + 2 pi^2)/4 between two k.
        one_draw = (1 / (4 * PI) + sp.Rational(1, 2)) * lam + diagonal / (4 * PI)
    else:
        # 1[m_l != m_k]/2 has second moment 1/2 of its mean, and 1/4 of it between two k.
        mean = PI * d / (d - 1) if mask is Mask.FIXED_COUNT else PI
        one_draw = (lam + diagonal) / (4 * mean)
    return shared + mu**2 * (one_draw - lam) / K


@cache
def deficit_formula(
    objective: Objective, scope: Scope = Scope.FL, *, is_expected: bool = False, mask: Mask = Mask.INDEPENDENT
) -> Formula:
    """The mean over the scope of E(1 - r_k), to second order in the fluctuations, for c >= N.

    With independent masks or contrast every eigenvalue of S stands above the noise. With complementary masks (and a
    fixed count) it is the reading in which W may use eigenvalues of either sign: gaps are those of the off-diagonal.

    Source: ledger; the paper's Theorems 4.2 and 4.3 bound it by a first-order argument with other exponents.
    Units: dimensionless, meant where it is small against 1.
    Errors: OutOfDomainError for a local scope under complementary masks, and for the masks printed in Eq (17).
    """
    levels = _levels(objective, mask, scope)
    total = N * n_i if scope is Scope.FL else n_i
    power = sum(
        level.weight * noise_power(objective, mask, is_expected, level.eigenvalue, levels.diagonal) / level.gap**2
        for level in levels
    )
    return Formula(
        name=_name("deficit", objective, scope, is_expected, mask),
        title="Mean deficit 1 - r_k over the scope, second order",
        expr=(d - c) / total * power,
        domain=(levels.least_clients <= N, c >= N, c <= d),
        units="dimensionless, meant where it is small against 1",
        source=Source("ledger", "second-order perturbation of the alignment matrix"),
    )


@cache
def sensitivity_formula(
    objective: Objective, scope: Scope = Scope.FL, *, is_expected: bool = False, mask: Mask = Mask.INDEPENDENT
) -> Formula:
    """E(max - min of r_k over the scope's coordinates) over R, the mean range of as many standard normals.

    The deficits of two coordinates are sums over d - c directions of squares of Gaussians with covariance C, so each
    has variance 2 C_kk^2 and two have correlation rho = (C_kl / C_kk)^2: E s = R sqrt(2 (1 - rho) / (d - c)) E deficit.

    Meant for d - c much above N^2 and, with masks sampled, for n_i much above d as well: the C of one data set differs
    from its mean, which spreads the r_k further and is left out. The value is then too low (N = 3, d = 64: by a sixth
    at n_i = 1000, by a third at n_i = 200).

    Source: ledger, central limit in d - c; exchangeable normals with correlation rho have range sqrt(1 - rho) R.
    Units: dimensionless.
    Errors: OutOfDomainError for one own coordinate, which has no sensitivity, and otherwise as `deficit_formula`.
    """
    deficit = deficit_formula(objective, scope, is_expected=is_expected, mask=mask)
    return Formula(
        name=_name("sensitivity", objective, scope, is_expected, mask),
        title="Expected sensitivity max r_k - min r_k, over the mean range of standard normals",
        expr=deficit.expr * sp.sqrt(sensitivity_share(objective, scope, is_expected=is_expected, mask=mask)),
        domain=(*deficit.domain, c < d, (3 if scope is Scope.LOCAL_OTHER else 2) <= N),
        units="dimensionless",
        source=Source("ledger", "central limit over the d - c noise directions"),
    )


@cache
def sensitivity_share(
    objective: Objective, scope: Scope = Scope.FL, *, is_expected: bool = False, mask: Mask = Mask.INDEPENDENT
) -> sp.Expr:
    """2 (1 - rho)/(d - c): the squared sensitivity over (R deficit)^2.

    Source: ledger. Errors: those of `sensitivity_formula`.
    """
    if scope is Scope.LOCAL_OWN:
        raise OutOfDomainError("A sensitivity needs two coordinates; the own coordinate is one. Use fl or local_other.")
    levels = _levels(objective, mask, scope)
    first, second = (
        noise_power(objective, mask, is_expected, level.eigenvalue, levels.diagonal) / level.gap**2 for level in levels
    )
    ones, rest = (level.weight for level in levels)
    correlation = ones * (first - second) / (ones * first + rest * second)
    return 2 * (1 - correlation**2) / (d - c)


def deficit(
    s: Setting,
    objective: Objective,
    scope: Scope = Scope.FL,
    draws: int | str = EXPECTED,
    mask: Mask = Mask.INDEPENDENT,
    selection: Selection = Selection.PSD,
) -> float:
    """The mean over the scope of E(1 - r_k), to second order around a population that represents the signal.

    `draws`: "expected" or K a sample. Masks as printed in (17) give a diagonal matrix, so nothing tilts.

    Source: ledger. Units: dimensionless.
    Errors: ValueError for draws < 1; OutOfDomainError for c < N, for a coordinate that no eigenvalue represents, and
    for complementary masks or a fixed count under `psd`: see `theory.deficits.literal_masks`.
    """
    if objective is Objective.MIM and mask is not Mask.INDEPENDENT:
        is_expected(draws)
        if mask is Mask.PRINTED:
            return _printed_deficit(s)
        if selection is Selection.PSD:
            raise OutOfDomainError(
                f"Under {mask.value} masks the population represents one direction at most, so there is no second "
                "order around it. Use literal_deficit of theory.deficits.literal_masks, or selection=modulus."
            )
    formula = deficit_formula(objective, scope, is_expected=is_expected(draws), mask=mask)
    return formula.value(**arguments(s, draws))


def expected_sensitivity(
    s: Setting,
    objective: Objective,
    scope: Scope = Scope.FL,
    draws: int | str = EXPECTED,
    mask: Mask = Mask.INDEPENDENT,
) -> float:
    """E(max r_k - min r_k) over the scope's coordinates, by the central limit; `sensitivity_formula` has its range.

    Source: ledger. Units: dimensionless. Errors: those of `deficit`, and of `sensitivity_formula`.
    """
    formula = sensitivity_formula(objective, scope, is_expected=is_expected(draws), mask=mask)
    count = s.n_clients if scope is Scope.FL else s.n_clients - 1
    return expected_range(count) * formula.value(**arguments(s, draws))


def expected_range(count: int) -> float:
    """The mean of max - min of `count` standard normals. Source: ledger; the integral of 1 - Phi^n - (1 - Phi)^n."""
    if count < 2:
        return 0.0
    value, _ = integrate.quad(
        lambda x: -math.expm1(count * special.log_ndtr(x)) - special.ndtr(-x) ** count, -12.0, 12.0, epsabs=1e-13
    )
    return value


def is_expected(draws: int | str) -> bool:
    """Whether draws are averaged exactly. Errors: ValueError unless "expected" or a whole number from 1."""
    if draws == EXPECTED:
        return True
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise ValueError(f'draws must be "{EXPECTED}" or a whole number from 1; got draws={draws!r}.')
    return False


def arguments(s: Setting, draws: int | str = EXPECTED) -> dict[str, Any]:
    """A setting as keyword arguments of a `Formula`."""
    values: dict[str, Any] = {
        "n_clients": s.n_clients,
        "dim": s.dim,
        "feature_dim": s.feature_dim,
        "samples_per_client": s.samples_per_client,
        "tau": s.tau,
        "mu": s.mu,
        "mask_ratio": s.mask_ratio,
        "augmentation_std": s.augmentation_std,
    }
    return values if draws == EXPECTED else values | {"draws": draws}


def _levels(objective: Objective, mask: Mask, scope: Scope) -> SignalLevels:
    if objective is Objective.MIM and mask is Mask.PRINTED:
        raise OutOfDomainError(
            "The matrix printed in (17) is diagonal and comes from no law of masks, so nothing tilts and there is no "
            "second-order formula; got mask=printed. Use independent, complementary or fixed_count masks."
        )
    by_sign = objective is Objective.MIM and mask in (Mask.COMPLEMENTARY, Mask.FIXED_COUNT)
    return signal_levels(scope, is_off_diagonal=by_sign)


def _printed_deficit(s: Setting) -> float:
    if s.feature_dim < s.n_clients:
        raise OutOfDomainError(
            f"The deficit holds for feature_dim >= n_clients; got feature_dim={s.feature_dim}, n_clients={s.n_clients}."
        )
    return 0.0


def _name(what: str, objective: Objective, scope: Scope, is_expected: bool, mask: Mask) -> str:
    reading = "" if objective is Objective.CL else f"_{mask.value}"
    return f"{what}_{objective.value}{reading}_{scope.value}_{'expected' if is_expected else 'sampled'}"
