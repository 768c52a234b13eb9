"""`dssl readme`: the generated parts of the README, and the page of verdicts."""

import pathlib
from dataclasses import dataclass

from runtime import store


@dataclass(frozen=True)
class Readme:
    """Bring README.md and docs/verdicts.md up to date with the records and the commands.

    Run it in the folder of README.md. The numbers of the README come from the records and the calculator, and its
    examples are run again, which takes about half a minute.
    """

    path: pathlib.Path = pathlib.Path("README.md")
    """The README; docs/verdicts.md lies beside it."""
    recorded: pathlib.Path = store.VERDICTS
    """The record of verdicts."""
    examples: bool = True
    """Run the examples and insert what they print."""

    def run(self) -> int:
        """Writes the README and the page of verdicts; exit code 0. Errors: UsageError as `update`."""
        from claims import catalogue
        from dssl.documents.readme import update

        store.check_writable(self.path)
        if not self.recorded.exists():  # told before the claims are imported
            raise store.missing(self.recorded, store.VERDICTS)
        update(catalogue(), self.path, self.recorded, runs_examples=self.examples)
        return 0
