"""`dssl figures`: draws from committed records, and makes the records again when asked."""

import importlib
import pathlib
from dataclasses import dataclass
from typing import Annotated

import tyro

from claims import store
from claims.core import Tier
from claims.usage import UsageError, unknown

FOLDER = store.RESULTS / "figures"


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
    folder: pathlib.Path = FOLDER
    """Where the records are, and where the pictures go."""

    def run(self) -> int:
        # By name: `claims` lies below `figures` and must not import it.
        draw = importlib.import_module("figures.draw")
        known: list[str] = draw.names()
        if self.list_names:
            print("\n".join(known))
            return 0
        for name in self.name:
            if name not in known:
                raise unknown("figure", name, known, "`dssl figures --list` shows all.")
        for name in self.name or known:
            record = self.folder / f"{name}.json"
            if self.rederive:
                from claims import figure_records

                store.check_writable(record)
                store.write(record, store.dumps(figure_records.make(name, self.tier)))
            if not record.exists():
                raise UsageError(f"There is no record {record}; make it with `dssl figures {name} --rederive`.")
            content = store.read(record)
            if not isinstance(content, dict) or "tier" not in content:
                raise UsageError(f"{record} is no record of a figure; make it with `dssl figures {name} --rederive`.")
            for path in draw.draw(name, content, self.folder):
                print(path)
        return 0
