"""Whether an item of the paper holds, in a sentence: `dssl show`, `dssl.claim`, the report and the site say the same.

For what readers ask for most, the sentence is written by hand in `claims/ledger.toml`, with what it comes to. For the
rest it is made from the verdicts. What it comes to always follows from the verdicts; a test compares both.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.items import Item, numbered
from ledger.report.index import deciding
from ledger.status import STATUS_WORDS, Kind, Status
from ledger.verdicts import Row


class Outcome(StrEnum):
    """What the verdicts on an item come to."""

    HOLDS = "holds"  # all statements hold
    FAILS = "fails"  # at least one fails, and none holds
    DEPENDS = "depends"  # one sentence holds under one reading and fails under another
    PARTLY = "partly"  # some sentences hold, and others do not
    UNDECIDED = "undecided"
    EMPTY = "empty"  # nothing is said: no definite meaning, or true or void whatever happens
    PENDING = "pending"


OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.HOLDS: "holds",
    Outcome.FAILS: "fails",
    Outcome.DEPENDS: "depends on the reading",
    Outcome.PARTLY: "holds in part",
    Outcome.UNDECIDED: "undecided",
    Outcome.EMPTY: "says nothing definite",
    Outcome.PENDING: "not answered yet",
}
# A sign beside the colour, for print and for readers who do not see the colour.
OUTCOME_SIGNS: Mapping[Outcome, str] = {
    Outcome.HOLDS: "✓",
    Outcome.FAILS: "✗",
    Outcome.DEPENDS: "⇄",
    Outcome.PARTLY: "±",
    Outcome.UNDECIDED: "?",
    Outcome.EMPTY: "∅",
    Outcome.PENDING: "…",
}
# Of each kind of statement: how it is counted in words, and what makes it one.
_COUNTED: Mapping[Kind, str] = {
    "printed": "printed statement",
    "expected": "statement that the paper does not print and we expected to be true",
    "corrected": "statement of our own",
}
_FIRST = re.compile(r"(?<=[a-z)]\.) (?=[A-Z])")
# The kinds of items that each have a sentence written by hand.
_ASKED_FOR = ("definition", "theorem", "corollary", "lemma", "assumption", "remark", "algorithm", "table", "figure")
_VERBS: Mapping[str, tuple[str, str]] = {
    "HOLDS": ("holds", "hold"),
    "VIOLATED": ("fails", "fail"),
    "VACUOUS": ("says nothing", "say nothing"),
    "ILL_FORMED": ("has no definite meaning", "have no definite meaning"),
    "INCONCLUSIVE": ("stays undecided", "stay undecided"),
    "OUT_OF_DOMAIN": ("does not apply", "do not apply"),
    "PENDING": ("is not answered yet", "are not answered yet"),
}
assert set(_VERBS) == set(STATUS_WORDS)


@dataclass(frozen=True)
class Answer:
    """Whether an item holds: what it comes to, a sentence, and how many statements came to which verdict."""

    outcome: Outcome
    words: str
    count: str

    @property
    def short(self) -> str:
        """The outcome in words, such as "depends on the reading"."""
        return OUTCOME_WORDS[self.outcome]

    @property
    def first(self) -> str:
        """The first sentence, which says the most."""
        return _FIRST.split(self.words, 1)[0]

    @property
    def rest(self) -> str:
        """What follows the first sentence; "" where it stands alone."""
        return self.words[len(self.first) :].strip()

    @property
    def sign(self) -> str:
        """The outcome as one character."""
        return OUTCOME_SIGNS[self.outcome]


def is_asked_for(item: Item) -> bool:
    """Whether readers look this item up most, by a plain number of the paper: then its sentence is written by hand."""
    found = numbered(item.key)
    return found is not None and found.kind in _ASKED_FOR and not found.words


def outcome(rows: Sequence[Row]) -> Outcome:
    """What the verdicts come to: of the printed statements, where there are none of the expected, else of ours."""
    found = deciding(rows)
    statuses = {r["status"] for r in found}
    if not statuses or statuses == {Status.PENDING}:
        return Outcome.PENDING
    if statuses == {Status.HOLDS}:
        return Outcome.HOLDS
    if Status.HOLDS not in statuses:
        if Status.VIOLATED in statuses:
            return Outcome.FAILS
        return Outcome.UNDECIDED if Status.INCONCLUSIVE in statuses else Outcome.EMPTY
    hold, fail = ({r["text"] for r in found if r["status"] == s} for s in (Status.HOLDS, Status.VIOLATED))
    return Outcome.DEPENDS if hold & fail else Outcome.PARTLY


def answer(item: Item, rows: Sequence[Row], known: Mapping[str, Row]) -> Answer:
    """The answer to an item. `rows` are its statements, `known` all statements by key."""
    came_to = outcome(rows)
    words = item.answer or (item.pending if came_to is Outcome.PENDING else _derived(came_to, deciding(rows), known))
    return Answer(came_to, words, count(rows))


def count(rows: Sequence[Row]) -> str:
    """How many of the statements that decide came to which verdict, as a sentence; "" for none."""
    found = deciding(rows)
    if not found:
        return ""
    statuses = [r["status"] for r in found]
    numbers = {s: statuses.count(s) for s in STATUS_WORDS if s in statuses}
    counted = _COUNTED[found[0]["statement"]]
    if len(found) == 1:
        return f"The one {counted} {_VERBS[statuses[0]][0]}."
    counted = counted.replace("statement", "statements", 1)
    if len(numbers) == 1:
        return f"{'Both' if len(found) == 2 else f'All {len(found)}'} {counted} {_VERBS[statuses[0]][1]}."
    return f"Of {len(found)} {counted}, {_listed([f'{n} {_VERBS[s][n > 1]}' for s, n in numbers.items()])}."


def _derived(came_to: Outcome, found: Sequence[Row], known: Mapping[str, Row]) -> str:
    """The sentence of an item for which none is written: what holds instead stands in it where the record names it."""
    lead = {
        ("printed", Outcome.HOLDS): "It holds as printed.",
        ("printed", Outcome.FAILS): "It fails as printed.",
        ("expected", Outcome.HOLDS): "What we expected of it holds.",
        ("expected", Outcome.FAILS): "What we expected of it fails.",
        ("corrected", Outcome.HOLDS): "The paper does not say; we found the following to be true.",
    }.get((found[0]["statement"], came_to), f"It {OUTCOME_WORDS[came_to]}.")
    if came_to is Outcome.UNDECIDED:
        lead = "It is undecided: our simulations or trainings are not precise enough."
    if found[0]["statement"] == "corrected":
        return f"{lead} {_sentence(found[0]['text'])}"
    if came_to is Outcome.HOLDS:
        return lead
    failed = [r for r in found if r["status"] not in (Status.HOLDS, Status.INCONCLUSIVE)]
    named = _instead(failed, known)
    if not named:
        return lead
    is_whole = came_to in (Outcome.FAILS, Outcome.EMPTY)
    return f"{lead} {'True instead' if is_whole else 'Where it fails, this is true'}: {_sentence(named[0]['text'])}"


def instead(rows: Iterable[Row], known: Mapping[str, Row]) -> list[Row]:
    """The statements that the record names in the place of those that do not hold, each once."""
    return _instead([r for r in rows if r["status"] != Status.HOLDS], known)


def _instead(rows: Sequence[Row], known: Mapping[str, Row]) -> list[Row]:
    keys = dict.fromkeys(k for r in rows if isinstance(r["instead"], list) for k in r["instead"])
    return [known[k] for k in keys if k in known]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
