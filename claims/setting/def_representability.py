"""Definition 4.1: the representability vector, squared lengths of the axes projected onto the row space of W.

Sound: any orthonormal basis of the row space gives the same vector. It has d entries that add up to rank(W); the
theorems then write c entries, which keeps the signal only because the signal comes first.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import ForAll, Identity, Printed
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.drawn_networks import DRAW
from ledger.statement import Claim, Context, Evidence, Statement, Status
from theory.domain import Condition, Domain, Point, Whole
from theory.formula import Source

ANGLE = sp.Symbol("angle", real=True)
TURN = sp.Matrix([[sp.cos(ANGLE), -sp.sin(ANGLE)], [sp.sin(ANGLE), sp.cos(ANGLE)]])
W = sp.Matrix([[1, 2, 0, 2], [0, 1, 3, -1]])
SHAPES = ((1, 3), (2, 4), (3, 4), (2, 5))


def _projector(w: sp.Matrix) -> sp.Matrix:
    return w.T * (w * w.T).inv() * w


def _by_projection(w: sp.Matrix) -> sp.Matrix:
    projector = _projector(w)
    images = (projector * sp.eye(w.cols)[:, k] for k in range(w.cols))
    return sp.Matrix([sp.nsimplify(image.dot(image)) for image in images])


def _by_basis(w: sp.Matrix, turn: sp.Matrix) -> sp.Matrix:
    rows = sp.GramSchmidt([w.row(i) for i in range(w.rows)], orthonormal=True)
    basis = turn * sp.Matrix.vstack(*rows)
    return sp.Matrix([sum(entry**2 for entry in basis.col(k)) for k in range(w.cols)])


def _matrices(_: Context) -> Iterable[sp.Matrix]:
    for rows, cols in SHAPES:
        yield sp.Matrix(rows, cols, lambda i, j: (3 * i + 1) * (j + 2) ** (i + 1) % 7 + int(i == j))
        # A repeated row: the rank is below the number of rows.
        yield sp.Matrix(rows, cols, lambda _, j: j + 1)


def _sum_is_feature_dim(w: sp.Matrix, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    independent = sp.Matrix.vstack(*w.rowspace())
    total = sum(_by_projection(independent))
    return total == sp.Rational(str(spoil)) * w.rows, {"W": str(w), "sum": str(total), "feature_dim": w.rows}


ANY_W = Domain(
    (Whole("dim", 1, 24), Whole("feature_dim", 1, 24), Whole("rank", 1, 24), DRAW),
    (
        Condition(
            "rank at most dim and feature_dim",
            r"\operatorname{rank} W \le \min(c, d)",
            lambda p: p["rank"] <= min(p["dim"], p["feature_dim"]),
        ),
    ),
    assumes="W is any matrix of that shape and rank.",
)


def _projected_axes(at: Point, _: Effort) -> Sample:
    """The sum over all axes of their squared lengths after projection onto the row space, each by least squares."""
    rng, rank = np.random.default_rng((int(at["draw"]), 7)), int(at["rank"])
    left, right = (np.linalg.qr(rng.standard_normal((int(at[n]), rank)))[0] for n in ("feature_dim", "dim"))
    w = (left * rng.uniform(0.1, 1.0, rank)) @ right.T
    axes = np.eye(w.shape[1])
    images = w.T @ np.linalg.lstsq(w.T, axes, rcond=1e-9)[0]
    return Sample(np.array([np.sum(images**2)]), ROUND_OFF * len(axes))


CLAIM = Claim(
    id="def-representability",
    title="The representability vector",
    items=("definition-4.1",),
    source=Source("chen2026", "Definition 4.1"),
    statements=(
        Statement(
            "def41.any-basis",
            "printed",
            "The squared length of a projected axis is the sum of its squared products with any orthonormal basis.",
            Identity(
                lambda: _by_basis(W, TURN),
                lambda: _by_projection(W),
                "A Gram-Schmidt basis, turned by any angle, is compared with the projector W^T (W W^T)^-1 W.",
            ),
            latex=r"\|\Pi_{\mathcal{R}} e_k\|^2 = \sum_{j=1}^{c} (e_k^\top v_j)^2",
        ),
        Statement(
            "def41.basis-size",
            "printed",
            "Without A.5 every orthonormal basis of the row space has c vectors.",
            ForAll(
                _matrices,
                _sum_is_feature_dim,
                "If the rows of W are linearly dependent, a basis has fewer vectors. So A.5 is needed.",
                Evidence.ENUMERATED,
            ),
            instead=("def41.entries-sum",),
        ),
        Statement(
            "def41.vector-length",
            "printed",
            "The representability vector has d entries here and c entries in Theorems 4.2 and 4.3.",
            Printed(
                Status.ILL_FORMED,
                "One symbol stands for vectors of two lengths. The theorems mean the leading c coordinates.",
            ),
            instead="not known",
        ),
        Statement(
            "def41.entries-sum",
            "corrected",
            "The d entries of the representability vector add up to rank(W).",
            OnDomain(
                ANY_W,
                Then("=", lambda at: float(at["rank"]), _projected_axes),
                "The trace of a projector is its rank.",
                Evidence.NUMERIC,
            ),
            latex=r"\sum_{k=1}^{d} r_k = \operatorname{rank} W",
        ),
    ),
)
