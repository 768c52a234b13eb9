"""Eqs (39) to (42), (52) and (53): the contrastive losses written with a and b, and their gradients.

All identities hold. What fails is one word at (53): a vanishing gradient does not make a minimiser, and W = 0 shows
it.
"""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from claims.check import ForAll, Identity
from claims.core import Claim, Evidence, Statement
from claims.enumerated import generic, gradient, half_gram_penalty
from theory.formula import Source

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


def _keeps_the_largest(rows: tuple[int, ...], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    # All stationary points of full rank, up to rotation of the features: two scaled axes each.
    w = SIGMA.applyfunc(sp.sqrt)[list(rows), :]
    assert (w * SIGMA - w * w.T * w).applyfunc(sp.simplify).is_zero_matrix
    loss = sp.simplify(-(w * SIGMA * w.T).trace() + half_gram_penalty(w))
    kept = sum(SIGMA[i, i] ** 2 for i in rows)
    is_least = loss <= -sp.Rational(3**2 + 2**2, 2)
    predicted = loss == -sp.Rational(str(spoil)) * kept / 2 and bool(is_least) == (rows == (0, 1))
    return bool(predicted), {"axes": list(rows), "loss": str(loss), "claimed_loss": str(-spoil * kept / 2)}


CLAIM = Claim(
    id="eq-contrastive-gradient",
    title="The contrastive losses and their gradients",
    items=("eq-39", "eq-40", "eq-41", "eq-42", "eq-52", "eq-53"),
    source=Source("chen2026", "A.6.3, Eqs (39)-(42), (52), (53)"),
    statements=(
        Statement(
            "printed",
            "(39): with a = x + xi and b = x + xi' the similarity is a^T W^T W b.",
            Identity(
                lambda: FIRST.T * W.T * W * SECOND,
                lambda: (W * FIRST).T * (W * SECOND),
                "Multiplied out for a generic W with two rows and three columns.",
            ),
            latex=r"\mathcal{L}_{CL} = -\mathbb{E}[a^\top W^\top W b] + \tfrac12\|W^\top W\|_F^2",
        ),
        Statement(
            "printed",
            "(40): the gradient is -W E[(x + xi')(x + xi)^T + (x + xi)(x + xi')^T] + 2 W W^T W.",
            Identity(
                lambda: _printed_gradient(FIRST, SECOND),
                lambda: gradient(_loss(FIRST, SECOND), W),
                "Differentiated entry by entry.",
            ),
            latex=r"\partial_W \mathcal{L}_{CL} = -W\,\mathbb{E}[b a^\top + a b^\top] + 2 W W^\top W",
        ),
        Statement(
            "printed",
            "(41): at a minimiser the gradient of (40) is zero.",
            Identity(
                lambda: -(_printed_gradient(FIRST, SECOND)),
                lambda: -gradient(_loss(FIRST, SECOND), W),
                "The left side of (41) is the gradient, and a minimiser of a smooth loss is stationary.",
            ),
            latex=r"-W\,\mathbb{E}[b a^\top + a b^\top] + 2 W W^\top W = 0",
        ),
        Statement(
            "printed",
            "(42), left side: half of E[b a^T + a b^T] is half the mean of seven products of x, xi and xi'.",
            Identity(
                lambda: (
                    2 * X * X.T
                    + (X * XI.T + XI_OTHER * X.T + X * XI_OTHER.T + XI * X.T)
                    + (XI_OTHER * XI.T + XI * XI_OTHER.T)
                ),
                lambda: SECOND * FIRST.T + FIRST * SECOND.T,
                "Multiplied out. That it equals W^T W is another claim.",
            ),
            latex=r"\tfrac12\mathbb{E}[2xx^\top + x\xi^\top + \xi' x^\top + \dots + \xi\xi'^\top]",
        ),
        Statement(
            "printed",
            "(52): with b = H x the similarity is a^T W^T W b.",
            Identity(
                lambda: FIRST.T * W.T * W * MOVED,
                lambda: (W * FIRST).T * (W * H * X),
                "Multiplied out for a generic H.",
            ),
            latex=r"\mathcal{L}'_{CL} = -\mathbb{E}[a^\top W^\top W H x] + \tfrac12\|W^\top W\|_F^2",
        ),
        Statement(
            "printed",
            "(53): the gradient is -W E[H x (x + xi)^T + (x + xi) x^T H^T] + 2 W W^T W.",
            Identity(
                lambda: _printed_gradient(FIRST, MOVED),
                lambda: gradient(_loss(FIRST, MOVED), W),
                "Differentiated entry by entry.",
            ),
            latex=r"\partial_W \mathcal{L}'_{CL} = -W\,\mathbb{E}[Hx(x+\xi)^\top + (x+\xi)x^\top H^\top] + 2WW^\top W",
        ),
        Statement(
            "printed",
            "(53): where the gradient vanishes the loss is least.",
            ForAll(
                lambda _: (sp.diag(sp.sqrt(3), sp.sqrt(2), 1)[:2, :], sp.diag(sp.sqrt(3), sp.sqrt(2), 1)[1:, :]),
                _stationary_is_minimal,
                "The eigenvectors of 2 and 1 are stationary too, with rank(W) = c, and lose to those of 3 and 2.",
                Evidence.EXACT,
            ),
            reading="E[x x^T] = diag(3, 2, 1), H = I",
        ),
        Statement(
            "corrected",
            "(53): at a stationary point the loss is -1/2 times the squared eigenvalues kept: least for the largest.",
            ForAll(
                lambda _: ((0, 1), (0, 2), (1, 2)),
                _keeps_the_largest,
                "Every stationary point of rank c = 2, up to a rotation of the features.",
                Evidence.EXACT,
            ),
            reading="E[x x^T] = diag(3, 2, 1), H = I",
        ),
    ),
)
