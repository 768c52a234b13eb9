"""`dssl falsify`: looks for a point of a statement's domain where it fails."""

import math
import pathlib
import re
import time
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import tyro
from rich.text import Text

from dssl.cli import _cards
from dssl.cli._progress import Steps
from dssl.points import falsify
from dssl.points.check import statement_of
from ledger import attack_record
from runtime import store
from runtime.usage import UsageError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Falsify:
    """Attack statements that have a domain: corners, random points, then a search for the worst point.

    A point where the statement fails is made as simple as it can be (fewest clients, smallest sizes, roundest numbers)
    and printed with the `dssl check` line that shows it. Exit code 0 when no such point was found, 1 when one was, 2 on
    bad use. Finding none proves nothing.
    """

    keys: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """The keys of statements, as in `dssl show`; refuted ones, too."""
    all: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Instead: every statement with a domain that is said to hold."""
    budget: str = "60s"
    """Time for each statement, such as 90, 90s or 2m; making a point simple comes on top."""
    seed: int | None = None
    """Of the attack (default: the statement's own seed)."""
    sample: int | None = None
    """With --all: only so many statements, chosen by the date."""
    day: str | None = None
    """With --sample: another date than today's, such as 2026-11-24."""
    workers: int = 2
    """With several statements: how many processes share them."""
    jobs: pathlib.Path | None = None
    """With several statements: a folder that keeps each finished attack, so that an interrupted run goes on."""
    record: pathlib.Path | None = None
    """A record of attacks to renew; what it says of other statements stays."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON: {"attacks", "falsified"}."""

    def run(self) -> int:
        """Attacks and prints; exit code 1 when a statement fails somewhere. Errors: UsageError for bad use."""
        seconds = self._checked()
        for key in self.keys:
            statement_of(key)
        known = falsify.attackable() if self.record is not None else []
        refuted = [key for key in self.keys if self.record is not None and key not in known]
        if refuted:
            raise UsageError(f"Attacks on refuted statements are not put on record; leave out {' '.join(refuted)}.")
        rows = [self._one(self.keys[0], seconds)] if len(self.keys) == 1 else self._many(seconds)
        if self.record is not None:
            attack_record.renew(rows, known, self.record)
        failed = [row["key"] for row in rows if row["witness"]]
        if self.json:
            print(store.dumps({"attacks": rows, "falsified": failed}), end="")
        else:
            for row in rows:
                _print(row)
            if len(rows) > 1:
                _cards.console().print(f"{len(failed)} of {len(rows)} statements fail at some point.")
        return 1 if failed else 0

    def _checked(self) -> float:
        """The budget in seconds."""
        if bool(self.keys) is self.all:
            got = "both" if self.all else "neither"
            raise UsageError(f"Give keys of statements, or --all; got {got}. `dssl show WORDS` finds keys.")
        if len(set(self.keys)) < len(self.keys):
            raise UsageError(f"Each key is given once; got {' '.join(self.keys)}.")
        if not self.all and self.sample is not None:
            raise UsageError("--sample belongs to --all; got it with keys. Leave it out.")
        if len(self.keys) == 1:
            idle = {"jobs": self.jobs, "workers": None if self.workers == 2 else self.workers}
            for name, value in idle.items():
                if value is not None:
                    raise UsageError(f"--{name} is for several statements; got it with one key. Leave it out.")
        if self.day is not None and self.sample is None:
            raise UsageError("--day chooses a sample; got it without --sample. Leave it out, or add --sample.")
        for name, value in (("sample", self.sample), ("workers", self.workers)):
            if value is not None and value < 1:
                raise UsageError(f"--{name} is a whole number from 1; got {value}.")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"A seed is a whole number from 0; got --seed {self.seed}.")
        if self.record is not None:
            store.check_writable(self.record)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", self.budget.strip())
        seconds = float(found[1]) * _UNITS[found[2]] if found else math.nan
        if not 0 < seconds < 1e6:
            raise UsageError(f"A budget is a time above 0, such as 90s or 2m; got --budget {self.budget}.")
        return seconds

    def _one(self, key: str, seconds: float) -> dict[str, Any]:
        began = time.monotonic()
        with Steps("falsify", math.ceil(seconds), every=10.0) as steps:

            def told(tried: int) -> None:
                steps.update(min(int(time.monotonic() - began), math.ceil(seconds)), f"{tried:,} points")

            return falsify.refuse_untried(falsify.falsified(key, seconds, self.seed, told))

    def _many(self, seconds: float) -> list[dict[str, Any]]:
        keys = list(self.keys) or falsify.attackable()
        if self.sample is not None:
            keys = falsify.sample(keys, self.sample, _date(self.day))
        folder = self.jobs or pathlib.Path(f"dssl-attacks-{date.today().isoformat()}")
        found = falsify.many(keys, seconds, self.seed, self.workers, folder)
        rows = []
        with Steps("attacks", len(keys)) as steps:
            for row in found:
                rows.append(row)
                steps.update(len(rows), row["key"])
        return sorted(rows, key=lambda row: row["key"])


def _date(day: str | None) -> str:
    try:
        return (date.today() if day is None else date.fromisoformat(day)).isoformat()
    except ValueError:
        raise UsageError(f"A date is written as 2026-11-24; got --day {day}.") from None


def _print(row: dict[str, Any]) -> None:
    console = _cards.console()
    tried = f"{row['tried']:,} points in {row['seconds']:.0f} s, {row['coverage']:.0%} of the cells of its domain"
    if not row["tried"]:
        console.print(Text("not tried  ", style="yellow") + Text(row["key"]))
    elif row["witness"]:
        console.print(Text("fails  ", style="red") + Text(row["key"]))
        console.print("  " + ", ".join(f"{name} = {_short(value)}" for name, value in row["witness"].items()))
        console.print(f"  {row['check']}", soft_wrap=True)
    else:
        worst = "" if row["ratio"] is None else f", worst ratio {row['ratio']:.4g}"
        console.print(Text("survives  ", style="green") + Text(f"{row['key']}{worst}"))
    console.print(f"  ({tried}.)")


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
