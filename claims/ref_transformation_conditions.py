"""A referee's question: what must H satisfy for contrast with views x + xi and H x to learn the signal?

X = sym(H Sigma) must be positive on the signal, must not mix the signal with the rest, and must rank it first. The
trace says almost nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from claims.check import Bound, Cell, ForAll
from claims.core import Claim, Context, Evidence, Statement
from theory.formula import Source
from theory.moments import second_moment
from theory.setting import Setting
from theory.transformation_family import family
from theory.transformations import Condition, transformation_condition

PERFECT = 1e-9
Point = tuple[str, np.ndarray, Setting]


def searched(_: Context) -> Iterator[Point]:
    """The family of transformations on four clients in twelve coordinates, with c = N and then c = 2N."""
    for c in (4, 8):
        s = Setting.paper(12, n_clients=4, feature_dim=c)
        for words, h in family(4, c, 12):
            yield words, h, s


def with_n_features(context: Context) -> Iterator[Point]:
    """Those with c = N."""
    return (point for point in searched(context) if point[2].feature_dim == point[2].n_clients)


def condition_at(point: Point) -> tuple[Condition, dict[str, Any]]:
    """What H does, and the same in words for a witness."""
    words, h, s = point
    found = transformation_condition(h, s, second_moment(s))
    return found, {
        "H": words,
        "n_clients": s.n_clients,
        "dim": s.dim,
        "feature_dim": s.feature_dim,
        "trace_signal": found.trace_signal,
        "trace_leading": found.trace_leading,
        "representability": [round(v, 12) for v in found.representability],
    }


def is_perfect(found: Condition, spoil: float = 1.0) -> bool:
    """r_k = 1 for every signal coordinate, whatever minimiser is reached; spoiled, more than 1 is asked."""
    return found.unique and spoil * min(found.representability) > 1 - PERFECT


def _trace_needed(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    # Spoiled, the mean diagonal entry would have to exceed 1 - spoil.
    needs = found.necessary and found.trace_signal > (1 - spoil) * len(found.representability)
    return needs or not is_perfect(found), shown


def _sufficient(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    return is_perfect(found, spoil) or not found.condition_holds, shown


def _equivalent(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    return is_perfect(found, spoil) == found.condition_holds, shown


def _leaks(_: Context) -> list[Cell]:
    s = Setting.paper(12, n_clients=4)
    cells = []
    for row, column in ((7, 0), (5, 2)):
        for size in (1e-3, 1e-2, 1e-1):
            h = np.eye(12)
            h[row, column] = size
            found = transformation_condition(h, s, second_moment(s))
            if found.gap_bound is not None:
                missed = 1 - min(found.representability)
                at = {"H": f"identity plus {size} from {column} to {row}"}
                cells.append(Cell(at, found.gap_bound, missed, resolution=1e-13))
    return cells


CLAIM = Claim(
    id="ref-transformation-conditions",
    title="What H must satisfy",
    items=("referee-5",),
    source=Source("chen2026", "Assumption A.9"),
    question="Which condition on H does Theorem 4.3 need?",
    statements=(
        Statement(
            "corrected",
            "Necessary for r_k = 1 on S: sym(H Sigma) positive definite there, hence the trace of H over S positive.",
            ForAll(searched, _trace_needed, "Lyapunov: tr(Sigma^-1 (H Sigma + Sigma H^T)) = 2 tr H."),
        ),
        Statement(
            "corrected",
            "Sufficient, c >= N: sym(H Sigma) maps S into S, is positive there, and ranks S among the first c.",
            ForAll(searched, _sufficient, "S is then spanned by selected eigenvectors."),
        ),
        Statement(
            "corrected",
            "Necessary and sufficient, c = N: sym(H Sigma) maps S into S, above all else and 0 there.",
            ForAll(with_n_features, _equivalent, "The c leading eigenvectors then span S, and only then."),
            latex=r"\lambda_{\min}(PXP) > \max(0, \lambda_{\max}(P_\perp X P_\perp)),\quad P_\perp X P = 0",
        ),
        Statement(
            "corrected",
            "Where H leaks out of the signal, 1 - r_k is at most (|P_perp X P| / gap)^2.",
            Bound(_leaks, "Residual form of the sine theorem.", evidence=Evidence.NUMERIC),
            latex=r"1 - r_k \le \big(\|P_\perp X P\| / \mathrm{gap}\big)^2",
        ),
    ),
)
