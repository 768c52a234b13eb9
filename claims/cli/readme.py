"""`dssl readme`: the verdict table of the README from the record."""

import pathlib
from dataclasses import dataclass

from claims import store
from claims.store import RESULTS


@dataclass(frozen=True)
class Readme:
    """Write the table of recorded verdicts into README.md."""

    path: pathlib.Path = RESULTS.parent / "README.md"
    """The file with the two markers."""
    recorded: pathlib.Path = store.VERDICTS
    """The record."""

    def run(self) -> int:
        from claims.readme import update

        store.check_writable(self.path)
        update(self.path, self.recorded)
        return 0
