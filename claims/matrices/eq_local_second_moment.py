"""Eq (18): the paper's expected alignment matrix of one client against E[x x^T] of Section 3.2, entry by entry.

The offsets q are 0 or 1, not +1 or -1: their mean square is 1/2, and any two of them have the mean product 1/4. So
the diagonal is tau^2/2 and the off-diagonal tau^2/4, of the diagonal's own order; (18) prints tau^2 and 0.
"""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.enumerated import (
    LEADING,
    PI,
    aligned,
    entries_up_to,
    local_covariance,
    matrix_entries,
)
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.checks.parts_of_choices import PART_OF
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.listed_moments import MASK_RATIO, MODEL, listed_moment, masked, signal_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Instead, Statement
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.domain import Choice, Domain, Point, Quantifier, Real, Whole
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
        reading=read_as(PART_OF[mask]),
        latex=LATEX,
        instead=instead,
    )


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


TWO_CLIENTS = Domain(
    (*signal_parameters(2)[1:], MASK_RATIO, Choice("client", (1, 2))),
    assumes=f"Two clients. {MODEL} Masks are independent, in expectation. The matrix is shown on the signal.",
)
OUTSIDE = Domain(
    (
        Whole("dim", 2, 4096),
        Real("alpha", 0.0, 1.0, "()"),
        Real("beta", 1.0, math.inf, "[)", reach=(1.0, 2.0)),
    ),
    quantifier=Quantifier.IN_EXPECTATION,
    assumes="Each sample is of the rare class with probability d^(alpha - beta); mu = d^(-1/5), mask factor left out.",
)
SAMPLES = 1000  # of one client, in one draw


def _two_clients(at: Point) -> np.ndarray:
    """p(1-p) diag(1 + mu^2, tau^2/2 + mu^2), the client's own coordinate with 1; shape (2, 2)."""
    p, own = float(at["mask_ratio"]), int(at["client"]) - 1
    levels = np.full(2, float(at["tau"]) ** 2 / 2)
    levels[own] = 1.0
    return p * (1 - p) * np.diag(levels + float(at["mu"]) ** 2)


def _listed_pair(at: Point, _: Effort) -> Sample:
    moment = listed_moment({**at, "n_clients": 2}, int(at["client"]) - 1)
    matrix = masked(moment, float(at["mask_ratio"]), Mask.INDEPENDENT)
    return Sample(matrix[None], ROUND_OFF * float(np.abs(moment).max()))


def _rare_share(at: Point) -> float:
    return float(at["dim"]) ** (float(at["alpha"]) - float(at["beta"]))


def _drawn_entry(at: Point, effort: Effort) -> Sample:
    """The mean of x_h^2 over a client's samples, h the coordinate of the rare class."""
    rng, size = np.random.default_rng(effort.seed), (effort.trials, SAMPLES)
    x = float(at["dim"]) ** -0.2 * rng.standard_normal(size) + (rng.random(size) < _rare_share(at))
    return Sample(np.mean(x**2, axis=1))


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
                "With the mean subtracted the matrix is diagonal, but with tau^2/4 in place of tau^2. And the "
                "losses do not subtract the mean.",
            ),
            reading=read_as(parts.ABOUT_THE_MEAN),
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
            reading=read_as(parts.RARE_OUTSIDE),
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
            "Leave out pixel noise. In one client's E[x x^T], an entry between two other clients' coordinates is "
            "half of a diagonal entry at such a coordinate.",
            Identity(
                lambda: _off_diagonal_is_of_the_diagonal_order()[1],
                lambda: _off_diagonal_is_of_the_diagonal_order()[0],
                "E q_k q_l = 1/4 and E q_k^2 = 1/2.",
            ),
        ),
        Statement(
            "eq18.two-clients-independent",
            "corrected",
            "With two clients and independent masks the alignment matrix is diagonal: p(1-p)(1 + mu^2) at the client's "
            "own coordinate and p(1-p)(tau^2/2 + mu^2) at the other's.",
            OnDomain(
                TWO_CLIENTS,
                Then("=", _two_clients, _listed_pair),
                "With two clients an image has only one offset, so there is no other offset to correlate it with.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.INDEPENDENT),
        ),
        Statement(
            "eq18.outside-alpha-and-beta",
            "corrected",
            "A rare class outside the signal has the entry d^(alpha - beta) + d^(-2/5) at its coordinate. This is "
            "O(d^(-2/5)) exactly if alpha <= beta - 2/5.",
            OnDomain(
                OUTSIDE,
                Then("=", lambda at: _rare_share(at) + float(at["dim"]) ** -0.4, _drawn_entry, within=0.02),
                "rho = d^(alpha - beta), and mu^2 = d^(-2/5).",
                Evidence.SAMPLED,
                points=(6, 60),
            ),
            reading=read_as(parts.RARE_OUTSIDE),
        ),
    ),
)
