"""Assumption A.5 and Remark A.6: the learned W has full rank c, and W = 0 is never best.

Both depend on the masks. Independent masks (and contrast) give a positive definite matrix, and both are true.
Complementary masks leave one positive eigenvalue, so the minimiser has rank one; with two clients none, so W = 0 is
the only minimiser.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ledger.checks.kinds import ForAll
from ledger.checks.reading_words import in_words
from ledger.statement import Claim, Context, Evidence, Statement
from theory.data.moments import Site, alignment_matrix
from theory.formula import Source
from theory.readings import Mask, Objective
from theory.setting import Setting

ROUND_OFF = 1e-12
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
    return sum(count for value, count in spectrum if value > ROUND_OFF * scale)


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


def _rank_one(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    details = _details(case, Mask.COMPLEMENTARY)
    return details["rank_of_minimiser"] == spoil, details


def _zero_is_beaten(mask: Mask):
    def predicate(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        top = _spectrum(case, mask)[0][0]
        # Along the leading eigenvector, W = sqrt(t) v^T has loss -top t + t^2 / 2, least at t = top.
        step = spoil * top if spoil == 1.0 else 0.0
        loss = -top * step + step**2 / 2
        return loss < 0, _details(case, mask) | {"loss_beside_zero": loss}

    return predicate


def _beaten_exactly_when(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    predicted = (case[0].n_clients > 2) == (spoil == 1.0)
    top = _spectrum(case, Mask.COMPLEMENTARY)[0][0]
    return bool(predicted == (top > ROUND_OFF)), _details(case, Mask.COMPLEMENTARY)


def _two_clients_leave_nothing(context: Context) -> Iterable[Case]:
    return (case for case in _cases(context) if case[0].n_clients == 2)


def _is_zero(case: Case, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    matrix = alignment_matrix(case[0], Objective.MIM, Mask.COMPLEMENTARY, scope=case[1])
    size = float(np.abs(matrix.corner).max() + abs(matrix.bulk))
    # No factor spoils a claim of 0.
    return bool(size == 1 - spoil), {"largest_entry": size}


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
            reading=in_words(Mask.INDEPENDENT),
            latex=r"\operatorname{rank} W = c",
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
            reading=in_words(Mask.COMPLEMENTARY),
            latex=r"\operatorname{rank} W = c",
            instead=("a5.rank-one-complementary",),
        ),
        Statement(
            "a5.nonzero-independent",
            "printed",
            "A.6: W = 0 does not minimise the loss.",
            ForAll(
                _cases,
                _zero_is_beaten(Mask.INDEPENDENT),
                "A small step along the leading eigenvector pays.",
                Evidence.NUMERIC,
            ),
            reading=in_words(Mask.INDEPENDENT),
            latex=r"W = 0 \text{ is not a minimiser}",
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
            reading=in_words(Mask.COMPLEMENTARY),
            latex=r"W = 0 \text{ is not a minimiser}",
            instead=("a5.zero-two-clients",),
        ),
        Statement(
            "a5.rank-one-complementary",
            "corrected",
            "With three or more clients the minimiser has rank one, for one client and for the average.",
            ForAll(
                _cases_beyond_two,
                _rank_one,
                "One positive eigenvalue, the one of the all-ones direction.",
                Evidence.NUMERIC,
            ),
            reading=in_words(Mask.COMPLEMENTARY),
        ),
        Statement(
            "a5.zero-two-clients",
            "corrected",
            "W = 0 is the minimiser exactly when there are two clients.",
            ForAll(_cases, _beaten_exactly_when, "A positive eigenvalue exists exactly for N > 2.", Evidence.NUMERIC),
            reading=in_words(Mask.COMPLEMENTARY),
        ),
        Statement(
            "a5.matrix-two-clients",
            "corrected",
            "With two clients the population's alignment matrix is exactly zero, for one client and for the average.",
            ForAll(
                _two_clients_leave_nothing, _is_zero, "One offset has no partner to correlate with.", Evidence.NUMERIC
            ),
            reading=in_words(Mask.COMPLEMENTARY),
            latex=r"X^M = 0 \quad (N = 2)",
        ),
    ),
)
