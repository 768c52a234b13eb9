"""`dssl glossary`: the page of all letters and words, from the code."""

import pathlib
from dataclasses import dataclass

from runtime import store


@dataclass(frozen=True)
class Glossary:
    """Write the glossary: every letter and word with its meaning, unit and source."""

    out: pathlib.Path = pathlib.Path("docs/glossary.md")
    """The page, from the current directory."""

    def run(self) -> int:
        """Writes the page and prints where it is; exit code 0. Errors: UsageError for a place not to be written to."""
        from ledger.report.glossary import page

        store.check_writable(self.out)
        store.write(self.out, page())
        print(self.out)
        return 0
