"""The end of every proof of Theorems 4.2 and 4.3: a lower bound for a sum that is 1 whatever was learned.

Eqs (24), (33), (38), (46), (49), (51) and (59) to (61) sum (e_k^T v_j)^2 over all d eigenvectors. Definition 4.1 sums
over the c that span the row space. Repaired, the one-line argument gives r_k >= 2/N and no more: it needs an eigengap
instead.
"""

from functools import cache

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.enumerated import SCALING, U
from ledger.checks.kinds import Empty, Identity, Printed
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import POSITIVE, ROUND_OFF, SPECTRA, matrix_at, matrix_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement, Status
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.domain import Choice, Condition, Domain, Point
from theory.formula import Source
from theory.objectives.alignment_minimum import entry_bound

P, Q, R = sp.symbols("p q r", real=True)
TURN = sp.Matrix([[0, -R, Q], [R, 0, -P], [-Q, P, 0]])
# Every rotation of three dimensions but the half turns, by Cayley: its columns are any orthonormal basis.
BASIS = ((sp.eye(3) + TURN) * (sp.eye(3) - TURN).inv()).applyfunc(sp.cancel)
SPECTRUM = (3, -2, 1)
CLIENTS = (3, 4, 5, 6)
SYMMETRIC = ("24", "33", "38", "46", "49", "51")
SINGULAR = ("59", "60", "61")
ONE_CLIENT = ("24", "46")  # with E[x x^T], up to a factor, as the matrix


@cache
def _sums_of_squares() -> list[sp.Expr]:
    return [sp.cancel(sum(entry**2 for entry in BASIS.row(k))) for k in range(3)]


@cache
def _sums_of_singular_products() -> list[sp.Expr]:
    """The sums of (59) for the symmetric matrix with these eigenvectors and eigenvalues of either sign."""
    x = BASIS * sp.diag(*SPECTRUM) * BASIS.T
    left = BASIS * sp.diag(*[sp.sign(value) for value in SPECTRUM])
    values = sp.diag(*[abs(value) for value in SPECTRUM])
    assert (x * BASIS - left * values).applyfunc(sp.cancel).is_zero_matrix, "left and BASIS are its singular vectors"
    # |u v| = |u| |v| is v^2 here, u and v being equal up to sign.
    return [sp.cancel(sum(left[k, j] * BASIS[k, j] * sp.sign(SPECTRUM[j]) for j in range(3))) for k in range(3)]


def _squares_sum_to_one(spoil: float) -> bool:
    return all(total == sp.Rational(str(spoil)) for total in _sums_of_squares())


def _singular_products_sum_to_one(spoil: float) -> bool:
    return all(total == sp.Rational(str(spoil)) for total in _sums_of_singular_products())


def _vacuous(equation: str) -> Statement:
    singular = equation in SINGULAR
    return Statement(
        f"basis-sum.eq{equation}",
        "printed",
        f"({equation}): summed over all d {'singular vectors' if singular else 'eigenvectors'}, the "
        f"{'products |e_k^T u_j v_j^T e_k|' if singular else 'squared projections of e_k'} "
        "are at least 1 minus a vanishing quantity.",
        Empty(
            Status.VACUOUS,
            "The alignment matrix is symmetric, so u_j is v_j or -v_j. The sum is then the squared length of e_k, "
            "which is 1 for every matrix. It is not r_k."
            if singular
            else (
                "Over a complete orthonormal basis the sum is always 1. But r_k is the sum over the c vectors of "
                "the row space only."
            ),
            _singular_products_sum_to_one if singular else _squares_sum_to_one,
        ),
        latex=r"\sum_{j=1}^{d} |e_k^\top u_j v_j^\top e_k| \ge 1 - \dots"
        if singular
        else r"\sum_{j=1}^{d} (e_k^\top v_j)^2 \ge 1 - \dots",
        instead=("basis-sum.subspace-bound", "basis-sum.subspace-bound-one-client")
        if equation in ONE_CLIENT
        else ("basis-sum.subspace-bound",),
        about=(f"eq-{equation}",),
    )


AXES = Choice("axes", ("turned", "own"))
ANY_MATRIX = Domain(
    (*(p for p in matrix_parameters(24) if p.name != "feature_dim"), AXES),
    assumes="X is symmetric, its eigenvectors a random basis or the axes.",
)
# The c-th eigenvalue is positive, so that the minimiser of the loss keeps the c largest ones.
SUBSPACE = Domain(
    (*matrix_parameters(24, (POSITIVE,), least=2), AXES),
    (Condition("feature_dim below dim", r"c < d", lambda p: p["feature_dim"] < p["dim"]),),
    assumes="X is symmetric and positive definite, its eigenvectors a random basis or the axes.",
)


def _matrix(at: Point) -> np.ndarray:
    drawn = matrix_at(at)
    return np.diag(drawn.values) if at["axes"] == "own" else drawn.x


def _largest_entry(at: Point, _: Effort) -> Sample:
    return Sample(np.array([np.diag(_matrix(at)).max()]), ROUND_OFF)


def _represented(at: Point, _: Effort) -> Sample:
    """r_k of every axis: one minus the squared distance to the span of the c leading eigenvectors, (1, d)."""
    vectors = np.linalg.eigh(_matrix(at))[1]
    rest = vectors[:, : len(vectors) - int(at["feature_dim"])]
    # An eigenvector is known to round-off over the least relative gap, and r_k to first order in that.
    return Sample(1 - np.sum(rest**2, axis=1)[None], 1e-9)


def _limits_of_the_repair() -> sp.Matrix:
    limits = []
    for n in CLIENTS:
        block = symbolic_local_block(n, 0)
        # The row sums off coordinate i agree, so they are the Perron eigenvalue of that block: the largest of all.
        entry, top, bulk = block[1, 1], sum(block.row(1)), sy.mu**2
        limits.append(sp.limit(((entry - bulk) / (top - bulk)).subs(SCALING), U, sp.oo))
    return sp.Matrix(limits)


CLAIM = Claim(
    id="eq-full-basis-sum",
    title="From the Rayleigh quotient to the representability",
    items=("eq-19", *(f"eq-{e}" for e in (*SYMMETRIC, *SINGULAR))),
    source=Source("chen2026", "A.6.2 and A.6.3, Eqs (19), (24), (33), (38), (46), (49), (51), (59)-(61)"),
    statements=(
        Statement(
            "basis-sum.rayleigh",
            "printed",
            "(19): e_k^T X e_k is at most the largest eigenvalue times the sum over all d of (e_k^T v_j)^2.",
            OnDomain(
                ANY_MATRIX,
                Then("<=", lambda at: float(matrix_at(at).values[0]), _largest_entry),
                "This is the Rayleigh quotient. The sum over all d eigenvectors is 1, so it plays no part.",
                Evidence.NUMERIC,
                named=[{"dim": 5, "spectrum": spectrum, "draw": 1, "axes": "own"} for spectrum in SPECTRA],
            ),
            latex=r"e_k^\top X e_k \le \lambda_1 \sum_{j=1}^{d} (e_k^\top v_j)^2",
            about=("eq-19",),
        ),
        *(_vacuous(equation) for equation in (*SYMMETRIC, *SINGULAR)),
        Statement(
            "basis-sum.index",
            "printed",
            "(49) and (60): the sum runs over k, although the coordinate k is fixed and the terms are numbered by j.",
            Printed(Status.ILL_FORMED, "The index under the sum should be j, as in the other equations."),
            instead=("basis-sum.subspace-bound",),
            about=("eq-49", "eq-60"),
        ),
        Statement(
            "basis-sum.subspace-bound",
            "corrected",
            "Let l_1 >= l_2 >= ... be the eigenvalues of X. Then r_k >= (X_kk - l_(c+1)) / (l_1 - l_(c+1)).",
            OnDomain(
                SUBSPACE,
                Then(">=", lambda at: entry_bound(_matrix(at), int(at["feature_dim"])), _represented),
                "X_kk <= l_1 r_k + l_(c+1) (1 - r_k), with equality for the leading axis of a diagonal X.",
                Evidence.NUMERIC,
                named=[{"dim": 5, "feature_dim": c, "draw": 1, "axes": "own"} for c in (1, 3)],
            ),
            spoil=1.01,
            latex=r"r_k \ge \frac{X_{kk} - \lambda_{c+1}}{\lambda_1 - \lambda_{c+1}}",
        ),
        Statement(
            "basis-sum.subspace-bound-one-client",
            "corrected",
            "For one client's true matrix the bound (X_kk - l_(c+1)) / (l_1 - l_(c+1)) on r_k is 2/N, which does "
            "not tend to 1. So an argument by the gap between eigenvalues is needed.",
            Identity(
                lambda: sp.Matrix([sp.Rational(2, n) for n in CLIENTS]),
                _limits_of_the_repair,
                "X_kk = tau^2/2 + mu^2 and l_1 = N tau^2/4 + mu^2, so l_1 is N/2 times X_kk.",
            ),
            reading=read_as(parts.INDEPENDENT),
        ),
    ),
)
