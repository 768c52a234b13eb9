"""A referee's question: over which coordinates is max - min taken, and does the answer of Theorem 4.4 depend on it?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ledger.checks.kinds import Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from theory.data.moments import alignment_matrix
from theory.formula import Source
from theory.objectives.representability import leading_representability
from theory.readings import Objective
from theory.setting import Setting

# Orthonormal rows of a representation, by name: what each keeps of four signal coordinates among six.
# Entries 0, 1/2 and 1 have exact squares, so that r_k may be compared with == below.
USELESS = {
    "noise only": np.eye(6)[4:],
    "the mean of the signal": np.full((1, 6), 0.5) * (np.arange(6) < 4),
}
WHOLE = {"the whole signal": np.eye(6)[:4]}


def signal_rv(rows: np.ndarray) -> np.ndarray:
    """r_k on the four signal coordinates from orthonormal rows of the representation, shape (4,)."""
    return np.sum(rows[:, :4] ** 2, axis=0)


def small_means_good(item: tuple[str, np.ndarray], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """If s is 0, is every signal coordinate represented?"""
    name, rows = item
    r = signal_rv(rows)
    return np.ptp(r) > 0 or bool(np.all(r == 1)), {"representation": name, "s": float(np.ptp(r)), "r": r.tolist()}


def deficit_tells(item: tuple[str, np.ndarray], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the largest deficit is 0 exactly for the whole signal; spoiled, exactly for all others."""
    name, rows = item
    worst = float(1 - signal_rv(rows).min())
    whole = name in WHOLE
    return (worst == 0) == (whole if spoil == 1 else not whole), {"representation": name, "largest_deficit": worst}


def population_findings(context: Context) -> list[Finding]:
    """s of the population's averaged r over N, leading 2N and all d coordinates, c = 2N, both objectives."""
    findings, rng = [], np.random.default_rng(context.seed)
    for n in (2, 4, *(round(float(np.exp(x))) for x in rng.uniform(np.log(2), np.log(40), 4))):
        dim = 2 * n + round(float(np.exp(rng.uniform(0, np.log(400)))))
        s = Setting.paper(dim, n_clients=n, feature_dim=2 * n)
        share = (dim - 2 * n) / (dim - n)
        for objective in Objective:
            for count, claimed in ((n, 0.0), (2 * n, share), (dim, share)):
                r = leading_representability(alignment_matrix(s, objective), s.feature_dim, count)
                at = {"objective": str(objective), "clients": n, "dim": dim, "coordinates": count}
                # The tolerance of a prediction is relative, and leaves nothing to a claim of 0.
                findings.append(Finding(at, claimed, float(np.ptp(r)), resolution=1e-12))
    return findings


CLAIM = Claim(
    id="ref-coordinates-of-sensitivity",
    title="Over which coordinates the sensitivity is taken",
    items=("referee-4",),
    source=Source("chen2026", "Definition 4.1, Theorem 4.4; reviewer 1, question 4"),
    question="Which coordinates enter s, all d or the first c, and how much do Theorems 4.4 and 4.6 depend on it?",
    statements=(
        Statement(
            "coordinates.sensitivity-as-robustness",
            "expected",
            "A small sensitivity means a robust representation: s = 0 only when every signal coordinate is "
            "represented.",
            ForAll(
                lambda context: USELESS.items(),
                small_means_good,
                "Equal failures have sensitivity 0.",
                Evidence.ENUMERATED,
            ),
            reading="s as a measure of robustness",
            instead=("coordinates.deficit-as-robustness",),
        ),
        Statement(
            "coordinates.population-2n",
            "corrected",
            "At c = 2N the population leaves N features undetermined. If r is first averaged over all of their "
            "choices, its s, for both objectives, is 0 over the N signal coordinates and (d - 2N)/(d - N) over the "
            "leading 2N or all d.",
            Prediction(
                population_findings,
                "The spare rows share the noise evenly on average: (c - N)/(d - N) each. For one choice of them s over "
                "the leading 2N may be as small as 0 or, for d > 2N, as large as 1.",
                rtol=1e-9,
                evidence=Evidence.NUMERIC,
            ),
            reading="population, independent masks, N >= 2, d >= 2N, s of the averaged r",
        ),
        Statement(
            "coordinates.deficit-as-robustness",
            "corrected",
            "The largest deficit, 1 - min r_k over the signal, is 0 exactly when the signal is represented whole.",
            ForAll(
                lambda context: {**USELESS, **WHOLE}.items(),
                deficit_tells,
                "r_k = 1 says that e_k lies in the row space.",
                Evidence.SEARCHED,
            ),
            reading="the deficit as a measure of robustness",
        ),
    ),
)
