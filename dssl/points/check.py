"""A statement with a domain, measured at given or random points: what `dssl check` and `dssl.check` call."""

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claims import claim, claim_ids
from ledger import items, lookup, verdicts
from ledger.checks.on_domain import Effort, OnDomain, Outcome, outcome
from ledger.decide import seed_of
from ledger.points import random_points
from ledger.statement import Statement
from runtime.parse import pairs, parse, shown
from runtime.store import jsonable
from runtime.usage import UsageError, unknown
from theory.domain import Choice, Domain, Parameter, Point, Quantifier, Value, Whole

TRIALS = 4000  # draws of a random measurement at one point
_IDLE = {"trials": "takes its own number of draws, or draws nothing", "seed": "draws nothing at random"}
HOLDS, FAILS, BAD_USE, OUTSIDE, UNRESOLVED = 0, 1, 2, 3, 4  # exit codes


@dataclass(frozen=True)
class Tested:
    """A point that was asked for. `outcome` is None outside the domain; `reason` then says why.

    `noticed`: which of "trials" and "seed" the measurement looked at.
    """

    at: Point
    outcome: Outcome | None
    reason: str = ""
    noticed: frozenset[str] = frozenset()

    def exit_code(self) -> int:
        """0 holds, 1 fails, 3 outside the domain, 4 unresolved."""
        if self.outcome is None:
            return OUTSIDE
        return {True: HOLDS, False: FAILS, None: UNRESOLVED}[self.outcome.holds]

    def as_json(self) -> dict[str, Any]:
        """{"at", "in_domain", "claimed", "measured", "standard_error", "resolution", "allowed", "holds", "reason"}."""
        one = self.outcome
        numbers = ("claimed", "measured", "standard_error", "resolution", "allowed", "holds")
        found = {name: None if one is None else _number(getattr(one, name)) for name in numbers}
        return jsonable({"at": self.at, "in_domain": one is not None, **found, "reason": self.reason})


def check(key: str, **point: Value) -> dict[str, Any]:
    """One statement at one point, as `Tested.as_json` gives it.

    Errors: UsageError for an unknown key, a statement without a domain, or a point that lacks a parameter.
    """
    statement = statement_of(key)
    return at_points(statement, [_parsed(domain_of(statement), point, is_text=False)])[0].as_json()


def statement_of(key: str) -> Statement:
    """The statement of that key. Errors: UsageError naming the three nearest keys, or saying that it has no domain."""
    rows = {verdicts.key(r): r["claim"] for r in verdicts.recorded()}
    places = [rows[key]] if key in rows else claim_ids()  # what is not on record yet is found in the code
    for statement in (s for c in places for s in claim(c).statements):
        if statement.key == key:
            domain_of(statement)
            return statement
    if meant := _with_domains(key):
        raise UsageError(f"One statement was wanted; got {key!r}, which has several: {', '.join(meant)}. Name one.")
    nearest = ", ".join(difflib.get_close_matches(key, rows, 3, 0.0))
    raise UsageError(f"There is no statement {key!r}; the nearest are {nearest}. `dssl show WORDS` finds others.")


def _with_domains(query: str) -> list[str]:
    """The keys of an item of the paper, or of a claim, that can be checked at points; none for other words."""
    record = verdicts.read()
    try:
        found = lookup.Index(record, items.load()).find(query)
    except UsageError:
        return []
    return [verdicts.key(r) for r in found.rows if r.get("given")] if found.how in ("item", "claim") else []


def domain_of(statement: Statement) -> Domain:
    """Where the statement holds. Errors: UsageError for a statement without a domain."""
    if statement.given is None:
        raise UsageError(
            f"{statement.key} has no domain to take points from, so that it cannot be checked at a point; "
            f"`dssl verify --claim {statement.key}` decides it as a whole."
        )
    return statement.given


def at_points(
    statement: Statement, points: Sequence[Point], *, trials: int | None = None, seed: int | None = None
) -> list[Tested]:
    """The statement at each point; by default a random measurement has 4,000 draws and the statement's own seed."""
    found = statement.check
    assert isinstance(found, OnDomain), "whoever has a domain has this check"
    start = seed_of(statement) if seed is None else seed
    tested = []
    for i, at in enumerate(points):
        if reason := found.given.refused(at):
            tested.append(Tested(at, None, reason))
            continue
        effort = Effort(TRIALS if trials is None else trials, start + i)
        one = outcome(found.given, found.then, at, effort)
        tested.append(Tested(at, one, _reason(found.given, one), frozenset(effort.noticed)))
    return tested


def refuse_idle(statement: Statement, tested: Sequence[Tested], **given: int | None) -> None:
    """Refuses a number of draws (`trials`) or a `seed` that no measurement looked at. Errors: UsageError."""
    measured = [one for one in tested if one.outcome is not None]
    for name, value in given.items():
        if value is not None and measured and not any(name in one.noticed for one in measured):
            raise UsageError(f"The measurement of {statement.key} {_IDLE[name]}; got --{name} {value}. Leave it out.")


def drawn(statement: Statement, n_points: int, seed: int) -> list[Point]:
    """Random points of the statement's domain, by its law."""
    return list(random_points(domain_of(statement), n_points, seed))


def from_pairs(domain: Domain, texts: Iterable[str]) -> dict[str, Value]:
    """A point from texts such as n_clients=30. Errors: UsageError for one without "=", twice, missing or unknown."""
    point = pairs(texts, "A point is written name=value ...", f"It has {', '.join(domain.names)}.")
    return _parsed(domain, point, is_text=True)


def from_json(domain: Domain, text: str) -> list[dict[str, Value]]:
    """Points from a JSON list of objects. Errors: UsageError for anything else, naming the entry."""
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The batch is not JSON ({error}). Give a list of points, each an object.") from None
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise UsageError(f"The batch must be a JSON list of points, each an object; got {shown(entries)}.")
    points = []
    for i, entry in enumerate(entries):
        try:
            points.append(_parsed(domain, entry, is_text=False))
        except UsageError as error:
            raise UsageError(f"Point {i + 1} of the batch: {error}") from None
    return points


def exit_code(tested: Sequence[Tested]) -> int:
    """Of many points: 1 if any fails, else 4 if any is unresolved, else 3 if any is outside, else 0."""
    codes = {one.exit_code() for one in tested}
    return next((code for code in (FAILS, UNRESOLVED, OUTSIDE) if code in codes), HOLDS)


def document(key: str, tested: Sequence[Tested]) -> dict[str, Any]:
    """{"key", "points", "fails"}: every point, and how many fail."""
    return {
        "key": key,
        "points": [one.as_json() for one in tested],
        "fails": sum(one.exit_code() == FAILS for one in tested),
    }


def _parsed(domain: Domain, point: Mapping[str, Any], *, is_text: bool) -> dict[str, Value]:
    for name in point:
        if name not in domain.names:
            raise unknown("parameter of this statement", name, domain.names, f"It has {', '.join(domain.names)}.")
    for name in domain.names:
        if name not in point:
            raise UsageError(f"A point needs {', '.join(domain.names)}; {name} is missing. Add {name}=...")
    return {p.name: parse(p.name, point[p.name], _type(p), is_text=is_text) for p in domain.parameters}


def _type(parameter: Parameter) -> Any:
    if isinstance(parameter, Whole):
        return int
    if isinstance(parameter, Choice):
        kinds = {type(option) for option in parameter.options}
        return kinds.pop() if len(kinds) == 1 else str
    return float


def _reason(given: Domain, one: Outcome) -> str:
    if one.holds is None:
        return "The measurement does not resolve it: too few draws, too much noise, or no number."
    if one.trials == 1:
        return ""
    if given.quantifier is Quantifier.WITH_PROBABILITY:  # a promise about single draws; any other is about their mean
        return f"{one.broken} of {one.trials} draws break it." if one.broken or not one.holds else ""
    return f"What is measured is the mean of {one.trials} draws."


def _number(value: float | bool | None) -> float | bool | None:
    return None if isinstance(value, float) and math.isnan(value) else value
