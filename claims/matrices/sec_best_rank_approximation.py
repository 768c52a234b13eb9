"""The two steps between Eqs (18) and (19): the loss as a Frobenius distance, and its minimiser by Eckart and Young.

The first holds exactly. The second forgets that W^T W has no negative eigenvalue: only eigenvectors with positive
eigenvalue can be used, and under complementary masks there is one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import scipy.optimize
import sympy as sp

from ledger.checks.enumerated import aligned, generic, half_gram_penalty
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.checks.parts_of_choices import PART_OF
from ledger.drawn.drawn_matrices import FEATURES_FIT, matrix_at, matrix_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Instead, Statement
from theory import symbols as sy
from theory.data.moments import symbolic_fl_block, symbolic_local_block
from theory.domain import Domain, Point
from theory.formula import Source
from theory.objectives import linear_alignment
from theory.objectives.alignment_minimum import least_loss
from theory.readings import Mask

W, A, B = generic("w", 2, 3), generic("a", 3, 1), generic("b", 3, 1)
X = (B * A.T + A * B.T) / 2
VALUES = {sy.tau: 2, sy.mu: sp.Rational(1, 2), sy.mask_ratio: sp.Rational(3, 4)}
Case = tuple[str, sp.Matrix, int]


def _loss() -> sp.Expr:
    return -((W * A).T * (W * B))[0] + half_gram_penalty(W)


def _distance() -> sp.Expr:
    gap = X - W.T * W
    return (gap * gap.T).trace() / 2 - (X * X.T).trace() / 2


def _cases(mask: Mask) -> Iterable[Case]:
    for n in (3, 4):
        for name, block in (("one client", symbolic_local_block(n, 0)), ("all clients", symbolic_fl_block(n))):
            yield f"{name}, N = {n}, c = 2", aligned(block, mask).subs(VALUES), 2


def _leading_eigenvectors(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    # Keeping the eigenvectors of the c largest eigenvalues needs all of these to be positive.
    name, matrix, feature_dim = case
    values = sorted(np.linalg.eigvalsh(np.array(matrix, dtype=float)), reverse=True)
    usable = sum(value > 1e-9 for value in values) * spoil
    return usable >= feature_dim, {"case": name, "eigenvalues": [round(float(v), 6) for v in values]}


LEAST = Domain(matrix_parameters(6), (FEATURES_FIT,), assumes="X is symmetric; W is any matrix of c rows.")
# Along an eigenvector of eigenvalue 0 descent slows down without end; where it is stopped, this much is left at most.
SETTLED = 1e-6


def _found_by_descent(at: Point, effort: Effort) -> Sample:
    """The loss where a quasi-Newton descent from a random W ends, which knows nothing of eigenvectors.

    X is scaled to size 1, since the descent stops by absolute changes of the loss; the loss grows with its square.
    """
    given, shape = matrix_at(at).x, (int(at["feature_dim"]), int(at["dim"]))
    size = float(np.linalg.norm(given)) or 1.0
    x = given / size

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(shape)
        return linear_alignment.loss(w, x), (2 * (w @ w.T @ w - w @ x)).ravel()

    start = np.random.default_rng(effort.seed).standard_normal(shape).ravel()
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    found = scipy.optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return Sample(np.array([found.fun * size**2]), SETTLED * size**2)


def _eigenvector_statement(mask: Mask, why: str, instead: Instead = ()) -> Statement:
    return Statement(
        f"best-rank.row-space-{mask.value}",
        "printed",
        "The row space of the minimiser is spanned by the eigenvectors of the c largest eigenvalues.",
        ForAll(lambda _: _cases(mask), _leading_eigenvectors, why, Evidence.NUMERIC),
        reading=read_as(PART_OF[mask]),
        spoil=0.5,
        instead=instead,
    )


CLAIM = Claim(
    id="sec-best-rank-approximation",
    title="Minimising the loss is a best approximation of given rank",
    items=("frobenius-form", "eckart-young-step"),
    source=Source("chen2026", "A.6.2, between Eqs (18) and (19)"),
    statements=(
        Statement(
            "best-rank.frobenius-form",
            "printed",
            "Up to a positive factor and a constant the loss is the squared distance of W^T W from the "
            "alignment matrix.",
            Identity(
                _distance,
                _loss,
                "The loss is half the squared distance minus half the squared norm of the alignment matrix X.",
            ),
            latex=r"\mathcal{L} = \tfrac12\|X - W^\top W\|_F^2 - \tfrac12\|X\|_F^2",
        ),
        _eigenvector_statement(
            Mask.INDEPENDENT, "Every eigenvalue is positive, so Eckart and Young apply as they stand."
        ),
        _eigenvector_statement(
            Mask.COMPLEMENTARY,
            "One eigenvalue is positive: a second direction would raise the loss, so rank(W) = 1.",
            (
                "best-rank.least-loss",
                "stationarity.least-loss",
                "a5.rank-one-complementary",
            ),
        ),
        Statement(
            "best-rank.least-loss",
            "corrected",
            "The least loss is minus half the sum of squares of the positive ones among the c largest eigenvalues.",
            OnDomain(
                LEAST,
                Then("=", lambda at: least_loss(matrix_at(at).values, int(at["feature_dim"])), _found_by_descent),
                "Attained by their eigenvectors; descent from a random W finds the same loss, and no lower one.",
                Evidence.SEARCHED,
                points=(6, 100),
            ),
            latex=r"\min_W \mathcal{L} = -\tfrac12 \sum_{j \le c} (\lambda_j)_+^2",
        ),
    ),
)
