"""Eqs (16), (42) and (54): from a vanishing gradient to W^T W = X. The step fails; W^T W is X seen from its row space.

From X W^T = W^T W W^T the pseudoinverse gives P X = W^T W with P the projector onto row(W), no more. With rank(W) = c
the saddle that keeps one eigenvector of diag(3, 2, 1) satisfies everything the paper asks for.
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from ledger.checks.kinds import ForAll
from ledger.statement import Claim, Context, Evidence, Statement
from theory.formula import Source

Point = tuple[str, sp.Matrix, sp.Matrix]
# An orthogonal matrix with rational entries, so that every stationary point below is exact.
ROTATION = sp.Matrix([[2, -2, 1], [1, 2, 2], [2, 1, -2]]) / 3
SPECTRA = ((3, 2, 1), (4, 1, 0), (4, 1, -1), (2, -1, -3), (1, 1, 1))
COUNTEREXAMPLE = sp.diag(3, 2, 1)


def _stationary_points(_: Context) -> Iterable[Point]:
    """Every stationary point made of eigenvectors with positive eigenvalue, for some spectra, turned and unturned."""
    for spectrum, turn in itertools.product(SPECTRA, (sp.eye(3), ROTATION)):
        x = turn * sp.diag(*spectrum) * turn.T
        positive = [j for j, value in enumerate(spectrum) if value > 0]
        for kept in itertools.chain.from_iterable(itertools.combinations(positive, r) for r in (1, 2, 3)):
            rows = [sp.sqrt(spectrum[j]) * turn[:, j].T for j in kept]
            yield f"spectrum {spectrum}, kept {kept}", x, sp.Matrix.vstack(*rows)


def _one_eigenvector(_: Context) -> Iterable[Point]:
    yield "X = diag(3, 2, 1), c = 1", COUNTEREXAMPLE, sp.sqrt(3) * sp.Matrix([[1, 0, 0]])


def _is_stationary(x: sp.Matrix, w: sp.Matrix) -> bool:
    return bool(sp.simplify(w * x - w * w.T * w).is_zero_matrix)


def _points_and_others(context: Context) -> Iterable[Point]:
    """The stationary points, and each of them with its rows doubled, where the gradient does not vanish."""
    for name, x, w in _stationary_points(context):
        yield name, x, w
        yield f"{name}, W doubled", x, 2 * w


def _gram_is_x(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    name, x, w = point
    assert _is_stationary(x, w), "the search lists stationary points"
    gram = sp.simplify(w.T * w)
    return gram == sp.Rational(str(spoil)) * x, {"point": name, "rank_W": w.rank(), "X": str(x), "gram": str(gram)}


def _gram_is_projected(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    name, x, w = point
    projector = w.T * (w * w.T).inv() * w
    seen = sp.simplify(sp.Rational(str(spoil)) * projector * x * projector - w.T * w)
    invariant = sp.simplify(projector * x - x * projector)
    return _is_stationary(x, w) and bool(seen.is_zero_matrix and invariant.is_zero_matrix), {"point": name}


def _equal_exactly_when(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    name, x, w = point
    equal = sp.simplify(w.T * w - sp.Rational(str(spoil)) * x).is_zero_matrix
    stationary, same_rank = _is_stationary(x, w), w.rank() == x.rank()
    # An indefinite X has no W of its rank with a vanishing gradient.
    met = stationary and same_rank
    return equal == met and (x.is_positive_semidefinite or not met), {
        "point": name,
        "equal": equal,
        "stationary": stationary,
        "same_rank": same_rank,
    }


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
            "Where the gradient vanishes, W^T W = P X P with P the projector onto row(W), and row(W) is "
            "invariant under X.",
            ForAll(
                _stationary_points, _gram_is_projected, "Checked at every listed stationary point.", Evidence.SEARCHED
            ),
            latex=r"W^\top W = P_{\mathcal{R}} X P_{\mathcal{R}},\quad X\mathcal{R} \subseteq \mathcal{R}",
            replaces=("stationarity.gram-projected",),
        ),
        Statement(
            "eq16.equality-by-rank",
            "corrected",
            "Where the gradient vanishes, W^T W = X exactly when rank(W) = rank(X). An X with a negative eigenvalue "
            "has a larger rank than W there. Where the gradient does not vanish, equal ranks do not suffice.",
            ForAll(
                _points_and_others,
                _equal_exactly_when,
                "X = W^T W + (I - P) X (I - P) there, P the projector onto row(W), and the ranks of both parts add up.",
                Evidence.SEARCHED,
            ),
            latex=r"W X = W W^\top W:\quad W^\top W = X \iff \operatorname{rank} W = \operatorname{rank} X",
            replaces=("eq16.equality-condition",),
        ),
    ),
)
