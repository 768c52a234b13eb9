"""The explanation: an article in sections, whose numbers and verdicts are slots, and the figures that it shows."""

import csv
import functools
import importlib
import math
import pathlib
import re
import tempfile
from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt

from claims import catalogue
from claims.sensitivity import thm_mim_more_robust
from dssl.documents.site import cards
from dssl.documents.site import markdown as md
from dssl.documents.site.copied import FILLED
from dssl.documents.site.slots import Slots
from figures import draw
from figures.style import caption_of
from ledger import false_alarms
from ledger.checks.trained_order import Family
from ledger.decided_together import FAMILIES, LEVEL, QUESTIONS, decided_together
from ledger.verdicts import Row
from runtime import store
from runtime.usage import UsageError

SECTIONS = "[0-9]*.md"  # in the order of their names; the article is all of them, one below the other
_RECORDS = store.RESULTS / "figures"
_CLAIMS = re.compile(r" Claims: ([\w, -]+)\.\s*$")


def write(checkout: pathlib.Path, out: pathlib.Path, records: cards.Records) -> None:
    """Writes the article, the page before it, and its figures as SVG.

    Errors: UsageError where a slot cannot be filled: a verdict that the text states is another one now, or a name that
    is not known.
    """
    folder = out / FILLED
    folder.mkdir(parents=True, exist_ok=True)
    pages, names = filled(checkout, records)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    with tempfile.TemporaryDirectory() as drawn:
        for name in names:
            draw.draw(name, draw.load(name, _RECORDS), pathlib.Path(drawn))
            target = folder / "figures" / f"{name}.svg"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes((pathlib.Path(drawn) / target.name).read_bytes())


def filled(checkout: pathlib.Path, records: cards.Records) -> tuple[dict[str, str], list[str]]:
    """The pages by their names, and the names of the figures on them."""
    source = checkout / "docs/site" / FILLED
    numbers = {
        "mutants": lambda: mutants(checkout),
        "alarms": lambda: alarms(records.rows.values()),
        "trained": trained,
        "comparisons_table": comparisons_table,
        "false_discoveries": LEVEL,
        "bounds_trials": bounds_trials,
        "order_setting": thm_mim_more_robust.SETTING,
    }
    slots = Slots(records, captions=captions(), numbers=numbers)
    sections = [slots.filled(p.read_text(encoding="utf-8"), p.name) for p in sorted(source.glob(SECTIONS))]
    if not sections:
        raise UsageError(f"{source} holds no sections of the article. Restore them from git.")
    index = Slots(records).filled((source / "index.md").read_text(encoding="utf-8"), "index.md")
    return {"index.md": index, "article.md": "\n".join(sections)}, slots.figures


@functools.cache
def captions() -> dict[str, str]:
    """The caption of every figure, its claims as links."""
    found = {}
    for name in draw.names():
        figure = importlib.import_module(f"figures.{name}").build(draw.load(name, _RECORDS))
        text = caption_of(figure)
        claims = _CLAIMS.search(text)
        if claims is None:
            raise UsageError(f"The caption of {name} names no claims.")
        links = ", ".join(f"[{md.code(claim)}](#{cards.label(claim)})" for claim in claims[1].split(", "))
        found[name] = f"{md.plain(text[: claims.start()])} Claims: {links}."
        plt.close(figure)
    return found


def mutants(checkout: pathlib.Path) -> dict[str, int]:
    """The deliberate errors on record: how many were made, change no value, change no statement, and were noticed."""
    path = checkout / "tests/mutants/record.csv"
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Restore it from git.") from None
    silent = [row["how"] for row in rows if not row["noticed_by"]]
    return {
        "made": len(rows),
        "noticed": len(rows) - len(silent),
        "no_value": sum(how.startswith("changes no value") for how in silent),
        "no_statement": sum(how.startswith("changes no statement") for how in silent),
    }


@functools.cache
def trained() -> dict[Family, dict[str, int]]:
    """Comparisons of trained encoders by their question: how many, decided alone, and decided after correction."""
    rows = decided_together(catalogue())
    return {
        family: {
            "comparisons": len(of),
            "alone": sum(r.is_alone for r in of),
            "together": sum(r.is_in_family for r in of),
        }
        for family in FAMILIES
        if (of := [r for r in rows if r.family == family])
    }


def comparisons_table() -> str:
    """The same as a table."""
    rows = [(str(f["comparisons"]), QUESTIONS[q], str(f["alone"]), str(f["together"])) for q, f in trained().items()]
    return md.table(("comparisons", "question", "decided", "decided after correction"), rows)


def bounds_trials() -> dict[str, Any]:
    """The trials of the proven bounds: how many, how many crossed one, and the largest share of one cell's trials."""
    cells = list(store.record(store.RESULTS / "bounds_trials.json", 1, "Restore it from git.")["cells"].values())
    sides = [(cell, cell[side]) for cell in cells for side in ("upper", "lower")]
    proper = [(cell, bound) for cell, bound in sides if bound["bound"] is not None]
    return {
        "trials": sum(cell["trials"] for cell in cells),
        "crossed": sum(bound["violations"] for _, bound in proper),
        "largest_share": max(bound["violations"] / cell["trials"] for cell, bound in proper),
        "allowed": max(cell["delta"] for cell in cells),
        "void": len(sides) - len(proper),
        "bounds": len(sides),
    }


def alarms(rows: Iterable[Row]) -> dict[str, float]:
    """The chance that some true statement is called false under fresh random numbers; `silent` checks do not say it."""
    chances = false_alarms.chances(catalogue(), rows)
    said = [chance for chance in chances.values() if not math.isnan(chance)]
    return {"chance": sum(said), "drawn": sum(c > 0 for c in said), "silent": len(chances) - len(said)}
