"""Trained encoders under two conditions: which ends higher, seed by seed, and what so many seeds could have seen.

Numbers are those of `results/experiments/`, which `dssl reproduce` writes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from claims import store
from claims.core import Context, Evidence, Status, Verdict
from claims.pretraining import from_table
from claims.reproduce._results import Results
from claims.usage import UsageError
from sims import robustness
from sims.encoders import PyTree

FOLDER = store.RESULTS / "experiments"
WANTED_POWER = 0.8
Column = Callable[[Results], Float[np.ndarray, " seeds"]]


@cache
def recorded(name: str) -> Results:
    """What an experiment's cells came to. Errors: UsageError where its record is missing or damaged."""
    path = FOLDER / f"{name}.json"
    record = store.read(path)
    if record is None:
        raise UsageError(f"{path} is missing. Run dssl reproduce {name} and put its record there.")
    cells = {label: from_table(cell["settings"], str(path)) for label, cell in record["cells"].items()}
    return Results(cells, {label: cell["per_seed"] for label, cell in record["cells"].items()}, _no_encoder)


def _no_encoder(label: str, seed: int) -> PyTree:
    raise UsageError("A record keeps no encoders. Use the folder that dssl reproduce trained in.")


def accuracy(cell: str, which: str = "trained") -> Column:
    """Accuracies of a linear probe at each seed, in percent; `which` may also be random_start."""
    return lambda results: results.scores(cell, which)


def drop(iid: str, non_iid: str) -> Column:
    """What non-IID clients cost at each seed, in percentage points."""
    return lambda results: results.scores(iid) - results.scores(non_iid)


@dataclass(frozen=True)
class TrainedOrder:
    """`larger` exceeds `smaller` by `at_least` on average, paired by seed, both in percent of a linear probe.

    Stated in advance: holds or fails where Student's 95% interval of the mean difference lies on one side of
    `at_least`; else INCONCLUSIVE, with the difference that so many seeds see four times in five. Intervals are of one
    statement each. Spoiled, the two change places and the other one has to lead by the factor.
    """

    experiment: str
    smaller: Column
    larger: Column
    because: str
    at_least: float = 0.0

    def run(self, context: Context) -> Verdict:
        results = recorded(self.experiment)
        low, high = self.smaller(results), self.larger(results)
        wanted = self.at_least
        if context.spoil != 1.0:
            low, high, wanted = high, low, context.spoil * abs(wanted)
        d = robustness.paired_difference(high, low)
        n = len(d.per_seed)
        found = f"{self.because} Difference {d.mean:+.2f} points [{d.low:.2f}, {d.high:.2f}] over {n} seeds"
        if d.low > wanted:
            return Verdict(Status.HOLDS, Evidence.SAMPLED, f"{found}.", margin=d.low - wanted)
        if d.high < wanted:
            witness = {
                "wanted_smaller": low.tolist(),
                "wanted_larger": high.tolist(),
                "by_at_least": wanted,
                "interval": [d.low, d.high],
            }
            return Verdict(Status.VIOLATED, Evidence.SAMPLED, f"{found}.", margin=d.high - wanted, witness=witness)
        if not np.isfinite(d.spread):
            return Verdict(Status.INCONCLUSIVE, Evidence.SAMPLED, f"{found}, which do not differ at all.")
        seen = robustness.minimal_detectable_difference(d.spread, n, WANTED_POWER)
        power = f"a difference of {seen:.1f} points is seen with probability {WANTED_POWER:g}"
        return Verdict(Status.INCONCLUSIVE, Evidence.SAMPLED, f"{found}; {power}.", margin=d.low - wanted)
