"""Lemma A.11: Theorem 4.3 for similar views, with the same fate.

Locally, off the client's own coordinate, the printed rate needs beta >= 1.2; on the own coordinate, which the lemma
leaves out, it needs beta >= 1.6. With FL and N = d^(1/20) it needs beta >= 1.15. The theorem's proof asks only
beta >= 1.
"""

import math

from ledger import parts
from ledger.checks.kinds import Printed
from ledger.printed.found_witnesses import found
from ledger.printed.printed_theorems import few_samples
from ledger.reading import read_as
from ledger.statement import Claim, Instead, Statement, Status
from theory.formula import Source
from theory.readings import Scope

BECAUSE = (
    "At beta = 1 a client's second-order deficit is of order d^(-2/5) on other clients' coordinates, and does not "
    "fall on its own. With FL and N = d^(1/20) the deficit is of order d^(-9/20)."
)


def _part(key: str, text: str, scope: Scope, latex: str, instead: Instead) -> Statement:
    check = few_samples(scope, math.inf, BECAUSE, found(key))
    return Statement(
        key,
        "printed",
        text,
        check,
        reading=read_as(parts.SIMILAR, parts.ONE_AUGMENTATION),
        latex=latex,
        instead=instead,
    )


CLAIM = Claim(
    id="lem-representability-cl-similar",
    title="Lemma A.11: representability of distributed CL with similar views",
    items=("lemma-A.11",),
    source=Source("chen2026", "Lemma A.11"),
    statements=(
        _part(
            "lem-a11.local-beta-1",
            "Part (1), one client alone: the deficit 1 - r_k is O(d^(-3/5)) on every signal coordinate but the "
            "client's own.",
            Scope.LOCAL_OTHER,
            r"1 - \frac{O(d^{-1/5})}{d^{2/5} + O(d^{-1/5})} \le r_{i,k}^C \le 1",
            instead=("thm43.local-many-samples",),
        ),
        _part(
            "lem-a11.decl-beta-1",
            "Part (2), with DecL: the deficit 1 - r_k is O(d^(-3/5)). Here all clients have the same weight, and N "
            "is fixed.",
            Scope.FL,
            r"1 - \frac{O(d^{-1/5})}{(1 - 1/|\bar A|)\,d^{2/5} + O(d^{-1/5})} \le \bar r_{Dec}^C \le 1",
            instead=("thm43.decl-many-samples",),
        ),
        _part(
            "lem-a11.fl-beta-1",
            "Part (3), with FL: the deficit 1 - r_k is O(d^(-3/5)).",
            Scope.FL,
            r"1 - \frac{O(d^{-1/5})}{d^{2/5} - \Theta(d^{7/20}) + O(d^{-1/5})} \le \bar r_{Fed}^C \le 1",
            instead=("thm43.fl-many-samples",),
        ),
        Statement(
            "lem-a11.superscript",
            "printed",
            "Part (3) names the vector that it bounds with the superscript of MIM.",
            Printed(Status.ILL_FORMED, "The vector is defined as r^M and bounded as r^C."),
            instead=("thm43.fl-many-samples",),
        ),
    ),
)
