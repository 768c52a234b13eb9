"""The verdict table of the README, made from the record."""

import pathlib

from claims import store
from claims.catalogue import catalogue
from claims.decided_together import in_words
from claims.reproduce import ceiling
from claims.trained_orders import recorded
from claims.usage import UsageError
from claims.verdicts import Row, counts, wanted

README = store.RESULTS.parent / "README.md"
BEGIN = "<!-- verdicts:begin (generated: `dssl readme`) -->"
END = "<!-- verdicts:end -->"
_STATUSES = ("HOLDS", "VIOLATED", "VACUOUS", "ILL_FORMED", "INCONCLUSIVE", "OUT_OF_DOMAIN", "PENDING")


def table(rows: list[Row]) -> str:
    """Two lines of counts and, a claim a line, its printed and corrected verdicts, in Markdown."""
    lines = ["| statements | " + " | ".join(_STATUSES) + " |", "|---" * (len(_STATUSES) + 1) + "|"]
    for kind, found in counts(rows).items():
        lines.append(f"| {kind} | " + " | ".join(str(found.get(s, 0)) for s in _STATUSES) + " |")
    lines += ["", in_words()]
    trained = recorded("ceiling")
    if trained is not None:
        lines += ["", ceiling.in_words(trained)]
    lines += [
        "",
        "<details><summary>Claim by claim</summary>",
        "",
        "| claim | what | printed | corrected |",
        "|---|---|---|---|",
    ]
    for name, claim in sorted(catalogue().items()):
        cells = [
            _cell([r for r in rows if r["claim"] == name and r["statement"] == k]) for k in ("printed", "corrected")
        ]
        title = claim.title.replace("|", "\\|")
        lines.append(f"| `{name}` | {title} | {cells[0]} | {cells[1]} |")
    return "\n".join([*lines, "", "</details>"])


def with_table(text: str, rows: list[Row]) -> str:
    """The README with the table between its markers. Errors: UsageError without the markers."""
    if BEGIN not in text or END not in text:
        raise UsageError(f"The README has no markers; put {BEGIN} and {END} where the table belongs.")
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{table(rows)}\n{END}{rest.partition(END)[2]}"


def update(path: pathlib.Path = README, verdicts: pathlib.Path = store.VERDICTS) -> None:
    """Writes the table into the README. Errors: UsageError when it, or the record, cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}). Name the README with the two markers.") from None
    store.write(path, with_table(text, wanted(verdicts)))


def _cell(rows: list[Row]) -> str:
    found = {s: sum(r["status"] == s for r in rows) for s in _STATUSES}
    return ", ".join(s if n == 1 else f"{n} {s}" for s, n in found.items() if n)
