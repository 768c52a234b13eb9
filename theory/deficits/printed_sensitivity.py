"""The six interval widths that the paper calls sensitivities, Eqs (62)-(64) and (71)-(73), with named constants.

Each is the width of the interval in which Theorems 4.2 and 4.3 place a representability, error / (signal + error). One
constant stands for each O() and Theta(), so that limits can be taken; all constants 1 is what the paper compares.
"""

import sympy as sp

from theory.formula import Formula, Source
from theory.symbols import connectivity, dim, mask_ratio, trace_h

# Constants hidden in O(d^(-2/5)), O(d^(-1/5)) and Theta(d^(7/20)).
error_mim, error_cl, shift_fl = sp.symbols("error_mim error_cl shift_fl", positive=True)
root = sp.Symbol("root", positive=True)  # d^(1/20): every exponent of the paper becomes whole, and limits become quick

PAIR = 2 * mask_ratio * (1 - mask_ratio)
FRACTION = 1 - 1 / connectivity
UNITS = "dimensionless, a width of an interval of squared projections"


def _width(error: sp.Expr, exponent: sp.Rational, signal: sp.Expr, *, printed_sign: int = 1) -> sp.Expr:
    noise = error * dim**exponent
    return noise / (signal + printed_sign * noise)


def _formula(name: str, title: str, expr: sp.Expr, locator: str) -> Formula:
    return Formula(name, title, expr, (mask_ratio < 1, connectivity >= 2), UNITS, Source("chen2026", locator))


_MIM, _CL = sp.Rational(-2, 5), sp.Rational(-1, 5)
_SIGNAL = dim ** sp.Rational(2, 5)
_SHIFT = shift_fl * dim ** sp.Rational(7, 20)

DEC_MIM = _formula(
    "dec_mim", "Width for decentralised MIM", _width(error_mim, _MIM, PAIR * FRACTION * _SIGNAL), "Eq (62), Theorem 4.2"
)
DEC_CL = _formula(
    "dec_cl", "Width for decentralised CL, similar views", _width(error_cl, _CL, FRACTION * _SIGNAL), "Theorem 4.3(2)"
)
DEC_CL_H = _formula(
    "dec_cl_h",
    "Width for decentralised CL, dissimilar views",
    _width(error_cl, _CL, trace_h * FRACTION * _SIGNAL),
    "Theorem 4.3(2)",
)
# The proof prints a minus where the theorem has a plus.
DEC_CL_PROOF = _formula(
    "dec_cl_proof",
    "Width for decentralised CL as the proof prints it",
    _width(error_cl, _CL, FRACTION * _SIGNAL, printed_sign=-1),
    "Eq (63)",
)
DEC_CL_H_PROOF = _formula(
    "dec_cl_h_proof",
    "Width for decentralised CL, dissimilar views, as the proof prints it",
    _width(error_cl, _CL, trace_h * FRACTION * _SIGNAL, printed_sign=-1),
    "Eq (64)",
)
FED_MIM = _formula(
    "fed_mim", "Width for federated MIM", _width(error_mim, _MIM, PAIR * _SIGNAL - _SHIFT), "Eq (71), Theorem 4.2"
)
FED_CL = _formula(
    "fed_cl", "Width for federated CL, similar views", _width(error_cl, _CL, _SIGNAL - _SHIFT), "Eq (72), Theorem 4.3"
)
FED_CL_H = _formula(
    "fed_cl_h",
    "Width for federated CL, dissimilar views",
    _width(error_cl, _CL, trace_h * _SIGNAL - _SHIFT),
    "Eq (73), Theorem 4.3",
)


def limit_in_dim(expr: sp.Expr) -> sp.Expr:
    """The limit of `expr` as d grows, every exponent of d being a multiple of 1/20.

    Errors: ValueError for an exponent that is not.
    """
    in_root = sp.powsimp(expr.subs(dim, root**20), force=True)
    exponents = [sp.Rational(power.exp) for power in in_root.atoms(sp.Pow) if power.base == root]
    if any(e.q != 1 for e in exponents):
        raise ValueError(f"Powers of d must be multiples of d^(1/20); got {expr}. Rewrite the expression.")
    return sp.limit(sp.together(in_root), root, sp.oo)
