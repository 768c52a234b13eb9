"""A referee's question: over which coordinates is max - min taken, and does the answer of Theorem 4.4 depend on it?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.deficits.listed_population import MODEL, NOISE, OFFSET, RATIO, ROUND_OFF, learned_at
from ledger.drawn.drawn_networks import DRAW
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.domain import Choice, Condition, Domain, Point, Real, Whole
from theory.formula import Source

# Orthonormal rows of a representation, by name: what each keeps of four signal coordinates among six.
# Entries 0, 1/2 and 1 have exact squares, so that r_k may be compared with == below.
USELESS = {
    "noise only": np.eye(6)[4:],
    "the mean of the signal": np.full((1, 6), 0.5) * (np.arange(6) < 4),
}


def signal_rv(rows: np.ndarray) -> np.ndarray:
    """r_k on the four signal coordinates from orthonormal rows of the representation, shape (4,)."""
    return np.sum(rows[:, :4] ** 2, axis=0)


def small_means_good(item: tuple[str, np.ndarray], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """If s is 0, is every signal coordinate represented?"""
    name, rows = item
    r = signal_rv(rows)
    return np.ptp(r) > 0 or bool(np.all(r == 1)), {"representation": name, "s": float(np.ptp(r)), "r": r.tolist()}


def learned_space(at: Point) -> np.ndarray:
    """Orthonormal rows of a random representation, (c, d): near the signal where the point's share says so.

    `draw` seeds it. The first N axes are the signal; each row begins as one of them, the noise grows with `tilt`.
    """
    d, c = int(at["dim"]), int(at["feature_dim"])
    rng = np.random.default_rng(int(at["draw"]))
    start = np.eye(d)[:, rng.permutation(max(c, int(at["n_clients"])))[:c]]
    return np.linalg.qr(start + float(at["tilt"]) * rng.normal(size=(d, c)))[0].T


def farthest(rows: np.ndarray, n: int) -> float:
    """The largest squared distance from the row space to a unit vector of the signal."""
    return float(1 - np.linalg.svd(rows[:, :n], compute_uv=False)[-1] ** 2) if len(rows) >= n else 1.0


def both_sides(at: Point) -> np.ndarray:
    """The squared distance over N, which the largest deficit is at least, and its negative: at most itself."""
    n = int(at["n_clients"])
    distance = farthest(learned_space(at), n)
    return np.array([distance / n, -distance])


def largest_deficit(at: Point, _: Effort) -> Sample:
    """max (1 - r_k) over the signal, and its negative."""
    worst = 1 - (learned_space(at)[:, : int(at["n_clients"])] ** 2).sum(axis=0).min()
    return Sample(np.array([[worst, -worst]]), 1e-12)


SPACES = Domain(
    (
        Whole("n_clients", 1, 12),
        Whole("dim", 1, 64),
        Whole("feature_dim", 1, 64),
        Real("tilt", 0.0, np.inf, "[)", reach=(0.0, 1.0)),
        DRAW,
    ),
    (
        Condition(
            "n_clients and feature_dim at most dim",
            r"N, c \le d",
            lambda p: max(p["n_clients"], p["feature_dim"]) <= p["dim"],
        ),
    ),
    assumes="The learned row space is a random one, seeded by draw; the signal is the first n_clients axes.",
)


def spread_of_average(at: Point, count: int) -> float:
    """max - min over the leading coordinates of r, averaged over the choices that the population leaves open."""
    return float(np.ptp(learned_at({**at, "feature_dim": 2 * int(at["n_clients"])}, at["views"], "fl")[:count]))


def said_spreads(at: Point) -> np.ndarray:
    """One minus s over N, leading 2N and all d coordinates: no factor spoils a claim of 0."""
    n, d = int(at["n_clients"]), int(at["dim"])
    share = (d - 2 * n) / (d - n)
    return 1 - np.array([0.0, share, share])


def found_spreads(at: Point) -> np.ndarray:
    """The same from the population, averaged."""
    n = int(at["n_clients"])
    return 1 - np.array([spread_of_average(at, count) for count in (n, 2 * n, int(at["dim"]))])


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
                "If all signal coordinates are lost to the same extent, the sensitivity is 0, too.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.SENSITIVITY),
            instead=("coordinates.deficit-as-robustness",),
        ),
        Statement(
            "coordinates.population-2n",
            "corrected",
            "At c = 2N the population leaves N features undetermined. Average each r_k over all choices of these "
            "features. For CL and MIM the sensitivity of these averages is 0 over the N signal coordinates, and "
            "(d - 2N)/(d - N) over the leading 2N or all d coordinates.",
            OnDomain(
                Domain(
                    (
                        Whole("n_clients", 2, 12),
                        Whole("dim", 4, 100),
                        OFFSET,
                        NOISE,
                        RATIO,
                        Choice("views", ("augmented", "independent")),
                    ),
                    (Condition("dim at least 2 n_clients", r"d \ge 2N", lambda p: p["dim"] >= 2 * p["n_clients"]),),
                    assumes=f"{MODEL} The federated average; twice as many features as clients.",
                ),
                Then("=", said_spreads, lambda at, _: Sample(found_spreads(at)[None], ROUND_OFF)),
                "On average the undetermined features represent (c - N)/(d - N) of each noise coordinate. For one "
                "choice of them the sensitivity over the leading 2N coordinates may be as small as 0 or, for d > "
                "2N, as large as 1.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.INDEPENDENT),
        ),
        Statement(
            "coordinates.deficit-as-robustness",
            "corrected",
            "The largest deficit, 1 - min r_k over the signal, is 0 exactly if the signal is represented whole. "
            "Let D be the largest squared distance of a unit vector of the signal from the learned row space. The "
            "largest deficit lies between D/N and D.",
            OnDomain(
                SPACES,
                Then(">=", both_sides, largest_deficit),
                "Let B be the signal block of the projector. D is the largest eigenvalue of I - B. It is at least "
                "each diagonal entry of I - B (the deficits), and at most their sum.",
                Evidence.NUMERIC,
                points=(40, 1000),
                named=({"n_clients": 3, "dim": 8, "feature_dim": 3, "tilt": 0.0, "draw": 1},),
            ),
            reading=read_as(parts.DEFICIT),
        ),
    ),
)
