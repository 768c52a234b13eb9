"""Takes what `dssl reproduce` wrote over into the committed records: `python -m experiments.adopt DIR`.

Run it where `results/` is. A training of the same configuration takes the place of the one on record, and the tables
of all experiments that refer to it are computed again, so that no two tables can show one training with two results.
"""

import pathlib
import sys
from dataclasses import dataclass

import tyro

from experiments import reproduction
from experiments.paper import names
from experiments.records import tables, trainings
from runtime import store
from runtime.usage import UsageError

RECORDS = "experiments"


@dataclass(frozen=True)
class Options:
    """What is taken over, from where, and to where."""

    folder: tyro.conf.Positional[pathlib.Path]
    """The folder that dssl reproduce wrote into."""
    results: pathlib.Path = pathlib.Path("results")
    """The committed records."""


def adopt(folder: pathlib.Path, results: pathlib.Path) -> list[str]:
    """The experiments whose records were written. Errors: UsageError where either folder has none."""
    if not (results / RECORDS).is_dir():
        raise UsageError(f"{results / RECORDS} is no folder. Run this where the records are, or give --results.")
    found = {name: tables.load(folder / f"{name}.json", folder / tables.FOLDER) for name in names()}
    new = {name: record for name, record in found.items() if record is not None}
    if not new:
        raise UsageError(f"{folder} has no record of an experiment. Name a folder that dssl reproduce wrote into.")
    trainings.save(results / tables.FOLDER, trainings.load(folder / tables.FOLDER).values())
    for name, record in new.items():
        store.write(results / RECORDS / f"{name}.json", store.rows(record))
    return sorted({*new, *derive_tables(results)})


def derive_tables(results: pathlib.Path) -> list[str]:
    """Computes the table of every record again; the experiments whose table moved, and were written."""
    known, moved = trainings.load(results / tables.FOLDER), []
    for path in sorted((results / RECORDS).glob("*.json")):
        record, found = tables.read(path, results / tables.FOLDER, known)
        assert record is not None
        assert found is not None
        document = record | {"rows": reproduction.experiment(path.stem).rows(found)}
        if (text := store.rows(document)) != path.read_text(encoding="utf-8"):
            store.write(path, text)
            moved.append(path.stem)
    return moved


def main(options: Options) -> int:
    """Says which records were written; 0, or 2 with a sentence."""
    try:
        for name in adopt(options.folder, options.results):
            print(options.results / RECORDS / f"{name}.json")
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options)))
