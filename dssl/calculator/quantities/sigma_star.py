"""The critical noise: augmentation noise above which independent masks have the smaller deficit than contrast."""

import math
from dataclasses import dataclass
from typing import Any

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Draws, check_draws
from theory.deficits.critical_noise import sigma_star as evaluate
from theory.deficits.critical_noise import sigma_star_formula, sigma_star_limit_formula
from theory.formula import OutOfDomainError
from theory.readings import EXPECTED, Mask, Scope
from theory.setting import Setting

TITLE = "Critical augmentation noise sigma* at equal deficits; sigma*/mu for dim=inf"


@dataclass(frozen=True, kw_only=True)
class Query:
    """`draws` is the common number of draws a sample of both objectives, which cancels, or expected."""

    n_clients: int
    dim: int | float
    mask_ratio: float = 0.75
    scope: Scope = Scope.FL
    mask: Mask = Mask.INDEPENDENT
    draws: Draws = 1
    tau: float | None = None
    mu: float | None = None

    def __post_init__(self) -> None:
        check_draws(self.draws)
        if self.dim == math.inf:
            if self.tau is not None or self.mu is not None:
                raise ValueError(
                    f"With dim=inf tau and mu follow the paper's scaling; got tau={self.tau}, mu={self.mu}."
                )
            Setting.paper(max(2, self.n_clients), n_clients=self.n_clients, mask_ratio=self.mask_ratio)
            return
        if not math.isfinite(self.dim) or self.dim != int(self.dim):
            raise ValueError(f"dim must be a whole number or inf; got dim={self.dim}.")
        Setting.paper(
            int(self.dim), n_clients=self.n_clients, mask_ratio=self.mask_ratio, tau=self.tau, mu=self.mu, beta=0.0
        )


def answer(query: Query) -> Answer:
    """sigma*, or sigma*/mu for an infinite dimension; void where no positive root exists."""
    is_limit = query.dim == math.inf
    formula = (sigma_star_limit_formula if is_limit else sigma_star_formula)(query.scope)
    about: dict[str, Any] = {"units": formula.units, "source": str(formula.source), "latex": formula.latex}
    if query.draws == EXPECTED:
        reason = (
            "With draws in expectation the deficits are equal at sigma=0 and contrast, averaged over xi, ignores sigma."
        )
        return Answer(value=None, status="void", reason=reason, **about)
    if query.mask is not Mask.INDEPENDENT:
        reason = f"The two deficits are of one kind for independent masks only; got mask={query.mask.value}."
        return Answer(value=None, status="out_of_domain", reason=reason, **about)
    try:
        value = evaluate(query.n_clients, query.dim, query.mask_ratio, query.scope, query.tau, query.mu)
    except OutOfDomainError as error:
        return Answer(value=None, status="void", reason=str(error), **about)
    return Answer(value=value, exact=str(formula.expr), **about)
