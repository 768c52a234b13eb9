"""Eqs (20) to (23), (45) and (57): the diagonal entries of one client's matrix against its largest eigenvalue.

The proofs need both to be the same number up to a vanishing error. They are p(1-p)(tau^2/2 + mu^2) and p(1-p)(N
tau^2/4 + mu^2): the edge is N/2 times the entry, because the offsets of different coordinates are correlated.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.enumerated import LEADING, PI, SCALING, U, aligned, entries_up_to
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.checks.parts_of_choices import PART_OF
from ledger.drawn.drawn_matrices import ROUND_OFF, matrix_at, matrix_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.domain import Choice, Domain, Point, Real
from theory.formula import Source
from theory.readings import Mask

N = 6
BLOCK = symbolic_local_block(N, 0)
PLAIN = sy.tau**2
# The whole matrix of contrast, from which its entry and its largest eigenvalue are read off.
CL_MATRIX = (
    "eq18.second-moment",
    "eq43.mean-second-moment",
)
TOP_CL = sum(BLOCK.row(1), sp.Integer(0))  # the Perron eigenvalue: all rows off coordinate i have this sum


PERTURBED = Domain(
    (
        *(p for p in matrix_parameters() if p.name != "feature_dim"),
        Real("distance", 0.0, math.inf, "()", reach=(0.01, 10.0), is_log=True),
        Choice("perturbation", ("any", "shift")),
    ),
    assumes="Both matrices are symmetric; their difference has the norm `distance`, and a shift is a multiple of I.",
)


def _moved(at: Point, _: Effort) -> Sample:
    """How far each eigenvalue moves, (1, d)."""
    x, d = matrix_at(at).x, int(at["dim"])
    off = np.random.default_rng((int(at["draw"]), 20)).standard_normal((d, d))
    off = np.eye(d) if at["perturbation"] == "shift" else (off + off.T) / np.linalg.norm(off + off.T, 2)
    moved = np.linalg.eigvalsh(x + float(at["distance"]) * off) - np.linalg.eigvalsh(x)
    return Sample(np.abs(moved)[None], ROUND_OFF * (1 + float(at["distance"])))


def _top(mask: Mask) -> sp.Expr:
    return sp.factor(sum(aligned(BLOCK, mask).row(1)))


def _entry_statement(mask: Mask, why: str) -> Statement:
    return Statement(
        f"eq20.entry-at-least-{mask.value}",
        "printed",
        "(21): e_k^T X e_k is 2p(1-p) d^(2/5) up to O(d^(-2/5)) or larger, k another client's coordinate.",
        entries_up_to(lambda: [("(k, k)", LEADING, aligned(BLOCK, mask)[1, 1])], -8, why),
        reading=read_as(PART_OF[mask]),
        latex=r"e_k^\top X_i^M e_k \ge 2p(1-p)\,d^{2/5} - O(d^{-2/5})",
        instead=(f"eq20.entry-and-edge-{mask.value}",),
        about=("eq-21",),
    )


def _edge_statement(mask: Mask, why: str) -> Statement:
    return Statement(
        f"eq20.edge-{mask.value}",
        "printed",
        "(23): the largest eigenvalue is 2p(1-p) d^(2/5) up to O(d^(-2/5)).",
        entries_up_to(lambda: [("largest eigenvalue", LEADING, _top(mask))], -8, why),
        reading=read_as(PART_OF[mask]),
        latex=r"\lambda_{i,1}^M = 2p(1-p)\,d^{2/5} \pm O(d^{-2/5})",
        instead=(f"eq20.entry-and-edge-{mask.value}",),
        about=("eq-23",),
    )


def _entry_is_below(mask: Mask, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    share = sp.limit((aligned(BLOCK, mask)[1, 1] / LEADING).subs(SCALING), U, sp.oo)
    # Spoiled, the bound is put just below the larger of the two entries.
    bound = 1 if spoil == 1.0 else sp.Rational(str(spoil)) / 4
    return bool(share <= bound), {"mask": mask.value, "entry_over_bound": str(share)}


ENTRY_WHY = {
    Mask.INDEPENDENT: "The population entry is p(1-p)(tau^2/2 + mu^2), a quarter of what is printed.",
    Mask.COMPLEMENTARY: "In the population the entry is exactly 0, because a pixel is never in both views.",
}
EDGE_WHY = {
    Mask.INDEPENDENT: "The largest eigenvalue is p(1-p)(N tau^2/4 + mu^2): it grows with N.",
    Mask.COMPLEMENTARY: "The largest eigenvalue is p(1-p)(N - 2) tau^2/4.",
}

CLAIM = Claim(
    id="eq-entries-and-edge",
    title="Diagonal entries and largest eigenvalue of one client's matrix",
    items=("eq-20", "eq-21", "eq-22", "eq-23", "eq-45"),
    source=Source("chen2026", "A.6.2, Eqs (20)-(23); A.6.3, Eq (45)"),
    statements=(
        Statement(
            "eq20.weyl",
            "printed",
            "(20), first step: each eigenvalue of a symmetric matrix moves by at most the norm of the perturbation.",
            OnDomain(
                PERTURBED,
                Then("<=", lambda at: np.full(int(at["dim"]), float(at["distance"])), _moved),
                "This is Weyl's inequality. The rate that is printed after it is checked by another claim.",
                Evidence.NUMERIC,
            ),
            latex=r"|\lambda_k(X) - \lambda_k(\mathbb{E}X)| \le \|X - \mathbb{E}X\|_2",
            about=("eq-20",),
        ),
        *(_entry_statement(mask, why) for mask, why in ENTRY_WHY.items()),
        Statement(
            "eq20.entry-at-most",
            "printed",
            "(22): e_k^T X e_k is at most 2p(1-p) d^(2/5) + O(d^(-2/5)), k another client's coordinate.",
            ForAll(
                lambda _: (Mask.INDEPENDENT, Mask.COMPLEMENTARY),
                _entry_is_below,
                "True, but it says little: the entry is a quarter of the bound with independent masks, and zero "
                "with complementary masks.",
                Evidence.SEARCHED,
            ),
            latex=r"e_k^\top X_i^M e_k \le 2p(1-p)\,d^{2/5} + O(d^{-2/5})",
            about=("eq-22",),
        ),
        *(_edge_statement(mask, why) for mask, why in EDGE_WHY.items()),
        Statement(
            "eq20.cl-entry",
            "printed",
            "(45), first line: for CL e_k^T X e_k is d^(2/5) up to O(d^(-1/5)).",
            entries_up_to(lambda: [("(k, k)", PLAIN, BLOCK[1, 1])], -4, "The entry is tau^2/2 + mu^2."),
            latex=r"e_k^\top X_i^C e_k = d^{2/5} \pm O(d^{-1/5})",
            instead=CL_MATRIX,
            about=("eq-45",),
        ),
        Statement(
            "eq20.cl-edge",
            "printed",
            "(45), second line: for CL the largest eigenvalue is d^(2/5) up to O(d^(-1/5)).",
            entries_up_to(
                lambda: [("largest eigenvalue", PLAIN, TOP_CL)],
                -4,
                "It is N tau^2/4 + mu^2, which is tau^2 at N = 4 alone.",
            ),
            instead=CL_MATRIX,
            about=("eq-45",),
        ),
        Statement(
            "eq20.entry-and-edge-independent",
            "corrected",
            "One client's diagonal entry is p(1-p)(tau^2/2 + mu^2) and its largest eigenvalue p(1-p)(N tau^2/4 + "
            "mu^2).",
            Identity(
                lambda: PI * sp.Matrix([sy.tau**2 / 2 + sy.mu**2, N * sy.tau**2 / 4 + sy.mu**2]),
                lambda: sp.Matrix([aligned(BLOCK, Mask.INDEPENDENT)[1, 1], _top(Mask.INDEPENDENT)]),
                "From all labels, offsets and masks of six clients.",
            ),
            reading=read_as(parts.INDEPENDENT),
        ),
        Statement(
            "eq20.entry-and-edge-complementary",
            "corrected",
            "One client's diagonal is 0 and its largest eigenvalue p(1-p)(N - 2) tau^2/4.",
            Identity(
                lambda: PI * sp.Matrix([0, (N - 2) * sy.tau**2 / 4]),
                lambda: sp.Matrix([aligned(BLOCK, Mask.COMPLEMENTARY)[1, 1], _top(Mask.COMPLEMENTARY)]),
                "From all labels, offsets and masks of six clients.",
            ),
            reading=read_as(parts.COMPLEMENTARY),
        ),
    ),
)
