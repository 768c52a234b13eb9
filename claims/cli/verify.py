"""`dssl verify`: every claim decided again and compared with the record."""

import pathlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from claims import store, verdicts
from claims.core import Tier
from claims.usage import UsageError, unknown
from claims.workers import Outcome, order, run

STYLES = {
    "HOLDS": "green",
    "VIOLATED": "red",
    "VACUOUS": "magenta",
    "ILL_FORMED": "magenta",
    "INCONCLUSIVE": "yellow",
    "OUT_OF_DOMAIN": "yellow",
    "PENDING": "dim",
}


@dataclass(frozen=True)
class Verify:
    """Decide every claim and compare with the record.

    Exit code 0 when every status and kind of evidence is the recorded one, 1 when one moved or a check broke (the
    difference is printed), 2 on bad use, 130 when interrupted. Only --accept writes the record, in one step.
    """

    tier: Tier = "quick"
    """How hard to try: quick ends within two minutes on two cores."""
    claim: Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="ID ...")] = ()
    """Decide only these claims; may be given again."""
    json: Annotated[str | None, tyro.conf.arg(metavar="PATH|-")] = None
    """Write verdicts, moves and timings as JSON to a file, or to standard output (then the table is left out)."""
    accept: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Record what was found."""
    timings: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print the seconds of each claim."""
    workers: int = 2
    """How many processes share the claims."""
    recorded: pathlib.Path = store.VERDICTS
    """The record to compare with."""

    def run(self) -> int:
        from claims.catalogue import claim_ids

        if self.workers < 1:
            raise UsageError(f"At least one worker is needed; got --workers {self.workers}. Use 1 or more.")
        if self.json is not None and self.json != "-":
            store.check_writable(pathlib.Path(self.json))
        if self.accept:
            store.check_writable(self.recorded)
        known = claim_ids()
        chosen = list(dict.fromkeys(name for group in self.claim for name in group))
        for name in chosen:
            if name not in known:
                raise unknown("claim", name, known, "`dssl verify` without --claim runs all.")
        record = verdicts.recorded(self.recorded)
        outcomes = _decide(order(chosen or known, record), self.tier, self.workers)
        return self._conclude(record, outcomes, chosen or None)

    def _conclude(self, record: list[verdicts.Row], outcomes: list[Outcome], chosen: list[str] | None) -> int:
        rows = sorted((r for o in outcomes for r in o.rows), key=verdicts.key)
        broken = [o for o in outcomes if o.error]
        # Of a claim that broke nothing is known, so nothing of it has moved.
        decided = [o.claim for o in outcomes if not o.error] if chosen or broken else None
        moved = verdicts.moves(record, rows, decided)
        if self.json is not None:
            _write_json(self.json, self.tier, rows, moved, outcomes)
        if self.json != "-":
            _report(Console(), rows, outcomes if self.timings else [])
        _complain(Console(stderr=True), moved, broken)
        if broken:
            return 1
        if self.accept:
            store.write(self.recorded, store.dumps(verdicts.document(verdicts.merged(record, rows, chosen))))
            Console(stderr=True).print(f"Recorded in {self.recorded}.", soft_wrap=True)
            return 0
        if not moved:
            Console(stderr=True).print(f"All {len(rows)} verdicts are the recorded ones.")
        return 1 if moved else 0


def _decide(claims: Sequence[str], tier: Tier, n_workers: int) -> list[Outcome]:
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    outcomes = []
    with bar:
        task = bar.add_task("deciding", total=len(claims))
        for outcome in run(claims, tier, n_workers):
            outcomes.append(outcome)
            bar.update(task, advance=1, description=outcome.claim)
    return outcomes


def _write_json(
    target: str,
    tier: Tier,
    rows: list[verdicts.Row],
    moved: list[verdicts.Move],
    outcomes: list[Outcome],
) -> None:
    text = store.dumps(
        {
            **verdicts.document(rows),
            "tier": tier,
            "moved": [vars(m) for m in moved],
            "errors": [{"claim": o.claim, "error": o.error} for o in outcomes if o.error],
            "timings": {o.claim: round(o.seconds, 3) for o in sorted(outcomes, key=lambda o: o.claim)},
        }
    )
    if target == "-":
        print(text, end="")
    else:
        store.write(pathlib.Path(target), text)


def _report(console: Console, rows: list[verdicts.Row], timed: list[Outcome]) -> None:
    table = Table("claim", "statement", "reading", "verdict", "evidence", "tightness")
    previous = ""
    for r in rows:
        tightness = "" if r["tightness"] is None else f"{r['tightness']:.3g}"
        if isinstance(r["tightness"], str):
            tightness = r["tightness"]
        table.add_row(
            Text("" if r["claim"] == previous else r["claim"]),
            Text(r["statement"]),
            Text(r["reading"]),
            Text(r["status"], style=STYLES.get(r["status"], "")),
            Text(r["evidence"]),
            tightness,
        )
        previous = r["claim"]
    console.print(table)
    for kind, found in verdicts.counts(rows).items():
        console.print(Text(f"{kind}: " + (", ".join(f"{n} {s}" for s, n in found.items()) or "none")))
    if timed:
        times = Table("claim", "seconds")
        for outcome in sorted(timed, key=lambda o: -o.seconds):
            times.add_row(Text(outcome.claim), f"{outcome.seconds:.2f}")
        console.print(times)


def _complain(console: Console, moved: list[verdicts.Move], broken: list[Outcome]) -> None:
    for outcome in broken:
        console.print(Text(f"The check of {outcome.claim} broke:\n{outcome.error}", style="red"))
    for move in moved:
        claim, reading, statement, text = move.key
        console.print(Text(f"{claim} [{statement}, reading {reading}] {text}", style="bold"))
        console.print(
            Text(f"- {move.recorded}", style="red"), Text(f"+ {move.found}  {move.reason}", style="green"), sep="\n"
        )
    if moved:
        console.print(
            f"{len(moved)} verdict{'s' if len(moved) > 1 else ''} moved. "
            "If that is right: `dssl verify --accept`, and a line in CHANGELOG.md."
        )
