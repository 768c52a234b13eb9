"""Eqs (39) to (42), (52) and (53): the contrastive losses written with a and b, and their gradients.

All identities hold. What fails is one word at (53): a vanishing gradient does not make a minimiser, and W = 0 shows
it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.enumerated import generic, gradient, half_gram_penalty
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import (
    FEATURES_FIT,
    ROUND_OFF,
    matrix_at,
    matrix_parameters,
    stationary_at,
)
from ledger.statement import Claim, Evidence, Statement
from theory.domain import Domain, Point
from theory.formula import Source
from theory.objectives import linear_alignment
from theory.objectives.alignment_minimum import stationary_loss

W = generic("w", 2, 3)
X, XI, XI_OTHER = generic("x", 3, 1), generic("s", 3, 1), generic("t", 3, 1)
H = generic("h", 3, 3)
FIRST, SECOND = X + XI, X + XI_OTHER
MOVED = H * X
SIGMA = sp.diag(3, 2, 1)


def _loss(a: sp.Matrix, b: sp.Matrix) -> sp.Expr:
    return -((W * a).T * (W * b))[0] + half_gram_penalty(W)


def _printed_gradient(a: sp.Matrix, b: sp.Matrix) -> sp.Matrix:
    return -W * (b * a.T + a * b.T) + 2 * W * W.T * W


def _stationary_is_minimal(w: sp.Matrix, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    # With E[x x^T] = diag(3, 2, 1), H = I and c = 2 the least loss keeps 3 and 2.
    assert (w * SIGMA - w * w.T * w).applyfunc(sp.simplify).is_zero_matrix
    loss = sp.simplify(-(w * SIGMA * w.T).trace() + half_gram_penalty(w))
    least = -sp.Rational(3**2 + 2**2, 2)
    return bool(loss <= least), {"W": str(w), "gradient": 0, "loss": str(loss), "least_loss": str(least)}


DOMAIN = Domain((*matrix_parameters(),), (FEATURES_FIT,), assumes="X is symmetric; W keeps some of its eigenvectors.")


def _loss_there(at: Point, _: Effort) -> Sample:
    drawn = matrix_at(at)
    return Sample(np.array([linear_alignment.loss(stationary_at(at, drawn).model, drawn.x)]), ROUND_OFF * drawn.size**2)


STATIONARY_LOSS = Then("=", lambda at: stationary_loss(stationary_at(at, matrix_at(at)).kept), _loss_there)


CLAIM = Claim(
    id="eq-contrastive-gradient",
    title="The contrastive losses and their gradients",
    items=("eq-39", "eq-40", "eq-41", "eq-42", "eq-52", "eq-53"),
    source=Source("chen2026", "A.6.3, Eqs (39)-(42), (52), (53)"),
    statements=(
        Statement(
            "eq39.similarity-similar",
            "printed",
            "(39): with a = x + xi and b = x + xi' the similarity is a^T W^T W b.",
            Identity(
                lambda: FIRST.T * W.T * W * SECOND,
                lambda: (W * FIRST).T * (W * SECOND),
                "Multiplied out for a generic W with two rows and three columns.",
            ),
            latex=r"\mathcal{L}_{CL} = -\mathbb{E}[a^\top W^\top W b] + \tfrac12\|W^\top W\|_F^2",
            about=("eq-39",),
        ),
        Statement(
            "eq39.gradient-similar",
            "printed",
            "(40) and (41): the gradient, zero at a minimiser, is -W E[(x + xi')(x + xi)^T + (x + xi)(x + xi')^T] + "
            "2 W W^T W.",
            Identity(
                lambda: _printed_gradient(FIRST, SECOND),
                lambda: gradient(_loss(FIRST, SECOND), W),
                "Differentiated entry by entry.",
            ),
            latex=r"\partial_W \mathcal{L}_{CL} = -W\,\mathbb{E}[b a^\top + a b^\top] + 2 W W^\top W",
            about=("eq-40", "eq-41"),
            replaces=("eq39.minimiser-stationary",),
        ),
        Statement(
            "eq39.similarity-dissimilar",
            "printed",
            "(52): with b = H x the similarity is a^T W^T W b.",
            Identity(
                lambda: FIRST.T * W.T * W * MOVED,
                lambda: (W * FIRST).T * (W * H * X),
                "Multiplied out for a generic H.",
            ),
            latex=r"\mathcal{L}'_{CL} = -\mathbb{E}[a^\top W^\top W H x] + \tfrac12\|W^\top W\|_F^2",
            about=("eq-52",),
        ),
        Statement(
            "eq39.gradient-dissimilar",
            "printed",
            "(53): the gradient is -W E[H x (x + xi)^T + (x + xi) x^T H^T] + 2 W W^T W.",
            Identity(
                lambda: _printed_gradient(FIRST, MOVED),
                lambda: gradient(_loss(FIRST, MOVED), W),
                "Differentiated entry by entry.",
            ),
            latex=r"\partial_W \mathcal{L}'_{CL} = -W\,\mathbb{E}[Hx(x+\xi)^\top + (x+\xi)x^\top H^\top] + 2WW^\top W",
            about=("eq-53",),
        ),
        Statement(
            "eq39.stationary-least",
            "printed",
            "(53), at E[x x^T] = diag(3, 2, 1) and H = I: where the gradient vanishes the loss is least.",
            ForAll(
                lambda _: (sp.diag(sp.sqrt(3), sp.sqrt(2), 1)[:2, :], sp.diag(sp.sqrt(3), sp.sqrt(2), 1)[1:, :]),
                _stationary_is_minimal,
                "A W from the eigenvectors of 2 and 1 is a stationary point, too, with rank(W) = c. But its loss "
                "is larger than with the eigenvectors of 3 and 2.",
                Evidence.ENUMERATED,
            ),
            instead=("eq39.stationary-loss",),
            about=("eq-53",),
        ),
        Statement(
            "eq39.stationary-loss",
            "corrected",
            "(53): where the gradient vanishes the loss is -1/2 times the sum of the squared eigenvalues of X that W "
            "keeps, so that keeping the largest is best.",
            OnDomain(
                DOMAIN,
                STATIONARY_LOSS,
                "W X = W W^T W makes tr(W X W^T) and the squared norm of W^T W equal.",
                Evidence.NUMERIC,
            ),
            about=("eq-53",),
        ),
    ),
)
