"""Eqs (74)-(77): the comparison of the MIM and CL widths under federated learning as the dimension grows."""

import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.printed.found_witnesses import found
from ledger.printed.printed_widths import limit_is_not_zero, ratio_diverges
from ledger.reading import read_as
from ledger.statement import Claim, Statement
from theory.deficits import printed_sensitivity as ps
from theory.formula import Source

D = ps.dim
E_MIM = ps.error_mim * D ** sp.Rational(-4, 5)
E_CL = ps.error_cl * D ** sp.Rational(-3, 5)
SHIFT = ps.shift_fl * D ** sp.Rational(-1, 20)
GAP = D ** sp.Rational(3, 5)

BECAUSE_ZERO = (
    "The widths are of orders d^(-4/5) and d^(-3/5), so the limit of their difference is 0, which is not below zero."
)
BECAUSE_SCALED = (
    "Multiplied by d^(3/5), the difference shows which width is the larger, if O() stands for exact orders."
)
BECAUSE_FACTOR = "The second line drops the 2p(1-p) that the first line still has."
BECAUSE_ONE = (
    "After division by d^(2/5) each factor of the denominator tends to 1, so their product cannot grow as d^(1/5)."
)
BECAUSE_REPEATED = (
    "The denominator of the ratio repeats the CL width. So the ratio tends to 1 / tr(H), which is finite."
)
BECAUSE_TRACE = "The ratio grows like 2p(1-p) d^(1/5) / tr(H). H = I has tr(H) = d, and then the ratio tends to 0."


def divided_by_leading_power() -> sp.Expr:
    """The first line of Eq (74): both fractions divided by d^(2/5)."""
    return E_MIM / (ps.PAIR - SHIFT + E_MIM) - E_CL / (1 - SHIFT + E_CL)


def common_denominator() -> sp.Expr:
    """The second line of Eq (74), as typed."""
    mim, cl = 1 - SHIFT + E_MIM, 1 - SHIFT + E_CL
    return (E_MIM * cl - E_CL * mim) / (mim * cl)


def one_case(expr: sp.Expr) -> sp.Expr:
    """`expr` for p = 3/4 and unit constants, over d^(1/20): one case refutes, and a rational function is quick."""
    unit = {ps.error_mim: 1, ps.error_cl: 1, ps.shift_fl: 1, ps.mask_ratio: sp.Rational(3, 4)}
    return sp.powsimp(expr.subs(unit).subs(D, ps.root**20), force=True)


def denominator_orders() -> sp.Expr:
    """The denominator of the second line over that of the third line, in the limit."""
    second = (1 - SHIFT + E_MIM) * (1 - SHIFT + E_CL)
    third = D ** sp.Rational(1, 5) - ps.shift_fl * D ** sp.Rational(3, 20) + E_CL
    return ps.limit_in_dim(second / third)


CLAIM = Claim(
    id="eq-federated-width-order",
    title="Under federated learning: MIM's width against CL's",
    items=("eq-74", "eq-75", "eq-76", "eq-77"),
    source=Source("chen2026", "Eqs (74)-(77), A.6.4"),
    statements=(
        Statement(
            "eq74.first-line",
            "printed",
            "The first line of Eq (74) is the difference of the widths, numerators and denominators divided by "
            "d^(2/5).",
            Identity(
                divided_by_leading_power,
                lambda: ps.FED_MIM.expr - ps.FED_CL.expr,
                "Division of both parts of a fraction by d^(2/5).",
            ),
            about=("eq-74",),
        ),
        Statement(
            "eq74.second-line",
            "printed",
            "The second line of Eq (74), over one denominator, equals the first line at p = 3/4.",
            Identity(
                lambda: one_case(common_denominator()), lambda: one_case(divided_by_leading_power()), BECAUSE_FACTOR
            ),
            instead=("eq74.first-line",),
            about=("eq-74",),
        ),
        Statement(
            "eq74.third-line",
            "printed",
            "The denominator of Eq (74)'s third line, of order d^(1/5), is to leading order that of the second line.",
            Identity(lambda: sp.Integer(1), denominator_orders, BECAUSE_ONE),
            instead=("eq74.difference-scaled",),
            about=("eq-74",),
        ),
        Statement(
            "eq74.limit-similar",
            "printed",
            "As d grows, the limit of the federated MIM width minus the CL width is below zero (similar views).",
            limit_is_not_zero([(ps.FED_MIM, ps.FED_CL)], BECAUSE_ZERO, found("eq74.limit-similar")),
            reading=read_as(parts.O_AS_THETA),
            instead=("eq74.difference-scaled",),
            about=("eq-75",),
        ),
        Statement(
            "eq74.ratio-as-typed",
            "printed",
            "As d grows, the ratio as it is typed tends to infinity: the CL width for dissimilar views over a CL "
            "width, which is typed twice.",
            ratio_diverges(ps.FED_CL_H, ps.FED_CL, BECAUSE_REPEATED, found("eq74.ratio-as-typed")),
            reading=read_as(parts.AS_TYPED),
            instead=("eq74.ratio-as-typed-limit",),
            about=("eq-76",),
        ),
        Statement(
            "eq74.ratio-trace-bounded",
            "printed",
            "As d grows, the federated CL width for dissimilar views over the MIM width tends to infinity.",
            Identity(
                lambda: sp.Integer(0),
                lambda: ps.limit_in_dim(ps.FED_MIM.expr / ps.FED_CL_H.expr),
                BECAUSE_TRACE,
            ),
            reading=read_as(parts.O_AS_THETA, parts.BOUNDED_TRACE),
            about=("eq-76",),
        ),
        Statement(
            "eq74.ratio-trace-d",
            "printed",
            "As d grows, the federated CL width for dissimilar views over the MIM width tends to infinity.",
            ratio_diverges(ps.FED_CL_H, ps.FED_MIM, BECAUSE_TRACE, found("eq74.ratio-trace-d"), is_identity=True),
            reading=read_as(parts.O_AS_THETA, parts.IDENTITY),
            instead=("eq74.ratio-trace-bounded",),
            about=("eq-76",),
        ),
        Statement(
            "eq74.limit-either-views",
            "printed",
            "As d grows, the limit of the federated MIM width minus the CL width is below zero, for either kind "
            "of views.",
            limit_is_not_zero(
                [(ps.FED_MIM, f) for f in (ps.FED_CL, ps.FED_CL_H)],
                BECAUSE_ZERO,
                found("eq74.limit-either-views"),
            ),
            reading=read_as(parts.O_AS_THETA),
            instead=("eq74.difference-scaled",),
            about=("eq-77",),
        ),
        Statement(
            "eq74.difference-scaled",
            "corrected",
            "As d grows, the difference of the federated widths tends to 0. Times d^(3/5), the MIM width minus "
            "the CL width tends to minus the constant of CL.",
            Identity(
                lambda: sp.Matrix([0, -ps.error_cl]),
                lambda: sp.Matrix(
                    [
                        ps.limit_in_dim(ps.FED_MIM.expr - ps.FED_CL.expr),
                        sp.simplify(ps.limit_in_dim(GAP * (ps.FED_MIM.expr - ps.FED_CL.expr))),
                    ]
                ),
                BECAUSE_SCALED,
            ),
            about=("eq-74", "eq-75", "eq-77"),
        ),
        Statement(
            "eq74.ratio-as-typed-limit",
            "corrected",
            "The ratio of Eq (76) as typed tends to 1 / tr(H) when the trace is bounded.",
            Identity(
                lambda: 1 / ps.trace_h,
                lambda: sp.simplify(ps.limit_in_dim(ps.FED_CL_H.expr / ps.FED_CL.expr)),
                BECAUSE_REPEATED,
            ),
            reading=read_as(parts.AS_TYPED),
            about=("eq-76",),
        ),
    ),
)
