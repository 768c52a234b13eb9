"""Results of trained cells, seed by seed, and the columns of tables made of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from experiments.pretraining.settings import Pretraining
from sims.evaluation import robustness
from sims.evaluation.robustness import PairedDifference
from sims.pretraining.encoders import PyTree

Row = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """`found[name][k]` is the evaluation of a cell at seed k (`experiments.pretraining.evaluated.evaluate`)."""

    cells: Mapping[str, Pretraining]
    found: Mapping[str, list[dict[str, Any]]]
    global_encoder: Callable[[str, int], PyTree]
    """The global encoder of a cell at seed number k."""
    start_encoder: Callable[[str, int], PyTree]
    """The encoder that its training began with."""
    measured: Mapping[str, list[float]] = field(default_factory=dict)
    """What only encoders can tell (`measured` of an experiment), one number a seed: a record keeps it."""

    @property
    def n_seeds(self) -> int:
        """How many seeds each cell was trained with."""
        return len(next(iter(self.found.values())))

    def scores(self, name: str, which: str = "trained", probe: str = "linear_probe") -> Float[np.ndarray, " seeds"]:
        """Accuracy in percent at each seed; `which` may also be random_start."""
        return np.array([100 * at_seed[which][probe]["accuracy"] for at_seed in self.found[name]])

    def accuracy(self, name: str, which: str = "trained") -> Row:
        """A column: the mean, the standard deviation over seeds, and all of them."""
        return mean_of(self.scores(name, which))

    def drop(self, iid: str, non_iid: str) -> Row:
        """A column: IID minus non-IID, paired over seeds."""
        return interval(self.paired(iid, non_iid))

    def difference(self, first: str, second: str) -> Row:
        """A column: the first cell's accuracy minus the second's, paired over seeds."""
        return interval(self.paired(first, second))

    def paired(self, first: str, second: str) -> PairedDifference:
        """The first cell's accuracy minus the second's, as `sims.evaluation.robustness` has it."""
        return robustness.paired_difference(self.scores(first), self.scores(second))


def mean_of(values: Float[np.ndarray, " seeds"]) -> Row:
    """A column of one number a seed."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation, "per_seed": values.tolist()}


def interval(found: PairedDifference) -> Row:
    """A column of a paired difference with its 95% interval."""
    return {
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
        "per_seed": found.per_seed.tolist(),
    }
