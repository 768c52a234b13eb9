"""Eqs (62)-(64) and (71)-(73): the width of an interval that holds the r_k is called the sensitivity, max - min."""

import itertools
from collections.abc import Mapping
from typing import Any

import sympy as sp

from ledger.checks.kinds import ForAll, Identity
from ledger.statement import Claim, Context, Evidence, Statement
from theory.deficits import printed_sensitivity as ps
from theory.formula import Source

BECAUSE_EQUAL = (
    "The interval only says where each r_k lies; equal entries anywhere in it have max - min = 0, so the "
    "width is not s."
)
BECAUSE_UPPER = (
    "max - min is convex in r, so over the box [1 - width, 1]^N it is largest at a corner, and every corner is checked."
)
BECAUSE_SIGN = "The proof subtracts O(d^(-1/5)) in the denominator where Theorem 4.3, from which it quotes, adds it."
BECAUSE_SAME = "One minus the theorem's lower bound is the printed fraction."

WIDTHS = (sp.Rational(1, 10), sp.Rational(1, 2), sp.Rational(9, 10))


def constant_vectors(context: Context) -> list[tuple[sp.Rational, tuple[sp.Rational, ...]]]:
    """Each width with three equal r_k in the middle of [1 - width, 1]."""
    return [(width, (1 - width / 2,) * 3) for width in WIDTHS]


def box_corners(context: Context) -> list[tuple[sp.Rational, tuple[sp.Rational, ...]]]:
    """Each width with every corner of the box [1 - width, 1]^4."""
    return [(width, r) for width in WIDTHS for r in itertools.product((1 - width, sp.Integer(1)), repeat=4)]


def sensitivity_equals_width(
    point: tuple[sp.Rational, tuple[sp.Rational, ...]], spoil: float
) -> tuple[bool, Mapping[str, Any]]:
    """Whether max - min of the r_k is the width of the interval that they lie in."""
    width, r = point
    sensitivity = max(r) - min(r)
    return sensitivity == width, {"r": [str(x) for x in r], "width": str(width), "max_minus_min": str(sensitivity)}


def sensitivity_within_width(
    point: tuple[sp.Rational, tuple[sp.Rational, ...]], spoil: float
) -> tuple[bool, Mapping[str, Any]]:
    """Whether max - min of the r_k is at most the width (times `spoil`) of the interval that they lie in."""
    width, r = point
    sensitivity = max(r) - min(r)
    return bool(sensitivity <= sp.Rational(str(spoil)) * width), {
        "r": [str(x) for x in r],
        "width": str(width),
        "max_minus_min": str(sensitivity),
    }


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
        reading=f"Eq ({number}), as a width",
        latex=formula.latex,
        instead="not known" if minus else (),
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
            reading="s as Theorem 4.4 defines it",
            instead=("eq62.spread-at-most-width",),
        ),
        *(quoted(number) for number in PRINTED),
        Statement(
            "eq62.spread-at-most-width",
            "corrected",
            "The sensitivity is at most the distance between the two bounds, with equality when both are "
            "attained. Nothing else follows.",
            ForAll(box_corners, sensitivity_within_width, BECAUSE_UPPER, Evidence.SEARCHED),
            reading="s as Theorem 4.4 defines it",
        ),
    ),
)
