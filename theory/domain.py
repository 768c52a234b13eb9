"""`Domain`: where a statement is said to hold. Named parameters, conditions between them, and a quantifier.

A domain says itself in words and in LaTeX, so that nobody writes a condition by hand that a check does not use. Each
parameter has a reach, the part of its range in which values are measured, and a law over that part: random points and
every share of a domain refer to it. Nothing here is random: `ledger/points.py` draws.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any, Literal, Protocol, runtime_checkable

from theory.formula import LATEX_NAMES

Value = int | float | str
Point = Mapping[str, Any]  # values by name
Ends = Literal["[]", "[)", "(]", "()"]


class Quantifier(StrEnum):
    """What is said of the points of a domain, and hence what a measurement there has to show."""

    FOR_ALL = "for all"
    WITH_PROBABILITY = "with probability"
    IN_EXPECTATION = "in expectation"
    IN_THE_LIMIT = "in the limit"
    THERE_IS = "there is"


@runtime_checkable
class Parameter(Protocol):
    """One named parameter: which values it may have, and which of them are measured."""

    @property
    def name(self) -> str:
        """The keyword that gives it, a letter of `theory.terms` or a word of the domain's own."""
        ...

    def refused(self, value: Value) -> str:
        """Why `value` is none of its values, in words; "" for one that is."""
        ...

    def at(self, quantile: float) -> Value:
        """The value below which the law has this share, in [0, 1)."""
        ...

    def corners(self) -> tuple[Value, ...]:
        """The ends of its reach, or every option."""
        ...

    def words(self) -> str:
        """Its range and its reach."""
        ...

    def latex(self) -> str:
        """Its range."""
        ...


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` on, measured up to `reach`; sizes are log-uniform. `most` is the last one allowed.

    Errors: ValueError unless 1 <= least <= reach <= most.
    """

    name: str
    least: int
    reach: int
    most: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.reach <= (self.reach if self.most is None else self.most):
            raise ValueError(f"{self.name} needs 1 <= least <= reach <= most; got {self}.")

    def refused(self, value: Value) -> str:
        """Why it is not in the range."""
        if isinstance(value, str) or value != int(value):
            return f"{self.name} is a whole number; got {value!r}"
        return "" if self._is_in(int(value)) else f"{self.words()}; got {value}"

    def at(self, quantile: float) -> int:
        """Log-uniform over the whole numbers of the reach: each k has the share of [k, k + 1)."""
        low, high = math.log(self.least), math.log(self.reach + 1)
        return min(int(math.exp(low + quantile * (high - low))), self.reach)

    def corners(self) -> tuple[int, ...]:
        """The least and the largest that are measured."""
        return (self.least,) if self.least == self.reach else (self.least, self.reach)

    def words(self) -> str:
        """Such as "n_clients is whole and at least 2 (measured up to 16)"."""
        end = f"at least {self.least}" if self.most is None else f"from {self.least} to {self.most}"
        reach = "" if self.most == self.reach else f" (measured up to {self.reach})"
        return f"{self.name} is whole and {end}{reach}"

    def latex(self) -> str:
        """Such as N >= 2."""
        end = "" if self.most is None else rf"\le {self.most}"
        return rf"{self.least} \le {_letter(self.name)} {end}".strip()

    def _is_in(self, value: int) -> bool:
        return self.least <= value and (self.most is None or value <= self.most)


@dataclass(frozen=True)
class Real:
    """A real number between `low` and `high`, which may be infinite; `ends` says whether they belong to it.

    It is measured over `reach`, by default the whole range, with a uniform law or a log-uniform one.
    Errors: ValueError for a reach that is not finite or not inside the range, or not positive under a log-uniform law.
    """

    name: str
    low: float
    high: float
    ends: Ends = "[]"
    reach: tuple[float, float] | None = None
    is_log: bool = False

    def __post_init__(self) -> None:
        low, high = self.reach or (self.low, self.high)
        if not (math.isfinite(low) and math.isfinite(high) and self.low <= low <= high <= self.high):
            raise ValueError(f"{self.name} needs a finite reach inside its range; got {self}.")
        if self.is_log and low <= 0:
            raise ValueError(f"A log-uniform law needs positive values; got {self}.")

    def refused(self, value: Value) -> str:
        """Why it is not in the range."""
        if isinstance(value, str) or not math.isfinite(value):
            return f"{self.name} is a number; got {value!r}"
        above = value >= self.low if self.ends[0] == "[" else value > self.low
        below = value <= self.high if self.ends[1] == "]" else value < self.high
        return "" if above and below else f"{self.words()}; got {value}"

    def at(self, quantile: float) -> float:
        """Uniform over the reach, or uniform in the logarithm."""
        low, high = self._reach()
        if self.is_log:
            return float(low * (high / low) ** quantile)
        return float(low + quantile * (high - low))

    def corners(self) -> tuple[float, ...]:
        """Both ends of the reach that belong to the range; of an open end a point just inside."""
        low, high = self._reach()
        inside = (high - low) * 1e-3
        first = low + inside if low == self.low and self.ends[0] == "(" else low
        last = high - inside if high == self.high and self.ends[1] == ")" else high
        return (first,) if first == last else (first, last)

    def words(self) -> str:
        """Such as "0 < mask_ratio < 1 (measured from 0.05 to 0.95)"."""
        low, high = self._reach()
        reach = "" if (low, high) == (self.low, self.high) else f" (measured from {low:g} to {high:g})"
        above = "" if self.low == -math.inf else f"{self.low:g} {'<=' if self.ends[0] == '[' else '<'} "
        below = "" if self.high == math.inf else f" {'<=' if self.ends[1] == ']' else '<'} {self.high:g}"
        return f"{above}{self.name}{below}{reach}" if above or below else f"{self.name} is any number{reach}"

    def latex(self) -> str:
        """Such as p in (0, 1)."""
        low, high = (f"{end:g}".replace("inf", r"\infty") for end in (self.low, self.high))
        return rf"{_letter(self.name)} \in {self.ends[0]}{low}, {high}{self.ends[1]}"

    def _reach(self) -> tuple[float, float]:
        return self.reach or (self.low, self.high)


@dataclass(frozen=True)
class Choice:
    """One of some named options, all equally likely."""

    name: str
    options: tuple[Value, ...]

    def refused(self, value: Value) -> str:
        """Why it is no option."""
        return "" if value in self.options else f"{self.words()}; got {value!r}"

    def at(self, quantile: float) -> Value:
        """Each option has the same share."""
        return self.options[min(int(quantile * len(self.options)), len(self.options) - 1)]

    def corners(self) -> tuple[Value, ...]:
        """Every option."""
        return self.options

    def words(self) -> str:
        """Such as "mixing is metropolis or uniform"."""
        *others, last = map(str, self.options)
        return f"{self.name} is {', '.join(others)}{' or ' if others else ''}{last}"

    def latex(self) -> str:
        """The options as text, in braces."""
        options = ", ".join(rf"\text{{{_plain(o)}}}" for o in self.options)
        return rf"{_letter(self.name)} \in \{{{options}\}}"


@dataclass(frozen=True)
class Condition:
    """Something between parameters that must hold: in words, in LaTeX, and as a function of a point."""

    words: str
    latex: str
    holds: Callable[[Point], bool]


@dataclass(frozen=True)
class Domain:
    """Where a statement holds. `assumes` says in words what is fixed, such as the model that data are drawn from.

    `probability` is what a statement "with probability" promises. `limit` says in words what tends to what.
    Errors: ValueError for two parameters of one name, or a probability that is missing or does not belong there.
    """

    parameters: tuple[Parameter, ...]
    conditions: tuple[Condition, ...] = ()
    quantifier: Quantifier = Quantifier.FOR_ALL
    assumes: str = ""
    probability: float | None = None
    limit: str = ""

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.parameters):
            raise ValueError(f"Each parameter needs a name of its own; got {', '.join(self.names)}.")
        is_probable = self.quantifier is Quantifier.WITH_PROBABILITY
        if is_probable != (self.probability is not None) or not 0 < (self.probability or 0.5) < 1:
            raise ValueError(f"A probability in (0, 1) belongs to `with probability`; got {self.probability}.")
        if (self.quantifier is Quantifier.IN_THE_LIMIT) != bool(self.limit):
            raise ValueError(f"What tends to what belongs to `in the limit`; got {self.limit!r}.")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(p.name for p in self.parameters)

    def refused(self, point: Point) -> str:
        """The first reason why the point is outside, as a sentence; "" for a point inside.

        Errors: ValueError, in one sentence, for a parameter that is missing or that the domain does not have.
        """
        for name in self.names:
            if name not in point:
                raise ValueError(f"A point needs {', '.join(self.names)}; {name} is missing. Add {name}=...")
        for name in point:
            if name not in self.names:
                raise ValueError(f"A point has {', '.join(self.names)}; got {name}, too. Leave it out.")
        for parameter in self.parameters:
            if reason := parameter.refused(point[parameter.name]):
                return f"Outside the domain: {reason}."
        for condition in self.conditions:
            if not condition.holds(point):
                return f"Outside the domain: it needs {condition.words}."
        return ""

    def at(self, quantiles: tuple[float, ...]) -> dict[str, Value]:
        """The point of these shares of each parameter's law; conditions are not asked."""
        return {p.name: p.at(q) for p, q in zip(self.parameters, quantiles, strict=True)}

    def corners(self) -> Iterator[dict[str, Value]]:
        """Every combination of ends of the reach that meets the conditions."""
        for values in product(*(p.corners() for p in self.parameters)):
            point = dict(zip(self.names, values, strict=True))
            if all(c.holds(point) for c in self.conditions):
                yield point

    def words(self) -> str:
        """The condition clause in words: the quantifier, what is assumed, each parameter, each condition."""
        lead = {
            Quantifier.FOR_ALL: "For all points",
            Quantifier.WITH_PROBABILITY: f"With probability at least {self.probability or 0:.4g} at each point",
            Quantifier.IN_EXPECTATION: "In expectation at each point",
            Quantifier.IN_THE_LIMIT: f"In the limit {self.limit}, at each point",
            Quantifier.THERE_IS: "At some point",
        }[self.quantifier]
        clauses = [*(p.words() for p in self.parameters), *(c.words for c in self.conditions)]
        assumes = f" {self.assumes}" if self.assumes else ""
        return f"{lead} where {'; '.join(clauses)}.{assumes}"

    def latex(self) -> str:
        """The ranges and the conditions as LaTeX, in order."""
        return r",\ ".join([*(p.latex() for p in self.parameters), *(c.latex for c in self.conditions)])


def _letter(name: str) -> str:
    return LATEX_NAMES.get(name, rf"\text{{{_plain(name)}}}")


def _plain(value: Value) -> str:
    return str(value).replace("_", r"\_")
