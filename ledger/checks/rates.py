"""The check of a rate: whether a deficit falls in d as fast as Theorems 4.2 and 4.3 print, for every growth beta.

Rates are the exact powers of d in the second-order deficits; where the population itself lacks a coordinate, the
deficit does not fall at all.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from ledger.checks.kinds import ForAll
from ledger.statement import Context, Evidence
from theory import symbols as sy
from theory.data.moments import Site, alignment_matrix
from theory.deficits.exponents import Quantity, exponent
from theory.formula import Formula
from theory.objectives.representability import representability
from theory.readings import Mask, Objective, Scope
from theory.scaling import NGrowth, power_of_dim
from theory.setting import Setting

FIXED_CLIENTS = 6
DIMS = (10**4, 10**8, 10**12)
TWENTIETHS = tuple(Fraction(k, 20) for k in range(20, 41))  # beta from 1 to 2


def growth(formula: Formula, beta: Fraction, *, is_growing: bool) -> Fraction:
    """The exponent of d in a deficit proportional to 1/n_i at n_i = d^beta, N = d^(1/20) (`is_growing`) or fixed.

    Source: ledger; the scaling is chen2026, Theorem 4.2.
    """
    power = power_of_dim(formula.expr * sy.samples, _growth_of_clients(is_growing))
    return Fraction(int(power.p), int(power.q)) - beta


@cache
def deficit_growth(objective: Objective, scope: Scope, beta: Fraction, is_expected: bool, is_growing: bool) -> Fraction:
    """The exponent of d in the second-order deficit of one objective."""
    law = exponent(Quantity.DEFICIT, objective, scope, is_expected=is_expected, n_growth=_growth_of_clients(is_growing))
    power = sp.Rational(law.subs(sy.beta, sp.Rational(beta.numerator, beta.denominator)))
    return Fraction(int(power.p), int(power.q))


def _growth_of_clients(is_growing: bool) -> NGrowth:
    return NGrowth.PAPER if is_growing else NGrowth.FIXED


def falls_like(
    objective: Objective,
    scope: Scope,
    printed: Fraction,
    betas: Sequence[Fraction],
    because: str,
    *,
    is_expected: bool = False,
    is_growing: bool = True,
) -> ForAll:
    """The second-order deficit is O(d^printed) for every one of the sample growths.

    Exact is the count of powers; that second order is what the deficit comes to, the bounds of
    `thm-representability-mim-bounds` and `thm-representability-cl-bounds` prove where they are not void.
    """

    def predicate(beta: Fraction, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        true = deficit_growth(objective, scope, beta, is_expected, is_growing)
        # Spoiled, the print asks for twice the exponent that the first growth really has.
        limit = printed if spoil == 1.0 else 2 * deficit_growth(objective, scope, betas[0], is_expected, is_growing)
        return true <= limit, {
            "beta": str(beta),
            "true_exponent": str(true),
            "printed_exponent": str(printed),
            "n_clients": "d^(1/20)" if is_growing else "fixed",
        }

    return ForAll(lambda _: betas, predicate, because, Evidence.ENUMERATED)


def has_exponent(
    objective: Objective,
    scope: Scope,
    law: Callable[[Fraction], Fraction],
    because: str,
    *,
    is_expected: bool,
    is_growing: bool,
) -> ForAll:
    """The second-order deficit grows exactly like d^law(beta)."""

    def predicate(beta: Fraction, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        true = deficit_growth(objective, scope, beta, is_expected, is_growing)
        said = law(beta) + (Fraction(0) if spoil == 1.0 else Fraction(1, 20))
        return true == said, {"beta": str(beta), "true_exponent": str(true), "claimed_exponent": str(said)}

    return ForAll(lambda _: TWENTIETHS, predicate, because, Evidence.ENUMERATED)


def population_representability(
    objective: Objective, mask: Mask, dim: int, *, scope: Site = "fl", weights: Sequence[float] | None = None
) -> list[float]:
    """r_k over S from the population matrix, c = N: six clients, or one a weight; of client 0 when local."""
    n = len(weights) if weights else FIXED_CLIENTS
    s = Setting.paper(dim, n_clients=n)
    matrix = alignment_matrix(s, objective, mask, scope=scope, weights=weights)
    return [float(v) for v in representability(matrix, n, n)[0]]


def population_falls_like(
    objective: Objective,
    mask: Mask,
    printed: Fraction,
    because: str,
    *,
    scope: Site = "fl",
    weights: Sequence[float] | None = None,
) -> ForAll:
    """The population's own deficit is O(d^printed): its exponent from one dimension to the next is at most that.

    Coordinates of the signal other than the client's own, as the theorems have it.
    """

    def points(_: Context) -> Iterable[tuple[int, int]]:
        return itertools.pairwise(DIMS)

    def predicate(pair: tuple[int, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
        r = [population_representability(objective, mask, dim, scope=scope, weights=weights) for dim in pair]
        first = 1 if scope == "local" else 0
        worst = [max(1 - v for v in values[first:]) + (1 - spoil) for values in r]
        exponent = -math.inf if worst[1] <= 1e-12 else math.log(worst[1] / worst[0]) / math.log(pair[1] / pair[0])
        return exponent <= float(printed) + 1e-9, {
            "dim": pair[1],
            "representability": [round(v, 9) for v in r[1]],
            "exponent_of_the_deficit": round(exponent, 9) + 0.0,
            "printed_exponent": str(printed),
        }

    return ForAll(points, predicate, because, Evidence.NUMERIC)
