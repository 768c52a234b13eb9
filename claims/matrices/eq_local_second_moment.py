"""Eq (18): the paper's expected alignment matrix of one client against E[x x^T] of Section 3.2, entry by entry.

The offsets q are 0 or 1, not +1 or -1: their mean square is 1/2, and any two of them have the mean product 1/4. So
the diagonal is tau^2/2 and the off-diagonal tau^2/4, of the diagonal's own order; (18) prints tau^2 and 0.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import sympy as sp

from ledger.checks.enumerated import (
    LEADING,
    PI,
    SCALING,
    aligned,
    entries_up_to,
    is_big_o,
    local_covariance,
    matrix_entries,
)
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.reading_words import in_words
from ledger.statement import Claim, Evidence, Instead, Statement
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.formula import Source
from theory.readings import Mask

N, CLIENT = 4, 0
TEXT = "(18): one client's matrix is 2p(1-p) diag(tau^2 off its own coordinate, 1 on it, 0 outside) up to O(d^(-2/5))."
LATEX = r"\mathbb{E}[X_i^M] = 2p(1-p)\operatorname{diag}(\tau^2,\dots,1,\dots,\tau^2,0,\dots) + O(d^{-2/5})"
FRACTIONS_OF_TEN = range(1, 10)


def printed_block(n: int, client: int) -> sp.Matrix:
    """The leading terms of (18) on the signal coordinates."""
    return sp.diag(*[2 * PI if k == client else LEADING for k in range(n)])


def closed_block(n: int, client: int) -> sp.Matrix:
    """E[x x^T] on the signal: 1 at the client's coordinate, tau^2/4 (I + J) on the others, mu^2 on the diagonal."""
    others = sp.diag(*[int(k != client) for k in range(n)])
    ones = others * sp.ones(n, n) * others
    own = sp.eye(n) - others
    return own + sy.tau**2 / 4 * (others + ones) + sy.mu**2 * sp.eye(n)


def _printed(mask: Mask, why: str, instead: Instead) -> Statement:
    return Statement(
        f"eq18.diagonal-{mask.value}",
        "printed",
        TEXT,
        entries_up_to(
            lambda: matrix_entries(printed_block(N, CLIENT), aligned(symbolic_local_block(N, CLIENT), mask)), -8, why
        ),
        reading=in_words(mask),
        latex=LATEX,
        instead=instead,
    )


def _rare_entry(point: tuple[sp.Rational, sp.Rational], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    # Outside the signal the rare class leaves rho = d^(alpha - beta) at its own coordinate.
    alpha, beta = point
    within = alpha - beta <= -sp.Rational(2, 5)
    predicted = alpha <= sp.Rational(str(spoil)) * (beta - sp.Rational(2, 5))
    return within == predicted, {"alpha": float(alpha), "beta": float(beta), "exponent": str(alpha - beta)}


def _rare_is_negligible(point: tuple[sp.Rational, sp.Rational], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    alpha, beta = point
    exponent = alpha - beta
    return exponent <= -sp.Rational(2, 5), {
        "alpha": float(alpha),
        "beta": float(beta),
        "entry_grows_like_d_to_the": float(exponent),
        "allowed": -0.4,
    }


def _growths() -> list[tuple[sp.Rational, sp.Rational]]:
    betas = (sp.Integer(1), sp.Rational(6, 5), sp.Rational(37, 20))
    return [(sp.Rational(tenth, 10), beta) for beta, tenth in itertools.product(betas, reversed(FRACTIONS_OF_TEN))]


def _off_diagonal_is_of_the_diagonal_order() -> tuple[sp.Expr, sp.Expr]:
    block = symbolic_local_block(N, CLIENT)
    return block[1, 2] / (block[1, 1] - sy.mu**2), sp.Rational(1, 2)


def _two_clients(spoil: float) -> bool:
    block = aligned(symbolic_local_block(2, 0), Mask.INDEPENDENT)
    printed = sp.Rational(str(spoil)) * PI * sp.diag(1, sy.tau**2 / 2)
    return all(is_big_o(e.subs(SCALING), -8) for e in block - printed)


CLAIM = Claim(
    id="eq-local-second-moment",
    title="The expected alignment matrix of one client",
    items=("eq-18",),
    source=Source("chen2026", "A.6.2, Eq (18)"),
    statements=(
        _printed(
            Mask.INDEPENDENT,
            "The diagonal is p(1-p) tau^2/2 and the off-diagonal p(1-p) tau^2/4.",
            instead=("eq18.second-moment", "eq17.outer-product-independent"),
        ),
        _printed(
            Mask.COMPLEMENTARY,
            "The diagonal is exactly zero and the off-diagonal p(1-p) tau^2/4.",
            instead=("eq18.second-moment", "eq17.off-diagonal-complementary"),
        ),
        Statement(
            "eq18.diagonal-centred",
            "printed",
            TEXT,
            entries_up_to(
                lambda: matrix_entries(printed_block(N, CLIENT), 2 * PI * local_covariance(N, CLIENT)),
                -8,
                "Centred, the matrix is diagonal at last, but with tau^2/4 in place of tau^2; the losses "
                "do not centre.",
            ),
            reading="second moment about the mean",
            instead="not known",
        ),
        Statement(
            "eq18.outside-entries",
            "printed",
            "(18): outside the signal every entry is O(d^(-2/5)).",
            ForAll(
                lambda _: _growths(),
                _rare_is_negligible,
                "A rare class pointing outside the signal adds rho = d^(alpha - beta) at its coordinate.",
                Evidence.ENUMERATED,
            ),
            reading="rare class outside the signal",
            instead=("eq18.outside-alpha-and-beta",),
        ),
        Statement(
            "eq18.second-moment",
            "corrected",
            "E[x x^T] is 1 at the client's coordinate and (tau^2/4)(I + J) on the other signal "
            "coordinates, plus mu^2 I.",
            Identity(
                lambda: sp.diag(closed_block(3, 0), closed_block(4, 2)),
                lambda: sp.diag(symbolic_local_block(3, 0), symbolic_local_block(4, 2)),
                "All labels and offsets listed, for three and for four clients.",
            ),
            latex=r"\Sigma_i = e_ie_i^\top + \tfrac{\tau^2}{4}(I+J)_{S\setminus i} + \mu^2 I",
            replaces=("offsets.independent-block",),
        ),
        Statement(
            "eq18.off-diagonal-half",
            "corrected",
            "In one client's E[x x^T] an entry off the diagonal, between other clients' coordinates, is half of "
            "one on it, pixel noise aside.",
            Identity(
                lambda: _off_diagonal_is_of_the_diagonal_order()[1],
                lambda: _off_diagonal_is_of_the_diagonal_order()[0],
                "E q_k q_l = 1/4 and E q_k^2 = 1/2.",
            ),
        ),
        Statement(
            "eq18.two-clients-independent",
            "corrected",
            "With two clients and independent masks the alignment matrix is diagonal: p(1-p) diag(1, tau^2/2) up "
            "to O(d^(-2/5)).",
            ForAll(
                lambda _: ["N = 2"],
                lambda name, spoil: (_two_clients(spoil), {"case": name}),
                "One offset has no partner to correlate with.",
                Evidence.ENUMERATED,
            ),
            reading=in_words(Mask.INDEPENDENT),
        ),
        Statement(
            "eq18.outside-alpha-and-beta",
            "corrected",
            "The rare class leaves an entry of O(d^(-2/5)) outside the signal exactly when alpha <= beta - 2/5.",
            ForAll(lambda _: _growths(), _rare_entry, "rho = d^(alpha - beta).", Evidence.SEARCHED),
            reading="rare class outside the signal",
        ),
    ),
)
