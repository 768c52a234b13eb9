"""A referee's question: over which coordinates is max - min taken, and does the answer of Theorem 4.4 depend on it?"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from claims.check import Cell, ForAll, Prediction
from claims.core import Claim, Context, Evidence, Statement
from claims.orders import Order
from sims.montecarlo import sample_pair
from sims.stats import sensitivity
from theory.formula import Source
from theory.moments import alignment_matrix
from theory.readings import Coordinates, Objective, Reading
from theory.representability import leading_representability
from theory.setting import Setting

N, DIM = 4, 60
NARROW = Setting.paper(DIM, n_clients=N, samples_per_client=240)
WIDE = dataclasses.replace(NARROW, feature_dim=2 * N)
AT = {"clients": N, "dim": DIM, "samples_per_client": 240}
SAID = "The sensitivity of contrast exceeds that of masking."

# Orthonormal rows of a representation, by name: what each keeps of four signal coordinates among six.
USELESS = {
    "noise only": np.eye(6)[4:],
    "the mean of the signal": np.full((1, 6), 0.5) * (np.arange(6) < 4),
}
WHOLE = {"the whole signal": np.eye(6)[:4]}


def signal_rv(rows: np.ndarray) -> np.ndarray:
    return np.sum(rows[:, :4] ** 2, axis=0)


def small_means_good(item: tuple[str, np.ndarray], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """If s is 0, is every signal coordinate represented?"""
    name, rows = item
    r = signal_rv(rows)
    return np.ptp(r) > 0 or bool(np.all(r == 1)), {"representation": name, "s": float(np.ptp(r)), "r": r.tolist()}


def deficit_tells(item: tuple[str, np.ndarray], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The largest deficit is 0 (below 1 - spoil, spoiled the other way round) exactly for the whole signal."""
    name, rows = item
    worst = float(1 - signal_rv(rows).min())
    whole = name in WHOLE
    return (worst == 0) == (whole if spoil == 1 else not whole), {"representation": name, "largest_deficit": worst}


def population_cells(context: Context) -> list[Cell]:
    """s of the population over N, leading 2N and all d coordinates, c = 2N, both objectives."""
    cells = []
    for objective in Objective:
        for count, claimed in ((N, 0.0), (2 * N, (DIM - 2 * N) / (DIM - N)), (DIM, (DIM - 2 * N) / (DIM - N))):
            r = leading_representability(alignment_matrix(WIDE, objective), WIDE.feature_dim, count)
            at = {"objective": str(objective), "coordinates": count}
            cells.append(Cell(at, claimed, float(np.ptp(r)), resolution=1e-12))
    return cells


def sampled(s: Setting, coordinates: Coordinates) -> Callable[[Context], tuple[np.ndarray, np.ndarray]]:
    def samples(context: Context) -> tuple[np.ndarray, np.ndarray]:
        reading = Reading(coordinates=coordinates)
        contrast, masked = sample_pair(context.seed, s, reading=reading, trials=context.trials(150, 600))
        return sensitivity(contrast.r), sensitivity(masked.r)

    return samples


CLAIM = Claim(
    id="ref-coordinates-of-sensitivity",
    title="Over which coordinates the sensitivity is taken",
    items=("referee-4",),
    source=Source("chen2026", "Definition 4.1, Theorem 4.4; reviewer 1, question 4"),
    question="Which coordinates enter s, all d or the first c, and how much do Theorems 4.4 and 4.6 depend on it?",
    statements=(
        Statement(
            "printed",
            SAID,
            Order(sampled(NARROW, Coordinates.SIGNAL), "The N signal coordinates, c = N.", AT),
            reading="R1, the N signal coordinates",
            spoil=0.5,
        ),
        Statement(
            "printed",
            SAID,
            Order(sampled(WIDE, Coordinates.LEADING), "The other N of the leading 2N are noise coordinates.", AT),
            reading="R7, the leading c = 2N coordinates",
        ),
        Statement(
            "printed",
            "A small sensitivity means a robust representation: s = 0 only when every signal coordinate is "
            "represented.",
            ForAll(lambda context: USELESS.items(), small_means_good, "Equal failures have no spread.", Evidence.EXACT),
            reading="s as a measure of robustness",
        ),
        Statement(
            "corrected",
            "At c = 2N the population's s is 0 over N, (d - 2N)/(d - N) over the leading 2N and over all d, for both.",
            Prediction(population_cells, "The spare rows share the noise.", rtol=1e-9, evidence=Evidence.NUMERIC),
            reading="population, independent masks",
        ),
        Statement(
            "corrected",
            "The largest deficit, 1 - min r_k over the signal, is 0 exactly when the signal is represented whole.",
            ForAll(
                lambda context: {**USELESS, **WHOLE}.items(),
                deficit_tells,
                "r_k = 1 says that e_k lies in the row space.",
                Evidence.EXACT,
            ),
            reading="the deficit as a measure of robustness",
        ),
    ),
)
