"""A referee's question: what follows from a vanishing gradient, and how does the top eigenspace come in?

W X = W W^T W gives W^T W = P X P only, with P the projector onto row(W). Any set of positive eigenvectors passes; the
loss, -1/2 times the sum of their squared eigenvalues, picks the largest c.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.enumerated import generic, gradient, half_gram_penalty
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import FEATURES_FIT, ROUND_OFF, matrix_at, matrix_parameters
from ledger.drawn.drawn_matrices import SPECTRA as SIGNS
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory.domain import Domain, Point
from theory.formula import Source
from theory.objectives import linear_alignment
from theory.objectives.alignment_minimum import least_loss

SPECTRA = ((5, 3, 2, 1), (4, 3, 0, -1), (3, 1, -2, -5))
Kept = tuple[tuple[int, ...], tuple[int, ...]]


def symmetric(n: int) -> sp.Matrix:
    """A symmetric n x n matrix with a real symbol for each entry on and above the diagonal."""
    return sp.Matrix(n, n, lambda i, j: sp.Symbol(f"x{min(i, j) + 1}{max(i, j) + 1}", real=True))


def loss(w: sp.Matrix, x: sp.Matrix) -> sp.Expr:
    """-tr(W X W^T) + 1/2 |W^T W|^2: Eqs (2) and (4), X the symmetric part of E[a b^T]."""
    return -(w * x * w.T).trace() + half_gram_penalty(w)


def stationary(spectrum: tuple[int, ...], kept: tuple[int, ...]) -> tuple[sp.Matrix, sp.Matrix]:
    """X diagonal, and the W that keeps the eigenvectors `kept`."""
    x = sp.diag(*spectrum)
    return x, sp.Matrix([[sp.sqrt(spectrum[j]) if k == j else 0 for k in range(len(spectrum))] for j in kept])


def choices(features: int) -> list[Kept]:
    """Every choice of at most `features` positive eigenvectors of each spectrum, sets of one before sets of two."""
    found = []
    for spectrum in SPECTRA:
        positive = [j for j, v in enumerate(spectrum) if v > 0]
        sets = (s for size in range(1, features + 1) for s in itertools.combinations(positive, size))
        found += [(spectrum, s) for s in sets]
    return found


def any_choice_is_best(point: Kept, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the point, its gradient computed to be 0, has the least loss of all listed for the same X and c = 2."""
    spectrum, kept = point
    # A feature that keeps nothing would be a row of zeros in W, and adds nothing to the loss: c = 2 for every point.
    best = min(loss(w, x) for x, w in (stationary(s, k) for s, k in choices(2) if s == spectrum))
    x, w = stationary(spectrum, kept)
    slope = -2 * w * x + 2 * w * w.T * w
    assert slope.is_zero_matrix, "only a stationary point can be a witness"
    return loss(w, x) == best, {
        "X": f"diag{spectrum}",
        "rank_of_W_and_c": [w.rank(), 2],
        "kept": kept,
        "gradient": str(slope.norm()),
        "loss": str(loss(w, x)),
        "least": str(best),
    }


LEAST_OF_ALL = Domain(matrix_parameters(8), (FEATURES_FIT,), assumes="X is symmetric, its eigenvalues differ.")


def _best_stationary(at: Point, _: Effort) -> Sample:
    """The least loss over every choice of at most c eigenvectors of positive eigenvalue."""
    drawn = matrix_at(at)
    rows = [np.sqrt(v) * u for v, u in zip(drawn.values, drawn.vectors.T, strict=True) if v > 0]
    sizes = range(1, min(int(at["feature_dim"]), len(rows)) + 1)
    every = itertools.chain.from_iterable(itertools.combinations(rows, size) for size in sizes)
    best = min(linear_alignment.loss(np.array(chosen), drawn.x) for chosen in every)
    return Sample(np.array([best]), ROUND_OFF * drawn.size**2)


def _least(at: Point) -> float:
    return least_loss(matrix_at(at).values, int(at["feature_dim"]))


def two_by_three() -> tuple[sp.Matrix, sp.Matrix]:
    """A generic W of c = 2 rows in d = 3 coordinates, and a generic symmetric X."""
    return generic("w", 2, 3), symmetric(3)


def differentiated() -> sp.Matrix:
    """The gradient of the loss by differentiating in each entry of W, shape (2, 3)."""
    w, x = two_by_three()
    return gradient(loss(w, x), w).applyfunc(sp.expand)


def closed_gradient() -> sp.Matrix:
    """The printed gradient -2 W X + 2 W W^T W, shape (2, 3)."""
    w, x = two_by_three()
    return (-2 * w * x + 2 * w * w.T * w).applyfunc(sp.expand)


def reversed_gradient() -> sp.Matrix:
    """-2 X W^T + 2 W^T W W^T, the same in the other orientation, transposed back."""
    w, x = two_by_three()
    return (-2 * x * w.T + 2 * w.T * w * w.T).T.applyfunc(sp.expand)


def spectra_and_choices(context: Context) -> list[Kept]:
    """Every spectrum with every two of its eigenvectors of positive eigenvalue: rank(W) = c = 2."""
    return [point for point in choices(2) if len(point[1]) == 2]


CLAIM = Claim(
    id="ref-stationarity",
    title="From a vanishing gradient to the top eigenspace",
    items=("referee-2",),
    source=Source("chen2026", "Eqs (9)-(16), (33)-(35) of the submission; reviewer 1, question 2"),
    question=(
        "How do the identities W^T W = E[...] follow from the gradients, and what justifies the Eckart-Young step?"
    ),
    statements=(
        Statement(
            "stationarity.gradient",
            "printed",
            "With W in R^(c x d) the gradient of the loss is -2 W X + 2 W W^T W.",
            Identity(closed_gradient, differentiated, "Differentiated entry by entry, two rows and three columns."),
            latex=r"\partial_W \mathcal{L} = -2 W X + 2 W W^\top W",
        ),
        Statement(
            "stationarity.gradient-transposed",
            "printed",
            "Written for W^T in R^(d x c) the stationary condition is A W = W W^T W with A = X on the left, as "
            "the referee proposes.",
            Identity(reversed_gradient, differentiated, "The transpose of the same equation."),
        ),
        Statement(
            "stationarity.every-stationary-point",
            "printed",
            "Every point with a vanishing gradient minimises the loss, as the step to the first c eigenvectors needs.",
            ForAll(
                spectra_and_choices,
                any_choice_is_best,
                "A W that keeps a smaller eigenvalue is a saddle point, even if W has full rank.",
                Evidence.ENUMERATED,
            ),
            instead=("stationarity.least-loss",),
        ),
        Statement(
            "stationarity.least-loss",
            "corrected",
            "Of all points where the gradient vanishes, the one that keeps the c largest positive eigenvalues has the "
            "least loss: -1/2 times the sum of their squares.",
            OnDomain(
                LEAST_OF_ALL,
                Then("=", _least, _best_stationary),
                "All stationary points of a matrix X are compared by their losses. Negative eigenvalues cannot "
                "lower the loss.",
                Evidence.NUMERIC,
                named=[
                    {"dim": 4, "feature_dim": c, "spectrum": spectrum, "draw": 1} for c in (1, 4) for spectrum in SIGNS
                ],
            ),
            reading=read_as(parts.PSD),
        ),
    ),
)
