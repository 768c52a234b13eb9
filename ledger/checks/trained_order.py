"""Checks on trained encoders under two conditions: which is more accurate, and what so many seeds can resolve.

Numbers are those of `results/experiments/` and `results/trainings/`, which `dssl reproduce` makes. A statement about an
experiment without a record there is PENDING: it is stated before anything is trained.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Float

from experiments.paper._results import Results
from experiments.records import tables, trainings
from experiments.records.trainings import Training
from ledger import parts
from ledger.reading import Reading, read_as
from ledger.statement import Context, Evidence, Instead, Kind, Statement, Status, Verdict
from runtime import store
from sims.evaluation import robustness
from sims.evaluation.robustness import PairedDifference

FOLDER = store.RESULTS / "experiments"
TRAININGS = store.RESULTS / tables.FOLDER
SMALL = read_as(parts.SMALL_ENCODERS)
WANTED_POWER = 0.8
# Up to so many seeds their own spread is not trusted alone: three may lie close together by chance.
FEW_SEEDS = 3
# A comparison asks whether training helps at all, how near models lie, or which way of training is more accurate.
Family = Literal["start", "geometry", "accuracy"]
# Seeds on record before the others were trained.
LOOKED_AT = {name: 3 for name in ("ceiling", "table1", "augmentations", "table5", "figure3")}
NAMES = {"mae": "MAE", "mar": "MAR", "simsiam": "SimSiam", "vit": "ViT", "resnet": "ResNet"}
WHERE = {
    "fl": "with a server",
    "decl": "with neighbours",
    "central": "in one place",
    "slower": "in one place at a quarter of the rate",
}
Column = Callable[[Results], Float[np.ndarray, " seeds"]]

# Faults found after the trainings were made. A statement that rests on one of them is undecided, whatever its numbers,
# until its trainings are made again without it.
TUNED_ON_REPORTED_SEEDS = (
    "The settings of MAE were improved after accuracies of these seeds had been seen, and those of SimSiam were not: "
    "the comparison favours MAE, and is undecided until both are tuned alike on other seeds."
)
SKEW_DOES_NOT_GROW = (
    "Where clients take turns in choosing images, concentrations .01 and .001 make clients no more different than .1 "
    "does, so that these trainings do not show how accuracy depends on the difference of clients. Undecided until the "
    "clients are drawn again."
)
SKEW_IS_CONFOUNDED = (
    "Clients with feature skew share an augmentation of their images that IID clients lack, so that the loss of "
    "accuracy mixes the two. Undecided until IID clients are trained with that augmentation."
)
IDLE = "In these trainings {fault}. Undecided until it is trained with its mechanism at work."


@cache
def recorded(name: str) -> Results | None:
    """What an experiment's cells came to, None before it was trained. Errors: UsageError for a damaged record."""
    return tables.results_of(FOLDER / f"{name}.json", TRAININGS, _trainings())


@cache
def _trainings() -> dict[str, Training]:
    return trainings.load(TRAININGS)


def accuracy(cell: str, which: str = "trained") -> Column:
    """Accuracies of a linear probe at each seed, in percent; `which` may also be random_start."""
    return lambda results: results.scores(cell, which)


def mean_accuracy(cells: Sequence[str], which: str = "trained") -> Column:
    """The mean of those of several cells at each seed."""
    return lambda results: np.mean([results.scores(cell, which) for cell in cells], axis=0)


def drop(iid: str, non_iid: str) -> Column:
    """What non-IID clients cost at each seed, in percentage points."""
    return lambda results: results.scores(iid) - results.scores(non_iid)


def measured(name: str) -> Column:
    """What the experiment measured on encoders under this name, at each seed."""
    return lambda results: np.array(results.measured[name])


@cache
def usual_std(experiment: str) -> float:
    """How much a difference of accuracies varies between seeds in an experiment: root mean square over pairs of cells.

    Pairs that are equal at each seed are one training, and left out. 0 where there is no pair. Units: points.
    Source: ledger.
    """
    results = recorded(experiment)
    found = [] if results is None else [results.scores(cell) for cell in results.cells if results.found[cell]]
    spreads = [float(np.std(a - b, ddof=1)) for a, b in combinations(found, 2) if (a - b).any()]
    return float(np.sqrt(np.mean(np.square(spreads)))) if spreads else 0.0


@dataclass(frozen=True)
class TrainedOrder:
    """`larger` exceeds `smaller` by `at_least` on average, paired by seed.

    Stated in advance: holds or fails where Student's 95% interval of the mean difference lies on one side of
    `at_least`; else INCONCLUSIVE, with the difference that so many seeds see four times in five. Intervals are of one
    statement each; `ledger.decided_together` takes all at once. Spoiled, the two change places and the other one has to
    lead by the factor. `is_new`: its trainings came when others of the experiment had been looked at, all at once.
    `is_seen`: not stated in advance, but seen in these numbers. `are_one`: both sides are the same trainings, so that
    neither exceeds the other. `doubt`: a fault of the trainings that was found later; they decide nothing then. The
    interval of accuracies at three seeds or fewer is at least as wide as the usual spread of the experiment makes it.
    """

    experiment: str
    smaller: Column
    larger: Column
    because: str
    at_least: float = 0.0
    unit: str = " points"
    is_new: bool = False
    is_seen: bool = False
    are_one: bool = False
    family: Family = "accuracy"
    doubt: str = ""

    @property
    def sides(self) -> tuple[Column, Column]:
        """What is compared."""
        return self.larger, self.smaller

    def p_value(self, larger: Float[np.ndarray, " seeds"], smaller: Float[np.ndarray, " seeds"]) -> float | None:
        """The level at which the interval of the difference just decides; None for two that are one training."""
        if self.doubt:
            return 1.0
        d = robustness.paired_difference(larger, smaller, least_std=_least_std(self, larger))
        return d.p_at(self.at_least) if d.per_seed.any() else None

    def run(self, context: Context) -> Verdict:
        """PENDING without a record of these cells; `margin` is from `at_least` to an end of the interval."""
        both = columns(self.experiment, self.smaller, self.larger)
        if both is None:
            return _not_trained(self.experiment)
        low, high = both
        wanted = self.at_least
        if context.spoil != 1.0:
            low, high, wanted = high, low, context.spoil * abs(wanted)
        d = robustness.paired_difference(high, low, least_std=_least_std(self, high))
        # Without the name no seed is said to have come late: new trainings came all at once.
        found = _found("" if self.is_new else self.experiment, self.because, d, self.unit)
        if self.doubt:
            doubted = f"{found}. {self.doubt}"
            return Verdict(Status.INCONCLUSIVE, Evidence.SAMPLED, doubted, margin=d.low - wanted)
        if self.are_one and wanted >= 0 and not d.per_seed.any():
            witness = {"wanted_smaller": low.tolist(), "wanted_larger": high.tolist(), "by_at_least": wanted}
            equal = f"{self.because} {_equal(d)}."
            return Verdict(Status.VIOLATED, Evidence.SAMPLED, equal, margin=-wanted, witness=witness)
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
        return _undecided(found, d, d.low - wanted, self.unit)


@dataclass(frozen=True)
class TrainedAlike:
    """`first` and `second` differ by less than `within` on average, paired by seed.

    Stated in advance: holds where the 95% interval of the mean difference lies between -within and within, fails where
    it lies beyond one of them. Two that are equal at every seed are one training, and alike. Spoiled, `within` is
    multiplied.
    """

    experiment: str
    first: Column
    second: Column
    because: str
    within: float
    unit: str = " points"
    family: Family = "accuracy"

    @property
    def sides(self) -> tuple[Column, Column]:
        """What is compared."""
        return self.first, self.second

    def p_value(self, first: Float[np.ndarray, " seeds"], second: Float[np.ndarray, " seeds"]) -> float | None:
        """The level at which the interval of the difference just decides; None for two that are one training."""
        d = robustness.paired_difference(first, second, least_std=_least_std(self, first))
        if not d.per_seed.any():
            return None
        return d.p_at(math.copysign(self.within, d.mean))  # the nearer limit is the last to be cleared

    def run(self, context: Context) -> Verdict:
        """PENDING without a record of these cells; `margin` is what the interval's further end leaves of `within`."""
        both = columns(self.experiment, self.first, self.second)
        if both is None:
            return _not_trained(self.experiment)
        within = self.within * context.spoil
        first, second = both
        d = robustness.paired_difference(first, second, least_std=_least_std(self, first))
        found, low, high = _found(self.experiment, self.because, d, self.unit), d.low, d.high
        if not d.per_seed.any():
            # Differences without any spread have the whole line as their interval; of one training twice it is a point.
            found, low, high = f"{self.because} {_equal(d)}", 0.0, 0.0
        margin = within - max(abs(low), abs(high))
        if margin > 0:
            return Verdict(Status.HOLDS, Evidence.SAMPLED, f"{found}.", margin=margin)
        if low > within or high < -within:
            witness = {"per_seed": d.per_seed.tolist(), "within": within, "interval": [low, high]}
            return Verdict(Status.VIOLATED, Evidence.SAMPLED, f"{found}.", margin=margin, witness=witness)
        return _undecided(found, d, margin, self.unit, beyond=within)


def columns(experiment: str, *sides: Column) -> list[Float[np.ndarray, " seeds"]] | None:
    """What the record of an experiment has of each side; None where it was not trained, or not with those cells."""
    results = recorded(experiment)
    try:
        return None if results is None else [side(results) for side in sides]
    except KeyError:
        return None


def ordered(
    key: str,
    experiment: str,
    smaller: Column,
    larger: Column,
    text: str,
    because: str,
    *,
    kind: Kind = "printed",
    reading: Reading = SMALL,
    unit: str = " points",
    instead: Instead = (),
    replaces: tuple[str, ...] = (),
    family: Family = "accuracy",
    doubt: str = "",
    **how: bool,
) -> Statement:
    """The statement that `larger` exceeds `smaller`, in words; the rest as in `TrainedOrder`."""
    check = TrainedOrder(experiment, smaller, larger, because, unit=unit, family=family, doubt=doubt, **how)
    return Statement(key, kind, text, check, reading=reading, instead=instead, replaces=replaces)


def ends_above(
    key: str,
    experiment: str,
    lower: str,
    higher: str,
    text: str,
    because: str,
    instead: Instead = (),
    kind: Kind = "printed",
    replaces: tuple[str, ...] = (),
    reading: Reading = SMALL,
    doubt: str = "",
    is_seen: bool = False,
) -> Statement:
    """The same for the accuracies of two cells."""
    check = TrainedOrder(experiment, accuracy(lower), accuracy(higher), because, is_seen=is_seen, doubt=doubt)
    return Statement(key, kind, text, check, reading=reading, instead=instead, replaces=replaces)


def alike(
    key: str,
    experiment: str,
    first: str,
    second: str,
    text: str,
    because: str,
    within: float,
    reading: Reading = SMALL,
    kind: Kind = "printed",
) -> Statement:
    """The statement that the accuracies of two cells differ by less than `within`, in words."""
    check = TrainedAlike(experiment, accuracy(first), accuracy(second), because, within)
    # No difference is less than a negative limit.
    return Statement(key, kind, text, check, reading=reading, spoil=-1.0)


def _least_std(check: TrainedOrder | TrainedAlike, side: Float[np.ndarray, " seeds"]) -> float:
    """The least spread that the check may build an interval on: of few accuracies, that of its experiment."""
    is_few = check.family == "accuracy" and bool(check.unit) and len(side) <= FEW_SEEDS
    return usual_std(check.experiment) if is_few else 0.0


def _not_trained(experiment: str) -> Verdict:
    return Verdict(
        Status.PENDING,
        Evidence.SAMPLED,
        f"Stated in advance: there is no record of `dssl reproduce {experiment}` with these cells yet.",
    )


def _found(experiment: str, because: str, d: PairedDifference, unit: str) -> str:
    digits = 2 if unit else 3
    mean, low, high = (round(x, digits) + 0.0 for x in (d.mean, d.low, d.high))  # no minus before 0.00
    numbers = f"{mean:+.{digits}f}{unit} [{low:.{digits}f}, {high:.{digits}f}]"
    added = len(d.per_seed) - LOOKED_AT.get(experiment, len(d.per_seed))
    looked = f" {added} of the seeds came after the others had been looked at." if added > 0 else ""
    spread = float(np.std(d.per_seed, ddof=1))
    if np.isfinite(d.std) and d.std > 1.000001 * spread:
        looked += (
            f" The seeds lie {spread:.{digits}f}{unit} apart, closer than other differences of this experiment "
            f"({d.std:.{digits}f}{unit}), on which the interval is built."
        )
    return f"{because}{looked} Difference {numbers} over {len(d.per_seed)} seeds"


def _equal(d: PairedDifference) -> str:
    return f"Equal at each of {len(d.per_seed)} seeds"


def _undecided(found: str, d: PairedDifference, margin: float, unit: str, beyond: float = 0.0) -> Verdict:
    if not np.isfinite(d.std):
        return Verdict(Status.INCONCLUSIVE, Evidence.SAMPLED, f"{found}, which do not differ at all.")
    # The interval has to clear the limit: what is seen from zero is seen from there.
    seen = abs(beyond) + robustness.minimal_detectable_difference(d.std, len(d.per_seed), WANTED_POWER)
    digits = 1 if unit else 3
    told = f" to be more than {abs(beyond):g}" if beyond else ""
    power = f"a difference of {seen:.{digits}f}{unit} is seen{told} with probability {WANTED_POWER:g}"
    return Verdict(Status.INCONCLUSIVE, Evidence.SAMPLED, f"{found}; {power}.", margin=margin)
