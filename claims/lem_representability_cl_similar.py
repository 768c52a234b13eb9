"""Lemma A.11: Theorem 4.3 for similar views, with the same fate.

Locally the printed rate needs beta >= 1.2, with FL and N = d^(1/20) beta >= 1.15; the theorem's proof asks only beta
>= 1.
"""

from fractions import Fraction

from claims.check import Printed
from claims.core import Claim, Statement, Status
from claims.rates import TWENTIETHS, falls_like
from theory.formula import Source
from theory.readings import Objective, Scope

PRINTED = Fraction(-3, 5)
FROM_ONE = TWENTIETHS
BECAUSE = "At beta = 1 the second-order deficit has the exponent -2/5 locally and -9/20 with FL and N = d^(1/20)."


def _part(text: str, scope: Scope, latex: str, *, is_growing: bool) -> Statement:
    check = falls_like(Objective.CL, scope, PRINTED, FROM_ONE, BECAUSE, is_growing=is_growing)
    return Statement("printed", text, check, reading="beta >= 1", latex=latex)


def _repaired(text: str, scope: Scope, edge: Fraction, *, is_growing: bool) -> Statement:
    betas = tuple(beta for beta in TWENTIETHS if beta >= edge)
    check = falls_like(
        Objective.CL, scope, PRINTED, betas, "Degree in d of the second-order deficit.", is_growing=is_growing
    )
    return Statement("corrected", text, check, reading=f"beta >= {float(edge):g}")


CLAIM = Claim(
    id="lem-representability-cl-similar",
    title="Lemma A.11: representability of distributed CL with similar views",
    items=("lemma-A.11",),
    source=Source("chen2026", "Lemma A.11"),
    statements=(
        _part(
            "(1) Locally 1 - r_k is O(d^(-3/5)) on every signal coordinate but the client's own.",
            Scope.LOCAL_OTHER,
            r"1 - \frac{O(d^{-1/5})}{d^{2/5} + O(d^{-1/5})} \le r_{i,k}^C \le 1",
            is_growing=True,
        ),
        _part(
            "(2) With DecL 1 - r_k is O(d^(-3/5)); here all clients weigh the same and N is fixed.",
            Scope.FL,
            r"1 - \frac{O(d^{-1/5})}{(1 - 1/|\bar A|)\,d^{2/5} + O(d^{-1/5})} \le \bar r_{Dec}^C \le 1",
            is_growing=False,
        ),
        _part(
            "(3) With FL 1 - r_k is O(d^(-3/5)).",
            Scope.FL,
            r"1 - \frac{O(d^{-1/5})}{d^{2/5} - \Theta(d^{7/20}) + O(d^{-1/5})} \le \bar r_{Fed}^C \le 1",
            is_growing=True,
        ),
        Statement(
            "printed",
            "(3) names the vector that it bounds with the superscript of MIM.",
            Printed(Status.ILL_FORMED, "The vector is defined as r^M and bounded as r^C."),
        ),
        _repaired(
            "(1) Locally 1 - r_k is O(d^(-3/5)) once beta >= 1.2.", Scope.LOCAL_OTHER, Fraction(6, 5), is_growing=True
        ),
        _repaired(
            "(2) With N fixed 1 - r_k is O(d^(-3/5)) once beta >= 1.2.", Scope.FL, Fraction(6, 5), is_growing=False
        ),
        _repaired("(3) With FL 1 - r_k is O(d^(-3/5)) once beta >= 1.15.", Scope.FL, Fraction(23, 20), is_growing=True),
    ),
)
