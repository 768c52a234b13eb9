"""Deficit at finite sample size: E(1 - r_k), mean over the scope, to second order; for literal masks, its limit."""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Draws, Sampled, check_draws
from theory.deficits.closed_forms import arguments, deficit, deficit_formula, is_expected
from theory.deficits.literal_masks import literal_allowance, literal_deficit
from theory.formula import Formula, OutOfDomainError
from theory.readings import EXPECTED, Mask, Objective, Scope, Selection

SMALL = 0.1
MOST = 1.0  # a share is not larger
TITLE = "Mean deficit 1 - r_k over the scope at finite sample size: second order, or for literal masks a limit"


@dataclass(frozen=True, kw_only=True)
class Query(Sampled):
    """`draws` defaults to one view pair a sample for cl, and to masks in expectation for mim.

    `selection=modulus` lets complementary masks use eigenvalues of either sign, which the loss does not.
    """

    objective: Objective
    draws: Draws | None = None
    mask: Mask = Mask.INDEPENDENT
    scope: Scope = Scope.FL
    augmentation_std: float = 1.0
    selection: Selection = Selection.PSD

    def __post_init__(self) -> None:
        self.point()  # refuses what lies outside the assumption space
        check_draws(self.drawn())

    def point(self):
        """The setting with these samples and this augmentation noise. Errors: ValueError as `Model.setting`."""
        return self.setting(samples_per_client=self.samples(), augmentation_std=self.augmentation_std)

    def assumed(self) -> dict[str, Any]:
        """As of a model; and how many views or masks of a sample are drawn."""
        return super().assumed() | {"draws": self.drawn()}

    def drawn(self) -> Draws:
        """`draws` where given; else one view pair a sample for cl, and "expected" for mim."""
        if self.draws is not None:
            return self.draws
        return 1 if self.objective is Objective.CL else EXPECTED


def answer(query: Query) -> Answer:
    """One number, or out_of_domain with the reason."""
    s, draws = query.point(), query.drawn()
    about: dict[str, Any] = {
        "units": "dimensionless",
        "source": "ledger, second-order perturbation; chen2026, Theorems 4.2 and 4.3 differ",
    }
    plain = query.objective is Objective.CL or query.mask is Mask.INDEPENDENT
    try:
        if not plain and query.mask is Mask.PRINTED:
            value = deficit(s, query.objective, query.scope, draws, query.mask, query.selection)
            return Answer(value=value, reason="The matrix printed in (17) is diagonal: nothing tilts.", **about)
        if not plain and query.selection is Selection.PSD:
            return _of_literal_masks(query)
        formula = deficit_formula(query.objective, query.scope, is_expected=is_expected(draws), mask=query.mask)
        value = formula.value(**{**arguments(s, draws), **query.scales()})
    except OutOfDomainError as error:
        return Answer(value=None, status="out_of_domain", reason=str(error), **about)
    remarks = [_draws_differ(query)]
    if value > MOST:
        remarks.append(f"A deficit is at most {MOST:g}: at {value:.3g} the second order says nothing. Raise samples.")
    elif value > SMALL:
        remarks.append(f"Second order is meant for small deficits; {value:.3g} is not small.")
    return Answer(
        value=value, exact=_general(formula), latex=formula.latex, reason=" ".join(filter(None, remarks)), **about
    )


def _draws_differ(query: Query) -> str:
    """That the defaults of the two objectives differ, which decides a comparison; "" where draws are given."""
    if query.draws is not None:
        return ""
    return (
        "draws is left at its default: 1 for cl, all masks averaged (expected) for mim. To compare the two alike, give "
        "draws."
    )


def _of_literal_masks(query: Query) -> Answer:
    """The limit of large d and n: the population represents one direction at most, so no expansion starts from it."""
    s, draws = query.point(), query.drawn()
    value, allowance = literal_deficit(s, query.scope, draws), literal_allowance(s, query.scope, draws)
    return Answer(
        value=value,
        units="dimensionless",
        source="ledger, limit of d and samples in proportion for masks of which one hides what the other shows",
        reason=f"A limit, not second order: a finite size may lie about {allowance:.2g} away.",
    )


def _general(formula: Formula) -> str:
    return sp.sstr(formula.expr)
