"""The report: one self-contained page of all verdicts. An item of the paper is one card: its answer, then its readings.

The page loads nothing. Its script, which finds and filters, is a part of it; without scripts everything is still there.
"""

import base64
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import jinja2
from markupsafe import Markup

from experiments.real_images import stored
from ledger import attack_record, in_words, lookup
from ledger import items as ledger
from ledger.report import real_tables
from ledger.report.answers import OUTCOME_SIGNS, OUTCOME_WORDS, Answer, answer, is_asked_for
from ledger.report.brief import by_sentence
from ledger.report.index import BY_WEIGHT, SIGNS, grouped, label, title
from ledger.report.mathml import mathml
from ledger.report.strip import strip
from ledger.statement import Claim
from ledger.status import EVIDENCE_WORDS, KINDS, STATUS_WORDS, Status
from ledger.verdicts import Record, Row, about, counts
from runtime import store
from theory.formula import LATEX_NAMES
from theory.terms import GROUPS

TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"
# The words and letters of `theory.terms` that a reader of the answers needs.
_TERMS = (
    *("contrastive learning (CL)", "masked image modelling (MIM)", "encoder", "signal coordinates", "representability"),
    *("deficit", "sensitivity", "interval width", "client", "federated learning (FL)", "decentralised learning (DecL)"),
    *("connectivity", "alignment matrix", "n_clients", "dim", "feature_dim", "samples_per_client", "mask_ratio"),
    *("augmentation_std", "beta", "tau", "mu"),
)
_ELSEWHERE = ("statement", "reading", "true instead")  # lines of a statement that the table or links already say


@dataclass(frozen=True)
class Shown:
    """One statement in one table. `home` is the item whose card has its details; `lines` are those, with labels."""

    row: Row
    home: ledger.Item | None
    math: Markup
    strip: Markup
    attack: str
    lines: tuple[tuple[str, str], ...]
    instead: tuple[Row, ...]
    is_instead_unknown: bool


@dataclass(frozen=True)
class Sentence:
    """A sentence with its readings, or with the one that holds for any."""

    kind: str
    text: str
    readings: tuple[Shown, ...]


@dataclass(frozen=True)
class Card:
    """One item of the paper: the answer, what is printed and what we expected, and what we found to be true.

    `claims` are the ids and titles of the claims that answer it and have no earlier card.
    """

    item: ledger.Item
    answer: Answer
    formula: Markup
    asked: tuple[Sentence, ...]
    own: tuple[Sentence, ...]
    claims: tuple[tuple[str, str], ...]

    @property
    def n_own(self) -> int:
        """How many statements of ours there are."""
        return sum(len(s.readings) for s in self.own)


def build(rows: Sequence[Row], claims: Mapping[str, Claim], results: pathlib.Path = store.RESULTS) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters.update(title=title, label=label, reading=in_words.reading_words)
    groups = _Cards(rows, claims).groups()
    real = stored.load(results)
    return environment.get_template("report.html.j2").render(
        counts=counts(rows),
        groups=groups,
        asked_for=[c for cards in groups.values() for c in cards if is_asked_for(c.item)],
        signs=SIGNS,
        words=STATUS_WORDS,
        meanings=in_words.STATUS_MEANINGS,
        outcomes={o: (OUTCOME_SIGNS[o], OUTCOME_WORDS[o]) for o in OUTCOME_WORDS},
        statuses=[s.value for s in Status if any(r["status"] == s for r in rows)],
        kinds=KINDS,
        kind_words=in_words.KIND_WORDS,
        evidence={e: text for e, text in EVIDENCE_WORDS.items() if any(r["evidence"] == e for r in rows)},
        evidence_meanings=in_words.EVIDENCE_MEANINGS,
        sample_strip=strip(0.2, is_good=True),
        terms=_terms(),
        figures=_figures(results / "figures"),
        real=real and real_tables.tables(real),
    )


def math(latex: str) -> Markup:
    """LaTeX as MathML on a line of its own; as LaTeX where it cannot be read."""
    if not latex:
        return Markup("")
    found = mathml(latex, is_block=True)
    return Markup("<code>{}</code>").format(latex) if found is None else Markup(found)


def _terms() -> list[tuple[Markup, str]]:
    """The words and letters that the page explains, with their meanings."""
    known = {term.name: term for group in GROUPS.values() for term in group}
    found = []
    for name in _TERMS:
        letter = Markup(mathml(known[name].symbol) or "") if known[name].symbol else Markup("")
        is_letter = "_" in name or name in LATEX_NAMES
        found.append((letter if is_letter else Markup("{} {}").format(name, letter), known[name].meaning))
    return found


class _Cards:
    """The cards in order. The details of a statement stand in the first card that has it; later ones lead there."""

    def __init__(self, rows: Sequence[Row], claims: Mapping[str, Claim]) -> None:
        self.items = ledger.load()
        self.claims = claims
        self.index = lookup.Index(Record(list(rows), {c: about(claim) for c, claim in claims.items()}), self.items)
        self.attacks = attack_record.recorded()
        self.latex = {s.key: s.latex for claim in claims.values() for s in claim.statements}
        self.homes: dict[str, ledger.Item] = {}
        self.seen_claims: set[str] = set()

    def groups(self) -> dict[str, list[Card]]:
        """The cards under each heading."""
        ordered = grouped(self.items)
        of_item = {item.key: list(self.index.of_item(item)) for items in ordered.values() for item in items}
        placed = {r["key"] for rows in of_item.values() for r in rows}
        # Of a claim that answers several items, what is about none of them stands with the first.
        for row in self.index.record.rows:
            if row["key"] not in placed:
                first = next(i for items in ordered.values() for i in items if row["claim"] in i.answered_by)
                of_item[first.key].append(row)
        return {heading: [self._card(i, of_item[i.key]) for i in items] for heading, items in ordered.items()}

    def _card(self, item: ledger.Item, rows: Sequence[Row]) -> Card:
        new = [c for c in item.answered_by if c in self.claims and c not in self.seen_claims]
        self.seen_claims.update(new)
        said = answer(item, self.index.of_item(item), self.index.rows)
        asked = self._sentences(item, [r for r in rows if r["statement"] != "corrected"])
        own = self._sentences(item, [r for r in rows if r["statement"] == "corrected"])
        return Card(item, said, math(item.latex), asked, own, tuple((c, self.claims[c].title) for c in new))

    def _sentences(self, item: ledger.Item, rows: Sequence[Row]) -> tuple[Sentence, ...]:
        return tuple(
            Sentence(kind, text, tuple(self._shown(item, r) for r in readings))
            for kind in BY_WEIGHT
            for text, readings in groupby(by_sentence(r for r in rows if r["statement"] == kind), lambda r: r["text"])
        )

    def _shown(self, item: ledger.Item, row: Row) -> Shown:
        key = row["key"]
        home = self.homes.setdefault(key, item)
        attack = self.attacks.get(key)
        named = row["instead"] if isinstance(row["instead"], list) else []
        lines = _continued(in_words.lines(row, {}, attack)) if home is item else []
        return Shown(
            row=row,
            home=None if home is item else home,
            math=math(self.latex.get(key, "")),
            strip=strip(row["tightness"], is_good=row["status"] == Status.HOLDS),
            attack=_attack(attack),
            lines=tuple((name, said) for name, said in lines if name not in _ELSEWHERE),
            instead=tuple(self.index.rows[k] for k in named if k in self.index.rows),
            is_instead_unknown=isinstance(row["instead"], str),
        )


def _continued(lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines with a label on each: one without has the label of the line before it."""
    found: list[tuple[str, str]] = []
    for name, said in lines:
        found.append((name or found[-1][0], said))
    return found


def _attack(attack: Row | None) -> str:
    """How many points were tried against a statement, in short; "" where none were."""
    if attack is None:
        return ""
    return "fails at one" if attack.get("witness") else f"{attack['tried']:,} points"


def _figures(folder: pathlib.Path) -> list[tuple[str, str, str]]:
    """Name, data address and caption of every drawn figure; "" where there is no caption."""
    return [(p.stem.replace("_", " "), _address(p), _text(p.with_suffix(".txt"))) for p in sorted(folder.glob("*.png"))]


def _address(picture: pathlib.Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()


def _text(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""
