"""Exponents: the power of d at which deficits and the sensitivity fall when each client has d^beta samples.

Nothing is tabulated: the powers are counted in the closed forms themselves. These are leading orders for many samples.
A deficit lies in [0, 1], so its closed form is its order only where it falls; from the beta where the exponent is 0
downward the deficit is of order 1 (`saturated`).
"""

from enum import StrEnum
from functools import cache

import sympy as sp

from theory.deficits.closed_forms import deficit_formula, sensitivity_share
from theory.deficits.masked_autoencoder import mae_formula
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
    """a(beta) such that the quantity's closed form is Theta(d^a) with augmentation noise of order 1, linear in beta.

    It is the quantity's own exponent above the beta of `falls_above`; at and below it see `saturated`. `is_expected`:
    draws in expectation (default for MIM and the MAE loss), or a fixed number a sample (default for CL).

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


def falls_above(closed_form: sp.Expr) -> sp.Expr:
    """The beta above which a closed form with this exponent falls with d, and so is the order of the deficit.

    Source: ledger. Errors: ValueError for an exponent that does not fall with beta.
    """
    if sp.diff(closed_form, beta) != -1:
        raise ValueError(f"An exponent a - beta is wanted; got {closed_form}. Give the closed form's.")
    return closed_form + beta


def saturated(closed_form: sp.Expr) -> sp.Expr:
    """min(0, a): the exponent of a deficit in [0, 1] whose closed form, before it saturates, has the exponent a.

    Where the closed form grows the deficit tends to 1: for the alignment losses the bulk swallows the direction
    (`theory.deficits.proportional_limit`), for the MAE loss x/(1 + x) takes the place of x
    (`theory.deficits.masked_autoencoder.mae_deficit_saturating`).

    Source: ledger. Units: powers of d.
    """
    return sp.Min(0, closed_form)


@cache
def _of_one_over_n(expr: sp.Expr, n_growth: NGrowth) -> sp.Expr:
    """The exponent of an expression proportional to 1/n_i."""
    return power_of_dim(expr, n_growth) - beta
