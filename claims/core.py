"""What a claim is: statements about the paper, each with a check that returns a verdict and its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol

from theory.formula import Source

Tier = Literal["quick", "full"]


class Status(StrEnum):
    """What became of a statement. Only `HOLDS` is good news; `PENDING` is for items that no check answers yet."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    VACUOUS = "VACUOUS"
    ILL_FORMED = "ILL_FORMED"
    INCONCLUSIVE = "INCONCLUSIVE"
    OUT_OF_DOMAIN = "OUT_OF_DOMAIN"
    PENDING = "PENDING"


class Evidence(StrEnum):
    """How strongly: proved by sympy, enclosed by intervals, computed in float64, searched by an adversary, sampled."""

    EXACT = "EXACT"
    CERTIFIED = "CERTIFIED"
    NUMERIC = "NUMERIC"
    SEARCHED = "SEARCHED"
    SAMPLED = "SAMPLED"
    READING = "READING"  # a matter of what is printed (a missing argmin, an index): nothing to compute


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check. `tightness` is measured / bound at its largest, `margin` the smallest bound - measured.

    Errors: ValueError for a VIOLATED verdict without a witness, or any verdict without a reason.
    """

    status: Status
    evidence: Evidence
    reason: str
    tightness: float | None = None
    margin: float | None = None
    witness: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if not self.reason:
            raise ValueError("A verdict needs a reason; got an empty one.")
        if self.status is Status.VIOLATED and not self.witness:
            raise ValueError(f"A VIOLATED verdict needs a witness; got none. Reason given: {self.reason}")


@dataclass(frozen=True)
class Context:
    """How hard to try (`tier`), what to spoil (1 leaves the statement as it is), and the seed, derived from the id."""

    tier: Tier = "quick"
    spoil: float = 1.0
    seed: int = 0

    def trials(self, quick: int, full: int) -> int:
        return quick if self.tier == "quick" else full


class Check(Protocol):
    """Decides one statement. Must turn VIOLATED when the statement is spoiled (see `claims.check`)."""

    def run(self, context: Context) -> Verdict: ...


@dataclass(frozen=True)
class Statement:
    """One thing said, under one reading: as the paper prints it, or as corrected here.

    `spoil` is the factor (or, for identities, 1 + the shift) that must turn a HOLDS verdict into VIOLATED.
    """

    kind: Literal["printed", "corrected"]
    text: str
    check: Check
    reading: str = "any"
    latex: str = ""
    spoil: float = 0.9


@dataclass(frozen=True)
class Claim:
    """All statements about one item of the paper. `id` is the file's name with hyphens; `items`, keys of the ledger.

    `question` marks an answer to a referee's question, in the referee's sense.
    """

    id: str
    title: str
    items: tuple[str, ...]
    source: Source
    statements: tuple[Statement, ...]
    question: str = ""


@dataclass(frozen=True)
class Entry:
    """One row of `verdicts.json`: a statement and what became of it."""

    claim: str
    reading: str
    statement: str
    text: str
    verdict: Verdict

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.claim, self.reading, self.statement, self.text)
