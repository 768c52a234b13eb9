"""Eq (17): what the masks make of x x^T. The printed right-hand side is right for no law of masks.

Complementary masks remove the diagonal and keep p(1-p) of the rest; independent masks keep p(1-p) of everything; the
paper prints twice the diagonal and nothing else. All masks of three or four pixels are listed.
"""

import sympy as sp

from ledger import parts
from ledger.checks.enumerated import PI, generic, masked_pair, printed_pair
from ledger.checks.kinds import Identity
from ledger.checks.parts_of_choices import PART_OF
from ledger.reading import read_as
from ledger.statement import Claim, Instead, Statement
from theory import symbols as sy
from theory.formula import Source
from theory.readings import Mask

X = generic("x", 3, 1)
WIDER = generic("x", 4, 1)
OUTER = X * X.T
OFF_DIAGONAL = OUTER - sp.diag(*[value**2 for value in X])


def _fixed_count(width: int) -> sp.Matrix:
    wide = WIDER * WIDER.T
    return PI * sp.Rational(width, width - 1) * (wide - sp.diag(*[value**2 for value in WIDER]))


def _half(matrix: sp.Matrix) -> sp.Matrix:
    return matrix.subs(sy.mask_ratio, sp.Rational(1, 2))


def _printed(mask: Mask, why: str, instead: Instead) -> Statement:
    return Statement(
        f"eq17.diagonal-{mask.value}",
        "printed",
        "(17): averaged over masks, the alignment matrix is 2p(1-p) times the mean of diag(x) diag(x)^T.",
        Identity(lambda: printed_pair(X), lambda: masked_pair(X, mask), why),
        reading=read_as(PART_OF[mask]),
        latex=r"X^M = \frac{2p(1-p)}{n} \sum_j \operatorname{diag}(x_j)\operatorname{diag}(x_j)^\top",
        instead=instead,
    )


CLAIM = Claim(
    id="eq-masked-cross-moment",
    title="The alignment matrix of masked image modelling",
    items=("eq-17",),
    source=Source("chen2026", "A.6.2, Eq (17)"),
    statements=(
        _printed(
            Mask.COMPLEMENTARY,
            "A pixel is never in both views, so the true matrix has a zero diagonal. The printed matrix is zero "
            "off the diagonal.",
            instead=("eq17.off-diagonal-complementary",),
        ),
        _printed(
            Mask.INDEPENDENT,
            "The true matrix is p(1-p) x x^T. The printed one has a factor 2 too much, and lacks the entries off "
            "the diagonal.",
            instead=("eq17.outer-product-independent",),
        ),
        Statement(
            "eq17.diagonal-fixed-count",
            "printed",
            "(17): averaged over masks, the alignment matrix is 2p(1-p) times the mean of diag(x) diag(x)^T.",
            Identity(
                lambda: _half(printed_pair(WIDER)),
                lambda: masked_pair(WIDER, Mask.FIXED_COUNT),
                "With exactly half of four pixels masked the diagonal is again zero.",
            ),
            reading=read_as(parts.FIXED_COUNT),
            instead=("eq17.off-diagonal-fixed-count",),
        ),
        Statement(
            "eq17.second-moment-diagonal",
            "printed",
            "Below (17): E[x x^T] is the mean of diag(x) diag(x)^T.",
            Identity(
                lambda: sp.diag(*X) * sp.diag(*X).T, lambda: OUTER, "diag(x) diag(x)^T is diagonal: it is diag(x^2)."
            ),
            latex=r"\mathbb{E}[xx^\top] = \frac1n\sum_j \operatorname{diag}(x_j)\operatorname{diag}(x_j)^\top",
            instead=("eq18.second-moment", "eq18.off-diagonal-half"),
        ),
        Statement(
            "eq17.off-diagonal-complementary",
            "corrected",
            "The alignment matrix is p(1-p) times x x^T without its diagonal.",
            Identity(lambda: PI * OFF_DIAGONAL, lambda: masked_pair(X, Mask.COMPLEMENTARY), "All 8 masks listed."),
            reading=read_as(parts.COMPLEMENTARY),
            latex=r"X^M = p(1-p)\,(xx^\top - \operatorname{diag}(x^2))",
        ),
        Statement(
            "eq17.outer-product-independent",
            "corrected",
            "The alignment matrix is p(1-p) x x^T.",
            Identity(lambda: PI * OUTER, lambda: masked_pair(X, Mask.INDEPENDENT), "All 64 pairs of masks listed."),
            reading=read_as(parts.INDEPENDENT),
            latex=r"X^M = p(1-p)\,xx^\top",
        ),
        Statement(
            "eq17.off-diagonal-fixed-count",
            "corrected",
            "With exactly p d pixels masked the alignment matrix is p(1-p) d/(d-1) times x x^T without its diagonal.",
            Identity(
                lambda: _half(_fixed_count(4)),
                lambda: masked_pair(WIDER, Mask.FIXED_COUNT),
                "d = 4 and p = 1/2, all 6 masks listed.",
            ),
            reading=read_as(parts.FIXED_COUNT),
            latex=r"X^M = p(1-p)\tfrac{d}{d-1}(xx^\top - \operatorname{diag}(x^2))",
        ),
        Statement(
            "eq17.orthogonal-complementary",
            "corrected",
            "The printed and the true matrix are orthogonal: their entrywise inner product is zero.",
            Identity(
                lambda: sp.Integer(0),
                lambda: (printed_pair(X).T * masked_pair(X, Mask.COMPLEMENTARY)).trace(),
                "The printed matrix is zero off the diagonal, and the true one is zero on it.",
            ),
            reading=read_as(parts.COMPLEMENTARY),
        ),
    ),
)
