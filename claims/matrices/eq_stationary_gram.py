"""Eqs (16), (42) and (54): from a vanishing gradient to W^T W = X. The step fails; W^T W is X seen from its row space.

From X W^T = W^T W W^T the pseudoinverse gives P X = W^T W with P the projector onto row(W), no more. With rank(W) = c
the saddle that keeps one eigenvector of diag(3, 2, 1) satisfies everything the paper asks for.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import FEATURES_FIT, ROUND_OFF, matrix_at, matrix_parameters, stationary_at
from ledger.statement import Claim, Context, Evidence, Statement
from theory.domain import Domain, Point, Real
from theory.formula import Source
from theory.objectives.alignment_minimum import gram_distance_bound, left_out

Listed = tuple[str, sp.Matrix, sp.Matrix]
COUNTEREXAMPLE = sp.diag(3, 2, 1)


def _one_eigenvector(_: Context) -> Iterable[Listed]:
    yield "X = diag(3, 2, 1), c = 1", COUNTEREXAMPLE, sp.sqrt(3) * sp.Matrix([[1, 0, 0]])


def _is_stationary(x: sp.Matrix, w: sp.Matrix) -> bool:
    return bool(sp.simplify(w * x - w * w.T * w).is_zero_matrix)


def _gram_is_x(point: Listed, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    name, x, w = point
    assert _is_stationary(x, w), "the search lists stationary points"
    gram = sp.simplify(w.T * w)
    return gram == sp.Rational(str(spoil)) * x, {"point": name, "rank_W": w.rank(), "X": str(x), "gram": str(gram)}


# W begins at a stationary point that keeps c eigenvectors and is moved away from it by `distance`.
ANY_MODEL = Domain(
    (*matrix_parameters(), Real("distance", 0.0, math.inf, "[)", reach=(0.01, 2.0), is_log=True)),
    (FEATURES_FIT,),
    assumes="X is symmetric with positive eigenvalues, some 0 or of both signs; W has independent rows.",
)
STATIONARY = Domain(
    matrix_parameters(), (FEATURES_FIT,), assumes="X is symmetric; W keeps some eigenvectors of positive eigenvalue."
)


def model_at(at: Point) -> tuple[np.ndarray, np.ndarray]:
    """X (d, d), and a W of at most c independent rows: a stationary one plus `distance` times a random matrix."""
    drawn = matrix_at(at)
    rows = np.linalg.svd(stationary_at(at, drawn).model, full_matrices=False)
    model = (rows[1][:, None] * rows[2])[rows[1] > ROUND_OFF * rows[1][0]]
    rng = np.random.default_rng((int(at["draw"]), 4))
    return drawn.x, model + float(at["distance"]) * rng.standard_normal(model.shape)


def _off_projected(at: Point, _: Effort) -> Sample:
    x, model = model_at(at)
    basis = np.linalg.qr(model.T)[0]
    gap = basis @ (basis.T @ x) - model.T @ model
    norms = np.linalg.svd(model, compute_uv=False)
    # Round-off of the claimed side: products of three W, over the least singular value.
    return Sample(
        np.array([np.linalg.norm(gap)]), ROUND_OFF * (np.linalg.norm(x) + norms[0] ** 2) * norms[0] / norms[-1]
    )


def _squared_distance(at: Point, _: Effort) -> Sample:
    drawn = matrix_at(at)
    model = stationary_at(at, drawn).model
    gap = drawn.x - model.T @ model
    return Sample(np.array([np.sum(gap**2)]), ROUND_OFF * drawn.size**2 * len(drawn.x))


def _left_out(at: Point) -> float:
    drawn = matrix_at(at)
    return left_out(drawn.values, stationary_at(at, drawn).kept)


def _printed(key: str, equation: str, views: str, latex: str, replaces: tuple[str, ...] = ()) -> Statement:
    return Statement(
        key,
        "printed",
        f"({equation}): where the gradient vanishes and rank(W) = c, the alignment matrix of {views} equals W^T W.",
        ForAll(
            _one_eigenvector,
            _gram_is_x,
            "W = sqrt(3) e_1^T is stationary for X = diag(3, 2, 1) and has rank c = 1, but W^T W = diag(3, 0, 0).",
            Evidence.ENUMERATED,
        ),
        latex=latex,
        instead=("eq16.projected-gram", "eq16.equality-by-rank"),
        about=(f"eq-{equation}",),
        replaces=replaces,
    )


CLAIM = Claim(
    id="eq-stationary-gram",
    title="Cancelling W from the stationary condition",
    items=("eq-16", "eq-42", "eq-54"),
    source=Source("chen2026", "A.6.2, Eq (16); A.6.3, Eqs (42) and (54)"),
    statements=(
        _printed(
            "eq16.masked-views",
            "16",
            "masked views",
            r"\tfrac12\mathbb{E}[b a^\top + a b^\top] = W^\top W",
            ("stationarity.gram",),
        ),
        _printed("eq16.noisy-views", "42", "two noisy views", r"\tfrac12\mathbb{E}[2xx^\top + \dots] = W^\top W"),
        _printed(
            "eq16.transformed-view",
            "54",
            "a noisy and a transformed view",
            r"\tfrac12\mathbb{E}[Hx(x+\xi)^\top + \dots] = W^\top W",
        ),
        Statement(
            "eq16.projected-gram",
            "corrected",
            "Let P project onto the row space of W. Then W^T W differs from P X by at most the norm of W X - W "
            "W^T W over the least singular value of W. So where the gradient vanishes, W^T W = P X = P X P, and X "
            "maps the row space of W into itself.",
            OnDomain(
                ANY_MODEL,
                Then("<=", lambda at: gram_distance_bound(*reversed(model_at(at))), _off_projected),
                "The pseudoinverse of W turns W X - W W^T W into the difference. With one feature the bound is "
                "reached.",
                Evidence.NUMERIC,
                named=[
                    {"dim": 5, "feature_dim": 1, "spectrum": "indefinite", "draw": 1, "distance": distance}
                    for distance in (0.1, 0.5)
                ],
            ),
            latex=r"\|P_{\mathcal{R}} X - W^\top W\|_F \le \frac{\|W X - W W^\top W\|_F}{\sigma_{\min}(W)}",
            replaces=("stationarity.gram-projected",),
        ),
        Statement(
            "eq16.equality-by-rank",
            "corrected",
            "Where the gradient vanishes, the squared distance of W^T W from X is the sum of the squared "
            "eigenvalues of X that W leaves out. So W^T W = X exactly if rank(W) = rank(X).",
            OnDomain(
                STATIONARY,
                Then("=", _left_out, _squared_distance),
                "X = W^T W + (I - P) X (I - P) there, P the projector onto row(W).",
                Evidence.NUMERIC,
            ),
            latex=r"W X = W W^\top W:\quad W^\top W = X \iff \operatorname{rank} W = \operatorname{rank} X",
            replaces=("eq16.equality-condition",),
        ),
    ),
)
