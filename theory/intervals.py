"""Interval arithmetic: a closed form with every shown digit proved."""

from collections.abc import Callable, Mapping

import flint
import sympy as sp

_FUNCTIONS: Mapping[type[sp.Basic], Callable[[flint.arb], flint.arb]] = {
    sp.exp: flint.arb.exp,
    sp.log: flint.arb.log,
    sp.sin: flint.arb.sin,
    sp.cos: flint.arb.cos,
    sp.atan: flint.arb.atan,
    sp.acos: flint.arb.acos,
    sp.gamma: flint.arb.gamma,
    sp.Abs: abs,
}


def enclosure(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr], bits: int = 256) -> flint.arb:
    """An interval that contains the value of `expr`, its symbols replaced by `values`.

    Source: ledger; the arithmetic is Arb's. Units: those of the expression.
    Errors: ValueError for a symbol without a value, and for a function that has no interval version here.
    """
    with flint.ctx.workprec(bits):
        return _ball(expr, values)


def certified_digits(ball: flint.arb, n_digits: int = 30) -> bool:
    """Whether the interval is narrow enough to prove `n_digits` significant digits, up to one unit in the last."""
    return bool(ball.rad() <= abs(ball.mid()) * flint.arb(10) ** -n_digits)


def _ball(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> flint.arb:
    if isinstance(expr, sp.Symbol):
        if expr not in values:
            raise ValueError(f"The interval needs a value for {expr}; got none. Add it to the values.")
        return _ball(values[expr], {})
    if isinstance(expr, sp.Rational):
        return flint.arb(flint.fmpq(int(expr.p), int(expr.q)))
    if expr is sp.pi:
        return flint.arb.pi()
    if expr is sp.E:
        return flint.arb(1).exp()
    inside = [_ball(a, values) for a in expr.args]
    if isinstance(expr, sp.Add):
        return sum(inside[1:], inside[0])
    if isinstance(expr, sp.Mul):
        product = inside[0]
        for factor in inside[1:]:
            product *= factor
        return product
    if isinstance(expr, sp.Pow):
        return _power(expr, inside)
    if isinstance(expr, sp.Min | sp.Max):
        pick = flint.arb.min if isinstance(expr, sp.Min) else flint.arb.max
        best = inside[0]
        for other in inside[1:]:
            best = pick(best, other)
        return best
    if expr.func in _FUNCTIONS:
        return _FUNCTIONS[expr.func](*inside)
    raise ValueError(f"{expr.func.__name__} has no interval version here; got {expr}. Add it to theory.intervals.")


def _power(expr: sp.Pow, inside: list[flint.arb]) -> flint.arb:
    base, exponent = inside
    if isinstance(expr.exp, sp.Integer):
        return base ** int(expr.exp)
    if isinstance(expr.exp, sp.Rational) and expr.exp.q == 2:
        return base.sqrt() ** int(expr.exp.p)
    return base**exponent
