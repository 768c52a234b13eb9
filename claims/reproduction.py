"""One of the paper's experiments: trained cell by cell into a folder that can be gone on with, and recorded."""

import hashlib
import importlib
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from claims import pretrained, pretraining_run, pretraining_store, store
from claims.pretraining import Prepared, Pretraining, as_table, prepare
from claims.reproduce import names
from claims.reproduce._results import Results
from claims.usage import UsageError, unknown
from sims.encoders import PyTree

CELLS, EVALUATION = "cells", "evaluation.json"
SEEDS: Mapping[str, int] = {"ci": 2, "laptop": 3, "paper": 3}  # the paper's three trials
Cell = tuple[str, int, Pretraining]
# Told the cell, its place among all, its settings prepared and its first round; returns who watches its rounds.
Begin = Callable[[str, int, int, Prepared, Pretraining], Callable[[int, float], None]]


def experiment(name: str) -> Any:
    """The module of an experiment. Errors: UsageError for an unknown name."""
    if name not in names():
        raise unknown("experiment", name, names(), f"It is one of {', '.join(names())}.")
    return importlib.import_module(f"claims.reproduce.{name}")


def plan(name: str, preset: str, n_seeds: int) -> list[Cell]:
    """All trainings of an experiment, seed by seed, so that what is finished is always whole seeds.

    Errors: UsageError for fewer than two seeds: a single run has no interval.
    """
    if n_seeds < 2:
        raise UsageError(f"A drop needs an interval, and that at least 2 seeds; got --seeds {n_seeds}. Raise it.")
    cells: Mapping[str, Pretraining] = experiment(name).cells(preset)
    return [(label, seed, replace(cell, seed=seed)) for seed in range(n_seeds) for label, cell in cells.items()]


def folder_of(out: pathlib.Path, cell: Pretraining) -> pathlib.Path:
    """Where a cell is trained: equal settings share a folder, also between experiments."""
    told = hashlib.sha256(store.dumps(as_table(cell)).encode()).hexdigest()[:10]
    return out / CELLS / f"{cell.method}-{cell.encoder}-{cell.setting}-seed{cell.seed}-{told}"


def check_folder(out: pathlib.Path) -> None:
    """Nothing, when the folder is new, empty or of reproductions. Errors: UsageError otherwise."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / CELLS).is_dir())):
        raise UsageError(f"{out} holds something else. Name a new folder, or one of an earlier dssl reproduce.")
    try:
        (out / CELLS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made ({error.strerror}). Name a folder that is yours.") from None


def reproduce(name: str, preset: str, n_seeds: int, out: pathlib.Path, begin: Begin | None = None) -> dict[str, Any]:
    """The record of an experiment, also written to `out`; cells that are finished there are taken as they are.

    Errors: UsageError as `train`, `check_folder`; KeyboardInterrupt keeps what is trained.
    """
    todo = plan(name, preset, n_seeds)
    check_folder(out)
    found: dict[str, list[dict[str, Any]]] = {label: [] for label, _, _ in todo}
    cells: dict[str, Pretraining] = {}
    starts: dict[Any, dict[str, Any]] = {}
    for number, (label, _, cell) in enumerate(todo):
        cells.setdefault(label, cell)
        found[label].append(_evaluation(out, cell, label, number, begin, starts))

    @cache
    def global_encoder(label: str, seed: int) -> PyTree:
        chosen = replace(cells[label], seed=seed)
        saved = pretraining_store.load(folder_of(out, chosen), prepare(chosen))
        if saved is None:
            raise UsageError(f"{folder_of(out, chosen)} has lost its checkpoint. Delete it and run this again.")
        return pretrained.global_encoder(saved)

    @cache
    def start_encoder(label: str, seed: int) -> PyTree:
        chosen = replace(cells[label], seed=seed)
        return pretrained.start_encoder(chosen, prepare(chosen))

    results = Results(cells, found, global_encoder, start_encoder)
    module = experiment(name)
    if hasattr(module, "measured"):
        results = replace(results, measured=module.measured(results))
    record = {
        "experiment": name,
        "title": module.TITLE,
        "preset": preset,
        "seeds": list(range(n_seeds)),
        "rows": module.rows(results),
        "measured": dict(results.measured),
        "cells": {label: {"settings": as_table(cells[label]), "per_seed": found[label]} for label in cells},
    }
    if hasattr(module, "pictures"):
        record["pictures"] = module.pictures(results)
    store.write(out / f"{name}.json", store.dumps(record))
    return record


def _evaluation(
    out: pathlib.Path,
    cell: Pretraining,
    label: str,
    number: int,
    begin: Begin | None,
    starts: dict[Any, dict[str, Any]],
) -> dict[str, Any]:
    """`starts`: measures of random starts, which cells of one method and seed share."""
    folder = folder_of(out, cell)
    images = cell.data, cell.test_per_class, cell.train_per_class
    start = cell.method, cell.encoder, cell.preset, cell.options, cell.seed, *images
    prepared = prepare(cell)
    done = store.read(folder / EVALUATION)
    if done is not None:
        if done.get("built") != pretrained.built(prepared):
            raise UsageError(
                f"{folder} was trained by another version, as {done.get('built')}; this one trains "
                f"{pretrained.built(prepared)}. Name a new folder, or delete that one."
            )
        starts[start] = done["random_start"]
        return done
    if not (folder / pretraining_store.SETTINGS).exists():
        pretraining_store.begin(folder, cell)
    begun = pretraining_store.load(folder, prepared)
    watch = None if begin is None else begin(label, number, 0 if begun is None else begun.round, prepared, cell)
    every = max(1, cell.rounds // 4)
    saved = pretraining_run.train(cell, prepared, folder, every, watch)
    measured = pretrained.evaluate(cell, prepared, saved, random_start=starts.get(start))
    starts[start] = measured["random_start"]
    store.write(folder / EVALUATION, store.dumps(measured))
    return measured
