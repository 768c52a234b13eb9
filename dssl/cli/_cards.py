"""Statements with their verdicts as text for a terminal, wrapped at its width; `show` and `verify` print the same."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from ledger import attack_record, in_words
from ledger.items import Item
from ledger.lookup import Found, written
from ledger.verdicts import About, Row, counts

WIDEST = 100  # Lines of more characters are hard to read.
LISTED = 20
_LABEL = 16  # "true instead", two spaces on either side
MOST_IN_FULL = 60  # More statements than that are listed; a claim has up to 41.
STYLES = {
    "HOLDS": "green",
    "VIOLATED": "red",
    "VACUOUS": "magenta",
    "ILL_FORMED": "magenta",
    "INCONCLUSIVE": "yellow",
    "OUT_OF_DOMAIN": "yellow",
    "PENDING": "dim",
}


def console() -> Console:
    """Standard output, as wide as the terminal but not wider than reads well."""
    return Console(width=min(shutil.get_terminal_size().columns, WIDEST), highlight=False)


def cards(found: Found, claims: Mapping[str, About], known: Mapping[str, Row]) -> Group:
    """What was asked for, in full; many statements found by words, or in a whole section, as a list.

    `known` has the rows of statements that are only named, by key.
    """
    if found.how == "statement" or (found.how == "words" and len(found.rows) == 1):
        return Group(*(statement(r, known) for r in found.rows))
    if found.how == "words":
        return Group(*_listed(found.rows, f"{len(found.rows)} statements have the words {found.query!r}."))
    parts: list[RenderableType] = []
    if found.how == "item":
        parts += [_items(found.items, "What the paper prints, in our words"), _tally(found.rows), Text()]
    if found.how == "item" and len(found.rows) > MOST_IN_FULL:
        parts += _listed(found.rows, "Too many to show in full; ask for one of these:")
        return Group(*parts)
    for claim in found.claims:
        rows = [r for r in found.rows if r["claim"] == claim]
        parts += [*_claim(claim, claims.get(claim), found), *_separated(statement(r, known) for r in rows)]
    if found.nearby:
        parts.append(_items(found.nearby, "See also"))
    return Group(*parts)


def statement(row: Row, known: Mapping[str, Row]) -> RenderableType:
    """One statement in full: its key and status, then line by line what is known about it."""
    head = Text(row["key"], style="bold") + Text(f"  {row['status']}", style=STYLES.get(row["status"], ""))
    return Group(head, *(_Labelled(label, text, _LABEL) for label, text in _lines(row, known)))


def _lines(row: Row, known: Mapping[str, Row]) -> list[tuple[str, Text]]:
    verdict = Text(in_words.verdict(row))
    verdict.stylize(STYLES.get(row["status"], ""), 0, len(row["status"]))

    def labelled(label: str, texts: Iterable[Text]) -> list[tuple[str, Text]]:
        return [("" if i else label, text) for i, text in enumerate(texts)]

    belongs = "belongs to " if row["statement"] != "printed" and row["source"].startswith("chen2026") else ""
    lines = [
        ("statement", Text(row["text"], style="bold")),
        *([("where", Text(row["given"]))] if row["given"] else []),
        ("reading", Text("any reading" if row["reading"] == "any" else row["reading"])),
        ("kind", Text(in_words.KIND_WORDS[row["statement"]])),
        ("place", Text(f"{belongs}{in_words.place(row['source'])}; claim {row['claim']}")),
        ("verdict", verdict),
        ("reason", Text(in_words.reason(row))),
        ("evidence", Text(in_words.evidence(row))),
    ]
    lines += labelled("numbers", map(Text, in_words.numbers(row)))
    if attack := attack_record.recorded().get(row["key"]):
        lines.append(("attacks", Text(attack_record.in_words(attack))))
    lines += labelled("witness", (Text(f"{name}: {value}") for name, value in in_words.witness(row)))
    lines += labelled("true instead", _instead(row, known))
    return [*lines, ("reproduce", Text(f"dssl verify --claim {row['key']}"))]


def _instead(row: Row, known: Mapping[str, Row]) -> list[Text]:
    """What is true where a statement fails, in full sentences; nothing where the record names nothing."""
    if row["instead"] is None:
        return []
    if isinstance(row["instead"], str):
        return [Text("It is not known what is true instead.")]
    return [_said(known[k]) if k in known else Text(k) for k in row["instead"]]


def _said(row: Row) -> Text:
    reading = "" if row["reading"] == "any" else f" [{row['reading']}]"
    return Text(f"{row['text']}{reading} ({row['status']}, {row['key']})")


def _claim(claim: str, about: About | None, found: Found) -> list[RenderableType]:
    """The heading of a claim: its title, its place, the question it answers, and the items of the paper."""
    about = about or {"title": "", "source": "", "question": ""}
    head = Text(about["title"] or claim, style="bold underline")
    lines: list[RenderableType] = [head, Text(f"claim {claim}; {in_words.place(about['source'])}")]
    if about["question"]:
        lines.append(Text(f"The question: {about['question']}"))
    if found.how == "claim":
        lines += [_items(found.items, "What the paper prints, in our words"), _tally(found.rows)]
    return [*lines, Text()]


def _items(items: Sequence[Item], heading: str) -> RenderableType:
    names = {item.key: written(item.key) for item in items}
    indent = 4 + max(map(len, names.values()), default=0)
    return Group(
        Text(f"{heading}:"),
        *(_Labelled(names[i.key], Text(f"{i.printed} ({i.where})"), indent) for i in items),
    )


def _tally(rows: Iterable[Row]) -> Text:
    """How many statements of each kind came to each status."""
    rows = list(rows)
    found = [
        f"{kind}: " + ", ".join(f"{n} {status}" for status, n in statuses.items())
        for kind, statuses in counts(rows).items()
        if statuses
    ]
    return Text(f"{len(rows)} statement{'' if len(rows) == 1 else 's'}. {'; '.join(found)}.")


def every(rows: Iterable[Row]) -> Group:
    """Key, status and text of each statement, claim by claim."""
    parts: list[RenderableType] = []
    claim = ""
    for r in rows:
        if r["claim"] != claim:
            claim = r["claim"]
            parts.append(Text(claim, style="bold underline"))
        parts.append(_line(r))
    return Group(*parts)


def _listed(rows: Iterable[Row], heading: str) -> list[RenderableType]:
    """Key, status and text of the first statements, and how many more there are."""
    rows = list(rows)
    parts: list[RenderableType] = [Text(heading), *map(_line, rows[:LISTED])]
    if len(rows) > LISTED:
        parts.append(Text(f"... and {len(rows) - LISTED} more. Add a word to find fewer."))
    return [*parts, Text("`dssl show KEY` shows one in full.")]


def _line(row: Row) -> RenderableType:
    """A statement in short; what does not fit on the first line stands indented below it."""
    text = Text(row["key"], style="bold") + Text(f"  {row['status']}", style=STYLES.get(row["status"], ""))
    return _Labelled(None, text + Text(f"  {row['text']}", style="not bold"), 4)


@dataclass(frozen=True)
class _Labelled:
    """A paragraph whose lines begin `indent` characters from the left, beside its label.

    Without a label the first line begins at the left: the others hang. A word longer than a line is broken, never cut.
    """

    label: str | None
    text: Text
    indent: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        room = max(options.max_width - self.indent, 1)
        label = Text("" if self.label is None else f"  {self.label}".ljust(self.indent), style="dim")
        for line in self.text.wrap(console, room, overflow="fold"):
            yield label + line
            label = Text(" " * self.indent)


def _separated(blocks: Iterable[RenderableType]) -> list[RenderableType]:
    return [part for block in blocks for part in (block, Text())]
