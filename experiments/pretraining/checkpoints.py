"""The folder of a pre-training: its settings, and checkpoints that are complete or absent, never half written."""

import contextlib
import fcntl
import hashlib
import json
import logging
import math
import pathlib
import re
import shutil
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from experiments.pretraining.settings import Prepared, Pretraining, as_table, from_table
from runtime import store
from runtime.usage import UsageError
from sims.pretraining import training
from sims.pretraining.client_training import ClientTraining
from sims.rounds import engine

PyTree = Any
SETTINGS, CHECKPOINTS, FINISHED = "settings.json", "checkpoints", "finished.json"
KEPT = 2  # the one before the last remains until the last is whole
_RESTORE = "Restore it from a copy, or train anew in another folder."
_AGAIN = "Delete that folder to go on from the checkpoint before, or train anew in another folder."

_STEP = re.compile(r"(0|[1-9][0-9]*)(\.orbax-checkpoint-tmp.*)?", re.ASCII)  # what orbax names its folders

logging.getLogger("absl").setLevel(logging.ERROR)  # orbax announces every file


@dataclass(frozen=True)
class Saved:
    """Training after `state.round` rounds. losses: the mean over clients of each round so far.

    trained: the models of the last round's clients before they were mixed; None until all rounds are done.
    """

    state: engine.State
    losses: tuple[float, ...]
    trained: PyTree = None

    @property
    def round(self) -> int:
        """How many rounds are done."""
        return int(self.state.round)


def begin(folder: pathlib.Path, chosen: Pretraining) -> None:
    """Puts the settings into a folder. Errors: UsageError for one that holds anything, or cannot be made.

    What a process left that died while it wrote the settings is nothing.
    """
    _check_name(folder)
    _read_back(chosen)  # what could not be gone on with is refused now
    left = store.leftovers(folder / SETTINGS)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder. Name a new one.")
    if folder.exists() and {*folder.iterdir()} - {*left}:
        raise UsageError(f"{folder} holds something already. Add --resume to go on with it, or name a new folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in left:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made ({error.strerror}). Name a folder that is yours.") from None
    store.write(folder / SETTINGS, store.dumps(as_table(chosen)))


def settings_of(folder: pathlib.Path) -> Pretraining:
    """The settings of the training in a folder. Errors: UsageError when there is none."""
    if not (folder / SETTINGS).is_file():
        raise UsageError(f"{folder} holds no pre-training. Name a folder that dssl pretrain made.")
    _check_name(folder)
    return from_table(store.read(folder / SETTINGS, _RESTORE), str(folder / SETTINGS))


@contextlib.contextmanager
def alone(folder: pathlib.Path) -> Iterator[None]:
    """Meanwhile no other process trains in the folder: it would take unfinished checkpoints for left ones.

    Errors: UsageError when one does.
    """
    with (folder / SETTINGS).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder} is being trained in by another process. Wait for it, or stop it.") from None
        except OSError:  # not every network's file system has locks
            pass
        yield


def withdraw(folder: pathlib.Path) -> None:
    """Takes back what `begin` made, the settings and an otherwise empty folder, unless there is a checkpoint by now."""
    if not any(_finished(folder)):
        for path in _steps(folder):
            _remove(path)
        (folder / SETTINGS).unlink(missing_ok=True)
        if (folder / CHECKPOINTS).is_dir() and not any((folder / CHECKPOINTS).iterdir()):
            (folder / CHECKPOINTS).rmdir()
        if not any(folder.iterdir()):
            folder.rmdir()


def check_same(folder: pathlib.Path, found: Pretraining, wanted: Pretraining) -> None:
    """Nothing, when they are equal. Errors: UsageError with what differs."""
    differ = [f.name for f in fields(Pretraining) if getattr(found, f.name) != getattr(wanted, f.name)]
    if differ:
        was = ", ".join(f"{name}={getattr(found, name)}" for name in differ)
        now = ", ".join(f"{name}={getattr(wanted, name)}" for name in differ)
        raise UsageError(f"{folder} holds a training with {was}; got {now}. Leave that out, or name a new folder.")


def rounds_saved(folder: pathlib.Path) -> int:
    """Of the last finished checkpoint; 0 before the first."""
    return max((int(path.name) for path in _finished(folder)), default=0)


def save(folder: pathlib.Path, saved: Saved, chosen: Pretraining, prepared: Prepared) -> None:
    """A checkpoint beside the ones before, which tells what it was trained with and on.

    If this process dies meanwhile the one before is the last. Those before that are removed once this one is whole.
    """
    place = folder / CHECKPOINTS / str(saved.round)
    whole = {*_finished(folder)} - {place}
    for path in _steps(folder):  # those that a process died in
        if path not in whole:
            _remove(path)
    arrays = {name: np.asarray(leaf) for name, leaf in _named(_tree(saved.state, saved.trained)).items()}
    with _manager(folder, create=True) as manager:
        # What is empty has nothing to store.
        parts = ocp.args.StandardSave({name: array for name, array in arrays.items() if array.size})
        manager.save(saved.round, args=parts, force=True)
    about = {
        "losses": list(saved.losses),
        "is_trained": saved.trained is not None,
        "settings": _digest_of_settings(chosen),
        "images": digest_of_images(prepared),
        "files": _digests(place),
    }
    about["itself"] = _digest_of_note(about)
    store.write(place / FINISHED, store.dumps(about))
    # Orbax would also count those that are not whole, and remove the last one that is.
    for path in sorted(_finished(folder), key=lambda path: int(path.name))[:-KEPT]:
        _remove(path)


def load(folder: pathlib.Path, prepared: Prepared) -> Saved | None:
    """The last checkpoint, None before the first.

    Errors: UsageError for one that is damaged, or was trained with other settings or on other images than the folder's
    and those given.
    """
    if not any(_finished(folder)):
        return None
    last = rounds_saved(folder)
    place = folder / CHECKPOINTS / str(last)
    # Orbax is only shown files that are as it wrote them: a damaged one is read in the background, and fails there.
    about = _about(place)
    losses, is_trained, files = about["losses"], about["is_trained"], about["files"]
    _check_trained_on(folder, place, about, prepared)
    found = _digests(place)
    damaged = sorted(name for name in {*files, *found} if files.get(name) != found.get(name))
    if damaged:
        raise UsageError(f"The checkpoint {place} is damaged ({damaged[0]} is not as it was saved). {_AGAIN}")
    with _manager(folder, create=False) as manager:
        arrays = dict(manager.restore(last, args=ocp.args.StandardRestore()))
    blank = blank_state(prepared)
    trained = None
    if is_trained:
        n = n_trained(prepared)
        trained = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((n, *leaf.shape[1:]), leaf.dtype), blank.params)
    tree = _tree(blank, trained)
    leaves = []
    for name, leaf in _named(tree).items():
        array = arrays.get(name) if np.prod(leaf.shape) else np.zeros(leaf.shape, leaf.dtype)
        if array is None or array.shape != leaf.shape or array.dtype != leaf.dtype:
            raise UsageError(f"The checkpoint {place} does not fit its settings at {name}. {_AGAIN}")
        leaves.append(jnp.asarray(array))
    filled = jax.tree.unflatten(jax.tree.structure(tree), leaves)
    saved = Saved(filled["state"], tuple(losses), filled["trained"])
    if not saved.round == last == len(losses):
        raise UsageError(
            f"The checkpoint {place} is damaged (it holds round {saved.round} and {len(losses)} losses). {_AGAIN}"
        )
    return saved


def n_trained(prepared: Prepared) -> int:
    """How many models the last round leaves before they are mixed: a server's of those who took part, else all."""
    n = len(prepared.partition.indices)
    return n if prepared.mixing is not None else prepared.participation or n


def blank_state(prepared: Prepared) -> engine.State:
    """The shapes and types of the state of a training."""
    update = ClientTraining(prepared.method, prepared.descent)
    held = training.hold(prepared.train.images, prepared.partition, 1, mixing=prepared.mixing)
    n = len(prepared.partition.indices)

    def start() -> engine.State:
        params, kept = training.start(update, jax.random.key(0), prepared.train.images, held)
        if prepared.mixing is not None:
            params = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (n, *leaf.shape[1:])), params)
        return engine.start(params, n, kept)

    return jax.eval_shape(start)


def _check_name(folder: pathlib.Path) -> None:
    try:
        str(folder.absolute()).encode()
    except UnicodeEncodeError:
        raise UsageError(f"Checkpoints want a folder whose name is UTF-8; got {str(folder)!a}. Rename it.") from None


def _steps(folder: pathlib.Path) -> list[pathlib.Path]:
    """The folders of checkpoints, whole or not; not what else lies there, such as a copy."""
    found = (folder / CHECKPOINTS).glob("*")
    return [path for path in found if path.is_dir() and _STEP.fullmatch(path.name)]


def _finished(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    return (path for path in _steps(folder) if path.name.isdecimal() and (path / FINISHED).is_file())


def _remove(place: pathlib.Path) -> None:
    (place / FINISHED).unlink(missing_ok=True)  # first: half of a checkpoint must not pass for one
    shutil.rmtree(place)


def _about(place: pathlib.Path) -> dict[str, Any]:
    """What a checkpoint tells of itself. Errors: UsageError when that is not what `save` wrote."""
    try:
        about = store.read(place / FINISHED)
    except UsageError:
        about = None
    if isinstance(about, dict):
        losses, is_trained, files = (about.get(name) for name in ("losses", "is_trained", "files"))
        numbers = isinstance(losses, list) and all(isinstance(x, float) and math.isfinite(x) for x in losses)
        names = isinstance(files, dict) and all(isinstance(told, str) for told in files.values())
        is_own = about.get("itself") in (None, _digest_of_note(about))  # none: before that was told
        if numbers and names and isinstance(is_trained, bool) and is_own:
            return about
    raise UsageError(f"The checkpoint {place} is damaged ({FINISHED} is not as it was saved). {_AGAIN}")


def _check_trained_on(folder: pathlib.Path, place: pathlib.Path, about: dict[str, Any], prepared: Prepared) -> None:
    """Nothing for the same settings and images, and for a checkpoint of before these were told."""
    chosen = settings_of(folder)
    if "settings" in about and about["settings"] != _digest_of_settings(chosen):
        raise UsageError(f"{place} was trained with other settings than {folder / SETTINGS} holds. {_RESTORE}")
    if "images" in about and about["images"] != digest_of_images(prepared):
        raise UsageError(
            f"{place} was trained on other images, or other clients' shares of them, than {chosen.data} comes to now. "
            f"Restore those images, or train anew in another folder."
        )


def _digest_of_note(about: dict[str, Any]) -> str:
    rest = {name: value for name, value in about.items() if name != "itself"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _digest_of_settings(chosen: Pretraining) -> str:
    return hashlib.sha256(store.dumps(as_table(_read_back(chosen))).encode()).hexdigest()


def _read_back(chosen: Pretraining) -> Pretraining:
    """The settings as they come from their file: alpha = 1 is 1.0 there."""
    return from_table(json.loads(store.dumps(as_table(chosen))), SETTINGS)


_last_images: tuple[weakref.ref[Prepared], str] | None = None


def digest_of_images(prepared: Prepared) -> str:
    """Of the images, their labels and which client holds which; kept, because every checkpoint of a training asks."""
    global _last_images
    if _last_images is None or _last_images[0]() is not prepared:
        train, indices = prepared.train, prepared.partition.indices
        total = hashlib.sha256(repr((train.images.shape, [len(held) for held in indices])).encode())
        total.update(np.ascontiguousarray(train.images).data)
        for whole in (train.labels, *indices):
            total.update(np.ascontiguousarray(whole, np.int64).data)  # of one width on every machine
        _last_images = weakref.ref(prepared), total.hexdigest()
    return _last_images[1]


def _tree(state: Any, trained: PyTree) -> dict[str, Any]:
    return {"state": state, "trained": trained}


def _named(tree: PyTree) -> dict[str, Any]:
    return {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _digests(place: pathlib.Path) -> dict[str, str]:
    files = sorted(path for path in place.rglob("*") if path.is_file() and path.name != FINISHED)
    return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _manager(folder: pathlib.Path, *, create: bool) -> ocp.CheckpointManager:
    options = ocp.CheckpointManagerOptions(create=create, enable_async_checkpointing=False)
    return ocp.CheckpointManager((folder / CHECKPOINTS).absolute(), options=options)
