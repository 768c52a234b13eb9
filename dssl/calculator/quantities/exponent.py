"""The power of d that a quantity follows when every client has d^beta samples."""

import math
from dataclasses import dataclass
from typing import Any

import sympy as sp

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Draws, check_draws
from theory.deficits.exponents import Quantity, falls_above, saturated
from theory.deficits.exponents import exponent as derive
from theory.formula import OutOfDomainError, rational
from theory.readings import EXPECTED, Objective, Scope
from theory.scaling import NGrowth
from theory.symbols import beta

TITLE = "Exponent a of a quantity that is Theta(d^a) under the paper's scaling, for any beta"


@dataclass(frozen=True, kw_only=True)
class Query:
    """`draws` defaults to one a sample for cl and to masks in expectation for mim and the MAE loss."""

    quantity: Quantity
    beta: float
    objective: Objective = Objective.MIM
    scope: Scope = Scope.FL
    draws: Draws | None = None
    n_growth: NGrowth = NGrowth.FIXED

    def __post_init__(self) -> None:
        if not (math.isfinite(self.beta) and self.beta > 0):
            raise ValueError(f"beta must be positive and finite; got beta={self.beta}. The paper has beta >= 1.")
        if self.quantity is Quantity.MAE_DEFICIT and self.objective is Objective.CL:
            raise ValueError("mae_deficit is of masking, Eq (3); got objective=cl. Use objective=mim or leave it out.")
        if self.draws is not None:
            check_draws(self.draws)


def answer(query: Query) -> Answer:
    """One number, exact as a fraction."""
    about: dict[str, Any] = {
        "units": "power of d",
        "source": "ledger, degrees counted in the closed forms; chen2026, Theorems 4.2-4.4 differ",
    }
    expected = None if query.draws is None else query.draws == EXPECTED
    try:
        general = derive(query.quantity, query.objective, query.scope, is_expected=expected, n_growth=query.n_growth)
    except OutOfDomainError as error:
        return Answer(value=None, status="out_of_domain", reason=str(error), **about)
    general = sp.sympify(general)
    if not general.has(beta):
        # The own coordinate of the MAE loss, which is never encoded.
        reason = "The deficit is 1 whatever the samples: the own coordinate is never encoded."
        return Answer(value=float(general), exact=str(general), latex=sp.latex(general), reason=reason, **about)
    growth = rational(query.beta)
    # Second order needs a deficit that falls. The sensitivity's exponent is that of the deficit, less a constant.
    deficit = general
    if query.quantity is Quantity.SENSITIVITY:
        deficit = derive(Quantity.DEFICIT, query.objective, query.scope, is_expected=expected, n_growth=query.n_growth)
    least = falls_above(deficit)
    before = general.subs(beta, growth)
    if growth > least:
        latex = sp.latex(general) + rf"\quad(\beta > {sp.latex(least)})"
        return Answer(value=float(before), exact=str(before), latex=latex, **about)
    if query.quantity is Quantity.SENSITIVITY:
        reason = f"The closed form holds where the deficit falls, beta > {least}; got beta={query.beta:g}. Raise beta."
        return Answer(value=None, status="void", reason=reason, **about)
    reason = (
        f"The exponent of the closed form before it saturates; it is the deficit's for beta > {least} only. At "
        f"beta={query.beta:g} the deficit, at most 1, is of order 1: its own exponent is {saturated(before)}."
    )
    return Answer(value=float(before), exact=str(before), latex=sp.latex(general), reason=reason, **about)
