"""Eq (2): the contrastive loss, with general, similar and dissimilar views. A definition, and a sound one.

It is bounded below, sees W through W^T W only, and in expectation over the noise depends on the data through E[x
x^T].
"""

import itertools
import math

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.enumerated import generic, half_gram_penalty
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import FEATURES_FIT, ROUND_OFF, matrix_at, matrix_parameters, stationary_at
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory import symbols as sy
from theory.domain import Domain, Point, Real
from theory.formula import Source
from theory.objectives import linear_alignment

W, X, A, B = generic("w", 2, 2), generic("x", 2, 1), generic("a", 2, 1), generic("b", 2, 1)
H = generic("h", 2, 2)
ANGLE = sp.Symbol("angle", real=True)
TURN = sp.Matrix([[sp.cos(ANGLE), -sp.sin(ANGLE)], [sp.sin(ANGLE), sp.cos(ANGLE)]])
SIGNS = [sp.Matrix(s) for s in itertools.product((1, -1), repeat=2)]


def _loss(w: sp.Matrix, a: sp.Matrix, b: sp.Matrix) -> sp.Expr:
    return -((w * a).T * (w * b))[0] + half_gram_penalty(w)


def _similar() -> sp.Expr:
    # Linear in each noise vector, so signs with mean 0 give the Gaussian mean.
    std = sy.augmentation_std
    return sp.expand(sum(_loss(W, X + std * s, X + std * t) for s in SIGNS for t in SIGNS) / len(SIGNS) ** 2)


def _dissimilar() -> sp.Expr:
    return sp.expand(sum(_loss(W, X + sy.augmentation_std * s, H * X) for s in SIGNS) / len(SIGNS))


# W begins at a stationary point and is moved away from it by `distance`.
ANY_MODEL = Domain(
    (*matrix_parameters(), Real("distance", 0.0, math.inf, "[)", reach=(0.01, 10.0), is_log=True)),
    (FEATURES_FIT,),
    assumes="The alignment matrix is symmetric; W is any.",
)


def _least_possible(at: Point) -> float:
    return -float(np.sum(matrix_at(at).values ** 2)) / 2


def _loss_somewhere(at: Point, _: Effort) -> Sample:
    drawn = matrix_at(at)
    w = stationary_at(at, drawn).model
    w = w + float(at["distance"]) * np.random.default_rng((int(at["draw"]), 19)).standard_normal(w.shape)
    # Round-off is relative to the largest term of the loss.
    size = drawn.size**2 + float(np.sum((w @ w.T) ** 2))
    return Sample(np.array([linear_alignment.loss(w, drawn.x)]), ROUND_OFF * size)


CLAIM = Claim(
    id="eq-contrastive-loss",
    title="The contrastive loss",
    items=("eq-2",),
    source=Source("chen2026", "Section 3.2, Eq (2)"),
    statements=(
        Statement(
            "eq2.turned-features",
            "expected",
            "Eq (2) depends on W through W^T W alone: turning the features changes nothing.",
            Identity(lambda: _loss(TURN * W, A, B), lambda: _loss(W, A, B), "Checked for a rotation by any angle."),
            latex=r"\mathcal{L}_{CL} = -\mathbb{E}[(W g_a(x))^\top (W g_b(x))] + \tfrac12\|W^\top W\|_F^2",
        ),
        Statement(
            "eq2.lower-bound",
            "expected",
            "Eq (2) has a minimum: its value is at least minus half the squared norm of the alignment matrix.",
            OnDomain(
                ANY_MODEL,
                Then(">=", _least_possible, _loss_somewhere),
                "The loss is half a squared distance minus a constant.",
                Evidence.NUMERIC,
                named=[{"dim": 1, "feature_dim": 1, "spectrum": "positive", "draw": 1, "distance": 0.0}],
            ),
            spoil=0.99,
        ),
        Statement(
            "eq2.similar-views",
            "expected",
            "With similar views x + xi and x + xi' the expected loss is that of the unaugmented pair (x, x).",
            Identity(lambda: sp.expand(_loss(W, X, X)), _similar, "The noise vectors are independent with mean 0."),
            reading=read_as(parts.SIMILAR),
            latex=r"\mathcal{L}_{CL} = -\mathbb{E}[x^\top W^\top W x] + \tfrac12\|W^\top W\|_F^2",
        ),
        Statement(
            "eq2.dissimilar-views",
            "expected",
            "With dissimilar views x + xi and H x the expected loss is that of the pair (x, H x).",
            Identity(lambda: sp.expand(_loss(W, X, H * X)), _dissimilar, "The noise vector has mean 0."),
            reading=read_as(parts.DISSIMILAR),
            latex=r"\mathcal{L}'_{CL} = -\mathbb{E}[x^\top W^\top W H x] + \tfrac12\|W^\top W\|_F^2",
        ),
    ),
)
