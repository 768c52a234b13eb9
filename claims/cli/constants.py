"""`dssl constants`: every derived constant against the record."""

import pathlib
from dataclasses import dataclass
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from claims import store
from claims.usage import UsageError

_FIELDS = {"name", "value", "is_certified", "source"}


@dataclass(frozen=True)
class Constants:
    """Show every derived constant, check that no digit moved, or record them.

    Exit code 1 with --check when one moved: old, new and the source are printed.
    """

    check: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Compare with the record."""
    accept: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Record what was found, in one step."""
    recorded: pathlib.Path = store.CONSTANTS
    """The record."""

    def run(self) -> int:
        from claims.constants import constants, moved

        if self.check and self.accept:
            raise UsageError("--check compares and --accept records; both came. Give one of them.")
        if self.accept:
            store.check_writable(self.recorded)
        record = self._record() if self.check else []  # what is no record is told before the work, not after
        found = constants()
        if self.accept:
            store.write(self.recorded, store.dumps([vars(c) for c in found]))
            print(f"{len(found)} constants recorded.")
            return 0
        if not self.check:
            table = Table("constant", "value", "certified", "exact form", "source", show_lines=True)
            for c in found:
                table.add_row(*(Text(t) for t in (c.name, c.value, str(c.is_certified), c.exact, c.source)))
            Console().print(table)
            return 0
        moves = moved(record, found)
        for m in moves:
            print(f"{m.name}\n  old    {m.recorded or 'absent'}\n  new    {m.found or 'absent'}\n  source {m.source}")
        print(f"{len(moves)} of {len(found)} constants moved." if moves else f"All {len(found)} constants stand.")
        return 1 if moves else 0

    def _record(self) -> list[dict[str, str]]:
        record = store.read(self.recorded) or []
        if not isinstance(record, list) or not all(isinstance(c, dict) and c.keys() >= _FIELDS for c in record):
            raise UsageError(
                f"{self.recorded} is no record of constants. Restore it, or run `dssl constants --accept`."
            )
        return record
