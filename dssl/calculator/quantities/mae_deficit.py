"""Deficit of the masked autoencoder, Eq (3), in closed form."""

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Sampled
from theory.deficits.masked_autoencoder import (
    NOTHING_LEARNED,
    mae_arguments,
    mae_deficit,
    mae_deficit_saturating,
    mae_formula,
)
from theory.readings import EXPECTED, Scope
from theory.setting import Setting

TITLE = "Mean 1 - r_k of the reconstruction loss, Eq (3), at finite sample size (leading order)"
UNITS = "dimensionless"
SMALL = 0.1


@dataclass(frozen=True, kw_only=True)
class Query(Sampled):
    """`draws`: masks averaged exactly ("expected") or drawn K times a sample; n_i samples a client."""

    draws: int | Literal["expected"] = EXPECTED
    scope: Scope = Scope.FL

    def __post_init__(self) -> None:
        if self.draws != EXPECTED and self.draws < 1:
            raise ValueError(f'draws must be "{EXPECTED}" or a whole number, at least 1; got draws={self.draws}.')
        if self.mu == 0:
            raise ValueError("Without pixel noise nothing is missed and the formula divides by mu; got mu=0. Raise mu.")
        self.point()  # refuses what lies outside the assumption space

    def point(self) -> Setting:
        """The setting with these samples. Errors: ValueError as `Model.setting`."""
        return self.setting(samples_per_client=self.samples())


def answer(query: Query) -> Answer:
    """The deficit; void with two clients, where nothing is learned, and beyond 1, where leading order means nothing."""
    s = query.point()
    formula = mae_formula(query.scope, query.draws)
    source, latex = str(formula.source), formula.latex
    if s.n_clients == 2:
        reason = f"{NOTHING_LEARNED}; got n_clients=2. Use n_clients >= 3."
        return Answer(None, UNITS, source, latex=latex, status="void", reason=reason)
    value = mae_deficit(s, query.draws, query.scope)
    if query.scope is Scope.LOCAL_OWN:
        return Answer(value, UNITS, source, exact="1", latex="1")
    if value > 1:
        reason = f"The leading order is {value:.6g}, but 1 - r_k is at most 1.{_beyond(query, s)} Raise samples."
        return Answer(None, UNITS, source, latex=latex, status="void", reason=reason)
    reason = ""
    if value > SMALL:
        reason = f"The leading order is meant for small deficits; {value:.3g} is not small.{_beyond(query, s)}"
    return Answer(value, UNITS, source, exact=_exact(query, s), latex=latex, reason=reason)


def _beyond(query: Query, s: Setting) -> str:
    """What the saturating form says, for the one scope and reading that it covers."""
    if query.scope is not Scope.FL or query.draws != EXPECTED:
        return ""
    return f" With samples well above dim the deficit is near {mae_deficit_saturating(s):.3g}."


def _exact(query: Query, s: Setting) -> str:
    values = mae_arguments(s, query.draws)
    # The defaults are roots of d, not the decimals that float64 makes of them.
    fifth_root = sp.Integer(s.dim) ** sp.Rational(1, 5)
    values |= {"tau": fifth_root} if query.tau is None else {}
    values |= {"mu": 1 / fifth_root} if query.mu is None else {}
    return str(mae_formula(query.scope, query.draws).exact(**values))
