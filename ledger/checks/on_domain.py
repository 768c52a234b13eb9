"""The check of a statement with a domain: `OnDomain`. The same function decides one point, for a check or for a user.

A statement is a `Domain` (where), and a `Then` (what): a claimed number, a measured one, and the relation between them.
Everything that is measured is measured at points of the domain. `outcome` says what a measurement at one point shows:

- for all: the relation there, within the round-off of both sides;
- in expectation: the mean over independent draws, within five standard errors;
- with probability: how many draws break the relation, by a binomial test against the share that may;
- in the limit: the relation within the remainder that the statement gives for that point;
- there is: the relation, of the best that a full search at the point finds.

Both sides may be arrays of one shape: the relation is then meant entry by entry, and the worst entry is shown.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import scipy.stats

from ledger.checks.kinds import NOTHING, STANDARD_ERRORS_TO_HOLD, STANDARD_ERRORS_TO_VIOLATE, scale
from ledger.points import corner_points, random_points
from ledger.statement import Context, Evidence, Status, Verdict
from theory.domain import Domain, Point, Quantifier

Relation = Literal["<=", ">=", "="]
# Of a true statement "with probability" this share of points would be called broken by chance.
FALSE_ALARM = 1e-7
# Breaks expected of a statement at the very edge of its promise: with fewer draws a pass shows nothing.
LEAST_EXPECTED_BREAKS = 3.0
LEFT = 1e-13  # a remainder below that is what iterations happen to leave, and differs from machine to machine
ARGUED = "The remainder is argued from leading orders, not proved."


class Effort:
    """How a random measurement is taken: from how many independent draws, and with which seed.

    `noticed` has the names of those of the two that a measurement looked at: the other one has no effect on it.
    """

    def __init__(self, trials: int, seed: int) -> None:
        self._trials, self._seed = trials, seed
        self.noticed: set[str] = set()

    @property
    def trials(self) -> int:
        """How many independent draws."""
        self.noticed.add("trials")
        return self._trials

    @property
    def seed(self) -> int:
        """Where the random numbers begin."""
        self.noticed.add("seed")
        return self._seed


@dataclass(frozen=True)
class Sample:
    """What was measured: independent draws (trials, *shape), or one value (1, *shape); `shape` is that of the claim.

    `resolution` bounds the error of each one.
    """

    values: np.ndarray
    resolution: float = 0.0


@dataclass(frozen=True)
class Then:
    """What is said at a point: `measured` stands in this relation to `claimed`.

    `within` is the relative tolerance of "=", relative to the largest entry of an array; `remainder`, for a limit, the
    distance that is allowed at a point. `is_argued`: the remainder follows from leading orders, with a margin, and is
    not proved; the reason says so. A promise "with probability" is about one number.
    """

    relation: Relation
    claimed: Callable[[Point], float | np.ndarray]
    measured: Callable[[Point, Effort], Sample]
    within: float = 0.0
    remainder: Callable[[Point], float] | None = None
    is_argued: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was found at one point. `holds` is None where the measurement does not resolve the relation.

    `measured` is the value itself, the mean, or with a probability the quantile that must not cross; `standard_error`
    is of that number. `broken` of `trials` draws broke the relation. `allowed` is how far beyond the claimed number the
    measured one may lie: round-off, a tolerance or remainder, and five standard errors. `sizes` has the mean size of
    the entries of either side, and the remainder of a limit: what is recorded of them shows an error in any of them.
    """

    at: Point
    claimed: float
    measured: float
    standard_error: float
    resolution: float
    holds: bool | None
    trials: int = 1
    broken: int = 0
    allowed: float = 0.0
    sizes: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)


def outcome(given: Domain, then: Then, at: Point, effort: Effort, factor: float = 1.0) -> Outcome:
    """What a measurement at this point shows of the statement, its claimed number multiplied by `factor`."""
    side, sample = np.asarray(then.claimed(at), dtype=np.float64) * factor, then.measured(at, effort)
    values = np.atleast_1d(np.asarray(sample.values, dtype=np.float64))
    trials = len(values)
    if values.shape[1:] != side.shape:
        raise ValueError(f"Draws of the claim's shape {side.shape} were wanted; got {values.shape[1:]}. Reshape them.")
    entries, draws = side.ravel(), values.reshape(trials, -1)
    if not (np.isfinite(entries).all() and np.isfinite(draws).all()):
        broken = int(np.argmin(np.isfinite(entries) & np.isfinite(draws).all(axis=0)))
        claimed, mean = float(entries[broken]), float(draws[:, broken].mean())
        return Outcome(at, claimed, mean, 0.0, sample.resolution, None, trials, allowed=sample.resolution)
    allowed = sample.resolution + then.within * float(np.abs(entries).max(initial=0.0))
    means = draws.mean(axis=0)
    # Less than a hundred times what a measurement resolves may be round-off, and so may be what a formula gives.
    least = 100 * sample.resolution or NOTHING
    sizes = {name: size for name, side in (("claimed", entries), ("measured", means)) if (size := _size(side)) > least}
    if then.relation == "=" and "claimed" not in sizes:
        sizes = {}  # what is measured of a claimed 0 is the remainder of a limit
    if then.remainder is not None:
        remainder = float(then.remainder(at))
        allowed += remainder
        if remainder > LEFT:
            sizes["remainder"] = remainder
    if given.quantifier is Quantifier.WITH_PROBABILITY:
        return _probable(given, then.relation, at, float(side), values, allowed)
    errors = draws.std(axis=0, ddof=1) / math.sqrt(trials) if trials > 1 else np.zeros_like(means)
    noise = STANDARD_ERRORS_TO_VIOLATE * errors
    beyond = excess(then.relation, entries, means) - noise
    worst = int(np.argmax(beyond))
    holds: bool | None = bool(beyond[worst] <= allowed)
    if holds and then.relation == "=" and STANDARD_ERRORS_TO_HOLD * float(errors.max()) > allowed:
        holds = None  # the noise would hide a difference as large as the one allowed
    shown = float(entries[worst]), float(means[worst]), float(errors[worst])
    allowance = allowed + float(noise[worst])
    return Outcome(at, *shown, sample.resolution, holds, trials, allowed=allowance, sizes=sizes)


def excess(relation: Relation, claimed: Any, measured: Any) -> Any:
    """How far a measured number lies beyond the claimed one, or entries of arrays; 0 or less where it holds."""
    gap = measured - claimed
    return {"<=": gap, ">=": -gap, "=": abs(gap)}[relation]


def _probable(
    given: Domain, relation: Relation, at: Point, claimed: float, values: np.ndarray, allowed: float
) -> Outcome:
    """A binomial test of how many draws break the relation, against the share that may."""
    assert given.probability is not None, "the domain makes sure of it"
    may_break = 1 - given.probability
    broken = int(sum(excess(relation, claimed, float(v)) > allowed for v in values))
    level = may_break if relation == ">=" else given.probability
    spread = math.sqrt(level * (1 - level) / len(values))
    low, middle, high = np.quantile(values, np.clip([level - spread, level, level + spread], 0, 1))
    chance = float(scipy.stats.binom.sf(broken - 1, len(values), may_break))  # of at least as many
    holds: bool | None = chance >= FALSE_ALARM
    if holds and len(values) * may_break < LEAST_EXPECTED_BREAKS:
        holds = None
    sizes = {"claimed": claimed, "measured": float(middle)}
    error = float(high - low) / 2
    return Outcome(at, claimed, float(middle), error, allowed, holds, len(values), broken, allowed, sizes)


@dataclass(frozen=True)
class OnDomain:
    """The statement holds at every point that is measured: `named` ones, corners of the domain, and random points.

    `points` and `trials` are of the quick and the full tier: how many random points, and how many draws at each.
    The claimed number is spoiled, before anything is measured, by the statement's own factor. HOLDS needs a resolved
    pass at every point; one point that fails makes it VIOLATED. "There is" needs one point that passes, and fails
    where none of them does.
    """

    given: Domain
    then: Then
    because: str
    evidence: Evidence
    points: tuple[int, int] = (8, 200)
    trials: tuple[int, int] = (400, 4000)
    corners: tuple[int, int] = (4, 64)
    named: Sequence[Point] = ()

    def run(self, context: Context) -> Verdict:
        """The verdict that the class describes; `tightness` and `margin` are those of the point nearest to failing."""
        trials = context.trials(*self.trials)
        found = [
            outcome(self.given, self.then, at, Effort(trials, context.seed + i), context.spoil)
            for i, at in enumerate(self._points(context))
        ]
        because = f"{self.because} {ARGUED}" if self.then.is_argued else self.because
        shares = [_share(self.then.relation, one) for one in found]
        tightness = _largest(shares)
        margin = min((-excess(self.then.relation, one.claimed, one.measured) for one in found), default=None)
        sizes = scale((one.sizes for one in found), 0.0)
        if self.given.quantifier is Quantifier.THERE_IS:
            found = [one for one in found if one.holds] or found  # one of them is enough
        if failed := [one for one in found if one.holds is False]:
            return Verdict(Status.VIOLATED, self.evidence, because, tightness, margin, witness(failed[0]), sizes)
        if not found or any(one.holds is None for one in found):
            unresolved = sum(one.holds is None for one in found)
            reason = f"{unresolved} of {len(found)} points are not resolved. {because}"
            return Verdict(Status.INCONCLUSIVE, self.evidence, reason, tightness, margin, scale=sizes)
        return Verdict(Status.HOLDS, self.evidence, because, tightness, margin, scale=sizes)

    def _points(self, context: Context) -> list[Point]:
        """Named points, corners and random points; the seed of the random ones is the statement's."""
        return [
            *(dict(p) for p in self.named),
            *corner_points(self.given, context.trials(*self.corners), context.seed),
            *random_points(self.given, context.trials(*self.points), context.seed),
        ]


def witness(one: Outcome) -> dict[str, Any]:
    """A point where the statement fails, as a record keeps it."""
    found = {"claimed": one.claimed, "measured": one.measured}
    if one.standard_error:
        found["standard_error"] = one.standard_error
    return {**one.at, **found, **({"draws": one.trials, "draws_that_break_it": one.broken} if one.broken else {})}


def _size(entries: np.ndarray) -> float:
    """The mean size of some numbers: single ones may be round-off."""
    return float(np.abs(entries).mean()) if entries.size else 0.0


def _share(relation: Relation, one: Outcome) -> float:
    """How much of its bound a measurement takes; of "=", measured over claimed or its inverse, whichever is larger."""
    if math.isnan(one.claimed) or math.isnan(one.measured):
        return math.nan
    if max(abs(one.claimed), abs(one.measured)) <= one.resolution:
        return 0.0  # both are round-off, and so would be their ratio
    if relation == "=":
        small, large = sorted((abs(one.claimed), abs(one.measured)))
        is_nothing = one.claimed * one.measured <= 0 or small <= NOTHING**2 * large
        return math.inf if is_nothing else large / small
    small, large = (one.measured, one.claimed) if relation == "<=" else (one.claimed, one.measured)
    if large <= 0 or small < 0:
        return 0.0 if small <= large + one.resolution else math.inf
    return small / large


def _largest(shares: Sequence[float]) -> float | None:
    known = [s for s in shares if not math.isnan(s)]
    return max(known) if known else None
