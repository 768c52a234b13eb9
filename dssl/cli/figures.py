"""`dssl figures`: draws from committed records, and makes the records again when asked."""

import pathlib
from dataclasses import dataclass
from typing import Annotated

import tyro

from runtime import store
from runtime.effort import Tier
from runtime.usage import UsageError, unknown

FOLDER = "figures"


@dataclass(frozen=True)
class Figures:
    """Draw figures from their committed records; without a name, all of them.

    Exit code 2 for an unknown figure or a missing record.
    """

    name: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Which figures; see --list."""
    list_names: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(name="list")] = False
    """List the figures."""
    rederive: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Make the records again before drawing."""
    tier: Tier = "full"
    """How much to sample when making a record again."""
    folder: pathlib.Path | None = None
    """Where the records are, and where pictures and new records go; if not given, the records are those that come with
    dssl, and results/figures in the current directory takes what is written."""

    def run(self) -> int:
        """Draws, and prints where the pictures are; exit code 0. Errors: UsageError for no such figure or record."""
        from figures import draw  # seconds to import

        known: list[str] = draw.names()
        if self.list_names:
            print("\n".join(known))
            return 0
        for name in self.name:
            if name not in known:
                raise unknown("figure", name, known, "`dssl figures --list` shows all.")
        from experiments import figure_store

        out = store.HERE / FOLDER if self.folder is None else self.folder
        source = store.RESULTS / FOLDER if self.folder is None and not self.rederive else out
        store.check_writable(out / "any")
        for name in self.name or known:
            path = source / f"{name}.json"
            if self.rederive:
                store.check_writable(path)
                store.write(path, store.rows(figure_store.make(name, self.tier)))
            remedy = f"Make it with `dssl figures {name} --rederive`."
            content = store.record(path, figure_store.SCHEMA, remedy)
            if "tier" not in content:
                raise UsageError(f"{path} is no record of a figure. {remedy}")
            for drawn in draw.draw(name, content, out):
                print(drawn)
        return 0
