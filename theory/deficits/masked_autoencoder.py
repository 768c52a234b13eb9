"""Deficit of a masked autoencoder, Eq (3), at finite sample size.

The rows of the optimum are [I, T] in (signal, noise) coordinates. To first order T = D (Sigma - D)^(-1) E / mu^2 with
E the sampled cross moment of signal and noise pixels: regression does not damp noise pixels by their small variance,
which is why the deficit carries 1/mu^2 where the alignment losses carry mu^2.
"""

import sympy as sp

from theory.formula import Formula, OutOfDomainError, Source
from theory.readings import EXPECTED, Scope
from theory.setting import Setting
from theory.symbols import dim, draws, feature_dim, mask_ratio, mu, n_clients, samples, tau

_SOURCE = Source("ledger", "reduced-rank regression of chen2026 (3), second order in the sampling error")
_UNITS = "dimensionless; 1 - r_k, meant while small against 1"


def _braces(block: list[tuple[sp.Expr, sp.Expr]], own: sp.Expr, sampled: bool) -> sp.Expr:
    """n Var of one entry of mu^2 T by noise pixel, times 1/mu^2 or what sampling makes of it.

    `block`: (weight, eigenvalue) of Sigma on the learned coordinates; `own`: its constant diagonal D. All three view
    moments are polynomials in Sigma and D = own I, so each eigenvalue stands for itself.
    """
    p, q = mask_ratio, 1 - mask_ratio
    total = sp.Integer(0)
    for weight, value in block:
        if sampled:
            visible, hidden = q**2 * value + p * q * own, p**2 * value + p * q * own
            ratio = visible / (p * q * (value - own))
            total += weight * (ratio**2 * hidden - visible) / q
        else:
            total += weight * own**2 * value / (value - own) ** 2
    return total


def _fl_block() -> tuple[list[tuple[sp.Expr, sp.Expr]], sp.Expr]:
    n = n_clients
    isotropic = tau**2 / 4 + 1 / n
    shared = (n - 2) * tau**2 / (4 * n)
    rest = isotropic + mu**2
    return [(1 / n, rest + n * shared), (1 - 1 / n, rest)], rest + shared


def _local_block() -> tuple[list[tuple[sp.Expr, sp.Expr]], sp.Expr]:
    n = n_clients
    return [
        (1 / (n - 1), n * tau**2 / 4 + mu**2),
        ((n - 2) / (n - 1), tau**2 / 4 + mu**2),
    ], tau**2 / 2 + mu**2


def _formula(scope: Scope, is_expected: bool) -> Formula:
    if scope is Scope.FL:
        block, own = _fl_block()
        # Rows beyond the N learned ones turn to noise at random and take their share of T with them.
        pixels = (dim - feature_dim) / mu**2
        total = n_clients * samples
        domain = (n_clients >= 3, feature_dim >= n_clients, dim > feature_dim)
    else:
        block, own = _local_block()
        # The client's own coordinate is one more pixel that predicts nothing, of variance 1 + mu^2.
        pixels = (dim - feature_dim - 1) / mu**2 + 1 / (1 + mu**2)
        total = samples
        domain = (n_clients >= 3, feature_dim >= n_clients - 1, feature_dim <= n_clients, dim > feature_dim + 1)
    power = _braces(block, own, sampled=False)
    if not is_expected:
        power = _braces(block, own, sampled=True) / draws + (1 - 1 / draws) * power
    suffix = "expected" if is_expected else "sampled"
    masks = "masks averaged exactly" if is_expected else "K masks a sample"
    return Formula(
        name=f"mae_deficit_{scope.value}_{suffix}",
        title=f"Mean 1 - r_k of the masked autoencoder, Eq (3), {scope.value}, {masks}",
        expr=pixels / total * power,
        domain=domain,
        units=_UNITS,
        source=_SOURCE,
    )


MAE_DEFICIT_FL = _formula(Scope.FL, True)
MAE_DEFICIT_FL_SAMPLED = _formula(Scope.FL, False)
MAE_DEFICIT_LOCAL_OTHER = _formula(Scope.LOCAL_OTHER, True)
MAE_DEFICIT_LOCAL_OTHER_SAMPLED = _formula(Scope.LOCAL_OTHER, False)

NOTHING_LEARNED = "With two clients the views are uncorrelated: the best guess is zero and nothing is learned"


def mae_formula(scope: Scope, draws: int | str) -> Formula:
    """The closed form for the scope, with masks in expectation or sampled."""
    if scope is Scope.FL:
        return MAE_DEFICIT_FL if draws == EXPECTED else MAE_DEFICIT_FL_SAMPLED
    return MAE_DEFICIT_LOCAL_OTHER if draws == EXPECTED else MAE_DEFICIT_LOCAL_OTHER_SAMPLED


def mae_arguments(s: Setting, draws: int | str) -> dict[str, object]:
    """The formulas' arguments at a setting."""
    values: dict[str, object] = {
        "n_clients": s.n_clients,
        "dim": s.dim,
        "feature_dim": s.feature_dim,
        "samples_per_client": s.samples_per_client,
        "tau": s.tau,
        "mu": s.mu,
        "mask_ratio": s.mask_ratio,
    }
    return values if draws == EXPECTED else values | {"draws": draws}


def mae_deficit(s: Setting, draws: int | str = EXPECTED, scope: Scope = Scope.FL) -> float:
    """Mean of 1 - r_k over the scope under Eq (3), to leading order in 1/n; 1 for the client's own coordinate.

    Source: ledger. The audit's B-vi has d - N for c = N; rows beyond make it d - c.
    Units: dimensionless.
    Errors: OutOfDomainError with two clients (nothing is learned), a rare class, or c outside the formula's range;
        ValueError for draws that are neither "expected" nor a whole number from 1.
    """
    if draws != EXPECTED and (isinstance(draws, bool) or not isinstance(draws, int) or draws < 1):
        raise ValueError(f'draws must be "{EXPECTED}" or a whole number, at least 1; got draws={draws!r}.')
    if s.n_clients == 2:
        raise OutOfDomainError(f"{NOTHING_LEARNED}; got n_clients=2. Use n_clients >= 3.")
    if s.rare_fraction != 0:
        raise OutOfDomainError(f"The formula has no rare class; got rare_fraction={s.rare_fraction}. Use 0.")
    if scope is Scope.LOCAL_OWN:
        if s.feature_dim > s.n_clients:
            raise OutOfDomainError(
                f"Locally c <= N is wanted; got feature_dim={s.feature_dim}, n_clients={s.n_clients}. Lower it."
            )
        # Uncorrelated with every other pixel, it can neither be predicted nor predict.
        return 1.0
    return mae_formula(scope, draws).value(**mae_arguments(s, draws))


def mae_deficit_saturating(s: Setting) -> float:
    """Mean of 1 - r_k in FL under Eq (3), masks averaged: sum of weight x/(1 + x), where `mae_deficit` has weight x.

    The rows of the optimum are [I, T], so that r on the signal is (I + T T^T)^-1, and with many noise coordinates T T^T
    is near its mean, whose eigenvalues are the x. It never exceeds 1, and it is the leading order where that is small.

    Source: ledger. For n much above d; below, regression on d coordinates from n samples raises x by n/(n - d), the
    order of which is 1 for |D_i| = d^beta, beta >= 1. Units: dimensionless, in [0, 1].
    Errors: those of `mae_deficit`.
    """
    mae_deficit(s)  # refuses what lies outside the domain
    values = {n_clients: s.n_clients, tau: float(s.tau), mu: float(s.mu)}
    block, own = _fl_block()
    pixels = (s.dim - s.feature_dim) / float(s.mu) ** 2 / s.total_samples
    total, diagonal = 0.0, float(own.subs(values))
    for weight, value in block:
        level = float(value.subs(values))
        x = pixels * diagonal**2 * level / (float((value - own).subs(values))) ** 2
        total += float(weight.subs(values)) * x / (1 + x)
    return total
