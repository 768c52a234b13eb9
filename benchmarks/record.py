"""Dated rows of `benchmarks/RESULTS.md`, written from what was measured.

A section's heading says what was run and at which sizes; a run with the columns of its last table joins that table,
another one starts a table below it.
"""

import datetime
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from runtime import store

RESULTS = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2"}  # by the name that Linux gives them
HEAD = "# Benchmark results\n\nEach row is written by the program that measured it, with the day and the machine.\n"


def machine() -> str:
    """What the numbers depend on: CPUs and, where Linux tells, their vectors, an accelerator in use, JAX's version."""
    device = jax.devices()[0]
    accelerator = None if device.platform == "cpu" else device.device_kind
    parts = (f"{os.cpu_count()} CPUs", vectors(), accelerator, f"jax {jax.__version__}")
    return ", ".join(part for part in parts if part)


def vectors(told: pathlib.Path = pathlib.Path("/proc/cpuinfo")) -> str | None:
    """The widest vectors of x86 that the first processor has; None for others and where nothing is told."""
    try:
        text = told.read_text(encoding="utf-8")
    except OSError:
        return None
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    return next((name for flag, name in VECTORS.items() if flag in flags), None)


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines of a Markdown table: four digits a number, numbers to the right.

    Errors: ValueError without rows, or when they differ in their columns.
    """
    columns = list(rows[0]) if rows else []
    if not columns or any(list(row) != columns for row in rows):
        found = sorted({", ".join(map(str, row)) for row in rows})
        raise ValueError(f"A table needs rows of one set of columns; got {found or 'no rows'}. Name the same in each.")
    sides = ["---:" if all(_is_number(row[c]) for row in rows) else "---" for c in columns]
    cells = [columns, sides, *([_cell(row[c]) for c in columns] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in cells]


def record(
    title: str, rows: list[dict[str, Any]], notes: str = "", *, path: pathlib.Path = RESULTS, day: str | None = None
) -> None:
    """Puts `rows` under `## title` of the results, each with the day and the machine; `notes` follow their table.

    Columns are the keys of the rows, in order. Nothing that stands there is changed.

    Errors: ValueError for rows that are no table, UsageError when the file cannot be written.
    """
    stamp = {"date": day or datetime.date.today().isoformat(), "machine": machine()}
    head, rule, *lines = table([stamp | row for row in rows])
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    before, found, rest = f"{text.rstrip()}\n".partition(f"\n## {title}\n")
    section, following, after = rest.partition("\n## ")
    old = section.rstrip().splitlines()
    last = max((i for i, line in enumerate(old) if line.startswith("|")), default=-1)
    start = max((i for i, line in enumerate(old[: last + 1]) if not line.startswith("|")), default=-1) + 1
    if last >= 0 and old[start] == head:
        old[last + 1 : last + 1] = lines
    else:
        old += ["", head, rule, *lines]
    if notes and notes not in old:
        old += ["", notes]
    # A heading keeps its place; a new one goes last.
    body = "\n".join(old).strip("\n")
    joined = f"{before.rstrip()}\n\n## {title}\n\n{body}\n" + (f"{following}{after}" if found and following else "")
    store.write(path, joined)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "–" if value is None else str(value).replace("|", "\\|")
