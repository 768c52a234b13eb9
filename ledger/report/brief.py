"""What was found by a question, on about one screen: the answer, each reading with its verdict, what is true instead.

`dssl show` prints it in a terminal, and `dssl.claim` in a Python session. Nothing is cut within a sentence.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from ledger import in_words
from ledger.items import Item
from ledger.lookup import Found, Index, written
from ledger.report.answers import answer, instead
from ledger.status import KINDS, Status
from ledger.verdicts import Row

ROOM = 17  # for sentences and readings together, each one or two lines
MOST_INSTEAD = 2
MOST_ITEMS = 3  # more are only listed
_HEADINGS = {
    "printed": "What the paper prints, sentence by sentence, under each reading:",
    "expected": "Not printed; we expected it before we tried:",
    "corrected": "Not printed; found here to be true:",
}


@dataclass(frozen=True)
class Part:
    """One paragraph of the answer. `row` is the statement that a line of kind "reading" is about."""

    kind: Literal["title", "text", "small", "heading", "reading", "gap"]
    text: str = ""
    row: Row | None = None


GAP = Part("gap")


def brief(found: Found, index: Index) -> list[Part]:
    """The paragraphs, in order. For questions that found items of the paper, or claims."""
    if len(found.items) > MOST_ITEMS and found.how == "item":
        return _many(found, index)
    parts = _of_claims(found, index) if found.how == "claim" else []
    if found.how == "claim" and len(found.items) > MOST_ITEMS:
        return [*parts, *_many(found, index), *_readings(found.rows), *_instead(found.rows, index)]
    for item in found.items:
        parts += _of_item(item, index, is_whole=found.how == "item", is_first=item is found.items[0])
    mends = [key for item in found.items for key in item.mends] if found.how == "item" else []
    return [*parts, *_readings(found.rows), *_instead(found.rows, index, mends)]


def _of_claims(found: Found, index: Index) -> list[Part]:
    parts = []
    for claim in found.claims:
        about = index.record.claims.get(claim, {"title": "", "source": "", "question": ""})
        parts.append(Part("title", f"{about['title'] or claim} (claim {claim})"))
        if about["question"]:
            parts.append(Part("text", f"The question: {about['question']}"))
    return [*parts, Part("small", in_words.tally(found.rows)), GAP]


def _of_item(item: Item, index: Index, *, is_whole: bool, is_first: bool) -> list[Part]:
    said = answer(item, index.of_item(item), index.rows)
    title = Part("title", f"{written(item.key)}: {said.short}")
    printed = Part("small", f"What the paper prints, in our words: {item.printed} ({item.where})")
    if not is_whole:  # a claim was asked for, which may answer only a part of the item
        return [title, GAP]
    return [title, Part("text", f"{said.words} {said.count}".strip()), *([printed] if is_first else []), GAP]


def _many(found: Found, index: Index) -> list[Part]:
    """The items by what their answers come to."""
    came_to: dict[str, list[str]] = {}
    for item in found.items:
        said = answer(item, index.of_item(item), index.rows)
        came_to.setdefault(said.short, []).append(written(item.key))
    parts = [Part("heading", f"{len(found.items)} items of the paper:")]
    return [*parts, *(Part("text", f"- {short}: {', '.join(names)}") for short, names in came_to.items()), GAP]


def _readings(rows: Sequence[Row]) -> list[Part]:
    """The statements that the paper prints and those that we expected, each sentence with its readings."""
    asked = [r for r in rows if r["statement"] != "corrected"] or list(rows)
    asked = [r for kind in KINDS for r in by_sentence(r for r in asked if r["statement"] == kind)]
    shown = asked[: _fitting(asked)]
    parts: list[Part] = []
    for kind, of_kind in groupby(shown, key=lambda r: r["statement"]):
        parts.append(Part("heading", _HEADINGS[kind]))
        for text, readings in groupby(of_kind, key=lambda r: r["text"]):
            parts.append(Part("text", text))
            parts += [Part("reading", f"{in_words.reading_words(r)}  ({r['key']})", r) for r in readings]
    if more := len(asked) - len(shown):
        left = Counter(f"{r['statement']} {r['status']}" for r in asked[len(shown) :])
        parts.append(Part("small", f"... and {more} more ({', '.join(f'{n} {name}' for name, n in left.items())})."))
    return [*parts, GAP] if parts else []


def _fitting(rows: Sequence[Row]) -> int:
    """How many of the rows there is room for."""
    room, text = ROOM, None
    for n, r in enumerate(rows):
        room -= 1 + (r["text"] != text)
        text = r["text"]
        if room < 0:
            return n
    return len(rows)


def _instead(rows: Sequence[Row], index: Index, mends: Sequence[str] = ()) -> list[Part]:
    """What is true instead: first the statements that mend the items asked for."""
    asked = [r for r in rows if r["statement"] != "corrected"]
    printed = {r["key"] for r in asked}
    named = [r for r in instead(asked, index.rows) if r["key"] not in printed and r["key"] not in mends]
    named = [*(index.rows[key] for key in mends), *named]
    further = {r["key"] for r in rows if r["statement"] == "corrected"} | {r["key"] for r in named}
    if not asked or not further:
        return []
    parts = [Part("heading", "True instead:")] if named else []
    parts += [Part("text", f"- {r['text']}  ({r['key']})") for r in named[:MOST_INSTEAD]]
    more = len(further) - len(named[:MOST_INSTEAD])
    also = f"{'more ' if named else ''}{'statement that was' if more == 1 else 'statements that were'}"
    return [*parts, *([Part("small", f"{more} {also} found here to be true.")] if more else []), GAP]


def by_sentence(rows: Iterable[Row]) -> list[Row]:
    """The rows with all readings of one sentence together: first the sentences that fail under some reading.

    Else sentences and readings are in the order in which they come.
    """
    rows = list(rows)
    texts = list(dict.fromkeys(r["text"] for r in rows))
    failing = {r["text"] for r in rows if r["status"] == Status.VIOLATED}
    return sorted(rows, key=lambda r: (r["text"] not in failing, texts.index(r["text"])))
