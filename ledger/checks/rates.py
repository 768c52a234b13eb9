"""The check of a rate: whether a deficit falls in d as fast as Theorems 4.2 and 4.3 print, for every growth beta.

Rates are the exact powers of d in the second-order deficits; where the population itself lacks a coordinate, the
deficit does not fall at all.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.statement import Context, Evidence
from theory import symbols as sy
from theory.data.moments import Site, alignment_matrix
from theory.deficits.exponents import Quantity, exponent
from theory.domain import Domain, Point, Real
from theory.formula import Formula
from theory.objectives.representability import representability
from theory.readings import Mask, Objective, Scope
from theory.scaling import NGrowth, power_of_dim
from theory.setting import Setting

FIXED_CLIENTS = 6
DIMS = (10**4, 10**8, 10**12)
FROM_ONE = Real("beta", 1.0, math.inf, "[)", reach=(1.0, 4.0))
EXPONENT_ROUND_OFF = 1e-12
SCALING = "The paper's scaling: tau = d^(1/5), mu = d^(-1/5), n_i = d^beta"


def growth(formula: Formula, *, is_growing: bool) -> sp.Expr:
    """The exponent of d, over beta, of a deficit proportional to 1/n_i at n_i = d^beta.

    N = d^(1/20) (`is_growing`) or N is fixed. Source: ledger; the scaling is chen2026, Theorem 4.2.
    """
    return power_of_dim(formula.expr * sy.samples, _growth_of_clients(is_growing)) - sy.beta


def _growth_of_clients(is_growing: bool) -> NGrowth:
    return NGrowth.PAPER if is_growing else NGrowth.FIXED


def falls_like(
    objective: Objective,
    scope: Scope,
    printed: Fraction,
    sizes: Real,
    because: str,
    *,
    is_expected: bool = False,
    is_growing: bool = True,
) -> OnDomain:
    """The second-order deficit is O(d^printed) for every growth beta of `sizes`.

    Powers are counted in the closed form; that second order is what the deficit comes to, the bounds of
    `thm-representability-mim-bounds` and `thm-representability-cl-bounds` prove where they are not void.
    """

    def law() -> sp.Expr:
        growing = _growth_of_clients(is_growing)
        return exponent(Quantity.DEFICIT, objective, scope, is_expected=is_expected, n_growth=growing)

    return order_at_most(printed, law, sizes, because, "N = d^(1/20)" if is_growing else "N is fixed")


def order_at_most(printed: Fraction, law: Callable[[], sp.Expr], sizes: Real, because: str, clients: str) -> OnDomain:
    """The exponent `law`, over beta, is at most the printed one for every growth beta of `sizes`."""

    def claimed(_: Point) -> float:
        return float(printed)

    def measured(at: Point, _: Effort) -> Sample:
        return Sample(np.array([float(law().subs(sy.beta, sp.Rational(str(at["beta"]))))]), EXPONENT_ROUND_OFF)

    given = Domain((sizes,), assumes=f"{SCALING}; {clients}.")
    return OnDomain(given, Then("<=", claimed, measured), because, Evidence.NUMERIC)


def has_exponent(
    objective: Objective, scope: Scope, law: sp.Expr, because: str, *, is_expected: bool, is_growing: bool
) -> Identity:
    """The second-order deficit is of exact order d^law, `law` over beta: for every beta at once."""
    growing = _growth_of_clients(is_growing)
    return Identity(
        lambda: law,
        lambda: exponent(Quantity.DEFICIT, objective, scope, is_expected=is_expected, n_growth=growing),
        because,
    )


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
) -> ForAll:
    """The population's own deficit is O(d^printed): its exponent from one dimension to the next is at most that.

    Coordinates of the signal other than the client's own, as the theorems have it.
    """

    def points(_: Context) -> Iterable[tuple[int, int]]:
        return itertools.pairwise(DIMS)

    def predicate(pair: tuple[int, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
        r = [population_representability(objective, mask, dim, scope=scope) for dim in pair]
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
