"""Exponents: the power of d at which deficits and the sensitivity fall when each client has d^beta samples.

Nothing is tabulated: the powers are counted in the closed forms themselves.
"""

from enum import StrEnum
from functools import cache

import sympy as sp

from theory.deficits.reconstruction import mae_formula
from theory.deficits.second_order import deficit_formula, sensitivity_share
from theory.formula import OutOfDomainError
from theory.readings import EXPECTED, Objective, Scope
from theory.scaling import NGrowth, power_of_dim
from theory.symbols import beta


class Quantity(StrEnum):
    """What falls with d: the deficit 1 - r_k, the sensitivity max - min, or the deficit of the MAE loss, Eq (3)."""

    DEFICIT = "deficit"
    SENSITIVITY = "sensitivity"
    MAE_DEFICIT = "mae_deficit"


def exponent(
    quantity: Quantity,
    objective: Objective,
    scope: Scope = Scope.FL,
    *,
    is_expected: bool | None = None,
    n_growth: NGrowth = NGrowth.FIXED,
) -> sp.Expr:
    """a(beta) such that the quantity is Theta(d^a) with augmentation noise of order 1, linear in beta.

    Second order: meant where a < 0; a >= 0 says that the signal is not recovered at that beta. `is_expected`: draws in
    expectation (default for MIM and the MAE loss), or a fixed number a sample (default for CL).

    Source: ledger; chen2026 Theorems 4.2 and 4.3 claim -4/5 and -3/5 for every beta >= 1.
    Units: powers of d.
    Errors: OutOfDomainError for the sensitivity of a local scope, and where a reading has no deficit formula.
    """
    expected = objective is Objective.MIM if is_expected is None else is_expected
    if quantity is Quantity.MAE_DEFICIT:
        if scope is Scope.LOCAL_OWN:
            # Uncorrelated with every other pixel, the own coordinate is never encoded: its deficit stays 1.
            return sp.Integer(0)
        masks_expected = True if is_expected is None else is_expected
        return _of_one_over_n(mae_formula(scope, EXPECTED if masks_expected else 1).expr, n_growth)
    if quantity is Quantity.DEFICIT:
        return _of_one_over_n(deficit_formula(objective, scope, is_expected=expected).expr, n_growth)
    if scope is not Scope.FL:
        raise OutOfDomainError(
            f"The sensitivity is that of the global representation, Theorem 4.4; got scope={scope.value}. Use scope=fl."
        )
    # The mean range of N normals grows like sqrt(log N) only: no power of d.
    share = sensitivity_share(objective, scope, is_expected=expected)
    deficit = _of_one_over_n(deficit_formula(objective, scope, is_expected=expected).expr, n_growth)
    return deficit + power_of_dim(share, n_growth) / 2


@cache
def _of_one_over_n(expr: sp.Expr, n_growth: NGrowth) -> sp.Expr:
    """The exponent of an expression proportional to 1/n_i."""
    return power_of_dim(expr, n_growth) - beta
