"""The report: one self-contained page of all verdicts, without scripts, readable on a phone and printed."""

import base64
import json
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
from markupsafe import Markup

from experiments.real_images import stored
from ledger import items as ledger
from ledger.report import real_tables
from ledger.report.index import BY_WEIGHT, SIGNS, deciding, index, summary
from ledger.report.mathml import mathml
from ledger.statement import Claim
from ledger.status import EVIDENCE_WORDS, STATUS_WORDS, Status
from ledger.verdicts import Row, counts
from runtime import store

LONG = 120  # characters of a witness beyond which it is folded away
TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"
_WORDS = {**STATUS_WORDS, "MIXED": "parts differ"}


@dataclass(frozen=True)
class Shown:
    """One statement as the page shows it. `bar` is tightness as a share of the bar's width; None without a number.

    `is_long` marks a witness that opens on demand.
    """

    row: Row
    math: Markup
    word: str
    evidence: str
    bar: float | None
    witness: tuple[tuple[str, str], ...]
    is_long: bool


@dataclass(frozen=True)
class Card:
    """One claim: what the paper prints, then the statements about it, printed before expected before corrected."""

    claim: Claim
    items: tuple[ledger.Item, ...]
    formulas: tuple[Markup, ...]
    statements: tuple[Shown, ...]
    summary: str


def build(rows: Sequence[Row], claims: Mapping[str, Claim], results: pathlib.Path = store.RESULTS) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    items = ledger.load()
    real = stored.load(results)
    return environment.get_template("report.html.j2").render(
        counts=counts(rows),
        cards=_cards(rows, claims, items),
        index=index(items, rows, {s.key: s.about for claim in claims.values() for s in claim.statements}),
        signs=SIGNS,
        pending=[i for i in items if i.pending],
        statuses=[s.value for s in Status],
        words=_WORDS,
        evidence=EVIDENCE_WORDS,
        figures=_figures(results / "figures"),
        real=real and real_tables.tables(real),
    )


def math(latex: str) -> Markup:
    """LaTeX as MathML on a line of its own; as LaTeX where it cannot be read."""
    if not latex:
        return Markup("")
    found = mathml(latex, is_block=True)
    return Markup("<code>{}</code>").format(latex) if found is None else Markup(found)


def _cards(rows: Sequence[Row], claims: Mapping[str, Claim], items: Sequence[ledger.Item]) -> list[Card]:
    order: dict[str, int] = {}
    for position, item in enumerate(items):
        for name in item.answered_by:
            order.setdefault(name, position)
    cards = [_card(c, [r for r in rows if r["claim"] == name], items) for name, c in claims.items()]
    return sorted(cards, key=lambda c: (order.get(c.claim.id, len(items)), c.claim.id))


def _card(claim: Claim, rows: Sequence[Row], items: Sequence[ledger.Item]) -> Card:
    answered = tuple(i for i in items if claim.id in i.answered_by)
    latex = {s.key: s.latex for s in claim.statements}
    by_kind = sorted(rows, key=lambda r: BY_WEIGHT.index(r["statement"]))
    found = [r["status"] for r in deciding(rows)]
    shown = tuple(_statement(r, latex.get(r["key"], "")) for r in by_kind)
    return Card(claim, answered, tuple(math(i.latex) for i in answered), shown, summary(found))


def _statement(row: Row, latex: str) -> Shown:
    tightness = row["tightness"]
    bar = min(1.0, max(0.0, tightness)) if isinstance(tightness, int | float) else None
    witness = tuple((k, _plain(v)) for k, v in (row["witness"] or {}).items())
    is_long = sum(len(k) + len(v) for k, v in witness) > LONG
    return Shown(row, math(latex), _WORDS[row["status"]], EVIDENCE_WORDS[row["evidence"]], bar, witness, is_long)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return "[" + ", ".join(_plain(v) for v in value) + "]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _figures(folder: pathlib.Path) -> list[tuple[str, str, str]]:
    """Name, data address and caption of every drawn figure; "" where there is no caption."""
    return [(p.stem.replace("_", " "), _address(p), _text(p.with_suffix(".txt"))) for p in sorted(folder.glob("*.png"))]


def _address(picture: pathlib.Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()


def _text(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""
