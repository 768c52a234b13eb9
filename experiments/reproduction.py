"""One of the paper's experiments: its cells are trained in a folder, can be resumed there, and are recorded."""

import hashlib
import importlib
import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from experiments.paper import names
from experiments.paper._results import Results
from experiments.pretraining import checkpoints, evaluated, run, side_by_side
from experiments.pretraining.settings import Pretraining, as_table, prepare
from experiments.records import tables
from runtime import cores, store
from runtime.usage import UsageError, unknown
from sims.pretraining.encoders import PyTree

CELLS, EVALUATION = "cells", "evaluation.json"
SEEDS: Mapping[str, int] = {"ci": 2, "laptop": 3, "paper": 3}  # the paper's three trials
KINDS = 4  # of trainings whose compiled programs a process keeps: each fills up to half a GiB
Planned = tuple[str, int, Pretraining]
_kept: set[tuple[Any, ...]] = set()


@dataclass(frozen=True)
class Progress:
    """How far an experiment is. process: of the trainings side by side. finished: trainings of the experiment so far.

    round, clients, loss: of this process's training, its clients a round; loss is None where it begins.
    """

    label: str
    cell: Pretraining
    process: int
    finished: int
    round: int
    clients: int
    loss: float | None


def experiment(name: str) -> Any:
    """The module of an experiment. Errors: UsageError for an unknown name."""
    if name not in names():
        raise unknown("experiment", name, names(), f"It is one of {', '.join(names())}.")
    return importlib.import_module(f"experiments.paper.{name}")


def plan(name: str, preset: str, n_seeds: int, images: Mapping[str, Any] | None = None) -> list[Planned]:
    """All trainings of an experiment, seed by seed, so that what is finished is always whole seeds.

    `images` are settings of `Pretraining` about images that take the place of the preset's.
    Errors: UsageError for fewer than two seeds: a single run has no interval.
    """
    if n_seeds < 2:
        raise UsageError(f"A drop needs an interval, and that at least 2 seeds; got --seeds {n_seeds}. Raise it.")
    cells: Mapping[str, Pretraining] = experiment(name).cells(preset)
    more = images or {}
    return [(label, seed, replace(cell, seed=seed, **more)) for seed in range(n_seeds) for label, cell in cells.items()]


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


def reproduce(
    name: str,
    preset: str,
    n_seeds: int,
    out: pathlib.Path,
    watch: Callable[[Progress], None] | None = None,
    jobs: int = 1,
    images: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The record of an experiment, also written to `out` with its trainings. Finished cells are taken as they are.

    `jobs` trainings run side by side, each on cores of its own. A training is the same to the bit for one number of
    cores; with another one products are rounded in another order, and training amplifies that. `images` as in `plan`.
    Errors: UsageError as `train`, `check_folder`, and for fewer than one job; KeyboardInterrupt keeps what is trained.
    """
    if jobs < 1:
        raise UsageError(f"Trainings run side by side, at least one of them; got --jobs {jobs}. Raise it.")
    todo = plan(name, preset, n_seeds, images)
    getattr(experiment(name), "check", lambda: None)()
    check_folder(out)
    # What another version trained is refused before hours of training, not after them.
    known = {cell: done for _, _, cell in todo if (done := _evaluation(out, cell)) is not None}
    left = [(label, cell) for label, _, cell in todo if cell not in known]
    one = partial(train_cell, out, [cell for _, _, cell in todo])
    _train(one, left, len(todo), watch, jobs)
    found: dict[str, list[dict[str, Any]]] = {label: [] for label, _, _ in todo}
    cells: dict[str, Pretraining] = {}
    for label, _, cell in todo:
        cells.setdefault(label, cell)
        evaluation = known[cell] if cell in known else _evaluation(out, cell)
        assert evaluation is not None, "what is left has been trained"
        found[label].append(evaluation)

    @cache
    def global_encoder(label: str, seed: int) -> PyTree:
        chosen = replace(cells[label], seed=seed)
        saved = checkpoints.load(folder_of(out, chosen), prepare(chosen))
        if saved is None:
            raise UsageError(f"{folder_of(out, chosen)} has lost its checkpoint. Delete it and run this again.")
        return evaluated.global_encoder(saved)

    @cache
    def start_encoder(label: str, seed: int) -> PyTree:
        chosen = replace(cells[label], seed=seed)
        return evaluated.start_encoder(chosen, prepare(chosen))

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
    }
    if hasattr(module, "pictures"):
        record["pictures"] = module.pictures(results)
    return tables.save(out / f"{name}.json", record, results, out / tables.FOLDER)


def _evaluation(out: pathlib.Path, cell: Pretraining) -> dict[str, Any] | None:
    """Of a finished cell. Errors: UsageError when it is damaged, or of another version or other images."""
    folder = folder_of(out, cell)
    path = folder / EVALUATION
    again = "Delete that file, and the same command measures again."
    done = store.read(path, again)
    if done is None:
        return None
    if not _is_evaluation(done):
        raise UsageError(f"{path} is damaged (it is not as it was saved). {again}")
    prepared = prepare(cell)
    if done["built"] != (here := evaluated.built(prepared)):
        raise UsageError(
            f"{folder} was trained by another version, as {done['built']}; this one trains "
            f"{here}. Name a new folder, or delete that one."
        )
    if done.get("images", "") not in ("", checkpoints.digest_of_images(prepared)):
        raise UsageError(
            f"{folder} was trained on other images, or other clients' shares of them, than {cell.data} comes to now. "
            "Restore those images, name a new folder, or delete that one."
        )
    return done


def _is_evaluation(done: Any) -> bool:
    try:
        accuracies = [done[which]["linear_probe"]["accuracy"] for which in ("trained", "random_start")]
    except (TypeError, KeyError):
        return False
    return isinstance(done.get("built"), str) and all(isinstance(one, float) for one in accuracies)


def _train(
    one: Callable[[Pretraining, side_by_side.Begin], None],
    left: Sequence[tuple[str, Pretraining]],
    n_cells: int,
    watch: Callable[[Progress], None] | None,
    jobs: int,
) -> None:
    labels = {cell: label for label, cell in reversed(left)}  # equal cells are trained once, under the first label
    cells = list(dict.fromkeys(cell for _, cell in left))
    latest: dict[int, Pretraining] = {}  # what each process trains
    begun: set[Pretraining] = set()

    def tell(told: side_by_side.Told) -> None:
        cell = cells[told.work]
        latest[told.process] = cell
        begun.add(cell)
        done = begun - set(latest.values())
        finished = n_cells - len(left) + sum(cell in done for _, cell in left)
        if watch is not None:
            watch(Progress(labels[cell], cell, told.process, finished, told.round, told.clients, told.loss))

    if jobs > 1 and len(cells) > 1:
        side_by_side.run(one, cells, min(jobs, len(cells)), tell)
        return
    for number, cell in enumerate(cells):
        one(cell, partial(_begin, tell, number))


def _begin(tell: Callable[[side_by_side.Told], None], work: int, done: int, clients: int) -> run.Watch:
    tell(side_by_side.Told(0, work, done, clients))
    return lambda number, loss: tell(side_by_side.Told(0, work, number, clients, loss))


def train_cell(
    out: pathlib.Path,
    all_cells: Sequence[Pretraining],
    cell: Pretraining,
    begin: side_by_side.Begin,
) -> None:
    """Trains a cell to its end and measures it; `begin(round, clients)` gives who watches its rounds.

    Measures of its random start are taken from any of `all_cells` that began alike and is done.
    Errors: UsageError as `train`.
    """
    _make_room(cell)
    folder = folder_of(out, cell)
    prepared = prepare(cell)
    if (folder / checkpoints.SETTINGS).exists():
        checkpoints.check_same(folder, checkpoints.settings_of(folder), cell)
    else:
        checkpoints.begin(folder, cell)
    begun = checkpoints.load(folder, prepared)
    watch = begin(0 if begun is None else begun.round, prepared.participation or len(prepared.partition.indices))
    every = max(1, cell.rounds // 4)
    saved = run.train(cell, prepared, folder, begun, every, watch)
    alike = (store.read(folder_of(out, other) / EVALUATION) for other in all_cells if _start(other) == _start(cell))
    random_start = next((done["random_start"] for done in alike if done is not None), None)
    measured = evaluated.evaluate(cell, prepared, saved, random_start=random_start)
    measured |= {"images": checkpoints.digest_of_images(prepared)}
    store.write(folder / EVALUATION, store.dumps(measured))


def _make_room(cell: Pretraining) -> None:
    """Forgets all compiled programs where this training is of one kind too many; seeds and partitions share them."""
    kind = cell.method, cell.encoder, cell.norm, cell.options, cell.setting
    if kind not in _kept and len(_kept) >= KINDS:
        cores.forget_programs()
        _kept.clear()
    _kept.add(kind)


def _start(cell: Pretraining) -> tuple[Any, ...]:
    images = cell.data, cell.side, cell.test_per_class, cell.train_per_class
    return cell.method, cell.encoder, cell.norm, cell.preset, cell.options, cell.seed, *images
