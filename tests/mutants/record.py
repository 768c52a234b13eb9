"""The record of deliberate errors, one a line, and its page: `python -m tests.mutants.record` writes the page."""

import csv
import io
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from runtime import store
from tests.mutants import trial
from tests.mutants.operators import KINDS

RECORD = trial.ROOT / "tests" / "mutants" / "record.csv"
REASONS = trial.ROOT / "tests" / "mutants" / "reasons.toml"
PAGE = trial.ROOT / "docs" / "mutants.md"
NOTICED, SURVIVED, UNCHANGED = "noticed", "not noticed", "changes no value"
INSIDE = "changes no statement"  # values on the way change, but no number of any statement that is reached
_FIELDS: tuple[str, ...] = ("file", "line", "kind", "was", "becomes", "noticed_by", "how")
_MEANT = {
    "number": "a number times 0.9 or 1.1",
    "term": "a term dropped",
    "sign": "a sign flipped",
    "factor": "a factor or a divisor dropped, a sum in place of a mean",
    "exponent": "an exponent off by one half",
    "extreme": "least in place of greatest, or the other way round",
    "condition": "a condition dropped, or taken as met or not met",
    "index": "an index shifted by one",
    "transpose": "a matrix transposed, or a product in the other order",
}


def end(m: Mapping[str, Any]) -> str:
    """What became of an error."""
    if m["noticed_by"]:
        return NOTICED
    return next((kind for kind in (UNCHANGED, INSIDE) if m["how"].startswith(kind)), SURVIVED)


def name(m: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells errors apart."""
    return tuple(m[k] for k in ("file", "kind", "was", "becomes"))


def read() -> list[dict[str, Any]]:
    """Every error on record."""
    rows = csv.DictReader(io.StringIO(RECORD.read_text(encoding="utf-8")))
    return [{**row, "line": int(row["line"])} for row in rows]


def write(found: Sequence[Mapping[str, Any]]) -> None:
    """Puts these on record, and writes the page."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(found, key=lambda m: (m["file"], int(m["line"]), m["kind"], m["was"], m["becomes"])))
    store.write(RECORD, text.getvalue())
    store.write(PAGE, page(read()))


def page(found: Sequence[Mapping[str, Any]]) -> str:
    """The page: how many of each kind and in each folder were noticed, and all that were not, with the reason."""
    ends = Counter(map(end, found))
    counted = ends[NOTICED] + ends[SURVIVED]
    lines = [
        "# Deliberate errors, and how many `dssl verify` notices",
        "",
        f"We changed one place of the mathematics at a time: {len(found)} errors in `theory/` and in the simulators of "
        "`sims/`, chosen at random from the lines that some claim runs. "
        f"{ends[UNCHANGED]} of them change no value by more than {trial.MOVED:g} of its size while the claims that "
        f"reach them are decided. {ends[INSIDE]} more change values on the way, but not one number that a statement "
        f"claims or measures. Of the other {counted}, `dssl verify` notices {ends[NOTICED]} "
        f"({ends[NOTICED] / max(counted, 1):.1%}); of all that change any value, "
        f"{ends[NOTICED] / max(counted + ends[INSIDE], 1):.1%}. An error is noticed when a verdict or a number moves "
        "from the record, a check breaks, or a claim takes more than five times as long and a minute. This page is "
        "written by `make mutants`; the list of all errors is `tests/mutants/record.csv`.",
        "",
        *_table("Kind of error", {f"{k}: {_MEANT[k]}": [m for m in found if m["kind"] == k] for k in KINDS}),
        "",
        *_table("Folder", _by_folder(found)),
        "",
        "## Not noticed",
        "",
    ]
    reasons = _reasons()
    for m in found:
        if end(m) in (SURVIVED, INSIDE):
            reason = reasons.get(name(m), "No reason is known yet: a check is missing.")
            lines.append(f"- `{m['file']}`, line {m['line']}: `{m['was']}` became `{m['becomes']}`. {reason}")
    return "\n".join(lines) + "\n"


def _by_folder(found: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    folders: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for m in found:
        folders[m["file"].rpartition("/")[0]].append(m)
    return dict(sorted(folders.items()))


def _table(heading: str, groups: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    rows, shown = [], (UNCHANGED, INSIDE, NOTICED, SURVIVED)
    for label, some in groups.items():
        ends = Counter(map(end, some))
        rows.append(f"| {label} | {len(some)} | " + " | ".join(str(ends[e]) for e in shown) + " |")
    return [f"| {heading} | made | {' | '.join(shown)} |", "|---" + "|---:" * (1 + len(shown)) + "|", *rows]


def _reasons() -> dict[tuple[Any, ...], str]:
    """Why an error is not noticed, written by hand for each."""
    content = tomllib.loads(REASONS.read_text(encoding="utf-8")) if REASONS.exists() else {}
    return {name(m): m["reason"] for m in content.get("error", [])}


if __name__ == "__main__":
    store.write(PAGE, page(read()))
