"""`dssl show`: what became of a statement, a claim, or a number of the paper, from the record."""

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import tyro

from dssl.cli import _cards
from dssl.cli._optional import Words
from ledger import attack_record, items, lookup, verdicts
from ledger.items import Item
from ledger.lookup import Found
from ledger.report.answers import answer
from ledger.verdicts import Row
from runtime import store
from runtime.usage import UsageError

# Of a statement in JSON. The record calls `kind` "statement".
FIELDS = (
    "key",
    "claim",
    "kind",
    "text",
    "given",
    "reading",
    "status",
    "evidence",
    "tightness",
    "margin",
    "scale",
    "reason",
    "witness",
    "instead",
    "source",
)
# Of an item; the last four name other items, and `claims/ledger.toml` begins with what each of these means.
ITEM_FIELDS = ("key", "where", "printed", *items.RELATIONS)
_ATTACK = ("date", "tried", "coverage", "ratio")


@dataclass(frozen=True)
class Show:
    """Show whether a theorem holds: the answer, the verdict under each reading, and what is true instead.

    Ask by the paper's number (Theorem 4.4, Eq 17, Table 1), by a claim's id (thm-mim-more-robust), by a statement's key
    (thm44.complementary-averaged), or by words that it has. Nothing is computed: the record is read. Exit code 2 when
    nothing fits; the three nearest names are printed.
    """

    what: Annotated[Words, tyro.conf.Positional] = field(default_factory=Words)
    """What to show; several words are one question."""
    all: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """List every statement."""
    full: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print all that is known of each statement found: reason, evidence, numbers, witness, attacks."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON: with --all a list of statements, else {"query", "items", "claims", "statements", "instead"}."""
    recorded: pathlib.Path = store.VERDICTS
    """The record to read."""

    def run(self) -> int:
        """Prints what the record has; exit code 0. Errors: UsageError when nothing fits, and for bad use."""
        if self.all and self.what:
            raise UsageError(f"--all lists every statement; got {' '.join(self.what)!r} too. Give one of them.")
        if self.all and self.full:
            raise UsageError("--all lists every statement in short; --full shows few in full. Give one of them.")
        if not self.all and not self.what:
            raise UsageError(
                'A number such as "Theorem 4.4", a claim, a key or words were wanted; got nothing. '
                "`dssl show --all` lists every statement."
            )
        index = lookup.Index(verdicts.read(self.recorded), items.load())
        if self.all:
            return _print_all(index.record.rows, self.json)
        found = index.find(" ".join(self.what))
        if self.json:
            print(store.dumps(document(found, index)), end="")
        elif self.full:
            _cards.console().print(_cards.cards(found, index.record.claims, index.rows))
        else:
            _cards.console().print(_cards.in_brief(found, index))
        return 0


def statement(row: Row, attacks: Mapping[str, Row]) -> dict[str, Any]:
    """A row of the record as JSON gives it, with the last of the recorded attacks on it, or null."""
    attack = attacks.get(row["key"])
    fields = {name: row["statement" if name == "kind" else name] for name in FIELDS}
    return fields | {"attacks": attack and {name: attack.get(name) for name in _ATTACK}}


def document(found: Found, index: lookup.Index) -> dict[str, Any]:
    """All that is shown of what was found: also the statements that are true instead, by key."""
    named: Mapping[str, Row] = index.rows
    attacks = attack_record.recorded()
    instead = [k for r in found.rows if isinstance(r["instead"], list) for k in r["instead"] if k in named]
    return {
        "query": found.query,
        "items": [_item(i, index) for i in found.items],
        "claims": [{"id": c, **index.record.claims.get(c, {})} for c in found.claims],
        "statements": [statement(r, attacks) for r in found.rows],
        "instead": {k: statement(named[k], attacks) for k in dict.fromkeys(instead)},
    }


def _item(item: Item, index: lookup.Index) -> dict[str, Any]:
    """An item with the answer to it: `outcome` is one of the words of `ledger.report.answers.Outcome`."""
    said = answer(item, index.of_item(item), index.rows)
    return {
        **{name: getattr(item, name) for name in ITEM_FIELDS},
        "outcome": said.outcome.value,
        "answer": said.words,
        "count": said.count,
    }


def _print_all(rows: list[Row], as_json: bool) -> int:
    if as_json:
        attacks = attack_record.recorded()
        print(store.dumps([statement(r, attacks) for r in rows]), end="")
        return 0
    _cards.console().print(_cards.every(rows))
    return 0
