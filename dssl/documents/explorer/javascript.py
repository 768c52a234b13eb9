"""JavaScript from a `Formula`: a function of the arguments, and a test of each relation of the domain."""

import json
import re

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.simplify.cse_main import cse
from sympy.utilities.iterables import numbered_symbols

from theory.formula import Formula

LARGEST_PRODUCT = 4  # whole powers up to this one are written as products, which round less than Math.pow
# Letters of the page, for the names of symbols.
LETTERS = {
    "n_clients": "N",
    "dim": "d",
    "feature_dim": "c",
    "samples_per_client": "n",
    "draws": "K",
    "tau": "τ",
    "mu": "μ",
    "mask_ratio": "p",
    "augmentation_std": "σ",
    "beta": "β",
    "mode": "m",
    "eigenvalue": "λ",
    "lambda_2": "λ₂",
    "lambda_min": "λ_N",
    "local_steps": "E",
    "step_size": "η",
    "dissimilarity": "ζ²",
    "weight_ratio": "v_max/v_min",
    "connectivity": "|Ā|",
    "gamma": "g",
}
_SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "<": "<", ">": ">"}


class _Printer(JavascriptCodePrinter):
    """sympy's printer, with small whole powers as products; what it cannot print is an error, not a comment."""

    def _print_Pow(self, expr: sp.Pow) -> str:  # noqa: N802, sympy's name
        base, exponent = expr.args
        if isinstance(base, sp.Symbol) and exponent in range(2, LARGEST_PRODUCT + 1):
            return "(" + "*".join([self._print(base)] * int(exponent)) + ")"
        return super()._print_Pow(expr)


def expression(expr: sp.Basic) -> str:
    """One expression as JavaScript. Errors: ValueError for a function that JavaScript's Math lacks."""
    _, unknown, code = _Printer({"human": False}).doprint(expr)
    if unknown:
        names = ", ".join(sorted(str(one) for one in unknown))
        raise ValueError(f"A formula of JavaScript's Math is wanted; got {names}. Rewrite it, or add a twin by hand.")
    return code


def function(expr: sp.Expr) -> str:
    """An arrow function of one object that holds the arguments by name; what occurs twice is computed once.

    Errors: those of `expression`.
    """
    names = sorted(str(symbol) for symbol in expr.free_symbols)
    parts, (last,) = cse(expr, symbols=numbered_symbols("x_"), order="none")
    lines = [f"const {symbol} = {expression(part)};" for symbol, part in parts]
    return f"({{{', '.join(names)}}}) => {{ {' '.join(lines)} return {expression(sp.sympify(last))}; }}"


def domain(formula: Formula) -> list[tuple[str, str]]:
    """For each relation of the domain: its words, and an arrow function that says whether it holds.

    Relations that hold for all numbers of their kind are left out. Errors: those of `expression`.
    """
    found = []
    for relation in dict.fromkeys(formula.domain):
        if not relation.free_symbols:
            continue
        names = sorted(str(symbol) for symbol in relation.free_symbols)
        found.append((words(relation), f"({{{', '.join(names)}}}) => {expression(relation)}"))
    return found


def words(relation: sp.Basic) -> str:
    """A relation with the letters of the page, such as "c ≥ N"."""
    left, right = (_lettered(side) for side in relation.args)
    return f"{left} {_SIGNS[relation.rel_op]} {right}"  # type: ignore[attr-defined]


def literal(value: object) -> str:
    """A value as JavaScript that may stand within a script of an HTML page."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _lettered(side: sp.Basic) -> str:
    letters = {symbol: sp.Symbol(LETTERS.get(str(symbol), str(symbol))) for symbol in side.free_symbols}
    text = sp.sstr(side.xreplace(letters)).replace("**2", "²").replace("**", "^").replace("*", " ")
    return re.sub(r"Abs\((.*)\)", r"|\1|", text)
