"""The power of d at which an expression grows under the paper's scaling, found by counting degrees."""

from enum import StrEnum

import sympy as sp

from theory.symbols import augmentation_std, dim, draws, feature_dim, mask_ratio, mu, n_clients, samples, tau

# One variable carries the scaling: tau = u^4, mu = u^-4, d = u^20, so that N = d^(1/20) is u itself.
SCALE = sp.Symbol("u", positive=True)
DEGREES_PER_POWER_OF_D = 20
CONSTANTS = {mask_ratio: sp.Rational(3, 5), augmentation_std: 1, draws: 1, samples: 1}


class NGrowth(StrEnum):
    """How the number of clients grows with d: not at all, or as the paper's N = Theta(d^(1/20))."""

    FIXED = "fixed"
    PAPER = "paper"


def power_of_dim(expr: sp.Expr, n_growth: NGrowth = NGrowth.FIXED) -> sp.Rational:
    """a such that `expr` = Theta(d^a) under tau = d^(1/5), mu = d^(-1/5), c = N; other symbols are constants.

    `expr` must be rational in tau, mu, d, c and N. The constants are given values (which no closed form here treats
    specially), but for a fixed N, which stays a symbol.

    Source: ledger, for the scaling of chen2026 Section 3.2.
    Errors: ValueError when `expr` is zero or not rational in them.
    """
    n = SCALE if n_growth is NGrowth.PAPER else n_clients
    scaled = expr.subs(feature_dim, n_clients).subs(CONSTANTS)
    scaled = scaled.subs({tau: SCALE**4, mu: SCALE**-4, dim: SCALE**20}).subs(n_clients, n)
    numerator, denominator = sp.fraction(sp.together(scaled))
    if not (numerator.is_polynomial(SCALE) and denominator.is_polynomial(SCALE)):
        raise ValueError(f"A rational function of tau, mu, d, c, N is wanted; got {expr}.")
    top = sp.Poly(sp.expand(numerator), SCALE)
    if top.is_zero:
        raise ValueError("Zero follows no power of d; give an expression that does not vanish.")
    return sp.Rational(top.degree() - sp.Poly(sp.expand(denominator), SCALE).degree(), DEGREES_PER_POWER_OF_D)
