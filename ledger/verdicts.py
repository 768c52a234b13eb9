"""Verdicts as rows of `results/verdicts.json`, and what moved between two lists of them.

Reading a record needs neither the claims nor any mathematics: whatever is shown of a statement stands in its row.
"""

import pathlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from ledger import phrases
from ledger.status import KINDS, Evidence, Status
from runtime import store
from runtime.usage import UsageError

if TYPE_CHECKING:  # they come with sympy, which nothing here needs
    from ledger.statement import Claim, Entry, Statement

Row = dict[str, Any]
About = dict[str, Any]
# 5: rows say where their statements hold, and how large their numbers are. 4: they say which items of the ledger they
# are about. 3: they say their source and what is true instead, and a table says what each claim is about. 2: rows carry
# the statement's key. In records of version 1, which had no `schema`, its prose was its identity.
SCHEMA = 7
# Up to version 5 one word stood for proofs and for finite sets decided case by case; which of both it was is not told.
_OLDER_EVIDENCE = {"EXACT": "ENUMERATED"}


@dataclass(frozen=True)
class Record:
    """What a record holds: the rows, and by its id what each claim is about (none in records before version 3)."""

    rows: list[Row] = field(default_factory=list)
    claims: dict[str, About] = field(default_factory=dict)


# How far a number of the quick tier may be from the recorded one, relative to it. JAX 0.12 with NumPy 2.5 differs from
# JAX 0.10 with NumPy 2.4 by 4.4e-3 at most where data are drawn, and by 2.3e-3 elsewhere, in what is measured. Sides
# that are computed from formulas differ in the sixth digit, the last one recorded. A factor of 1.1 is 20 times as much.
SAME_DRAWN, SAME_MEASURED, SAME_COMPUTED = 6e-3, 3e-3, 2e-5
_COMPUTED = ("scale.claimed", "scale.remainder")
_ROUND_OFF = 1e-9  # numbers this near are one number: of some only round-off is left


@dataclass(frozen=True)
class Move:
    """One statement whose status, evidence or numbers differ; "absent" stands for a row that is not there."""

    key: str
    recorded: str
    found: str
    reason: str


def row(entry: "Entry") -> Row:
    """The row of one verdict, as strict JSON."""
    v, said = entry.verdict, words(entry.statement, entry.claim)
    return store.jsonable(
        {
            **{name: said[name] for name in ("key", "claim", "reading", "statement", "text", "given")},
            "status": v.status,
            "evidence": v.evidence,
            "tightness": v.tightness,
            "margin": v.margin,
            "scale": v.scale,
            "witness": v.witness,
            "reason": v.reason,
            **{name: said[name] for name in ("instead", "source", "about")},
        }
    )


def words(s: "Statement", claim: "Claim") -> Row:
    """The fields of a row that the code says without deciding anything."""
    return {
        "key": s.key,
        "claim": claim.id,
        "reading": str(s.reading),
        "statement": s.kind,
        "text": s.text,
        "given": s.given.words() if s.given else None,
        "instead": s.instead if isinstance(s.instead, str) else list(s.instead) or None,
        "source": str(claim.source),
        "about": list(s.about),
    }


def about(claim: "Claim") -> About:
    """What the record says of a claim beside its statements."""
    return {
        "title": claim.title,
        "source": str(claim.source),
        "items": list(claim.items),
        "question": claim.question,
    }


def key(row: Row) -> str:
    """What identifies a row: the key of its statement."""
    return row["key"]


def sort_key(row: Row) -> tuple[str, str]:
    """Where a row stands in the record: with its claim, by its key."""
    return (row["claim"], row["key"])


def counts(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """How many statements of each kind came to each status: {"printed": {"HOLDS": 12, ...}, "corrected": ...}."""
    kinds: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for r in rows:
        kinds[r["statement"]][r["status"]] += 1
    return {kind: dict(sorted(c.items())) for kind, c in kinds.items()}


def read(
    path: pathlib.Path = store.VERDICTS,
    claims: "Callable[[], Iterable[Claim]]" = tuple,
    *,
    may_be_missing: bool = False,
) -> Record:
    """The record in a file. `claims` are asked for the keys of a record of version 1, whose rows have none.

    Errors: UsageError when the file is not there (unless it `may_be_missing`: then nothing is on record), is no record
    of verdicts, or comes from a later version of the program.
    """
    if not path.exists() and not may_be_missing:
        raise store.missing(path, store.VERDICTS)
    content = store.read(path)
    if content is None:
        return Record()
    rows = content.get("verdicts") if isinstance(content, dict) else None
    schema = store.check_schema(path, content, SCHEMA) or 1 if isinstance(content, dict) else None
    if schema == 1 and isinstance(rows, list):
        rows = _with_keys(rows, claims())
    if schema in (1, 2, 3) and isinstance(rows, list):
        rows = [{**_UNSAID, "source": "", **r} if isinstance(r, dict) else r for r in rows]
    table = content.get("claims", {}) if isinstance(content, dict) else None
    if schema == SCHEMA and isinstance(table, dict):
        table = {n: {**a, "question": a.get("question", "")} if isinstance(a, dict) else a for n, a in table.items()}
    if schema == SCHEMA and isinstance(rows, list):
        rows = _told(rows, content.get("phrases", {}))
    if schema in (4, 5, 6, SCHEMA) and isinstance(rows, list) and _is_table(table):
        rows = [_whole(r, table) if isinstance(r, dict) else r for r in rows]
    if schema not in (6, SCHEMA) and isinstance(rows, list):
        rows = [_in_newer_words(r) if isinstance(r, dict) else r for r in rows]
    if not isinstance(rows, list) or not all(map(_is_row, rows)) or not _is_table(table):
        raise UsageError(f"{path} is no record of verdicts. Restore it from git, or name another with --recorded.")
    return Record(rows, table)


def recorded(path: pathlib.Path = store.VERDICTS, claims: "Callable[[], Iterable[Claim]]" = tuple) -> list[Row]:
    """The rows of `read`, where there must be a record."""
    return read(path, claims).rows


def wanted(path: pathlib.Path = store.VERDICTS, claims: "Callable[[], Iterable[Claim]]" = tuple) -> list[Row]:
    """The rows of `read`, where there must be some. Errors: UsageError when there are none, too."""
    rows = recorded(path, claims)
    if not rows:
        raise UsageError(f"{path} holds no verdicts. Restore it from git, or name another record.")
    return rows


def _in_newer_words(r: Row) -> Row:
    evidence = r.get("evidence")
    return {**r, "evidence": _OLDER_EVIDENCE.get(evidence, evidence) if isinstance(evidence, str) else evidence}


def _with_keys(rows: list[Any], claims: "Iterable[Claim]") -> list[Any]:
    """Rows of version 1 with the keys of the statements that are still worded alike; reworded ones get none."""
    keys: dict[tuple[Any, ...], str] = {
        (c.id, str(s.reading), s.kind, s.text): s.key for c in claims for s in c.statements
    }
    parts = ("claim", "reading", "statement", "text")
    return [
        {"key": keys.get(tuple(r.get(p) for p in parts), f"unknown.{i}"), **r} if isinstance(r, dict) else r
        for i, r in enumerate(rows)
    ]


def moves(
    recorded_rows: Sequence[Row],
    found_rows: Sequence[Row],
    claims: Iterable[str] | None = None,
    only: Mapping[str, Collection[str]] | None = None,
    *,
    numbers: bool = False,
) -> list[Move]:
    """Every statement whose status or evidence is not the recorded one, new and vanished ones included.

    With `claims`, rows of other claims are left out: only a part was run. `only` has the keys that were run of those
    claims of which not all were. With `numbers` a statement has moved, too, when its tightness, its margin or its
    witness has: a bound that became a third looser still holds. Both sides must come from one tier.
    """
    chosen = None if claims is None else set(claims)
    old = {key(r): r for r in recorded_rows if _was_run(r, chosen, only or {})}
    new = {key(r): r for r in found_rows}
    moved = []
    for k in sorted(old.keys() | new.keys()):
        before, after = _shown(old.get(k)), _shown(new.get(k))
        if before == after and numbers:
            shift = _moved_number(old[k], new[k])
            before, after = (f"{before}, {side}" for side in shift) if shift else (before, after)
        if before != after:
            moved.append(Move(k, before, after, new[k]["reason"] if k in new else "The statement is gone."))
    return moved


def merged(
    recorded_rows: Sequence[Row],
    found_rows: Sequence[Row],
    claims: Iterable[str] | None,
    only: Mapping[str, Collection[str]] | None = None,
) -> list[Row]:
    """The rows to record: all found ones, and the recorded ones that were not run. `claims`, `only`: as in `moves`."""
    chosen = None if claims is None else set(claims)
    kept = [r for r in recorded_rows if not _was_run(r, chosen, only or {})]
    return sorted([*kept, *found_rows], key=sort_key)


def reworded(record: Record, claims: "Iterable[Claim]") -> tuple[Record, list[str], list[str]]:
    """The record in the words of the code, every verdict as it was.

    Also the keys of rows that were left out because no statement has them anymore, and those of statements that are not
    on record and wait to be decided.
    """
    claims = list(claims)
    said = {s.key: words(s, c) for c in claims for s in c.statements}
    rows = sorted(({**r, **said[key(r)]} for r in record.rows if key(r) in said), key=sort_key)
    known = {key(r) for r in record.rows}
    gone, new = sorted(known - said.keys()), sorted(said.keys() - known)
    return Record(rows, {c.id: about(c) for c in claims}), gone, new


def document(rows: Sequence[Row], claims: Mapping[str, About]) -> dict[str, Any]:
    """The whole record as JSON for programs: every field of every row; it is read as a record, too."""
    return {"schema": SCHEMA, "counts": counts(rows), "claims": _listed(rows, claims), "verdicts": list(rows)}


def _listed(rows: Sequence[Row], claims: Mapping[str, About]) -> dict[str, About]:
    return {name: claims[name] for name in sorted({r["claim"] for r in rows}) if name in claims}


def text(rows: Sequence[Row], claims: Mapping[str, About]) -> str:
    """The text of `results/verdicts.json`: no timing and no date, so that equal results give equal bytes.

    Rows leave out what the table of claims or the row before says, what is empty, and what is so of most rows. Parts of
    conditions and of reasons that are said more than once are in a table of phrases.
    """
    table = _listed(rows, claims)
    common = phrases.table(r[name] for r in rows for name in _WORDY if r.get(name))
    numbers = {phrase: number for number, phrase in common.items()}
    shown = {name: {k: v for k, v in about.items() if v != ""} for name, about in table.items()}
    head = {"schema": SCHEMA, "counts": counts(rows), "claims": shown, "phrases": common}
    # One field a line, so that a diff can be read, and no space before it: there are thousands.
    before, _, after = store.rows({**head, "verdicts": []}).rpartition("[]")
    claim, listed = "", []
    for r in rows:
        short = {name: v for name, v in _short(r, table).items() if _USUAL.get(name) != v}
        short |= {name: phrases.stored(short[name], numbers) for name in _WORDY if name in short}
        if short["claim"] == claim:
            del short["claim"]
        claim = r["claim"]
        listed.append("{\n" + ",\n".join(map(_field, short.items())) + "\n}")
    joined = ",\n".join(listed)
    return f"{before}[\n{joined}\n]{after}" if listed else f"{before}[]{after}"


def _told(rows: Sequence[Any], table: Any) -> list[Any]:
    """Rows of a record with what they leave out, claims and phrases included; damaged ones as they are."""
    claim, found = None, []
    for r in rows:
        if isinstance(r, dict):
            claim = r.get("claim", claim)
            try:
                wordy = {name: phrases.restored(r[name], table) for name in _WORDY if r.get(name)}
            except (KeyError, TypeError):
                wordy = {}
            r = {**_USUAL, "claim": claim, **r, **wordy}
        found.append(r)
    return found


def _field(item: tuple[str, Any]) -> str:
    return ":".join(map(store.line, item))


def kept(r: Row) -> Row:
    """The row with as many digits as the record keeps."""
    numbers = {name: r[name] for name in _DIGITS if r.get(name) is not None}
    return {**r, **{name: store.shortened(value, _DIGITS[name]) for name, value in numbers.items()}}


def _short(r: Row, table: Mapping[str, About]) -> Row:
    """What is stored of a row, its fields always in one order: a diff then shows what moved, and nothing else."""
    implied = _UNSAID | {"source": table.get(r["claim"], {}).get("source")}
    ordered = kept({name: r[name] for name in _ORDER if name in r} | r)
    return {name: value for name, value in ordered.items() if name not in implied or value != implied[name]}


def _whole(r: Row, table: Mapping[str, About]) -> Row:
    return {**_UNSAID, "source": table.get(r.get("claim", ""), {}).get("source", ""), **r}


_WORDY = ("given", "reason")  # fields whose sentences repeat each other
_USUAL: Row = {"reading": "any", "statement": "corrected", "status": "HOLDS", "evidence": "NUMERIC"}
_UNSAID: Row = dict.fromkeys(("given", "tightness", "margin", "scale", "witness", "instead")) | {"about": []}
# As many digits as `SAME_COMPUTED` looks at; a witness is a point to be tried again, so it keeps ten.
_DIGITS = {"tightness": 6, "margin": 6, "scale": 6, "witness": 10}
_ORDER = (
    *("key", "claim", "reading", "statement", "text", "given"),
    *("status", "evidence", "tightness", "margin", "scale", "witness", "reason"),
    *("instead", "source", "about"),
)
_FIELDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("key", "claim", "reading", "statement", "text", "reason", "source"), (str,)),
    **dict.fromkeys(("tightness", "margin"), (int, float, str, type(None))),
    **dict.fromkeys(("witness", "scale"), (dict, type(None))),
    "given": (str, type(None)),
    "instead": (list, str, type(None)),
    "about": (list,),
}
_ABOUT: dict[str, type] = {"title": str, "source": str, "items": list, "question": str}


def _is_row(r: Any) -> bool:
    return (
        isinstance(r, dict)
        and all(name in r and isinstance(r[name], kinds) for name, kinds in _FIELDS.items())
        and r["statement"] in KINDS
        and r.get("status") in list(Status)
        and r.get("evidence") in list(Evidence)
    )


def _is_table(table: Any) -> TypeGuard[dict[str, About]]:
    return isinstance(table, dict) and all(
        isinstance(a, dict) and all(isinstance(a.get(name), kind) for name, kind in _ABOUT.items())
        for a in table.values()
    )


def _was_run(r: Row, claims: Collection[str] | None, only: Mapping[str, Collection[str]]) -> bool:
    return claims is None or (r["claim"] in claims and (r["claim"] not in only or key(r) in only[r["claim"]]))


def _moved_number(before: Row, after: Row) -> tuple[str, str] | None:
    """The first number, or part of the witness, that is not the recorded one: its name and value on both sides."""
    same = SAME_DRAWN if before["evidence"] == Evidence.SAMPLED else SAME_MEASURED
    # A tightness is a share: of one that is nearly 0 only the distance counts, and the margin has the rest. The margin
    # of an equation is what the two sides differ by: of one that is nearly 0 only the distance counts, too.
    claimed = (before["scale"] or {}).get("claimed", 0.0)
    least = {"tightness": 1.0, "margin": claimed if (before["margin"] or 0) < 0 else 0.0}
    for name in ("tightness", "margin", "scale", "witness"):
        if pair := _differing(name, before[name], after[name], same, least.get(name, 0.0)):
            return pair
    return None


def _differing(name: str, a: Any, b: Any, same: float, least: float) -> tuple[str, str] | None:
    """Where two numbers, or lists or mappings of them, differ by more than `same` of their size, or of `least`."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return next(filter(None, (_differing(f"{name}.{k}", a[k], b[k], same, least) for k in sorted(a))), None)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return next(filter(None, (_differing(f"{name}[{i}]", x, y, same, least) for i, (x, y) in pairs)), None)
    are_same = a == b and isinstance(a, bool) == isinstance(b, bool)
    if _is_number(a) and _is_number(b):
        if name in _COMPUTED:  # a mean of sizes, of which none is round-off
            are_same = abs(a - b) <= SAME_COMPUTED * max(abs(a), abs(b))
        else:
            are_same = abs(a - b) <= max(_ROUND_OFF, same * max(abs(a), abs(b), least))
    return None if are_same else (f"{name} {a}", f"{name} {b}")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(r: Row | None) -> str:
    return "absent" if r is None else f"{r['status']} ({r['evidence']})"
