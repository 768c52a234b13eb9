"""Eqs (36) to (38): the averaged matrix of federated learning.

Granted (18), the arithmetic of (37) is right. The true matrix has half the diagonal and, off it, entries of the
diagonal's order: p(1-p) [(tau^2/4 + 1/N) I + (N-2) tau^2/(4N) J + mu^2 I] for independent masks.
"""

import sympy as sp

from ledger import parts
from ledger.checks.enumerated import (
    LEADING,
    PI,
    SCALING,
    U,
    aligned,
    degree,
    entries_up_to,
    is_big_o,
    matrix_entries,
)
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.parts_of_choices import PART_OF
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Instead, Statement
from theory import symbols as sy
from theory.data.moments import symbolic_fl_block
from theory.formula import Source
from theory.readings import Mask

CLIENTS = 4
N = sy.n_clients
GRANTED = ((N - 1) * LEADING + 2 * PI) / N  # one client's 1 among the others' tau^2, as (18) has them
ERROR = sp.Symbol("C", positive=True)
TEXT = "(36): on the signal the matrix is diagonal, with entries 2p(1-p) d^(2/5) - Theta(d^(7/20)) + O(d^(-2/5))."


def closed_block(n: int) -> sp.Matrix:
    """E[x x^T] averaged over clients, on the signal coordinates."""
    return (sy.tau**2 / 4 + sp.Rational(1, n) + sy.mu**2) * sp.eye(n) + (n - 2) * sy.tau**2 / (4 * n) * sp.ones(n, n)


def _leading_order(mask: Mask, why: str, instead: Instead) -> Statement:
    # Everything the paper subtracts is O(d^(7/20)), so agreement is asked to that order only.
    printed = LEADING * sp.eye(CLIENTS)
    return Statement(
        f"eq36.diagonal-{mask.value}",
        "printed",
        TEXT,
        entries_up_to(lambda: matrix_entries(printed, aligned(symbolic_fl_block(CLIENTS), mask)), 7, why),
        reading=read_as(PART_OF[mask]),
        latex=r"\mathbb{E}\overline{X} = \operatorname{diag}(2p(1-p)d^{2/5} - \Theta(d^{7/20}) + O(d^{-2/5}), \dots)",
        instead=instead,
        about=("eq-36",),
    )


def _shift_order(power: int, spoil: float) -> tuple[bool, dict[str, str]]:
    shift = (LEADING - sp.Rational(str(spoil)) * GRANTED).subs(N, U).subs(SCALING)
    return degree(shift) == power and is_big_o(shift - LEADING.subs(SCALING) / U, 0), {"shift": str(sp.factor(shift))}


def _second_line(coefficient: int) -> tuple[sp.Expr, sp.Expr]:
    signal = LEADING.subs(SCALING) - U**7
    error = ERROR * U**-8
    first = (signal - error) / (signal + error)
    second = 1 - 2 * error / (coefficient * PI * U**8 - U**7 + error)
    return second, first


CLAIM = Claim(
    id="eq-federated-mean",
    title="The averaged matrix of federated learning",
    items=("eq-36", "eq-37", "eq-38"),
    source=Source("chen2026", "A.6.2, Eqs (36)-(38)"),
    statements=(
        _leading_order(
            Mask.INDEPENDENT,
            "The diagonal entries are at least p(1-p) tau^2 (N-1)/(2N), and those off the diagonal are p(1-p) "
            "(N-2) tau^2/(4N).",
            instead=("eq36.second-moment", "eq17.outer-product-independent"),
        ),
        _leading_order(
            Mask.COMPLEMENTARY, "The diagonal is exactly zero.", instead=("eq36.off-diagonal-complementary",)
        ),
        Statement(
            "eq36.shift-granted-18",
            "printed",
            "(37), granted (18): with N = d^(1/20) the average of N - 1 entries 2p(1-p) tau^2 and one entry "
            "2p(1-p) is smaller than 2p(1-p) tau^2 by Theta(d^(7/20)).",
            ForAll(
                lambda _: (7,),
                _shift_order,
                "2p(1-p) d^(2/5)/N is exactly of order d^(7/20). The rest of the difference is O(1).",
                Evidence.ENUMERATED,
            ),
            latex=r"2p(1-p)\,d^{2/5} - \Theta(d^{7/20}) + O(d^{-2/5})",
            about=("eq-37",),
        ),
        Statement(
            "eq36.second-line-one-factor",
            "printed",
            "(38), second line: the fraction that is subtracted has p(1-p) d^(2/5) in its denominator.",
            Identity(
                lambda: _second_line(1)[0],
                lambda: _second_line(1)[1],
                "The other denominators have 2p(1-p). With p(1-p) in this one the two lines differ.",
            ),
            reading=read_as(parts.EQUAL_CONSTANTS),
            instead=("eq36.second-line-every-factor",),
            about=("eq-38",),
        ),
        Statement(
            "eq36.second-line-every-factor",
            "corrected",
            "(38): with 2p(1-p) in every denominator the second line equals the first line.",
            Identity(lambda: _second_line(2)[0], lambda: _second_line(2)[1], "(A - B)/(A + B) = 1 - 2B/(A + B)."),
            reading=read_as(parts.EQUAL_CONSTANTS),
            about=("eq-38",),
        ),
        Statement(
            "eq36.second-moment",
            "corrected",
            "The averaged E[x x^T] is (tau^2/4 + 1/N) I + (N-2) tau^2/(4N) J + mu^2 I on the signal.",
            Identity(
                lambda: sp.diag(*[closed_block(n) for n in (2, 3, 4, 5)]),
                lambda: sp.diag(*[symbolic_fl_block(n) for n in (2, 3, 4, 5)]),
                "All labels and offsets listed, for two to five clients.",
            ),
            latex=r"\overline{\Sigma} = (\tfrac{\tau^2}{4} + \tfrac1N) I + \tfrac{(N-2)\tau^2}{4N} J + \mu^2 I",
        ),
        Statement(
            "eq36.off-diagonal-complementary",
            "corrected",
            "Under complementary masks the averaged matrix is p(1-p) (N-2) tau^2/(4N) (J - I), zero for two clients.",
            Identity(
                lambda: sp.diag(*[PI * (n - 2) * sy.tau**2 / (4 * n) * (sp.ones(n, n) - sp.eye(n)) for n in (2, 4)]),
                lambda: sp.diag(*[aligned(symbolic_fl_block(n), Mask.COMPLEMENTARY) for n in (2, 4)]),
                "Complementary masks remove the diagonal. With two clients there is nothing off the diagonal.",
            ),
            reading=read_as(parts.COMPLEMENTARY),
        ),
    ),
)
