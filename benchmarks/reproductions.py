"""Time of a whole reproduction: `python -m benchmarks.reproductions table1`. `--record` keeps the row.

Runs `dssl reproduce` as a user would, into a new folder, so that all of it counts: start, compilation, training,
evaluation and the record.
"""

import pathlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from benchmarks.record import record, table
from runtime import cores, store


@dataclass(frozen=True)
class Options:
    """What is reproduced. `out` is kept; a folder that is thrown away if not given. `record` adds to RESULTS.md."""

    names: tyro.conf.Positional[tuple[str, ...]] = ("table1",)
    preset: Literal["ci", "laptop", "paper"] = "laptop"
    seeds: int = 3
    jobs: int = cores.n_used()
    out: pathlib.Path | None = None
    record: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False


def run(options: Options, name: str, folder: pathlib.Path) -> dict[str, str | int | float]:
    """One reproduction from nothing. Errors: CalledProcessError when it fails, ValueError for a folder in use."""
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} holds something already, which would not be timed. Name a new folder.")
    command = [sys.executable, "-m", "dssl", "reproduce", name, "--preset", options.preset]
    more = ["--seeds", str(options.seeds), "--jobs", str(options.jobs), "--out", str(folder)]
    begun = time.perf_counter()
    subprocess.run([*command, *more], check=True)
    minutes = (time.perf_counter() - begun) / 60
    found = store.read(folder / f"{name}.json")
    n_trainings = len({training for per_seed in found["cells"].values() for training in per_seed})
    return {
        "experiment": name,
        "preset": options.preset,
        "trainings": n_trainings,
        "side by side": options.jobs,
        "minutes": minutes,
        "s a training": 60 * minutes / n_trainings,
    }


def main(options: Options) -> int:
    """All of them, one after the other; 0."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        base = options.out or pathlib.Path(scratch)
        rows += [run(options, name, base / name) for name in options.names]
    print(*table(rows), sep="\n")
    if options.record:
        record("`python -m benchmarks.reproductions`: whole reproductions, from nothing to the record", rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options)))
