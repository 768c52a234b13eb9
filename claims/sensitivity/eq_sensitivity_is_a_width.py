"""Eqs (62)-(64) and (71)-(73): the width of an interval that holds the r_k is called the sensitivity, max - min."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory.deficits import printed_sensitivity as ps
from theory.domain import Domain, Point, Real, Whole
from theory.formula import Source

BECAUSE_EQUAL = (
    "The bounds only say in which interval each r_k lies. Equal r_k anywhere in the interval have the sensitivity "
    "0, so the width is not the sensitivity."
)
BECAUSE_UPPER = (
    "max r_k - min r_k is a convex function of r. So over the box [1 - width, 1]^N it is largest at a corner, "
    "where it is the width or 0."
)
BECAUSE_SIGN = "The proof subtracts O(d^(-1/5)) in the denominator. Theorem 4.3, which it quotes, adds it."
BECAUSE_MENDED = "The term with the wrong sign is of lower order than the term d^(2/5) beside it."
BECAUSE_SAME = "One minus the theorem's lower bound is the printed fraction."

WIDTHS = (sp.Rational(1, 10), sp.Rational(1, 2), sp.Rational(9, 10))


def constant_vectors(context: Context) -> list[tuple[sp.Rational, tuple[sp.Rational, ...]]]:
    """Each width with three equal r_k in the middle of [1 - width, 1]."""
    return [(width, (1 - width / 2,) * 3) for width in WIDTHS]


def sensitivity_equals_width(
    point: tuple[sp.Rational, tuple[sp.Rational, ...]], spoil: float
) -> tuple[bool, Mapping[str, Any]]:
    """Whether max - min of the r_k is the width of the interval that they lie in."""
    width, r = point
    sensitivity = max(r) - min(r)
    return sensitivity == width, {"r": [str(x) for x in r], "width": str(width), "max_minus_min": str(sensitivity)}


def width_at(at: Point) -> float:
    """The distance of the two bounds."""
    return float(at["width"])


def spread_within(at: Point, _: Effort) -> Sample:
    """max - min of numbers drawn between the bounds, each at a bound with probability 1/2."""
    n, width, rng = int(at["n_coordinates"]), float(at["width"]), np.random.default_rng(int(at["draw"]))
    place = np.where(rng.random(n) < 0.5, rng.integers(0, 2, n), rng.random(n))
    r = 1 - width * place
    return Sample(np.array([r.max() - r.min()]), 1e-15)


INTERVALS = Domain(
    (Whole("n_coordinates", 1, 100), Real("width", 0.0, 1.0, "[]"), DRAW),
    assumes="The r_k lie anywhere between 1 - width and 1; those that are measured are seeded by draw.",
)


def theorem_width(signal: sp.Expr, noise: sp.Expr) -> sp.Expr:
    """One minus the theorem's lower bound 1 - noise / (signal + noise), built apart from the printed formula."""
    return 1 - (1 - noise / (signal + noise))


D = ps.dim
PAIR, FRACTION = ps.PAIR, ps.FRACTION
E_MIM, E_CL = ps.error_mim * D ** sp.Rational(-2, 5), ps.error_cl * D ** sp.Rational(-1, 5)
SHIFT = ps.shift_fl * D ** sp.Rational(7, 20)
SIGNAL = D ** sp.Rational(2, 5)

# equation: (the printed expression, the theorem's signal, the theorem's noise)
PRINTED = {
    "62": (ps.DEC_MIM, PAIR * FRACTION * SIGNAL, E_MIM),
    "63": (ps.DEC_CL_PROOF, FRACTION * SIGNAL, E_CL),
    "64": (ps.DEC_CL_H_PROOF, ps.trace_h * FRACTION * SIGNAL, E_CL),
    "71": (ps.FED_MIM, PAIR * SIGNAL - SHIFT, E_MIM),
    "72": (ps.FED_CL, SIGNAL - SHIFT, E_CL),
    "73": (ps.FED_CL_H, ps.trace_h * SIGNAL - SHIFT, E_CL),
}


def quoted(number: str) -> Statement:
    """The statement that a printed width is 1 minus the lower bound of the theorem that it quotes."""
    formula, signal, noise = PRINTED[number]
    minus = number in ("63", "64")
    return Statement(
        f"eq62.width-eq{number}",
        "printed",
        f"Eq ({number}) is one minus the lower bound of its theorem, constants hidden in O() and Theta() being equal.",
        Identity(
            claimed=lambda: formula.expr,
            derived=lambda: theorem_width(signal, noise),
            because=BECAUSE_SIGN if minus else BECAUSE_SAME,
        ),
        reading=read_as(parts.WIDTH),
        latex=formula.latex,
        instead=(f"eq62.mended-eq{number}",) if minus else (),
        about=(f"eq-{number}",),
    )


def mended(number: str, plus: ps.Formula) -> Statement:
    """The statement that the sign slip of a printed width is one of lower order."""
    formula, signal, noise = PRINTED[number]
    return Statement(
        f"eq62.mended-eq{number}",
        "corrected",
        f"With a plus in place of the minus in its denominator, Eq ({number}) is one minus the lower bound of its "
        "theorem. The printed fraction divided by the mended one tends to 1 as d grows, for each |A| from 2 on.",
        Identity(
            claimed=lambda: sp.Matrix([plus.expr, 1]),
            derived=lambda: sp.Matrix([theorem_width(signal, noise), ps.limit_in_dim(formula.expr / plus.expr)]),
            because=BECAUSE_MENDED,
        ),
        reading=read_as(parts.WIDTH),
        latex=plus.latex,
        about=(f"eq-{number}",),
    )


CLAIM = Claim(
    id="eq-sensitivity-is-a-width",
    title="What the proofs call sensitivity is the width of an upper and a lower bound",
    items=("eq-62", "eq-63", "eq-64", "eq-71", "eq-72", "eq-73"),
    source=Source("chen2026", "Eqs (62)-(64), (71)-(73), A.6.4"),
    statements=(
        Statement(
            "eq62.spread-is-width",
            "printed",
            "The sensitivity max r - min r equals the distance between the upper and the lower bound on the r_k.",
            ForAll(constant_vectors, sensitivity_equals_width, BECAUSE_EQUAL, Evidence.ENUMERATED),
            reading=read_as(parts.S_DEFINED),
            instead=("eq62.spread-at-most-width",),
        ),
        *(quoted(number) for number in PRINTED),
        mended("63", ps.DEC_CL),
        mended("64", ps.DEC_CL_H),
        Statement(
            "eq62.spread-at-most-width",
            "corrected",
            "The sensitivity is at most the distance between the two bounds, with equality if both bounds are "
            "attained. Nothing more follows from the bounds.",
            OnDomain(
                INTERVALS,
                Then("<=", width_at, spread_within),
                BECAUSE_UPPER,
                Evidence.SEARCHED,
                points=(40, 1000),
                named=({"n_coordinates": 20, "width": 0.5, "draw": 1},),
            ),
            reading=read_as(parts.S_DEFINED),
        ),
    ),
)
