"""The record of one of the paper's experiments: its table, and the trainings that the table is made of, by hash.

A record of schema 2 refers to trainings that lie in a folder beside it. One written before (schema 0) holds the
evaluations of its trainings itself; it is still read.
"""

import json
import pathlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from experiments.paper._results import Results
from experiments.pretraining.settings import Pretraining, from_table
from experiments.records import trainings
from experiments.records.trainings import Training
from runtime import store
from runtime.usage import UsageError
from sims.pretraining.encoders import PyTree

SCHEMA = 2
FOLDER = "trainings"  # of the trainings, where `dssl reproduce` writes
_DIGITS = 10  # of the numbers of a table, which are computed from the trainings and shown with fewer
_FIELDS = {"experiment", "title", "preset", "seeds", "rows", "measured", "cells"}


def save(path: pathlib.Path, record: Mapping[str, Any], results: Results, folder: pathlib.Path) -> dict[str, Any]:
    """Writes the trainings of `results` into `folder`, then the record, which refers to them; the record as written."""
    cells = {
        label: [
            Training(replace(results.cells[label], seed=seed), evaluation)
            for seed, evaluation in zip(record["seeds"], found, strict=True)
        ]
        for label, found in results.found.items()
    }
    trainings.save(folder, [one for per_seed in cells.values() for one in per_seed])
    ids = {label: [trainings.training_id(one.chosen) for one in per_seed] for label, per_seed in cells.items()}
    shown = {"rows": store.shortened(record["rows"], _DIGITS)}
    document = {"schema": SCHEMA, **record, **shown, "cells": ids}
    store.write(path, store.rows(document))
    return json.loads(store.line(document))


def load(
    path: pathlib.Path, folder: pathlib.Path, known: Mapping[str, Training] | None = None
) -> dict[str, Any] | None:
    """The record in the form of schema 2; None where there is none. `known` are the folder's trainings, where read.

    Errors: UsageError in one sentence for a damaged record, a newer schema, or a training that the folder lacks.
    """
    return read(path, folder, known)[0]


def results_of(path: pathlib.Path, folder: pathlib.Path, known: Mapping[str, Training] | None = None) -> Results | None:
    """What a record's cells came to; None where there is no record. Errors: as `load`."""
    return read(path, folder, known)[1]


def read(
    path: pathlib.Path, folder: pathlib.Path, known: Mapping[str, Training] | None = None
) -> tuple[dict[str, Any], Results] | tuple[None, None]:
    """The record as `load` and what its cells came to, read once. Errors: as `load`."""
    record = store.read(path)
    if record is None:
        return None, None
    if not isinstance(record, dict) or not record.keys() >= _FIELDS or not isinstance(record["cells"], dict):
        raise UsageError(f"{path} is no record of an experiment. Restore it from git, or do dssl reproduce again.")
    if store.check_schema(path, record, SCHEMA) < SCHEMA:
        record, found = _from_old(record, path)
    else:
        known = trainings.load(folder) if known is None else known
        found = {label: [_of(known, name, path, folder) for name in names] for label, names in record["cells"].items()}
    cells = {label: per_seed[0].chosen for label, per_seed in found.items()}
    evaluations = {label: [dict(one.evaluation) for one in per_seed] for label, per_seed in found.items()}
    return record, Results(cells, evaluations, _no_encoder, _no_encoder, record["measured"])


def _of(known: Mapping[str, Training], name: str, path: pathlib.Path, folder: pathlib.Path) -> Training:
    if name not in known:
        raise UsageError(f"{path} refers to training {name}, which {folder} lacks. Restore both from git.")
    return known[name]


def _from_old(record: dict[str, Any], path: pathlib.Path) -> tuple[dict[str, Any], dict[str, list[Training]]]:
    found: dict[str, list[Training]] = {}
    for label, cell in record["cells"].items():
        chosen: Pretraining = from_table(cell["settings"], str(path))
        seeds = zip(record["seeds"], cell["per_seed"], strict=True)
        found[label] = [Training(replace(chosen, seed=seed), evaluation) for seed, evaluation in seeds]
    ids = {label: [trainings.training_id(one.chosen) for one in per_seed] for label, per_seed in found.items()}
    now = record | {"cells": ids}
    if pictures := record.get("pictures"):
        models = [
            {"method": one["method"], "model": one["model"], "x": [x for x, _ in points], "y": [y for _, y in points]}
            for one in pictures
            for points in [one["points"]]
        ]
        now["pictures"] = {"labels": pictures[0]["labels"], "models": models}
    return now, found


def _no_encoder(label: str, seed: int) -> PyTree:
    raise UsageError("A record keeps no encoders. Use the folder that dssl reproduce trained in.")
