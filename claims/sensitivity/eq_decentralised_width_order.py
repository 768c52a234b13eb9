"""Eqs (65)-(70): the comparison of the MIM and CL widths on a decentralised network as the dimension grows."""

import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.printed.found_witnesses import found
from ledger.printed.printed_widths import limit_is_not_zero, ratio_diverges, upper_bounds_decide
from ledger.reading import read_as
from ledger.statement import Claim, Statement
from theory.deficits import printed_sensitivity as ps
from theory.formula import Source

D = ps.dim
FRACTION = ps.FRACTION
GAP = D ** sp.Rational(3, 5)

BECAUSE_FACTOR = "The first denominator lacks the factor 2p(1-p) of Eq (62)."
BECAUSE_ZERO = (
    "The widths are of orders d^(-4/5) and d^(-3/5), so their difference tends to 0, which is not below zero."
)
BECAUSE_ONE_SIDED = (
    "O() only bounds from above. An error of zero for CL is O(d^(-1/5)), too, and then the MIM width is the "
    "larger one at every d."
)
BECAUSE_SCALED = (
    "Multiplied by d^(3/5), the difference shows which width is the larger, if O() stands for exact orders, Theta()."
)
BECAUSE_RATIO = (
    "The ratio grows like 2p(1-p) d^(1/5) / tr(H). So it tends to infinity exactly if tr(H) is of smaller order "
    "than d^(1/5). H = I has tr(H) = d."
)


def first_term_as_printed() -> sp.Expr:
    """The first fraction of Eq (65)."""
    noise = ps.error_mim * D ** sp.Rational(-2, 5)
    return noise / (FRACTION * D ** sp.Rational(2, 5) + noise)


def printed_difference() -> sp.Expr:
    """The first line of Eq (65): its first fraction, minus the CL width as the proof has it."""
    return first_term_as_printed() - ps.DEC_CL_PROOF.expr


def common_denominator() -> sp.Expr:
    """The second line of Eq (65), as typed."""
    e_mim, e_cl = ps.error_mim * D ** sp.Rational(-2, 5), ps.error_cl * D ** sp.Rational(-1, 5)
    mim, cl = FRACTION * D ** sp.Rational(2, 5) + e_mim, FRACTION * D ** sp.Rational(2, 5) - e_cl
    return (e_mim * cl - e_cl * mim) / (cl * mim)


def leading_order() -> sp.Expr:
    """The last line of Eq (66) with the constant of its O() that the line above implies."""
    return -FRACTION * ps.error_cl * D ** sp.Rational(1, 5) / (FRACTION**2 * D ** sp.Rational(4, 5))


def inverse_ratio(trace: sp.Expr) -> sp.Expr:
    """The limit of the MIM width over the CL width for dissimilar views, tr(H) being `trace`."""
    return ps.limit_in_dim((ps.DEC_MIM.expr / ps.DEC_CL_H.expr).subs(ps.trace_h, trace))


def scaled_ratio(trace: sp.Expr) -> sp.Expr:
    """The limit of the ratio of Eq (68) times tr(H) / d^(1/5)."""
    ratio = (ps.DEC_CL_H.expr / ps.DEC_MIM.expr).subs(ps.trace_h, trace)
    return sp.simplify(ps.limit_in_dim(ratio * trace / D ** sp.Rational(1, 5)))


def negative_limit(key: str, number: str, formula: ps.Formula | None) -> Statement:
    """The statement that the limit of MIM minus CL width is below 0; without a formula, for both CL widths."""
    against = (
        "CL with views of either kind" if formula is None else f"the {formula.title[0].lower()}{formula.title[1:]}"
    )
    return Statement(
        key,
        "printed",
        f"({number}): as d grows, the limit of the MIM width minus the CL width is below zero ({against}).",
        limit_is_not_zero(
            [(ps.DEC_MIM, f) for f in ((ps.DEC_CL_PROOF, ps.DEC_CL_H_PROOF) if formula is None else (formula,))],
            BECAUSE_ZERO,
            found(key),
        ),
        reading=read_as(parts.O_AS_THETA),
        instead=("eq65.limit-scaled",),
        about=(f"eq-{number}",),
    )


CLAIM = Claim(
    id="eq-decentralised-width-order",
    title="On a decentralised network: MIM's width against CL's",
    items=("eq-65", "eq-66", "eq-67", "eq-68", "eq-69", "eq-70"),
    source=Source("chen2026", "Eqs (65)-(70), A.6.4"),
    statements=(
        Statement(
            "eq65.first-fraction",
            "printed",
            "The first fraction of the difference in Eq (65) is the MIM width of Eq (62).",
            Identity(first_term_as_printed, lambda: ps.DEC_MIM.expr, BECAUSE_FACTOR),
            instead=("eq62.width-eq62",),
            about=("eq-65",),
        ),
        Statement(
            "eq65.common-denominator",
            "printed",
            "The second line of Eq (65) is the difference of the two printed fractions over one denominator.",
            Identity(common_denominator, printed_difference, "Two fractions over their common denominator."),
            about=("eq-65",),
        ),
        Statement(
            "eq65.leading-order",
            "printed",
            "(66): to leading order the difference is -(1 - 1/|A|) O(d^(1/5)) over (1 - 1/|A|)^2 Theta(d^(4/5)).",
            Identity(
                lambda: sp.Integer(1),
                lambda: sp.simplify(ps.limit_in_dim(common_denominator() / leading_order())),
                "The ratio of the two lines tends to 1 when the O() of CL is an exact order.",
            ),
            reading=read_as(parts.O_AS_THETA),
            about=("eq-66",),
        ),
        negative_limit("eq65.limit-similar", "67", ps.DEC_CL_PROOF),
        Statement(
            "eq65.upper-bounds-similar",
            "printed",
            "(67), similar views, with O() read as an upper bound: at large d the MIM width is below the CL width.",
            upper_bounds_decide(BECAUSE_ONE_SIDED, found("eq65.upper-bounds-similar")),
            reading=read_as(parts.O_AS_BOUND),
            instead=("eq65.limit-scaled",),
            about=("eq-67",),
        ),
        Statement(
            "eq65.ratio-bounded-trace",
            "printed",
            "As d grows, the CL width for dissimilar views over the MIM width tends to infinity.",
            Identity(lambda: sp.Integer(0), lambda: inverse_ratio(ps.trace_h), BECAUSE_RATIO),
            reading=read_as(parts.O_AS_THETA, parts.BOUNDED_TRACE),
            about=("eq-68",),
        ),
        Statement(
            "eq65.ratio-identity",
            "printed",
            "As d grows, the CL width for dissimilar views over the MIM width tends to infinity.",
            ratio_diverges(ps.DEC_CL_H, ps.DEC_MIM, BECAUSE_RATIO, found("eq65.ratio-identity"), is_identity=True),
            reading=read_as(parts.O_AS_THETA, parts.IDENTITY),
            instead=("eq65.ratio-growth",),
            about=("eq-68",),
        ),
        negative_limit("eq65.limit-dissimilar", "69", ps.DEC_CL_H_PROOF),
        negative_limit("eq65.limit-either-views", "70", None),
        Statement(
            "eq65.limit-scaled",
            "corrected",
            "As d grows, every difference of a MIM and a CL width tends to 0. Times d^(3/5), the MIM width minus "
            "the CL width tends to -(constant of CL)/(1 - 1/|A|).",
            Identity(
                lambda: sp.Matrix([0, -ps.error_cl / FRACTION]),
                lambda: sp.Matrix(
                    [
                        ps.limit_in_dim(ps.DEC_MIM.expr - ps.DEC_CL.expr),
                        ps.limit_in_dim(GAP * (ps.DEC_MIM.expr - ps.DEC_CL.expr)),
                    ]
                ),
                BECAUSE_SCALED,
            ),
            about=("eq-66", "eq-67", "eq-69", "eq-70"),
        ),
        Statement(
            "eq65.ratio-growth",
            "corrected",
            "As d grows, the CL width for dissimilar views over the MIM width is asymptotically 2p(1-p) d^(1/5) / "
            "tr(H) times the constant of CL over that of MIM. That is so for bounded tr(H) and for H = I.",
            Identity(
                lambda: sp.Matrix([ps.error_cl / ps.error_mim * ps.PAIR] * 2),
                lambda: sp.Matrix([scaled_ratio(ps.trace_h), scaled_ratio(D)]),
                BECAUSE_RATIO,
            ),
            about=("eq-68",),
        ),
    ),
)
