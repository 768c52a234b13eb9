"""What Eqs (65)-(89) say of the widths (62)-(64) and (71)-(73), as statements about numbers at a point.

The widths are the printed formulas. Their hidden constants are parameters: where the paper takes O() and Theta() as
exact orders, the statement is meant for each choice of them. A limit is read off a growth of the dimension by 2^20: a
difference that tends to a number other than 0 keeps its size, and a ratio that diverges grows.
"""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import sympy as sp

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.statement import Evidence
from theory.deficits import printed_sensitivity as ps
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.formula import Formula

GROWTH = 2**20  # of the dimension: d^(1/20) doubles
LEAST_GROWTH = 2.0  # of a ratio that diverges with a power of d, d^(1/20) or more
WITHIN = 0.5  # of a difference that tends to a number other than 0
ROUND_OFF = 1e-12
LIMIT = "of many dimensions"
Pair = tuple[Formula, Formula]

DIM = Whole("dim", 2, 10**12)
MANY = Whole("dim", 10**6, 10**12)  # where a limit is looked at
CONNECTIVITY = Real("connectivity", 2.0, np.inf, "[)", reach=(2.0, 50.0), is_log=True)
MASK_RATIO = Real("mask_ratio", 0.0, 1.0, "()", reach=(0.1, 0.9))
TRACE = Real("trace_h", 0.0, np.inf, "()", reach=(0.1, 10.0), is_log=True)
ERRORS: tuple[Parameter, ...] = tuple(
    Real(name, 0.0, np.inf, "()", reach=(0.1, 10.0), is_log=True) for name in ("error_mim", "error_cl")
)
SHIFT = Real("shift_fl", 0.0, np.inf, "()", reach=(0.01, 1.0), is_log=True)
ALL: tuple[Parameter, ...] = (DIM, CONNECTIVITY, MASK_RATIO, TRACE, *ERRORS, SHIFT)


def width(formula: Formula, at: Point, factor: int = 1) -> float:
    """A printed width at the point's constants, its dimension multiplied; tr(H) is d where the point has none."""
    dim = float(at["dim"]) * factor
    return float(_compiled(formula)(*({**at, "dim": dim}.get(name, dim) for name in formula.arguments)))


@cache
def _compiled(formula: Formula) -> Callable[..., float]:
    symbols = {str(s): s for s in formula.expr.free_symbols}
    return sp.lambdify([symbols[name] for name in formula.arguments], formula.expr, modules="numpy")


def are_widths(*formulas: Formula) -> Condition:
    """All of them lie in (0, 1) at the point, as widths of intervals of representabilities do."""
    return Condition(
        "a dimension at which all widths lie strictly between 0 and 1",
        r"0 < s < 1",
        lambda p: all(0 < width(f, p) < 1 for f in formulas),
    )


def _domain(formulas: Sequence[Formula], *, is_limit: bool, without: tuple[str, ...] = ()) -> Domain:
    used = {name for f in formulas for name in f.arguments} - set(without)
    return Domain(
        tuple(MANY if is_limit and p is DIM else p for p in ALL if p.name in used),
        (are_widths(*formulas),),
        Quantifier.IN_THE_LIMIT if is_limit else Quantifier.FOR_ALL,
        "The constants hidden in O() and Theta() are the point's: error_mim, error_cl and shift_fl."
        + (" H is the identity, with tr(H) = d." if "trace_h" in without else ""),
        limit=LIMIT if is_limit else "",
    )


def limit_is_not_zero(pairs: Sequence[Pair], because: str, named: Sequence[Point] = ()) -> OnDomain:
    """Every first width minus the second one tends to a number other than 0, as a limit above or below 0 does."""

    def kept(at: Point, effort: Effort) -> Sample:
        gaps = [[width(a, at, f) - width(b, at, f) for f in (1, GROWTH)] for a, b in pairs]
        return Sample(np.array([[later / now for now, later in gaps]]), ROUND_OFF)

    formulas = list(dict.fromkeys(f for pair in pairs for f in pair))
    return OnDomain(
        _domain(formulas, is_limit=True),
        Then("=", lambda at: np.ones(len(pairs)), kept, remainder=lambda at: WITHIN),
        because,
        Evidence.NUMERIC,
        corners=(2, 64),
        named=named,
    )


def ratio_diverges(
    above: Formula, below: Formula, because: str, named: Sequence[Point] = (), *, is_identity: bool = False
) -> OnDomain:
    """The ratio of two widths doubles at least as the dimension grows 2^20-fold; with `is_identity` tr(H) is d."""

    def growth(at: Point, effort: Effort) -> Sample:
        now, later = (width(above, at, f) / width(below, at, f) for f in (1, GROWTH))
        return Sample(np.array([later / now]), ROUND_OFF)

    return OnDomain(
        _domain((above, below), is_limit=True, without=("trace_h",) if is_identity else ()),
        Then(">=", lambda at: LEAST_GROWTH, growth),
        because,
        Evidence.NUMERIC,
        corners=(2, 64),
        named=named,
    )


def upper_bounds_decide(because: str, named: Sequence[Point] = ()) -> OnDomain:
    """The MIM width is at most the CL one for every pair of errors that two O() with constant 1 allow, 0 included."""
    share = {name: Real(name, 0.0, 1.0) for name in ("error_mim", "error_cl")}
    parameters = (MANY, CONNECTIVITY, MASK_RATIO, *share.values())
    return OnDomain(
        Domain(
            parameters,
            (
                Condition(
                    "a dimension at which both widths lie in [0, 1)",
                    r"0 \le s < 1",
                    lambda p: all(0 <= width(f, p) < 1 for f in (ps.DEC_MIM, ps.DEC_CL_PROOF)),
                ),
            ),
            assumes="O() bounds from above only: the errors are error_mim and error_cl times their printed orders.",
        ),
        Then(
            "<=",
            lambda at: width(ps.DEC_CL_PROOF, at),
            lambda at, effort: Sample(np.array([width(ps.DEC_MIM, at)]), ROUND_OFF),
        ),
        because,
        Evidence.NUMERIC,
        named=named,
    )


def signals_decide(because: str, named: Sequence[Point] = ()) -> OnDomain:
    """Of two fractions error/(signal + error) the one with the larger signal is the smaller, whatever the errors."""
    positive = [
        Real(name, 0.0, np.inf, "()", reach=(0.1, 10.0), is_log=True)
        for name in ("signal_dec", "signal_fed", "error_dec", "error_fed")
    ]

    def ordered(at: Point, effort: Effort) -> Sample:
        widths = [at[f"error_{k}"] / (at[f"signal_{k}"] + at[f"error_{k}"]) for k in ("dec", "fed")]
        return Sample(np.array([(widths[0] - widths[1]) * np.sign(at["signal_fed"] - at["signal_dec"])]), ROUND_OFF)

    return OnDomain(
        Domain(tuple(positive), assumes="Widths are error/(signal + error), decentralised and federated."),
        Then(">=", lambda at: 0.0, ordered),
        because,
        Evidence.NUMERIC,
        named=named,
    )


def bracket_is_negative(because: str, named: Sequence[Point] = (), *, share: float | None = None) -> OnDomain:
    """The bracket of Eq (80) over d^(7/20) is below 0 by a visible amount, with N = d^(1/20) and |A-bar| = share N.

    With a share of 1 the Theta() is the one that Eq (36) implies, 2p(1-p)/N times d^(2/5). Else the share is the
    point's and the Theta() has the point's constant.
    """
    parameters: tuple[Parameter, ...] = (Real("root", 2.0, np.inf, "[)", reach=(2.0, 30.0), is_log=True), MASK_RATIO)
    if share is None:
        parameters = (*parameters, Real("share", 0.0, 1.0, "(]", reach=(0.1, 1.0)), SHIFT)

    def bracket(at: Point, effort: Effort) -> Sample:
        # d^(1/20) = N is the parameter: d^(2/5) is its eighth power, d^(7/20) its seventh.
        n, pair = float(at["root"]), 2 * at["mask_ratio"] * (1 - at["mask_ratio"])
        size, shift = n * at.get("share", 1.0), at.get("shift_fl", pair)
        return Sample(np.array([(pair * n**8 - pair * n**8 / size - pair * n**8 + shift * n**7) / n**7]), 1e-9)

    at_least_two = Condition(
        "an average connectivity of at least 2", r"|\bar A| \ge 2", lambda p: p["root"] * p.get("share", 1.0) >= 2
    )
    return OnDomain(
        Domain(
            parameters,
            (at_least_two,),
            assumes="N = root = d^(1/20); the average connectivity is N."
            if share
            else "N = root = d^(1/20); the average connectivity is share times N.",
        ),
        Then("<=", lambda at: -1e-6, bracket),
        because,
        Evidence.NUMERIC,
        named=named,
    )
