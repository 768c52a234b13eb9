"""How long the commands of README take: `python -m benchmarks.commands`. `--record` renews results/command_times.json.

Clones the last commit into an empty folder and runs each command there, as a new user would: one after the other, the
first with everything to install and no compiled program kept. Anything else that runs meanwhile is timed, too, so let
the machine be quiet. `--record` is refused after a command that failed.
"""

import datetime
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Annotated

import tyro

from benchmarks.record import table
from runtime import store

HERE = pathlib.Path(__file__).resolve().parents[1]
RECORD = store.RESULTS / "command_times.json"
SCHEMA = 1
PRETRAIN = ".venv/bin/dssl pretrain --encoder vit --method mae --setting decl --topology er:3 --alpha 0.1"
# By the name in the record; in the order in which they run.
COMMANDS = {
    "first verify": "make verify",
    "verify": "make verify",
    "test": "make test",
    "check": "make check",
    "pretrain ci": f"{PRETRAIN} --preset ci --out run-ci",
    "pretrain laptop": f"{PRETRAIN} --preset laptop --out run-laptop",
}


@dataclass(frozen=True)
class Options:
    """`only`: the names of commands that are run. `keep`: an empty folder that is used and kept.

    `record`: renew the record, which asks for all commands.
    """

    only: tuple[str, ...] = tuple(COMMANDS)
    keep: pathlib.Path | None = None
    record: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False


def timed(command: str, checkout: pathlib.Path, variables: dict[str, str]) -> tuple[int, float]:
    """Exit code and seconds of one command, run in `checkout` with `variables` besides the present ones."""
    begun = time.perf_counter()
    done = subprocess.run(command, shell=True, cwd=checkout, env=os.environ | variables, check=False)
    return done.returncode, time.perf_counter() - begun


def size(folder: pathlib.Path) -> int:
    """Bytes of all files below `folder`; 0 where it does not exist. Links are not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def main(options: Options) -> int:
    """Runs them; 0, or 1 when a command failed."""
    unknown = sorted(set(options.only) - set(COMMANDS))
    if unknown or (options.record and set(options.only) != set(COMMANDS)):
        print(f"Wanted names among {', '.join(COMMANDS)} (all of them to record); got {', '.join(options.only)}.")
        return 2
    codes: dict[str, int] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        base = options.keep or pathlib.Path(scratch)
        checkout, programs = base / "checkout", base / "cache"
        subprocess.run(["git", "clone", "--quiet", str(HERE), str(checkout)], check=True)
        # A cache of its own: nothing that was compiled before counts.
        variables = {"XDG_CACHE_HOME": str(programs)}
        for name in (name for name in COMMANDS if name in options.only):
            codes[name], seconds[name] = timed(COMMANDS[name], checkout, variables)
            print(f"### {name}: exit code {codes[name]} after {seconds[name]:.1f} s", file=sys.stderr, flush=True)
            if name == "verify":
                sizes = {"programs": size(programs / "dssl-ledger"), "environment": size(checkout / ".venv")}
    print(*table([{"command": n, "exit code": codes[n], "s": seconds[n]} for n in codes]), sep="\n")
    if any(codes.values()):
        return 1
    if options.record:
        found = {
            "schema": SCHEMA,
            "date": datetime.date.today().isoformat(),
            "processors": os.cpu_count(),
            "seconds": {name: round(value, 1) for name, value in seconds.items()},
            "bytes": sizes,
        }
        store.write(RECORD, store.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options)))
