"""The record of attacks survived: for each statement with a domain, the last search for a point where it fails.

Nothing is imported here but the standard library and the store, so that a record can be shown quickly.
"""

import pathlib
from collections.abc import Collection, Sequence
from typing import Any

from runtime import store
from runtime.usage import UsageError

ATTACKS = store.RESULTS / "attacks.json"
SCHEMA = 1
_COLUMNS = ("date", "seconds", "tried", "coverage", "ratio", "witness")
_DIGITS = 10
Row = dict[str, Any]


def recorded(path: pathlib.Path = ATTACKS) -> dict[str, Row]:
    """The last attack on record of each statement, by key; none without a record.

    Errors: UsageError for a damaged record, or one of a later version.
    """
    content = store.read(path) if path.exists() else None
    if content is None:
        return {}
    if not isinstance(content, dict) or store.check_schema(path, content, SCHEMA) != SCHEMA:
        raise UsageError(f"{path} is no record of attacks. Restore it from git, or make it anew: `make attacks`.")
    columns = content["columns"]
    return {
        key: {"key": key} | {name: v for name, v in zip(columns, row, strict=True) if v is not None}
        for key, row in content["attacks"].items()
    }


def renew(rows: Sequence[Row], known: Collection[str], path: pathlib.Path = ATTACKS) -> None:
    """Puts these attacks on record in place of earlier ones; of statements that are not `known` none is kept.

    An attack that had no time for a single point shows nothing: the earlier one stays.
    """
    kept = {**recorded(path), **{row["key"]: row for row in rows if row["tried"]}}
    listed = {key: [kept[key].get(name) for name in _COLUMNS] for key in sorted(kept) if key in known}
    document = {"schema": SCHEMA, "columns": _COLUMNS, "attacks": listed}
    store.write(path, store.rows(store.shortened(document, _DIGITS)))


def in_words(row: Row) -> str:
    """What one attack came to: how many points it tried, when, and how near to failing the worst of them was."""
    tried = f"{row['tried']:,} points on {row['date']}, in {row['coverage']:.0%} of the cells of the domain"
    if row.get("witness"):
        return f"fails at a point that was found among {tried}."
    worst = row.get("ratio")
    near = "" if worst is None else f" At the worst one the two sides stand in the ratio {worst:.4g}."
    return f"none of {tried}, makes it fail.{near}"
