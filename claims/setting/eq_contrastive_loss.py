"""Eq (2): the contrastive loss, with general, similar and dissimilar views. A definition, and a sound one.

It is bounded below, sees W through W^T W only, and in expectation over the noise depends on the data through E[x
x^T].
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.enumerated import generic, half_gram_penalty
from ledger.checks.kinds import ForAll, Identity
from ledger.statement import Claim, Context, Evidence, Statement
from theory import symbols as sy
from theory.formula import Source

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


def _weights(context: Context) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(context.seed)
    for size in (2, 4, 8):
        # The minimiser itself comes first: there the bound is met with equality.
        root = rng.standard_normal((size, size))
        values, vectors = np.linalg.eigh(root @ root.T)
        yield root @ root.T, np.sqrt(values)[:, None] * vectors.T
        for _ in range(context.trials(50, 500)):
            sym = rng.standard_normal((size, size))
            yield sym + sym.T, 10.0 ** rng.uniform(-2, 2) * rng.standard_normal((size, size))


def _bounded(point: tuple[np.ndarray, np.ndarray], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    x, w = point
    gram = w.T @ w
    loss, least = -np.sum(x * gram) + np.sum(gram**2) / 2, -np.sum(x**2) / 2
    # W runs over four decades, and round-off is relative to the largest term of the loss.
    return bool(loss >= spoil * least - 1e-12 * np.sum(gram**2)), {"X": x.tolist(), "loss": float(loss)}


CLAIM = Claim(
    id="eq-contrastive-loss",
    title="The contrastive loss",
    items=("eq-2",),
    source=Source("chen2026", "Section 3.2, Eq (2)"),
    statements=(
        Statement(
            "eq2.turned-features",
            "printed",
            "Eq (2) is a loss that depends on W through W^T W alone: turning the features changes nothing.",
            Identity(lambda: _loss(TURN * W, A, B), lambda: _loss(W, A, B), "Checked for a rotation by any angle."),
            latex=r"\mathcal{L}_{CL} = -\mathbb{E}[(W g_a(x))^\top (W g_b(x))] + \tfrac12\|W^\top W\|_F^2",
        ),
        Statement(
            "eq2.lower-bound",
            "printed",
            "Eq (2) is a loss with a minimum: it is at least minus half the squared norm of the alignment matrix.",
            ForAll(_weights, _bounded, "The loss is half a squared distance less a constant.", Evidence.SEARCHED),
        ),
        Statement(
            "eq2.similar-views",
            "printed",
            "With similar views x + xi and x + xi' the expected loss is that of the unaugmented pair (x, x).",
            Identity(lambda: sp.expand(_loss(W, X, X)), _similar, "The noise vectors are independent with mean 0."),
            reading="similar views",
            latex=r"\mathcal{L}_{CL} = -\mathbb{E}[x^\top W^\top W x] + \tfrac12\|W^\top W\|_F^2",
        ),
        Statement(
            "eq2.dissimilar-views",
            "printed",
            "With dissimilar views x + xi and H x the expected loss is that of the pair (x, H x).",
            Identity(lambda: sp.expand(_loss(W, X, H * X)), _dissimilar, "The noise vector has mean 0."),
            reading="dissimilar views",
            latex=r"\mathcal{L}'_{CL} = -\mathbb{E}[x^\top W^\top W H x] + \tfrac12\|W^\top W\|_F^2",
        ),
    ),
)
