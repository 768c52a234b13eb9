"""Rows of the record as plain text and as HTML: lists of statements, and what was found by a question.

All text is escaped in HTML. A verdict is a sign and a word on a coloured ground, so that nothing hangs on the colour.
"""

import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby

from ledger import in_words
from ledger.items import Item
from ledger.lookup import Found, Index, written
from ledger.report.answers import answer
from ledger.report.brief import brief, by_sentence
from ledger.report.index import SIGNS
from ledger.verdicts import Row

WIDEST = 100  # Lines of more characters are hard to read.
FIRST_ROWS = 10  # in the text of a ledger
FIRST_HTML_ROWS = 50
MOST_IN_FULL = 60  # More statements than that are listed; a claim has up to 41.
_CLIPPED = 72
_MORE = "`.statements` has all statements; `dssl.claim(KEY)` shows all that is known of one."
_FURTHER = "True instead, or said more exactly (not printed in the paper)"
# Ink and ground of each verdict, dark on light in notebooks of either theme.
_COLOURS: Mapping[str, tuple[str, str]] = {
    "HOLDS": ("#0f5a28", "#dff3e4"),
    "VIOLATED": ("#8f1c13", "#fde3e0"),
    "VACUOUS": ("#5b2f9b", "#eee6fa"),
    "ILL_FORMED": ("#5b2f9b", "#eee6fa"),
    "INCONCLUSIVE": ("#6b4600", "#fbefd0"),
    "OUT_OF_DOMAIN": ("#6b4600", "#fbefd0"),
    "PENDING": ("#4a5460", "#e9edf1"),
}
_LEFT = 'style="text-align:left;vertical-align:top"'


def signed(status: str) -> str:
    """The verdict with its sign: "✗ VIOLATED"."""
    return f"{SIGNS[status]} {status}"


def clipped(text: str, width: int = _CLIPPED) -> str:
    """The text on one line of at most `width` characters, with ... in place of what is cut."""
    return textwrap.shorten(text, width, placeholder=" ...")


def list_text(rows: Sequence[Row], first: int = FIRST_ROWS) -> str:
    """How many statements came to which verdict, and one line for each of the first."""
    widest = max((len(signed(r["status"])) for r in rows[:first]), default=0)
    heads = [f"  {signed(r['status']):{widest}}  {r['key']}: " for r in rows[:first]]
    lines = [head + clipped(r["text"], max(WIDEST - len(head), 30)) for head, r in zip(heads, rows, strict=False)]
    return "\n".join([*_wrapped(_tally(rows), WIDEST), *lines, *_rest(len(rows) - first)])


def list_html(rows: Sequence[Row], first: int = FIRST_HTML_ROWS) -> str:
    """A table of the first statements: key, statement with its reading, verdict, evidence."""
    head = "".join(f"<th {_LEFT}>{name}</th>" for name in ("key", "statement", "verdict", "evidence"))
    body = "".join(
        f"<tr><td {_LEFT}><code>{escape(r['key'])}</code></td><td {_LEFT}>{_sentence(r)}</td>"
        f"<td {_LEFT}>{_chip(r['status'])}</td>"
        f'<td {_LEFT} title="{escape(in_words.EVIDENCE_MEANINGS[r["evidence"]])}">{escape(r["evidence"])}</td></tr>'
        for r in rows[:first]
    )
    rest = "".join(f"<p>{escape(line)}</p>" for line in _rest(len(rows) - first))
    return f"<p>{escape(_tally(rows))}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def found_text(found: Found, index: Index, corrected: Sequence[Row]) -> str:
    """The answer, each sentence with the verdict of every reading, and what is true instead, on about one screen.

    One statement is shown with its reason and its witness; statements found by words are listed.
    """
    width = min(shutil.get_terminal_size().columns, WIDEST)
    if found.how not in ("statement", "words"):
        return "\n".join([*_brief(found, index, width), *_wrapped(_MORE, width)])
    head, (asked, own) = _head(found, index), _parted(found.rows)
    lines = [line for part in head for line in _wrapped(part, width)]
    if _is_long(found):
        return "\n".join([*lines, "", list_text(found.rows, first=20)])
    lines += _wrapped(_tally(found.rows), width)
    for text, rows in groupby(asked, key=lambda r: r["text"]):
        lines += ["", *_wrapped(text, width)]
        for r in rows:
            lines += _wrapped(f"{signed(r['status'])}  {in_words.reading_words(r)}  ({r['key']})", width, 2)
            lines += [line for label, said in _in_short(r) for line in _wrapped(f"{label}: {said}", width, 6)]
    further = {r["key"]: r for r in (*own, *corrected)}.values()
    if further:
        lines += ["", *_wrapped(f"{_FURTHER}:", width)]
        lines += [line for r in further for line in _wrapped(f"{_short(r)}  ({r['key']})", width, 2)]
    return "\n".join(lines)


def _brief(found: Found, index: Index, width: int) -> list[str]:
    """The lines of `ledger.report.brief`."""
    lines: list[str] = []
    for part in brief(found, index):
        if part.kind == "reading" and part.row is not None:
            lines += _wrapped(f"{signed(part.row['status'])}  {part.text}", width, 2)
        else:
            lines += _wrapped(part.text, width) or [""]
    return lines


def found_html(found: Found, index: Index, corrected: Sequence[Row], attacks: Mapping[str, Row]) -> str:
    """The same as HTML; all that is known of a statement opens on demand."""
    head = "".join(f"<p>{escape(part)}</p>" for part in _head(found, index))
    if _is_long(found):
        return f"<div>{head}{list_html(found.rows)}</div>"
    asked, own = _parted(found.rows)
    body = "".join(
        f"<p><b>{escape(text)}</b></p>"
        + "".join(_details_html(r, index, attacks, in_words.reading_words(r)) for r in rows)
        for text, rows in groupby(asked, key=lambda r: r["text"])
    )
    further = {r["key"]: r for r in (*own, *corrected)}.values()
    if further:
        body += f"<p><b>{_FURTHER}</b></p>"
        body += "".join(_details_html(r, index, attacks, r["text"]) for r in further)
    return f"<div>{head}<p>{escape(_tally(found.rows))}</p>{body}</div>"


def _head(found: Found, index: Index) -> list[str]:
    """What was found, in paragraphs: the claims, where they were asked for, and what the paper prints."""
    if _is_long(found) and found.how == "words":
        return [f"{len(found.rows)} statements have the words {found.query!r}."]
    claims = () if found.how == "item" else found.claims
    return [*(_of_claim(index, c) for c in claims), *(_answered(i, index) for i in found.items)]


def _tally(rows: Sequence[Row]) -> str:
    return in_words.tally(rows) if rows else "No statement."


def _answered(item: Item, index: Index) -> str:
    said = answer(item, index.of_item(item), index.rows)
    return (
        f"{written(item.key)}: {said.short}. {said.words} {said.count} What the paper prints, in our words: "
        f"{item.printed} ({item.where})"
    )


def _of_claim(index: Index, claim: str) -> str:
    title = index.record.claims.get(claim, {}).get("title", "")
    return f"{title} (claim {claim})" if title else f"claim {claim}"


def _is_long(found: Found) -> bool:
    return len(found.rows) > MOST_IN_FULL or (found.how == "words" and len(found.rows) > 1)


def _parted(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The printed and expected statements, one sentence's readings together, and the corrected ones."""
    rows = list(rows)
    asked = [r for r in rows if r["statement"] != "corrected"]
    return by_sentence(asked), [r for r in rows if r["statement"] == "corrected"]


def _in_short(row: Row) -> list[tuple[str, str]]:
    """The reason, the witness on one line, and the keys of what is true instead."""
    witness = "; ".join(f"{name}: {value}" for name, value in in_words.witness(row))
    instead = row["instead"]
    named = "not known" if isinstance(instead, str) else ", ".join(instead or ())
    parts = (("reason", in_words.reason(row)), ("witness", witness), ("true instead", named))
    return [(label, said) for label, said in parts if said]


def _short(row: Row) -> str:
    reading = "" if row["reading"] == "any" else f" [{row['reading']}]"
    return f"{signed(row['status'])}  {row['text']}{reading}"


def _wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    first, later = " " * indent, " " * (indent + 4)
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


def _rest(n: int) -> list[str]:
    return (
        [f"... and {n} more. A slice, `.search(...)` or `.where(...)` of the statements shows others."] if n > 0 else []
    )


def _chip(status: str) -> str:
    ink, ground = _COLOURS[status]
    style = f"color:{ink};background:{ground};padding:0 .4em;border-radius:.3em;white-space:nowrap"
    return f'<span style="{style}">{escape(signed(status))}</span>'


def _sentence(row: Row) -> str:
    reading = "" if row["reading"] == "any" else f"<br><i>reading: {escape(row['reading'])}</i>"
    return escape(row["text"]) + reading


def _details_html(row: Row, index: Index, attacks: Mapping[str, Row], words: str) -> str:
    lines = in_words.lines(row, index.rows, attacks.get(row["key"]))
    table = "".join(
        f"<tr><th {_LEFT}>{escape(label)}</th><td {_LEFT}>{escape(said)}</td></tr>" for label, said in lines
    )
    summary = f"{_chip(row['status'])} {escape(words)} <code>{escape(row['key'])}</code>"
    return f"<details><summary>{summary}</summary><table>{table}</table></details>"
