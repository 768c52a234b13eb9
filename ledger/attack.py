"""Looks for a point of a domain where a statement fails: corners, random points, a climb; then the simplest such point.

Nothing here knows what is claimed: an attack calls `outcome`, as a check and `dssl check` do. Begin with `attack`.
"""

import gc
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, islice
from types import FrameType

import numpy as np
from scipy.optimize import differential_evolution

from ledger.checks.on_domain import Effort, Outcome, Then, excess, outcome
from theory.domain import Choice, Domain, Parameter, Point, Real, Value, Whole

TRIALS = 400  # draws of a random measurement while looking; four times as many confirm a failure
CONFIRMATIONS = 2  # other seeds under which a random failure must show again
CELLS = 4  # a side: what coverage counts, for every pair of parameters
MOST_CORNERS = 256
LOOKED_AT = 2_000  # random points that tell which cells a domain has,
LOOKING = 10.0  # and the seconds they may take
_POPULATION = 24
_RING_AGAIN = 0.01  # seconds, where an alarm came at a moment at which it would be lost


@dataclass(frozen=True)
class Attack:
    """What an attack found.

    tried: points measured. coverage: share of the cells that the domain has (each pair of parameters cut into 4 x 4 by
    the law) in which one was. worst: the point nearest to failing, or failing most. ratio: how large there the smaller
    side of the relation is beside the larger one. witness: the simplest point found where the statement fails. The
    time may be too short for a single point: then nothing was tried, and nothing is known.
    """

    tried: int
    coverage: float
    seconds: float
    worst: Outcome | None
    ratio: float | None
    witness: Outcome | None = None


class _TimeUpError(BaseException):
    """The budget is spent. No error: whoever handles errors within a measurement must let it through."""


@dataclass
class _Search:
    """One attack under way: measures points, keeps the worst, and stops at the deadline or at a confirmed failure."""

    given: Domain
    then: Then
    factor: float
    seed: int
    deadline: float
    tried: int = 0
    cells: set[tuple[int, ...]] = field(default_factory=set)
    worst: Outcome | None = None
    failed: Outcome | None = None
    suspect: Point | None = None  # failed once; the time may be up before a second look
    told: Callable[[int], None] = lambda _: None

    def measure(self, at: Point, quantiles: np.ndarray | None = None) -> float:
        """How far beyond the claim, for the climb. Errors: _TimeUpError."""
        if time.monotonic() > self.deadline or self.failed is not None:
            raise _TimeUpError
        one = outcome(self.given, self.then, at, Effort(TRIALS, self.seed + self.tried), self.factor)
        self.tried += 1
        self.told(self.tried)
        if quantiles is not None:
            self.cells |= _cells(quantiles)
        if self.worst is None or self.height(one) > self.height(self.worst):
            self.worst = one
        if one.holds is False:
            self.suspect = at
            self.look_again()
            if self.failed is not None:
                raise _TimeUpError
        return self.height(one)

    def look_again(self) -> None:
        """Confirms the suspected point, or drops it."""
        if self.suspect is not None:
            self.failed = self.confirmed(self.suspect)
            self.suspect = None

    def confirmed(self, at: Point) -> Outcome | None:
        """The outcome with four times as many draws, if it fails under other seeds, too; else None."""
        one = None
        for i in range(CONFIRMATIONS):
            effort = Effort(4 * TRIALS, self.seed + 1_000_003 * (i + 1))
            one = outcome(self.given, self.then, at, effort, self.factor)
            if one.holds is not False:
                return None
        return one

    def height(self, one: Outcome) -> float:
        """By how much a point fails (above 0) or holds, relative to the larger side; unresolved ones are lowest."""
        size = max(abs(one.claimed), abs(one.measured))
        gap = excess(self.then.relation, one.claimed, one.measured)
        return gap / size if math.isfinite(gap) and size > 0 else -math.inf


def attack(
    given: Domain,
    then: Then,
    seconds: float,
    seed: int,
    factor: float = 1.0,
    told: Callable[[int], None] = lambda _: None,
) -> Attack:
    """Attacks a statement until the time is up or it fails at a point; `factor` multiplies what it claims.

    `told` learns after each point how many were tried.

    Errors: ValueError when no point of the domain can be found.
    """
    started = time.monotonic()
    search = _Search(given, then, factor, seed, started + seconds, told=told)
    rng = np.random.default_rng(seed)

    def look() -> None:
        for at in islice(given.corners(), MOST_CORNERS):
            search.measure(at)
        found = _random(search, rng, started + seconds / 2)
        while True:
            _climb(search, rng, found)

    def simplify() -> None:
        search.look_again()
        _shrink(search)

    _within(seconds, look)
    _within(max(seconds, 10.0), simplify)
    simplest = search.failed and replace(search.failed, at=dict(search.failed.at))
    spent = time.monotonic() - started
    ratio = None if search.worst is None else _ratio(then, search.worst)
    return Attack(search.tried, _coverage(search, rng), spent, search.worst, ratio, simplest)


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Ends work when the time is up, in the main thread of a process also in the middle of a measurement.

    Signals do not reach other threads: there the search looks at the clock between two measurements.
    """
    is_main = threading.current_thread() is threading.main_thread()

    def ring(_: int, frame: FrameType | None) -> None:
        if _swallows(frame):
            signal.setitimer(signal.ITIMER_REAL, _RING_AGAIN)
        else:
            raise _TimeUpError

    before = signal.signal(signal.SIGALRM, ring) if is_main else None
    try:
        try:
            if is_main:
                signal.setitimer(signal.ITIMER_REAL, seconds)
            work()
        finally:
            if is_main:
                signal.setitimer(signal.ITIMER_REAL, 0)
    except _TimeUpError:
        pass
    finally:
        if is_main:
            signal.signal(signal.SIGALRM, before)


def _swallows(frame: FrameType | None) -> bool:
    """Whether an exception raised here would be lost: Python ignores those of `__del__` and of callbacks of `gc`."""
    lost = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        if frame.f_code.co_name == "__del__" or frame.f_code in lost:
            return True
        frame = frame.f_back
    return False


def _random(search: _Search, rng: np.random.Generator, until: float) -> list[tuple[float, np.ndarray]]:
    """Random points by the law: their heights and shares, at least as many as a climb begins with."""
    found: list[tuple[float, np.ndarray]] = []
    for quantiles in _inside(search.given, rng):
        found.append((search.measure(search.given.at(tuple(quantiles)), quantiles), quantiles))
        if time.monotonic() > until and len(found) >= _POPULATION:
            break
    return found


def _climb(search: _Search, rng: np.random.Generator, found: list[tuple[float, np.ndarray]]) -> None:
    """Differential evolution from the worst of the random points, or from others at random; it may be called again."""
    n = len(search.given.parameters)
    worst = [q for _, q in sorted(found, key=lambda one: -one[0])[: _POPULATION // 2]]
    found.clear()  # the next climb begins elsewhere
    start = np.array([*worst, *islice(_inside(search.given, rng), _POPULATION - len(worst))])

    def depth(quantiles: np.ndarray) -> float:
        inside = np.clip(quantiles, 0, 1 - 1e-12)
        at = search.given.at(tuple(inside))
        if search.given.refused(at):
            if time.monotonic() > search.deadline:
                raise _TimeUpError
            return 1e3
        return -max(search.measure(at, inside), -1e2)

    differential_evolution(depth, [(0.0, 1.0)] * n, init=start, rng=rng, maxiter=200, tol=1e-8, polish=False)


def _inside(given: Domain, rng: np.random.Generator) -> Iterator[np.ndarray]:
    misses = 0
    while True:
        quantiles = rng.random(len(given.parameters))
        if not given.refused(given.at(tuple(quantiles))):
            misses = 0
            yield quantiles
        elif (misses := misses + 1) > 20_000:
            raise ValueError(f"No point was found in {misses} tries where {given.words()}")


def _cells(quantiles: np.ndarray) -> set[tuple[int, ...]]:
    parts = np.minimum((quantiles * CELLS).astype(int), CELLS - 1)
    if len(parts) == 1:
        return {(0, int(quantiles[0] * CELLS**2))}
    return {(i, j, int(parts[i]), int(parts[j])) for i, j in combinations(range(len(parts)), 2)}


def _coverage(search: _Search, rng: np.random.Generator) -> float:
    """The share of the cells of the domain in which a point was measured.

    Random points tell which cells the domain has. Where its conditions take too long for that, every cell counts.
    """
    known = set(search.cells)
    is_whole = False

    def look() -> None:
        nonlocal is_whole
        for quantiles in islice(_inside(search.given, rng), LOOKED_AT):
            known.update(_cells(quantiles))
        is_whole = True

    _within(LOOKING, look)
    n = len(search.given.parameters)
    return len(search.cells) / (len(known) if is_whole else CELLS**2 * max(math.comb(n, 2), 1))


def _ratio(then: Then, one: Outcome) -> float | None:
    small, large = (one.measured, one.claimed) if then.relation != ">=" else (one.claimed, one.measured)
    return small / large if large and math.isfinite(small / large) else None


def _shrink(search: _Search) -> None:
    """Makes `search.failed` as simple as changing one parameter at a time can: fewest, smallest, first, roundest."""
    is_simpler = True
    while is_simpler and search.failed is not None:
        is_simpler = False
        for parameter in search.given.parameters:
            for value in simpler(parameter, search.failed.at[parameter.name]):
                at = {**search.failed.at, parameter.name: value}
                if not search.given.refused(at) and (one := search.confirmed(at)):
                    search.failed, is_simpler = one, True
                    break


def simpler(parameter: Parameter, value: Value) -> list[Value]:
    """Simpler values of a parameter than this one, the simplest first.

    Whole numbers get smaller, options come earlier, numbers get rounder: an end of the range, or fewer digits.
    """
    if isinstance(parameter, Whole):
        below, gap = [], int(value) - parameter.least
        while gap > 0:
            below.append(int(value) - gap)
            gap //= 2
        return list(below)
    if isinstance(parameter, Choice):
        return list(parameter.options[: parameter.options.index(value)])
    if isinstance(parameter, Real):
        number = float(value)
        rounder = [0.0, 1.0, 0.5, *(float(f"{number:.{digits}g}") for digits in range(1, 7))]
        length = _length(number)
        return [x for x in dict.fromkeys(rounder) if _length(x) < length and not parameter.refused(x)]
    return []


def _length(number: float) -> tuple[int, int]:
    """How long a number is to write: its digits without the exponent, then all of it."""
    text = f"{number:.17g}" if float(f"{number:.12g}") != number else f"{number:.12g}"
    return len(text.split("e")[0].replace(".", "").strip("-0")), len(text)
