"""Statements with their verdicts as text for a terminal, wrapped at its width; `show` and `verify` print the same."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from ledger import attack_record, in_words, items
from ledger.items import Item
from ledger.lookup import Found, Index, written
from ledger.report.brief import brief
from ledger.verdicts import About, Row

WIDEST = 100  # Lines of more characters are hard to read.
LISTED = 20
_LABEL = 16  # "true instead", two spaces on either side
MOST_LEANING = 3  # Of more items it is not said what they use; the site's proof map shows it.
MOST_IN_FULL = 60  # More statements than that are listed; a claim has up to 41.
_WIDEST_STATUS = len("INCONCLUSIVE")
_LOOKS = {"title": "bold underline", "text": "", "small": "dim", "heading": "bold", "gap": ""}
STYLES = {
    "HOLDS": "green",
    "VIOLATED": "red",
    "VACUOUS": "magenta",
    "ILL_FORMED": "magenta",
    "INCONCLUSIVE": "yellow",
    "OUT_OF_DOMAIN": "yellow",
    "PENDING": "dim",
}


class _Console(Console):
    """A console that leaves it to `main` what happens when the reader of a pipe, such as head, left."""

    def on_broken_pipe(self) -> None:
        raise  # rich calls this while it handles BrokenPipeError, and would itself exit with code 1


def console() -> Console:
    """Standard output, as wide as the terminal but not wider than reads well."""
    return _Console(width=min(shutil.get_terminal_size().columns, WIDEST), highlight=False)


def in_brief(found: Found, index: Index) -> Group:
    """What was asked for, on about one screen, with the commands that show more; one statement is shown in full."""
    if found.how in ("statement", "words"):
        return cards(found, index.record.claims, index.rows)
    parts: list[RenderableType] = []
    for part in brief(found, index):
        if part.kind == "reading" and part.row is not None:
            status = part.row["status"]
            verdict = Text(f"  {status:{_WIDEST_STATUS}}  ", style=STYLES.get(status, ""))
            parts.append(_Labelled(verdict, Text(part.text), len(verdict)))
        else:
            is_entry = part.text.startswith("- ")
            text = Text(part.text.removeprefix("- "), style=_LOOKS[part.kind])
            parts.append(_Labelled(Text("- "), text, 2) if is_entry else _Labelled(None, text, 0))
    query = f'"{found.query}"' if " " in found.query else found.query
    more = f"`dssl show {query} --full` shows all that is known of each statement, `dssl show KEY` of one."
    return Group(*parts, _Labelled(None, Text(more, style="dim"), 0))


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
        tally = Text(in_words.tally(found.rows))
        parts += [_items(found.items, "What the paper prints, in our words"), *_leaning(found.items), tally, Text()]
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
    lines = in_words.lines(row, known, attack_record.recorded().get(row["key"]))
    return Group(head, *(_Labelled(label, _styled(label, text, row["status"]), _LABEL) for label, text in lines))


def _styled(label: str, text: str, status: str) -> Text:
    found = Text(text, style="bold" if label == "statement" else "")
    if label == "verdict":
        found.stylize(STYLES.get(status, ""), 0, len(status))
    return found


def _claim(claim: str, about: About | None, found: Found) -> list[RenderableType]:
    """The heading of a claim: its title, its place, the question it answers, and the items of the paper."""
    about = about or {"title": "", "source": "", "question": ""}
    head = Text(about["title"] or claim, style="bold underline")
    lines: list[RenderableType] = [head, Text(f"claim {claim}; {in_words.place(about['source'])}")]
    if about["question"]:
        lines.append(Text(f"The question: {about['question']}"))
    if found.how == "claim":
        lines += [_items(found.items, "What the paper prints, in our words"), Text(in_words.tally(found.rows))]
    return [*lines, Text()]


def _items(shown: Sequence[Item], heading: str) -> RenderableType:
    names = {item.key: written(item.key) for item in shown}
    indent = 4 + max(map(len, names.values()), default=0)
    return Group(
        Text(f"{heading}:"),
        *(_Labelled(names[i.key], Text(f"{i.printed} ({i.where})"), indent) for i in shown),
    )


def _leaning(shown: Sequence[Item]) -> list[RenderableType]:
    """What each item uses and what uses it, where there are few; in the order of the words of `in_words.LEANS`."""
    if len(shown) > MOST_LEANING:
        return []
    everything, said = items.load(), {}
    for item in shown:
        named_by = items.named_by(item.key, everything)
        ways = (
            (w, k)
            for r, words in in_words.LEANS.items()
            for w, k in zip(words, (getattr(item, r), named_by.get(r)), strict=True)
        )
        if lines := [f"{words} {', '.join(map(written, keys))}." for words, keys in ways if keys]:
            said[written(item.key)] = Text(" ".join(lines))
    indent = 4 + max(map(len, said), default=0)
    heading = [Text("What that uses in the paper, and what uses it:")] if said else []
    return [*heading, *(_Labelled(name, text, indent) for name, text in said.items())]


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

    label: str | Text | None
    text: Text
    indent: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        room = max(options.max_width - self.indent, 1)
        label = self.label
        if not isinstance(label, Text):
            label = Text("" if label is None else f"  {label}".ljust(self.indent), style="dim")
        for line in self.text.wrap(console, room, overflow="fold"):
            yield label + line
            label = Text(" " * self.indent)


def _separated(blocks: Iterable[RenderableType]) -> list[RenderableType]:
    return [part for block in blocks for part in (block, Text())]
