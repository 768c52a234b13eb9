"""`dssl constants`: every derived constant, compared with the record."""

import pathlib
from dataclasses import dataclass
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime import store
from runtime.usage import UsageError


@dataclass(frozen=True)
class Constants:
    """Show every derived constant, check that no digit moved, or record them.

    Exit code 1 with --check when one moved: old, new and the source are printed.
    """

    check: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Compare with the record."""
    accept: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Record what was found, in one step."""
    recorded: pathlib.Path | None = None
    """The record; if not given, that which comes with dssl is read, and results/constants.json in the current directory
    is written."""

    def run(self) -> int:
        """Prints, compares or records; exit code 0, or 1 when one moved. Errors: UsageError for bad use."""
        from ledger.constants import constants, document, moved, recorded

        if self.check and self.accept:
            raise UsageError("--check compares and --accept records; both came. Give one of them.")
        if self.accept:
            store.check_writable(out := self.recorded or store.HERE / store.CONSTANTS.name)
        # What is no record is told before the work, not after.
        record = recorded(self.recorded or store.CONSTANTS) if self.check else []
        found = constants()
        if self.accept:
            store.write(out, store.rows(document(found)))
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
