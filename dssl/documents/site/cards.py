"""The page of one claim: what the paper prints, and each statement with its verdict and how it was reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dssl.documents.site import markdown as md
from ledger import attack_record, in_words
from ledger.items import Item
from ledger.lookup import Index, written
from ledger.report.answers import Answer, answer
from ledger.report.index import BY_WEIGHT, SIGNS, title
from ledger.status import STATUS_WORDS
from ledger.verdicts import About, Record, Row, counts

FOLDER = "claims"


@dataclass(frozen=True)
class Records:
    """All that the pages of claims are made from.

    `latex` has formulas of statements, `attacks` the last recorded attack on each, `rooms` the folder of each claim.
    """

    rows: Mapping[str, Row]
    claims: Mapping[str, About]
    items: Sequence[Item]
    rooms: Mapping[str, str]
    latex: Mapping[str, str] = field(default_factory=dict)
    attacks: Mapping[str, Row] = field(default_factory=dict)

    def of(self, claim: str) -> list[Row]:
        """The statements of a claim: printed ones first, then what was expected, then what is true instead."""
        rows = [r for r in self.rows.values() if r["claim"] == claim]
        return sorted(rows, key=lambda r: BY_WEIGHT.index(r["statement"]))

    @cached_property
    def index(self) -> Index:
        """The same, ready to be asked."""
        return Index(Record(list(self.rows.values()), dict(self.claims)), self.items)

    def answer(self, item: Item) -> Answer:
        """Whether an item of the paper holds."""
        return answer(item, self.index.of_item(item), self.rows)

    def answered(self, claim: str) -> list[Item]:
        """The items of the paper that a claim answers."""
        return [item for item in self.items if claim in item.answered_by]


def signed(status: str, n: int | None = None) -> str:
    """A verdict as a sign and a word, marked so that the page can colour it: ✗ fails, or ✗ fails: 2."""
    number = "" if n is None else f": {n}"
    return f"[{SIGNS[status]} {STATUS_WORDS[status]}{number}]{{.verdict .{status.lower().replace('_', '-')}}}"


def came_to(said: Answer) -> str:
    """What an answer comes to as a sign and words, marked so that the page can colour it."""
    return f"[{said.sign} {said.short}]{{.verdict .{said.outcome}}}"


def label(claim: str) -> str:
    """What links to a claim's page lead to; a statement's label is its key."""
    return f"claim-{claim}"


def slug(item_key: str) -> str:
    """What links to an item on the proof map lead to: lemma-A.11 as item-lemma-a-11."""
    return "item-" + item_key.lower().replace(".", "-")


def card(claim: str, records: Records) -> str:
    """The page, as Markdown."""
    about, rows, items = records.claims[claim], records.of(claim), records.answered(claim)
    file = f"claims/{records.rooms[claim]}/{claim.replace('-', '_')}.py"
    return md.page(
        f"({label(claim)})=\n# {md.plain(about['title'])}",
        f"Claim {md.code(claim)} {_stands(in_words.place(about['source']))}. The file "
        f"{md.code(file)} checks it. "
        "[What the words of a verdict mean](#words-of-a-verdict).",
        f"A referee asks: {md.plain(about['question'])}" if about["question"] else "",
        _printed(items, records),
        "## The statements in short",
        _tally(rows),
        md.table(("verdict", "statement", "kind"), (_in_short(r) for r in rows)),
        "## Each statement in full",
        *(_statement(r, records) for r in rows),
    )


def _tally(rows: Sequence[Row]) -> str:
    """How many statements of each kind came to each verdict, a line for each kind."""
    lines = [
        f"- {kind}: {', '.join(signed(status, n) for status, n in statuses.items())}"
        for kind, statuses in counts(rows).items()
        if statuses
    ]
    return "\n".join([f"Statements: {len(rows)}.", "", *lines])


def _printed(items: Sequence[Item], records: Records) -> str:
    if not items:
        return ""
    parts = ["## What the paper prints", "In our words, with the paper's formulas."]
    for item in items:
        parts += [f"**{md.plain(written(item.key))}** ({md.plain(item.where)}). {md.plain(item.printed)}"]
        parts += [md.formula(item.latex)] if item.latex else []
        said = records.answer(item)
        parts += [
            f"Does it hold? {came_to(said)}. {md.plain(f'{said.words} {said.count}')} "
            f"{md.link(f'{title(item.key)} on the proof map', slug(item.key))}"
        ]
    return "\n\n".join(parts)


def _in_short(row: Row) -> tuple[str, str, str]:
    reading = "" if row["reading"] == "any" else f" (reading: {md.plain(row['reading'])})"
    return signed(row["status"]), f"[{md.plain(row['text'])}](#{row['key']}){reading}", row["statement"]


def _statement(row: Row, records: Records) -> str:
    key, attack = row["key"], records.attacks.get(row["key"])
    latex = records.latex.get(key, "")
    witness = "\n".join(f"- {md.plain(name)}: {md.code(said)}" for name, said in in_words.witness(row))
    return md.page(
        f"({key})=\n### {md.code(key)}",
        f"{signed(row['status'])} {md.plain(row['text'])}",
        md.formula(latex) if latex else "",
        md.fields(
            [
                ("Reading", _reading(row)),
                ("Where it is said to hold", md.plain(row["given"] or "")),
                ("Kind", md.plain(f"{in_words.KIND_WORDS[row['statement']]} ({in_words.place(row['source'])})")),
                ("Verdict", md.plain(in_words.verdict(row))),
                ("Reason", md.prose(in_words.reason(row))),
                ("Evidence", md.plain(in_words.evidence(row))),
                ("Numbers", "\n".join(f"- {md.plain(line)}" for line in in_words.numbers(row))),
                ("Witness", witness),
                ("What is true instead", _instead(row, records)),
                ("Attacks", md.plain(attack_record.in_words(attack)) if attack else ""),
            ]
        ),
        "Reproduce it:",
        md.block(f"dssl verify --claim {key}"),
    ).rstrip()


def _reading(row: Row) -> str:
    return "\n".join(f"- {md.plain(part)}" for part in in_words.reading(row))


def _instead(row: Row, records: Records) -> str:
    if not isinstance(row["instead"], list):
        return " ".join(in_words.instead(row, records.rows))
    return "\n".join(f"- {named(key, records)}" for key in row["instead"])


def named(key: str, records: Records) -> str:
    """A statement in one line: its verdict, and its text as a link to where it stands in full."""
    other = records.rows.get(key)
    if other is None:
        return md.code(key)
    reading = "" if other["reading"] == "any" else f" (reading: {md.plain(other['reading'])})"
    return f"{signed(other['status'])} [{md.plain(other['text'])}](#{key}){reading}"


def _stands(place: str) -> str:
    """Where a claim stands, as the end of a sentence: "stands in the paper, ..." or "is not in the paper, ..."."""
    return f"is {md.plain(place)}" if place.startswith("not in ") else f"stands in {md.plain(place)}"
