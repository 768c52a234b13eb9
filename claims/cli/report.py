"""`dssl report`: one self-contained page of all verdicts."""

import pathlib
from dataclasses import dataclass

from claims import store


@dataclass(frozen=True)
class Report:
    """Write results/report.html from the recorded verdicts: one file, no network, readable on a phone and printed."""

    out: pathlib.Path = store.RESULTS / "report.html"
    """The page."""
    recorded: pathlib.Path = store.VERDICTS
    """The verdicts."""

    def run(self) -> int:
        from claims.report import build
        from claims.verdicts import wanted

        store.check_writable(self.out)
        store.write(self.out, build(wanted(self.recorded)))
        print(self.out)
        return 0
