"""The least beta at which the alignment matrix concentrates as fast as the paper's proofs need."""

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Draws, check_draws
from theory.deficits.concentration import CLAIMED, Block, slowest_block
from theory.deficits.concentration import concentration_threshold as derive
from theory.readings import EXPECTED, Objective, Scope
from theory.scaling import NGrowth

TITLE = "Least beta with |X - EX| = O(d^(-2/5)) for mim, O(d^(-1/5)) for cl"


@dataclass(frozen=True, kw_only=True)
class Query:
    """`block` asks for one block of the matrix; `scope` whose matrix."""

    objective: Objective
    draws: Draws = 1
    n_growth: NGrowth = NGrowth.PAPER
    scope: Literal["local", "fl"] = "local"
    block: Block = Block.ALL

    def __post_init__(self) -> None:
        check_draws(self.draws)


def answer(query: Query) -> Answer:
    """One number, exact as a fraction."""
    scope = Scope.FL if query.scope == "fl" else Scope.LOCAL_OTHER
    reading = {"is_expected": query.draws == EXPECTED, "n_growth": query.n_growth, "scope": scope}
    value = derive(query.objective, block=query.block, **reading)
    slowest = slowest_block(query.objective, **reading).value
    return Answer(
        value=float(value),
        units="power of d in the samples per client",
        source="ledger, orders of Gaussian blocks; chen2026, after (19) and (44), has beta >= 1",
        exact=str(value),
        latex=rf"\beta \ge {sp.latex(value)}",
        reason=f"Target exponent {CLAIMED[query.objective]}; the {slowest} block is the slowest.",
    )
