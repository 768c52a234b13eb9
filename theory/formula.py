"""`Formula`: a closed form written once; the exact value, decimals, LaTeX and compiled function come from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import sympy as sp

if TYPE_CHECKING:
    import jax

SURELY_NOT_ZERO = sp.Float("1e-60")


class OutOfDomainError(ValueError):
    """A formula was asked for a value where its derivation does not hold."""


@dataclass(frozen=True)
class Source:
    """Where a formula comes from: a key of `claims/references.bib` and a place in that work."""

    key: str
    locator: str

    def __str__(self) -> str:
        return f"{self.key}, {self.locator}"


def rational(value: object) -> sp.Expr:
    """`value` as an exact sympy number: decimals are read as the decimal they print, so 0.6 is 3/5.

    Errors: ValueError for anything that is not a finite number.
    """
    if isinstance(value, sp.Expr):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise ValueError(f"A number was wanted; got {value!r}.")
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"A finite number was wanted; got {value!r}.")
    return sp.Rational(str(value))


@dataclass(frozen=True)
class Formula:
    """One closed form. `expr` is over `theory.symbols`; `domain` are relations that must hold for it to be meant.

    `title` says in words what comes out; `units` its unit and range; `source` the paper and equation.
    """

    name: str
    title: str
    expr: sp.Expr
    domain: tuple[sp.Basic, ...]
    units: str
    source: Source

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """Names of the symbols that the value depends on, sorted."""
        return tuple(sorted(str(s) for s in self.expr.free_symbols))

    @cached_property
    def latex(self) -> str:
        """The formula as LaTeX, from the expression itself."""
        return _latex(self.expr)

    def latex_at(self, **values: object) -> str:
        """The formula as LaTeX with these arguments put in, such as one local step; the others stay letters.

        Errors: ValueError for a name that is no argument, or a value that is not a finite number.
        """
        if unknown := sorted(values.keys() - set(self.arguments)):
            raise ValueError(f"{self.name} has no argument {unknown[0]}; it has {', '.join(self.arguments)}.")
        return _latex(self.expr.subs(self._substitution(values)))

    def exact(self, **values: object) -> sp.Expr:
        """The value as an exact sympy number, unevaluated roots included.

        Errors: ValueError for a missing argument; OutOfDomainError, naming the violated relation, outside the domain.
        """
        return self.expr.subs(self._checked(values))

    def digits(self, n_digits: int = 30, **values: object) -> str:
        """The value to `n_digits` significant digits."""
        return str(self._numeric(n_digits, values))

    def value(self, **values: object) -> float:
        """The value in float64, rounded once from 30 digits."""
        return float(self._numeric(30, values))

    @cached_property
    def compiled(self) -> "Callable[..., jax.Array]":
        """A jitted function of the keyword arguments `arguments`; the domain is not checked."""
        from theory.float64 import jax  # seconds to import, and needed by those alone who compile

        symbols = sorted(self.expr.free_symbols, key=str)
        function = sp.lambdify(symbols, self.expr, modules="jax", cse=True)
        names = [str(s) for s in symbols]

        def call(**values: "jax.Array | float") -> "jax.Array":
            return function(*(values[name] for name in names))

        return jax.jit(call)

    def _numeric(self, n_digits: int, values: Mapping[str, object]) -> sp.Expr:
        # Numbers go in during evalf, not before it: sympy would spend seconds on simplifying nested roots of them.
        substitution = self._checked(values)
        expr = self.expr

        def chosen(pick: Callable[..., sp.Expr]) -> Callable[..., sp.Expr]:
            return lambda *branches: pick(branches, key=lambda b: b.evalf(n_digits, subs=substitution))

        # The branch is chosen by its decimals: comparing exact numbers takes sympy seconds.
        for kind, pick in ((sp.Min, min), (sp.Max, max)):
            if expr.has(kind):
                expr = expr.replace(kind, chosen(pick))
        number = expr.evalf(n_digits, subs=substitution)
        # evalf cannot tell zero from something tiny: an exact zero comes back as round-off of its working precision.
        return number if abs(number) > SURELY_NOT_ZERO else sp.N(self.expr.subs(substitution), n_digits)

    def _checked(self, values: Mapping[str, object]) -> dict[sp.Symbol, sp.Expr]:
        """The substitution, once no argument is missing and the domain holds."""
        missing = [name for name in self.arguments if name not in values]
        if missing:
            raise ValueError(f"{self.name} needs {', '.join(missing)}; add {missing[0]}=...")
        substitution = self._substitution(values)
        for relation in self.domain:
            if sp.simplify(relation.xreplace(substitution)) == sp.false:
                shown = ", ".join(f"{k}={v}" for k, v in sorted(values.items()) if v is not None)
                raise OutOfDomainError(f"{self.name} holds for {relation}; got {shown}.")
        return substitution

    def _substitution(self, values: Mapping[str, object]) -> dict[sp.Symbol, sp.Expr]:
        symbols = self.expr.free_symbols.union(*(r.free_symbols for r in self.domain))
        return {s: rational(values[str(s)]) for s in symbols if str(s) in values and values[str(s)] is not None}


def _latex(expr: sp.Expr) -> str:
    letters = {s: LATEX_NAMES[str(s)] for s in expr.free_symbols if str(s) in LATEX_NAMES}
    return sp.latex(expr, symbol_names=letters)


# Letters by the name of the symbol, for those of `theory.symbols` and for those that one module needs.
LATEX_NAMES = {
    "n_clients": "N",
    "dim": "d",
    "feature_dim": "c",
    "samples_per_client": "n_i",
    "draws": "K",
    "tau": r"\tau",
    "mu": r"\mu",
    "mask_ratio": "p",
    "augmentation_std": r"\sigma",
    "rare_fraction": r"\rho",
    "beta": r"\beta",
    "delta": r"\delta",
    "gamma": r"\gamma",
    "connectivity": r"|\bar A|",
    "trace_h": r"\operatorname{tr}H",
    "step_size": r"\eta",
    "local_steps": "E",
    "eigenvalue": r"\lambda",
    "lambda_2": r"\lambda_2",
    "lambda_min": r"\lambda_N",
    "curvature": "h",
    "dissimilarity": r"\zeta^2",
    "weight_ratio": r"\frac{v_{\max}}{v_{\min}}",
    "mode": "m",
    "consensus_rate": r"\varrho",
    "noise_variance": r"\varsigma^2",
    "gradient_norm": r"\phi^2",
    "noise_spectrum": "S",
    "n_sampled": "C",
    "concentration": r"\alpha",
    "n_classes": r"n_{\mathrm{cls}}",
    "heterogeneity": r"\mathrm{het}",
    "selections": r"\omega",
    "horizon": r"\Omega",
    "weight_max": r"\gamma_{\max}",
    "weight_min": r"\gamma_{\min}",
    "tokens": "L",
    "token_dim": r"d_{\mathrm{tok}}",
    "batch": "B",
    "parameters": r"n_{\mathrm{par}}",
    "bandwidth": "b",
    "std_local": r"s_{\mathrm{loc}}",
    "std_global": r"s_{\mathrm{glob}}",
    "n_averaged": r"n_{\mathrm{avg}}",
}
