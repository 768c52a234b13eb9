"""Verdicts as rows of `results/verdicts.json`, and what moved between two lists of them."""

import pathlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from claims import store
from claims.core import Claim, Entry, Evidence, Statement, Status
from claims.usage import UsageError

Row = dict[str, Any]
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Move:
    """One statement whose status or evidence differs; "absent" stands for a row that is not there."""

    key: Key
    recorded: str
    found: str
    reason: str


def row(entry: Entry) -> Row:
    """The row of one verdict, as strict JSON."""
    v = entry.verdict
    return store.jsonable(
        {
            "claim": entry.claim,
            "reading": entry.reading,
            "statement": entry.statement,
            "text": entry.text,
            "status": v.status,
            "evidence": v.evidence,
            "tightness": v.tightness,
            "margin": v.margin,
            "witness": v.witness,
            "reason": v.reason,
        }
    )


def key(row: Row) -> Key:
    """What identifies a row: claim, reading, statement, text."""
    return (row["claim"], row["reading"], row["statement"], row["text"])


def key_of(claim: Claim, statement: Statement) -> Key:
    """The same of a statement that is still to be decided."""
    return (claim.id, statement.reading, statement.kind, statement.text)


def counts(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """How many statements of each kind came to each status: {"printed": {"HOLDS": 12, ...}, "corrected": ...}."""
    kinds: dict[str, Counter[str]] = {"printed": Counter(), "corrected": Counter()}
    for r in rows:
        kinds[r["statement"]][r["status"]] += 1
    return {kind: dict(sorted(c.items())) for kind, c in kinds.items()}


def recorded(path: pathlib.Path = store.VERDICTS) -> list[Row]:
    """The rows on record; none when nothing is recorded yet.

    Errors: UsageError when the file is not one of verdicts.
    """
    content = store.read(path)
    if content is None:
        return []
    rows = content.get("verdicts") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise UsageError(
            f"{path} is no record of verdicts. Restore it from git, or delete it and run `dssl verify --accept`."
        )
    return rows


def wanted(path: pathlib.Path = store.VERDICTS) -> list[Row]:
    """The rows on record, where there must be some. Errors: UsageError when nothing is recorded."""
    rows = recorded(path)
    if not rows:
        raise UsageError(f"{path} holds no verdicts yet. Record some with `dssl verify --accept`.")
    return rows


def moves(recorded_rows: Sequence[Row], found_rows: Sequence[Row], claims: Iterable[str] | None = None) -> list[Move]:
    """Every statement whose status or evidence is not the recorded one, new and vanished ones included.

    With `claims`, rows of other claims are left out: only a part was run.
    """
    chosen = None if claims is None else set(claims)
    old = {key(r): r for r in recorded_rows if chosen is None or r["claim"] in chosen}
    new = {key(r): r for r in found_rows}
    moved = []
    for k in sorted(old.keys() | new.keys()):
        before, after = _shown(old.get(k)), _shown(new.get(k))
        if before != after:
            moved.append(Move(k, before, after, new[k]["reason"] if k in new else "The statement is gone."))
    return moved


def merged(recorded_rows: Sequence[Row], found_rows: Sequence[Row], claims: Iterable[str] | None) -> list[Row]:
    """The rows to record: all found ones, and with `claims` the recorded rows of the claims that were not run."""
    kept = [] if claims is None else [r for r in recorded_rows if r["claim"] not in set(claims)]
    return sorted([*kept, *found_rows], key=key)


def document(rows: Sequence[Row]) -> dict[str, Any]:
    """What `results/verdicts.json` holds: no timing and no date, so that equal results give equal bytes."""
    return {"counts": counts(rows), "verdicts": list(rows)}


_FIELDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("claim", "reading", "statement", "text", "reason"), (str,)),
    **dict.fromkeys(("tightness", "margin"), (int, float, str, type(None))),
    "witness": (dict, type(None)),
}


def _is_row(r: Any) -> bool:
    return (
        isinstance(r, dict)
        and all(name in r and isinstance(r[name], kinds) for name, kinds in _FIELDS.items())
        and r["statement"] in ("printed", "corrected")
        and r.get("status") in list(Status)
        and r.get("evidence") in list(Evidence)
    )


def _shown(r: Row | None) -> str:
    return "absent" if r is None else f"{r['status']} ({r['evidence']})"
