"""`dssl report`: one self-contained page of all verdicts."""

import pathlib
from dataclasses import dataclass

from runtime import store


@dataclass(frozen=True)
class Report:
    """Write results/report.html from the recorded verdicts: one file, no network, readable on a phone and printed."""

    out: pathlib.Path = store.HERE / "report.html"
    """The page."""
    recorded: pathlib.Path = store.VERDICTS
    """The verdicts."""

    def run(self) -> int:
        """Writes the page and prints where it is; exit code 0. Errors: UsageError without a record."""
        from ledger.verdicts import wanted

        store.check_writable(self.out)
        if not self.recorded.exists():  # told before the claims are imported
            raise store.missing(self.recorded, store.VERDICTS)
        from claims import catalogue
        from ledger.report.page import build

        rows = wanted(self.recorded, lambda: catalogue().values())
        store.write(self.out, build(rows, catalogue()))
        print(self.out)
        return 0
