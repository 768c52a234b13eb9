"""Eqs (8) to (15): the alignment loss of MIM written with a and b, its gradient, and where the gradient vanishes.

All of them hold; sympy decides each for a generic W with two rows and three columns.
"""

import sympy as sp

from ledger.checks.enumerated import generic, gradient, half_gram_penalty
from ledger.checks.kinds import Identity
from ledger.statement import Claim, Statement
from theory.formula import Source

W, A, B = generic("w", 2, 3), generic("a", 3, 1), generic("b", 3, 1)
X, M = generic("x", 3, 1), generic("m", 3, 1)
ONES = sp.ones(3, 1)
PAIR = B * A.T + A * B.T


def _masked(image: sp.Matrix, mask: sp.Matrix) -> sp.Matrix:
    return sp.diag(*image) * mask


def _loss_of_views(first: sp.Matrix, second: sp.Matrix) -> sp.Matrix:
    return -(W * first).T * (W * second) + sp.Matrix([half_gram_penalty(W)])


CLAIM = Claim(
    id="eq-gradient-of-alignment-loss",
    title="Rewriting the alignment loss of MIM and setting its gradient to zero",
    items=("eq-8", "eq-9", "eq-10", "eq-11", "eq-12", "eq-13", "eq-14", "eq-15"),
    source=Source("chen2026", "A.6.2, Eqs (8)-(15)"),
    statements=(
        Statement(
            "eq8.masked-view",
            "printed",
            "(8): a masked view is diag(x) times the mask, in the loss too.",
            Identity(
                lambda: _loss_of_views(_masked(X, M), _masked(X, ONES - M)),
                lambda: _loss_of_views(X.multiply_elementwise(M), X.multiply_elementwise(ONES - M)),
                "x * m = diag(x) m entry by entry; vec() of a vector is that vector.",
            ),
            latex=r"x \odot m = \operatorname{diag}(x)\, m",
            about=("eq-8",),
        ),
        Statement(
            "eq8.two-views",
            "printed",
            "(9): a and b are the two masked views, so a + b = x.",
            Identity(
                lambda: _masked(X, M) + _masked(X, ONES - M),
                lambda: X,
                "A definition; with complementary masks the views add up to the image.",
            ),
            latex=r"a = \operatorname{diag}(x) m,\quad b = \operatorname{diag}(x)(1-m)",
            about=("eq-9",),
        ),
        Statement(
            "eq8.inner-product",
            "printed",
            "(10): the inner product of the embedded views is a^T W^T W b.",
            Identity(lambda: (W * A).T * (W * B), lambda: A.T * W.T * W * B, "(W a)^T (W b) multiplied out."),
            latex=r"\mathcal{L} = -\mathbb{E}[a^\top W^\top W b] + \tfrac12 \|W^\top W\|_F^2",
            about=("eq-10",),
        ),
        Statement(
            "eq8.trace",
            "printed",
            "(11): the inner product is the trace of W^T W b a^T and of W b a^T W^T.",
            Identity(
                lambda: sp.Matrix([(W.T * W * B * A.T).trace(), (W * B * A.T * W.T).trace()]),
                lambda: sp.Matrix([(A.T * W.T * W * B)[0]] * 2),
                "The trace is invariant under cyclic permutation.",
            ),
            latex=r"a^\top W^\top W b = \operatorname{tr}(W b a^\top W^\top)",
            about=("eq-11",),
        ),
        Statement(
            "eq8.gradient-of-inner-product",
            "printed",
            "(12): the gradient of a^T W^T W b is W (b a^T + a b^T).",
            Identity(
                lambda: W * PAIR,
                lambda: gradient((A.T * W.T * W * B)[0], W),
                "Differentiated entry by entry for a generic 2 x 3 matrix W.",
            ),
            latex=r"\partial_W\, a^\top W^\top W b = W (b a^\top + a b^\top)",
            about=("eq-12",),
        ),
        Statement(
            "eq8.gradient-of-penalty",
            "printed",
            "(13): the gradient of half the squared norm of W^T W is 2 W W^T W.",
            Identity(
                lambda: 2 * W * W.T * W,
                lambda: gradient(half_gram_penalty(W), W),
                "Differentiated entry by entry for a generic 2 x 3 matrix W.",
            ),
            latex=r"\partial_W\, \tfrac12\|W^\top W\|_F^2 = 2 W W^\top W",
            about=("eq-13",),
        ),
        Statement(
            "eq8.gradient-of-loss",
            "printed",
            "(14): the gradient of the loss is -W E[b a^T + a b^T] + 2 W W^T W.",
            Identity(
                lambda: -W * PAIR + 2 * W * W.T * W,
                lambda: gradient(_loss_of_views(A, B)[0], W),
                "(12) and (13) added; the expectation is linear, so one pair (a, b) stands for all.",
            ),
            latex=r"\partial_W \mathcal{L} = -W\,\mathbb{E}[b a^\top + a b^\top] + 2 W W^\top W",
            about=("eq-14",),
        ),
        Statement(
            "eq8.stationary-point",
            "printed",
            "(15): at a stationary point W E[b a^T + a b^T] = 2 W W^T W.",
            Identity(
                lambda: W * PAIR - 2 * W * W.T * W,
                lambda: -gradient(_loss_of_views(A, B)[0], W),
                "The two sides of (15) differ by minus the gradient, so (15) says that the gradient is zero.",
            ),
            latex=r"W\,\mathbb{E}[b a^\top + a b^\top] = 2 W W^\top W",
            about=("eq-15",),
        ),
    ),
)
