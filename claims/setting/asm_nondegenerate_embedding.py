"""Assumption A.5 and Remark A.6: the learned W has full rank c, and W = 0 is never best.

Both depend on the masks. Independent masks (and contrast) give a positive definite matrix, and both are true.
Complementary masks leave one positive eigenvalue, so the minimiser has rank one; with two clients none, so W = 0 is
the only minimiser.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.listed_moments import (
    FL,
    LOCAL,
    MASK_RATIO,
    MODEL,
    SCOPE,
    WIDE,
    listed_moment,
    masked,
    signal_parameters,
)
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory.data.moments import Site, alignment_matrix
from theory.data.population_spectra import evaluate, spectrum
from theory.domain import Condition, Domain, Parameter, Point, Whole
from theory.formula import Source
from theory.objectives.alignment_minimum import least_loss
from theory.readings import Mask, Objective
from theory.setting import Setting

NOTHING = 1e-12
Case = tuple[Setting, Site]


def _cases(_: Context) -> Iterable[Case]:
    for n in (2, 3, 4, 6):
        for dim in (64, 10**6):
            yield Setting.paper(dim, n_clients=n, feature_dim=2 * n), "fl"
            yield Setting.paper(dim, n_clients=n, feature_dim=2 * n), "local"


def _cases_beyond_two(context: Context) -> Iterable[Case]:
    return (case for case in _cases(context) if case[0].n_clients > 2)


def _spectrum(case: Case, mask: Mask) -> list[tuple[float, int]]:
    s, scope = case
    return alignment_matrix(s, Objective.MIM, mask, scope=scope).spectrum()


def _n_positive(spectrum: list[tuple[float, int]]) -> int:
    scale = max(abs(value) for value, _ in spectrum) or 1.0
    return sum(count for value, count in spectrum if value > NOTHING * scale)


def _details(case: Case, mask: Mask) -> dict[str, Any]:
    s, scope = case
    spectrum = _spectrum(case, mask)
    return {
        "n_clients": s.n_clients,
        "dim": s.dim,
        "scope": scope,
        "feature_dim": s.feature_dim,
        "rank_of_minimiser": min(s.feature_dim, _n_positive(spectrum)),
        "spectrum": [[round(value, 9), count] for value, count in spectrum],
    }


def _full_rank(mask: Mask):
    def predicate(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        # The minimiser keeps positive eigenvalues only, so its rank is their number, or c if that is smaller.
        details = _details(case, mask)
        return spoil * details["rank_of_minimiser"] >= case[0].feature_dim, details

    return predicate


def _zero_is_beaten(mask: Mask):
    def predicate(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        top = _spectrum(case, mask)[0][0]
        # Along the leading eigenvector, W = sqrt(t) v^T has loss -top t + t^2 / 2, least at t = top.
        step = spoil * top if spoil == 1.0 else 0.0
        loss = -top * step + step**2 / 2
        return loss < 0, _details(case, mask) | {"loss_beside_zero": loss}

    return predicate


COMPLEMENTARY = "The two views of an image are masked complementarily, in expectation over the masks."


def _domain(least: int, *, features: bool = False) -> Domain:
    more: tuple[Parameter, ...] = (Whole("feature_dim", 1, 12),) if features else ()
    fit = (Condition("feature_dim at most dim", r"c \le d", lambda p: p["feature_dim"] <= p["dim"]),)
    return Domain(
        (*signal_parameters(least=least, widest=24), MASK_RATIO, SCOPE, *more),
        (WIDE, *(fit if features else ())),
        assumes=f"{MODEL} {COMPLEMENTARY}",
    )


def _closed_spectrum(at: Point) -> list[tuple[float, int]]:
    """(eigenvalue, multiplicity) by `theory.data.population_spectra`, descending."""
    scope = "fl" if at["scope"] == FL else "local"
    return evaluate(spectrum(Objective.MIM, Mask.COMPLEMENTARY, scope), at)


def _listed_spectrum(at: Point) -> tuple[np.ndarray, float]:
    """The eigenvalues of the listed matrix, descending (d,), and how well they are known."""
    moment = listed_moment(at)
    matrix = masked(moment, float(at["mask_ratio"]), Mask.COMPLEMENTARY)
    return np.linalg.eigvalsh(matrix)[::-1], ROUND_OFF * float(np.linalg.norm(moment))


def _positive_directions(at: Point) -> float:
    positive = sum(count for value, count in _closed_spectrum(at) if value > 0)
    return float(min(positive, int(at["feature_dim"])))


def _rank(at: Point, _: Effort) -> Sample:
    values, error = _listed_spectrum(at)
    # The minimiser keeps the positive eigenvalues among the c largest.
    return Sample(np.array([np.sum(values[: int(at["feature_dim"])] > error)]))


def _least(at: Point) -> float:
    return least_loss([_closed_spectrum(at)[0][0]], 1)


def _listed_least(at: Point, _: Effort) -> Sample:
    values, error = _listed_spectrum(at)
    kept = values[values > 0]
    return Sample(np.array([-np.sum(kept**2) / 2]), error * float(np.abs(values).max()) + error**2)


def _norm(at: Point) -> float:
    return max(abs(value) for value, _ in _closed_spectrum(at))


def _listed_norm(at: Point, _: Effort) -> Sample:
    values, error = _listed_spectrum(at)
    return Sample(np.array([np.abs(values).max()]), error)


CASES = tuple(
    {"n_clients": n, "dim": 6, "tau": 2.0, "mu": 0.5, "mask_ratio": 0.75, "scope": scope}
    for n in (2, 3, 6)
    for scope in (FL, LOCAL)
)


CLAIM = Claim(
    id="asm-nondegenerate-embedding",
    title="The learned embedding has full rank and is not zero",
    items=("assumption-A.5", "remark-A.6"),
    source=Source("chen2026", "Assumption A.5 and Remark A.6"),
    statements=(
        Statement(
            "a5.rank-independent",
            "printed",
            "A.5: what is learned has rank c, for c = 2N.",
            ForAll(_cases, _full_rank(Mask.INDEPENDENT), "The matrix is positive definite.", Evidence.NUMERIC),
            reading=read_as(parts.INDEPENDENT),
            latex=r"\operatorname{rank} W = c",
            about=("assumption-A.5",),
        ),
        Statement(
            "a5.rank-complementary",
            "printed",
            "A.5: what is learned has rank c, for c = 2N.",
            ForAll(
                _cases_beyond_two,
                _full_rank(Mask.COMPLEMENTARY),
                "W^T W has no negative eigenvalue and the matrix has one positive one, so rank(W) = 1 < c.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.COMPLEMENTARY),
            latex=r"\operatorname{rank} W = c",
            instead=("a5.rank-one-complementary",),
            about=("assumption-A.5",),
        ),
        Statement(
            "a5.nonzero-independent",
            "printed",
            "A.6: W = 0 does not minimise the loss.",
            ForAll(
                _cases,
                _zero_is_beaten(Mask.INDEPENDENT),
                "A small step from W = 0 along the leading eigenvector lowers the loss.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.INDEPENDENT),
            latex=r"W = 0 \text{ is not a minimiser}",
            about=("remark-A.6",),
        ),
        Statement(
            "a5.nonzero-complementary",
            "printed",
            "A.6: W = 0 does not minimise the loss.",
            ForAll(
                _cases,
                _zero_is_beaten(Mask.COMPLEMENTARY),
                "With two clients the matrix is zero, so the loss is 0.5 |W^T W|^2, least at W = 0 alone.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.COMPLEMENTARY),
            latex=r"W = 0 \text{ is not a minimiser}",
            instead=("a5.zero-two-clients",),
            about=("remark-A.6",),
        ),
        Statement(
            "a5.rank-one-complementary",
            "corrected",
            "With three or more clients the minimiser has rank one, whatever c is, for one client and for the average.",
            OnDomain(
                _domain(3, features=True),
                Then("=", _positive_directions, _rank),
                "The alignment matrix has one positive eigenvalue, that of the all-ones direction.",
                Evidence.NUMERIC,
                points=(8, 60),
            ),
            reading=read_as(parts.COMPLEMENTARY),
            about=("assumption-A.5",),
        ),
        Statement(
            "a5.zero-two-clients",
            "corrected",
            "The least loss is -a^2/2, where a = p(1-p)(N-2) tau^2/4 for one client, and (N-1)/N times that for "
            "the average. So W = 0 is a minimiser exactly if there are two clients.",
            OnDomain(
                _domain(2),
                Then("=", _least, _listed_least),
                "The largest eigenvalue is above 0 exactly for N > 2.",
                Evidence.NUMERIC,
                points=(8, 60),
                named=CASES,
            ),
            reading=read_as(parts.COMPLEMENTARY),
            about=("remark-A.6",),
        ),
        Statement(
            "a5.matrix-two-clients",
            "corrected",
            "The population's alignment matrix has the norm p(1-p)(N-2) tau^2/4 for one client, and (N-1)/N times "
            "that for the average of all clients. With two clients both are exactly zero.",
            OnDomain(
                _domain(2),
                Then("=", _norm, _listed_norm),
                "With two clients an image has only one offset, so there is no other offset to correlate it with.",
                Evidence.NUMERIC,
                points=(8, 60),
                named=CASES,
            ),
            reading=read_as(parts.COMPLEMENTARY),
            latex=r"\|X^M\|_2 = p(1-p)(N-2)\tfrac{\tau^2}{4}",
            about=("remark-A.6",),
        ),
    ),
)
