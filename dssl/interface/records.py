"""The recorded verdicts for notebooks and programs: `dssl.ledger()` has all, `dssl.claim("Theorem 4.4")` shows some.

Nothing is decided again and nothing is printed. No mathematics is imported, so that an answer takes no second.
"""

import os
import pathlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, overload

from dssl.interface import _shown
from ledger import attack_record, in_words, items, lookup, verdicts
from ledger.items import Item
from ledger.status import KINDS, Evidence, Kind, Status
from ledger.verdicts import Row
from runtime import store
from runtime.extras import missing
from runtime.parse import shown
from runtime.usage import UsageError, nearest

if TYPE_CHECKING:
    import pandas

Names = str | Iterable[str] | None
_FEW = 10  # names that are all told
_ATTACK = ("date", "tried", "coverage", "ratio", "witness")


@dataclass(frozen=True, repr=False)
class Statement:
    """One sentence under one reading, with its verdict.

    `key` names it for good. `text` is the sentence, `where` the points for which it is said ("" without such words),
    `reading` how what the paper leaves open was settled ("any": no matter how). `kind` is "printed", "corrected" or
    "expected"; `status` the verdict, such as "HOLDS"; `evidence` how it was reached, such as "PROVED".

    `tightness` is the measured side over the claimed side at the worst case, without unit, and `margin` the room left
    there, in the unit of the sides; both None where nothing was measured. `witness` is a case where the statement
    fails, name by name. `true_instead` has the keys of the statements that are true instead, and `is_instead_unknown`
    says that the record knows of none. `items` are the keys of the paper's items that the statement answers; `place`
    says where they stand. `attacks` is the last search for a point of failure: its date, the points tried, the share of
    the domain's cells that they lie in, the ratio of the sides at the worst one, and that point if it fails.
    """

    key: str
    text: str
    where: str
    reading: str
    kind: Kind
    status: str
    evidence: str
    reason: str
    tightness: float | None
    margin: float | None
    witness: Mapping[str, Any] | None = field(hash=False)
    true_instead: tuple[str, ...]
    is_instead_unknown: bool
    claim: str
    items: tuple[str, ...]
    place: str
    attacks: Mapping[str, Any] | None = field(hash=False)

    def __repr__(self) -> str:
        return f"<Statement {self.key}: {self.status}. {_shown.clipped(self.text)}>"


@dataclass(frozen=True, repr=False)
class Ledger(Sequence[Statement]):
    """Statements in order, as an immutable sequence: a number gives a `Statement`, a slice a shorter `Ledger`."""

    statements: tuple[Statement, ...]
    _index: lookup.Index = field(compare=False)

    def __len__(self) -> int:
        return len(self.statements)

    @overload
    def __getitem__(self, index: int) -> Statement: ...
    @overload
    def __getitem__(self, index: slice) -> "Ledger": ...
    def __getitem__(self, index: int | slice) -> "Statement | Ledger":
        found = self.statements[index]
        return found if isinstance(found, Statement) else self._of(found)

    def search(self, words: str) -> "Ledger":
        """The statements here that `words` mean: a number ("4.4", "Eq 17"), a claim's id, a key, or words of theirs.

        The question is understood as `dssl show` does. What is known, but not among these statements, gives none.

        >>> import dssl
        >>> [s.status for s in dssl.ledger().search("thm44.both-averaged")]
        ['VIOLATED']

        Errors: UsageError with the three nearest names when the record has nothing of that name.
        """
        here = {s.key: s for s in self}
        return self._of(here[r["key"]] for r in self._index.find(_question(words)).rows if r["key"] in here)

    def where(self, status: Names = None, kind: Names = None, evidence: Names = None, claim: Names = None) -> "Ledger":
        """The statements with these properties: one name for each, or several of which any will do.

        Capitals do not matter, and hyphens, spaces and underscores are the same.

        >>> import dssl
        >>> found = dssl.ledger().where(status="violated", kind="printed")
        >>> {s.status for s in found}
        {'VIOLATED'}

        Errors: UsageError with the nearest valid names for a name that does not exist.
        """
        claims = sorted({r["claim"] for r in self._index.record.rows})
        wanted = {
            "status": _named("status", status, [s.value for s in Status], _as_verdict),
            "kind": _named("kind of statement", kind, KINDS, _as_id),
            "evidence": _named("kind of evidence", evidence, [e.value for e in Evidence], _as_verdict),
            "claim": _named("claim", claim, claims, _as_id),
        }
        asked = {name: names for name, names in wanted.items() if names is not None}
        return self._of(s for s in self if all(getattr(s, name) in names for name, names in asked.items()))

    def counts(self) -> dict[str, dict[str, int]]:
        """How many statements of each kind came to each verdict: {"printed": {"HOLDS": 114, ...}, ...}."""
        return verdicts.counts(self._rows)

    def to_pandas(self) -> "pandas.DataFrame":
        """A table with a row for each statement and a column for each field of `Statement`.

        Errors: UsageError where pandas, which is optional, is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise missing("A table of statements", "pandas") from None
        names = [f.name for f in fields(Statement)]
        return pandas.DataFrame([[getattr(s, name) for name in names] for s in self], columns=pandas.Index(names))

    def __repr__(self) -> str:
        return _shown.list_text(self._rows)

    def _repr_html_(self) -> str:
        return _shown.list_html(self._rows)

    @property
    def _rows(self) -> list[Row]:
        return [self._index.rows[s.key] for s in self]

    def _of(self, statements: Iterable[Statement]) -> "Ledger":
        return Ledger(tuple(statements), self._index)


@dataclass(frozen=True, repr=False)
class ClaimCard:
    """What was found by a question: the paper's items, the statements about them, and what is true instead.

    `items` say what the paper prints, in our words, and where. `claims` are the ids of the claims that the statements
    belong to. `corrected` has the statements that the record names in the place of those that fail.
    """

    query: str
    items: tuple[Item, ...]
    claims: tuple[str, ...]
    statements: Ledger
    corrected: Ledger
    _found: lookup.Found = field(compare=False)

    def __repr__(self) -> str:
        return _shown.found_text(self._found, self.statements._index, self.corrected._rows)

    def _repr_html_(self) -> str:
        attacks = {s.key: dict(s.attacks) for s in (*self.statements, *self.corrected) if s.attacks}
        return _shown.found_html(self._found, self.statements._index, self.corrected._rows, attacks)


def ledger(recorded: str | os.PathLike[str] | None = None) -> Ledger:
    """Every recorded statement with its verdict. `recorded` names another record; None is the project's own.

    >>> import dssl
    >>> verdicts = dssl.ledger()
    >>> verdicts.search("Theorem 4.4").where(status="violated", kind="printed")[0].key
    'thm44.both-averaged'

    Source: results/verdicts.json. Errors: UsageError for a record that is missing, damaged, or of a later version.
    """
    index = lookup.Index(verdicts.read(pathlib.Path(recorded or store.VERDICTS)), items.load())
    attacks, answered = attack_record.recorded(), _answered(index)
    return Ledger(tuple(_statement(r, answered[r["key"]], attacks.get(r["key"])) for r in index.record.rows), index)


def claim(what: str, recorded: str | os.PathLike[str] | None = None) -> ClaimCard:
    """What the paper prints, what became of it under each reading, and what is true instead.

    `what` is a number of the paper, the key of an item or of a statement, the id of a claim, or words, as in `dssl
    show`. A notebook shows the answer with all details to open; `repr` gives plain text.

    >>> import dssl
    >>> found = dssl.claim("Theorem 4.4")
    >>> found.items[0].key
    'theorem-4.4'
    >>> found.statements.search("thm44.both-averaged")[0].true_instead[0]
    'eq17.outer-product-independent'

    Source: results/verdicts.json. Errors: UsageError with the nearest names where nothing fits; those of `ledger`.
    """
    everything = ledger(recorded)
    index = everything._index
    found = index.find(_question(what))
    by_key = {s.key: s for s in everything}
    statements = [by_key[r["key"]] for r in found.rows]
    named = dict.fromkeys(k for s in statements for k in s.true_instead if k in by_key)
    shown_rows, corrected = everything._of(statements), everything._of(by_key[k] for k in named)
    return ClaimCard(what, found.items, found.claims, shown_rows, corrected, found)


def _statement(row: Row, about: tuple[str, ...], attack: Row | None) -> Statement:
    instead = row["instead"]
    return Statement(
        **{name: row[name] for name in ("key", "text", "reading", "status", "evidence", "reason", "claim")},
        where=row["given"] or "",
        kind=row["statement"],
        # The record has infinity as a word.
        tightness=None if row["tightness"] is None else float(row["tightness"]),
        margin=None if row["margin"] is None else float(row["margin"]),
        witness=row["witness"],
        true_instead=() if isinstance(instead, str) else tuple(instead or ()),
        is_instead_unknown=isinstance(instead, str),
        items=about,
        place=in_words.place(row["source"]),
        attacks=attack and {name: attack.get(name) for name in _ATTACK},
    )


def _answered(index: lookup.Index) -> dict[str, tuple[str, ...]]:
    """The items that each statement answers, by its key: those that find it when they are asked for."""
    answers: dict[str, list[str]] = {key: [] for key in index.rows}
    for item in index.items:
        for claim in item.answered_by:
            of_claim = [r for r in index.record.rows if r["claim"] == claim]
            for r in [r for r in of_claim if item.key in r["about"]] or of_claim:
                answers[r["key"]].append(item.key)
    return {key: tuple(found) for key, found in answers.items()}


def _question(words: object) -> str:
    if not isinstance(words, str):
        raise UsageError(f'A question such as "Theorem 4.4" is a text; got {shown(words)}. Put it in quotes.')
    return words


def _named(what: str, given: Names, valid: Sequence[str], spelled: Callable[[str], str]) -> frozenset[str] | None:
    """The names as the record spells them; None where none was given. Errors: UsageError for an unknown one."""
    if given is None:
        return None
    names: list[Any] = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"A {what} is a text such as {valid[0]!r}; got {shown(name)}. Give one, or several.")
        if spelled(name) not in valid:
            near = ", ".join(nearest(spelled(name), valid))
            few = f"It is one of {', '.join(valid)}." if len(valid) <= _FEW else "Choose one of them."
            raise UsageError(f"There is no {what} {shown(name)}; the nearest valid are {near}. {few}")
    return frozenset(map(spelled, names))


def _as_verdict(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip()).upper()


def _as_id(name: str) -> str:
    return re.sub(r"[\s_]+", "-", name.strip().removesuffix(".py")).lower()
