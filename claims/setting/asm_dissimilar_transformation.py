"""Assumption A.9: only the symmetric part of H matters, and tr(P H_sym P) > 0 is what is needed. Neither is so."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import FEATURES_FIT
from ledger.drawn.drawn_transformations import (
    ALONG_AXIS,
    RESOLUTION,
    aligned_at,
    chosen_alignment,
    represented,
    transformation_at,
    transformation_domain,
)
from ledger.drawn.listed_moments import FL, listed_moment
from ledger.drawn.listed_transformations import Listed, condition_at, searched
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory.domain import Condition, Point, Value, Whole
from theory.formula import Source
from theory.objectives.transformation_bounds import least_on_signal
from theory.objectives.transformation_family import small_integer_matrices

SIGMA = sp.diag(2, 1)
H = sp.Matrix(2, 2, lambda i, j: sp.Symbol(f"h_{i}{j}", real=True))
S = sp.Matrix(2, 2, lambda i, j: sp.Symbol(f"s_{min(i, j)}{max(i, j)}", real=True))


def _pairs(_: Context) -> Iterator[tuple[sp.Matrix, sp.Matrix]]:
    for first, second in itertools.combinations(small_integer_matrices(), 2):
        if first + first.T == second + second.T:
            yield first, second


def _spectrum(h: sp.Matrix) -> list[sp.Expr]:
    return sorted(((h * SIGMA + SIGMA * h.T) / 2).eigenvals(multiple=True), key=lambda v: float(v))


def _same_spectrum(pair: tuple[sp.Matrix, sp.Matrix], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    first, second = pair
    is_same = spoil == 1.0 and _spectrum(first) == _spectrum(second)
    return is_same, {
        "H": [str(h.tolist()) for h in pair],
        "second_moment": str(SIGMA.tolist()),
        "eigenvalues": [[str(v) for v in _spectrum(h)] for h in pair],
    }


def _leading_trace(at: Point) -> float:
    """tr(P H_sym P), P the projector onto the leading c coordinates."""
    c = int(at["feature_dim"])
    return float(np.trace(transformation_at(at, chosen_alignment(at))[:c, :c]))


def _measured_trace(at: Point, _: Effort) -> Sample:
    return Sample(np.array([_leading_trace(at)]), RESOLUTION)


def _represented_at(at: Point, _: Effort) -> Sample:
    n = int(at["n_clients"])
    return Sample(represented(aligned_at(at, chosen_alignment(at)), n, int(at["feature_dim"]))[None], RESOLUTION)


def _is_represented(at: Point) -> bool:
    return bool(_represented_at(at, Effort(1, 0)).values.min() > 1 - RESOLUTION)


FEATURES = Whole("feature_dim", 1, 16)
ENOUGH = Condition(
    "feature_dim from n_clients to dim", r"N \le c \le d", lambda p: p["n_clients"] <= p["feature_dim"] <= p["dim"]
)
TRACE_POSITIVE = transformation_domain(
    FEATURES,
    conditions=(
        ENOUGH,
        Condition("tr(P H_sym P) > 0", r"\operatorname{tr}(P H_{\mathrm{sym}} P) > 0", lambda p: _leading_trace(p) > 0),
    ),
)
# Positive on the signal, and below what H makes of the noise.
OUTRANKED: dict[str, Value] = {"n_clients": 2, "dim": 5, "tau": 2.0, "mu": 0.5, "scope": FL, "least": 0.2, "rival": 2.0}
OUTRANKED |= {"leak": 0.01, "leaks_along": ALONG_AXIS, "draw": 1, "feature_dim": 2}
REPRESENTED = transformation_domain(
    FEATURES, conditions=(ENOUGH, Condition("r_k = 1 on the signal", "r_k = 1", _is_represented)), has_leak=False
)


def _least_trace(at: Point) -> float:
    """The least eigenvalue that X must have on the signal, times tr(Sigma_S^-1)."""
    n = int(at["n_clients"])
    inverse = np.linalg.inv(listed_moment(at)[:n, :n])
    return least_on_signal(chosen_alignment(at), n, int(at["feature_dim"])) * float(np.trace(inverse))


def _trace_on_signal(at: Point, _: Effort) -> Sample:
    n, h = int(at["n_clients"]), transformation_at(at, chosen_alignment(at))
    return Sample(np.array([np.trace(h[:n, :n])]), RESOLUTION * float(np.abs(h).max()))


def _shows_loss(point: Listed, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    found, shown = condition_at(point)
    keeps_little = max(found.representability) < spoil * 0.9
    return not keeps_little or found.sensitivity > 1e-9, shown | {"sensitivity": round(found.sensitivity, 12)}


CLAIM = Claim(
    id="asm-dissimilar-transformation",
    title="The condition on the transformation H",
    items=("assumption-A.9",),
    source=Source("chen2026", "Assumption A.9"),
    statements=(
        Statement(
            "a9.symmetric-part",
            "printed",
            "The transformation H enters the alignment matrix only through its symmetric part.",
            ForAll(
                _pairs,
                _same_spectrum,
                (
                    "The alignment matrix is the symmetric part of H Sigma, with Sigma = E[x x^T]. It can keep a "
                    "direction that the symmetric part of H loses."
                ),
                Evidence.ENUMERATED,
            ),
            instead=("a9.trace-symmetric-part",),
        ),
        Statement(
            "a9.trace-symmetric-part",
            "corrected",
            "Of the alignment matrix, only the trace depends on H through its symmetric part alone: tr sym(H "
            "Sigma) = tr(H_sym Sigma).",
            Identity(
                lambda: ((H * S + S * H.T) / 2).trace(),
                lambda: ((H + H.T) / 2 * S).trace(),
                "The antisymmetric part of H is orthogonal to the symmetric matrix Sigma.",
            ),
            latex=r"\operatorname{tr}\operatorname{sym}(H\Sigma) = \operatorname{tr}(H_{\mathrm{sym}}\Sigma)",
        ),
        Statement(
            "a9.trace-sufficient-leading",
            "printed",
            "If tr(P H_sym P) > 0, where P projects onto the leading c coordinates, CL represents the signal, as "
            "Theorem 4.3 concludes.",
            OnDomain(
                TRACE_POSITIVE,
                Then("=", lambda at: np.ones(int(at["n_clients"])), _represented_at),
                "A trace is a sum over all directions. A positive sum does not make every direction positive.",
                Evidence.NUMERIC,
                corners=(0, 16),
                named=[OUTRANKED],
            ),
            reading=read_as(parts.LEADING),
            instead=("transform.sufficient",),
        ),
        Statement(
            "a9.trace-necessary-leading",
            "expected",
            "If the signal is represented, then tr(P H_sym P) > 0, where P projects onto the leading c coordinates.",
            OnDomain(
                REPRESENTED,
                Then(">=", lambda at: 0.0, _measured_trace),
                "For c > N the trace also counts coordinates of pure noise.",
                Evidence.NUMERIC,
                points=(60, 200),
                corners=(0, 16),
            ),
            reading=read_as(parts.LEADING),
            instead=("a9.trace-necessary-signal",),
        ),
        Statement(
            "a9.trace-necessary-signal",
            "corrected",
            "If the signal is represented, then tr(P H_sym P) > 0, where P projects onto the N signal "
            "coordinates. The trace is at least (l - (l - l_d) sum (1 - r_k)) tr(Sigma_S^-1). Here l > 0 is the "
            "least eigenvalue of sym(H Sigma) that W keeps, and l_d the least of all. Sigma_S is E[x x^T] on the "
            "signal.",
            OnDomain(
                transformation_domain(FEATURES, conditions=(FEATURES_FIT,)),
                Then(">=", _least_trace, _trace_on_signal),
                "By a Lyapunov equation, the trace of H over the signal is the trace of Sigma_S^-1 times the "
                "alignment matrix there.",
                Evidence.NUMERIC,
                points=(12, 200),
                named=[
                    {"n_clients": 3, "dim": 5, "tau": 2.0, "mu": 0.5, "scope": FL, "least": 1.0, "rival": 0.5}
                    | {"leak": 0.0, "leaks_along": ALONG_AXIS, "draw": 1, "feature_dim": 3}
                ],
            ),
            reading=read_as(parts.SIGNAL),
            spoil=1.01,
        ),
        Statement(
            "a9.sensitivity-shows-loss",
            "expected",
            "The sensitivity is above 0 whenever CL has lost the signal.",
            ForAll(
                searched,
                _shows_loss,
                "The sensitivity, max r_k - min r_k, is 0 if every coordinate is lost to the same extent.",
            ),
            instead=("coordinates.deficit-as-robustness",),
        ),
    ),
)
