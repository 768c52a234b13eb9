"""`Claim`, `Statement` and `Verdict`: a claim has statements, each with a check that returns a verdict and a reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ledger.reading import ANY, Reading
from ledger.status import Evidence, Kind, Status
from runtime.effort import Tier
from theory.domain import Domain
from theory.formula import Source

__all__ = ["Check", "Claim", "Context", "Entry", "Evidence", "Instead", "Kind", "Statement", "Status", "Verdict"]

Instead = tuple[str, ...] | Literal["not known"]
# A stem shared by the statements of one claim, a dot, and words that tell them apart: "thm44.one-draw-each".
KEY_PATTERN = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*")
LONGEST_KEY = 40


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check. `tightness` is measured / bound at its largest, `margin` the smallest bound - measured.

    `scale` says how large the compared numbers are: how many "points" there were, and by name, such as "claimed", the
    geometric mean of a number's size over the points where it is not 0.

    Errors: ValueError for a VIOLATED verdict without a witness, or any verdict without a reason.
    """

    status: Status
    evidence: Evidence
    reason: str
    tightness: float | None = None
    margin: float | None = None
    witness: Mapping[str, Any] | None = None
    scale: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if not self.reason:
            raise ValueError("A verdict needs a reason; got an empty one.")
        if self.status is Status.VIOLATED and not self.witness:
            raise ValueError(f"A VIOLATED verdict needs a witness; got none. Reason given: {self.reason}")


@dataclass(frozen=True)
class Context:
    """How hard to try (`tier`), what to spoil (1 leaves the statement as it is), and the seed, derived from the key."""

    tier: Tier = "quick"
    spoil: float = 1.0
    seed: int = 0

    def trials(self, quick: int, full: int) -> int:
        """The first number in the quick tier, the second in the full one: of trials, seeds or rounds, or a stride."""
        return quick if self.tier == "quick" else full


class Check(Protocol):
    """Decides one statement. Must turn VIOLATED when the statement is spoiled (see `ledger.checks.kinds`)."""

    @property
    def because(self) -> str:
        """Why the statement holds or fails, in words: a part of every reason."""
        ...

    def run(self, context: Context) -> Verdict:
        """The verdict on the statement at this tier, spoiled by this factor."""
        ...


@dataclass(frozen=True)
class Statement:
    """One thing said, under one reading.

    `key` is the statement's identity: records and random seeds depend on it and never on the wording.

    `kind` says who is answerable for the statement:
    - "printed": the source that the claim names prints it, in a theorem, an equation, a table, an algorithm or its
      text. For nearly all claims that source is the paper; for a few it is another paper, the released code with its
      readme, or a public review. An immediate instance of a printed general statement counts as printed, and so does a
      printed comparison repeated at a smaller scale. Where the source leaves a word open, such as "more aligned" or
      "only minor differences", `reading` says how it was read.
    - "expected": no source prints it, and we expected it before trying or asked whether it is so. A printed statement
      carried over to another quantity, to other noise or to data outside its data model is expected, not printed.
    - "corrected": it is shown here, in place of something that fails or beside it.

    `spoil` is the factor (or, for identities, 1 + the shift) that must turn a HOLDS verdict into VIOLATED. `instead`
    holds, for a printed or expected statement that fails, the keys of the statements that say what is true in its
    place, or "not known"; a printed one must have it. Where the claim answers several ledger items, `about` names those
    that the statement is about, such as "eq-9". `replaces` names the retired keys in whose place this statement came.

    Errors: ValueError for a key that is too long or not of the form "stem.words", and for a reading in free words.
    """

    key: str
    kind: Kind
    text: str
    check: Check
    reading: Reading = ANY
    latex: str = ""
    spoil: float = 0.9
    instead: Instead = ()
    about: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()

    @property
    def given(self) -> Domain | None:
        """Where the statement holds: the domain of its check. None for a statement that has none yet, or needs none."""
        return getattr(self.check, "given", None)

    def __post_init__(self) -> None:
        if len(self.key) > LONGEST_KEY or not KEY_PATTERN.fullmatch(self.key):
            raise ValueError(
                f"A key is a stem, a dot and words joined by hyphens, in at most {LONGEST_KEY} characters, such as "
                f'"thm44.one-draw-each"; got {self.key!r}. Change it.'
            )
        if not isinstance(self.reading, Reading):
            raise ValueError(
                f"A reading is made of named parts, such as read_as(parts.COMPLEMENTARY); {self.key} got "
                f"{self.reading!r}. Take parts of ledger/parts.py, and say a condition in the text or the domain."
            )


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
    """One row of `verdicts.json`: a statement of one claim and what became of it."""

    claim: Claim
    statement: Statement
    verdict: Verdict
