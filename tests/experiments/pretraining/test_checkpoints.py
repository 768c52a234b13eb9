"""A training's folder: a checkpoint that is whole outlives any death, and what does not belong together is refused."""

import json
import os
import pathlib
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

from experiments import reproduction
from experiments.pretraining import checkpoints, evaluated
from experiments.pretraining import run as pretraining_run
from experiments.pretraining import settings as pretraining
from experiments.pretraining.checkpoints import Saved
from experiments.pretraining.settings import Prepared, Pretraining
from runtime import store
from runtime.usage import UsageError
from sims.rounds import engine
from tests.command import answered

CHOSEN = pretraining.settings("ci", encoder="linear", method="simsiam", train_per_class=8, rounds=8)
SMALL = ("--preset", "ci", "--encoder", "linear", "--method", "simsiam", "--train-per-class", "8", "--rounds", "4")


class DeathError(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def ctrl_c_interrupts() -> Iterator[None]:
    """Also where the tests were started in the background, and so ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return pretraining.prepare(CHOSEN)


@pytest.fixture(scope="module")
def blank(prepared: Prepared) -> engine.State:
    """A state of the right shapes."""
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), checkpoints.blank_state(prepared))


def after(blank: engine.State, number: int) -> Saved:
    return Saved(blank._replace(round=jnp.asarray(number)), (0.5,) * number)


@pytest.fixture
def folder(tmp_path: pathlib.Path, prepared: Prepared, blank: engine.State) -> pathlib.Path:
    """A training after rounds 2 and 4."""
    checkpoints.begin(tmp_path / "run", CHOSEN)
    for number in (2, 4):
        checkpoints.save(tmp_path / "run", after(blank, number), CHOSEN, prepared)
    return tmp_path / "run"


def dying(place: str) -> pytest.MonkeyPatch:
    """The next save dies at a place: before orbax writes, after it, or before the checkpoint is declared whole."""
    m = pytest.MonkeyPatch()
    orbax, write = ocp.CheckpointManager.save, store.write

    def save(self: Any, *args: Any, **options: Any) -> Any:
        if place == "before":
            raise DeathError
        orbax(self, *args, **options)
        raise DeathError

    def no_write(path: pathlib.Path, text: str) -> None:
        if path.name == checkpoints.FINISHED:
            raise DeathError
        write(path, text)

    if place == "undeclared":
        m.setattr(store, "write", no_write)
    else:
        m.setattr(ocp.CheckpointManager, "save", save)
    return m


def last_whole_after_death(folder: pathlib.Path, prepared: Prepared, saved: Saved, place: str) -> int:
    """The round that the next process finds."""
    m = dying(place)
    with pytest.raises(DeathError):
        checkpoints.save(folder, saved, CHOSEN, prepared)
    m.undo()
    found = checkpoints.load(folder, prepared)
    assert found is not None
    return found.round


@pytest.mark.parametrize("place", ["before", "after", "undeclared"])
@pytest.mark.parametrize("grids", [(2, 1), (2, 3, 1), (3, 2, 1)])
def test_a_whole_checkpoint_outlives_every_death(tmp_path, prepared, blank, place, grids):
    folder = tmp_path / "run"
    checkpoints.begin(folder, CHOSEN)
    last = 0
    for every in grids:  # each process saves once, then goes on until it dies
        due = [number for number in range(last + 1, 9) if number % every == 0][:2]
        checkpoints.save(folder, after(blank, due[0]), CHOSEN, prepared)
        for number in (due[1], due[0] + 1):  # the next process saves every round, and dies as well
            assert last_whole_after_death(folder, prepared, after(blank, number), place) == due[0]
        last = due[0]


def test_deaths_in_different_rounds_do_not_push_out_the_whole_one(folder, prepared, blank):
    for number, place in ((6, "undeclared"), (5, "undeclared"), (7, "after"), (5, "after"), (6, "before")):
        assert last_whole_after_death(folder, prepared, after(blank, number), place) == 4
    checkpoints.save(folder, after(blank, 5), CHOSEN, prepared)
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["4", "5"]


def test_a_checkpoint_belongs_to_its_settings_and_its_images(tmp_path, folder, prepared):
    def refused(pattern: str, given: Prepared = prepared) -> None:
        with pytest.raises(UsageError, match=pattern) as told:
            checkpoints.load(folder, given)
        assert "\n" not in str(told.value)

    settings = (folder / "settings.json").read_text()
    (folder / "settings.json").write_text(settings.replace('"seed": 0', '"seed": 1'))
    refused(r"4 was trained with other settings than .*settings\.json holds\. Restore it")
    (folder / "settings.json").write_text(settings)
    images = prepared.train.images.copy()
    images[0, 0, 0, 0] ^= 1
    labels = np.roll(prepared.train.labels, 1)
    shares = prepared.partition.indices
    others = (
        replace(prepared, train=replace(prepared.train, images=images)),
        replace(prepared, train=replace(prepared.train, labels=labels)),
        replace(prepared, partition=replace(prepared.partition, indices=(shares[1], shares[0], *shares[2:]))),
    )
    for other in others:
        refused("4 was trained on other images", other)
    assert checkpoints.load(folder, pretraining.prepare(CHOSEN)) is not None
    # Those of before this was told load as they did.
    about = json.loads((folder / "checkpoints" / "4" / "finished.json").read_text())
    old = {name: about[name] for name in ("losses", "is_trained", "files")}
    (folder / "checkpoints" / "4" / "finished.json").write_text(json.dumps(old))
    assert checkpoints.load(folder, others[0]) is not None
    (folder / "checkpoints" / "4" / "finished.json").write_text(json.dumps(about | {"is_trained": True}))
    refused(r"4 is damaged \(finished\.json is not as it was saved\)")
    (folder / "checkpoints" / "4" / "finished.json").write_text(json.dumps(old))
    (folder / "checkpoints" / "4").rename(folder / "checkpoints" / "9")
    refused(r"9 is damaged \(it holds round 4 and 4 losses\)")
    (folder / "checkpoints" / "9").rename(folder / "checkpoints" / "4")
    old["losses"].pop()
    (folder / "checkpoints" / "4" / "finished.json").write_text(json.dumps(old))
    refused(r"4 is damaged \(it holds round 4 and 3 losses\)")


def test_whole_numbers_among_the_settings_are_the_same_when_they_come_back(tmp_path, prepared, blank):
    chosen = replace(CHOSEN, learning_rate=1)
    checkpoints.begin(tmp_path / "run", chosen)
    checkpoints.save(tmp_path / "run", after(blank, 2), chosen, prepared)
    assert checkpoints.load(tmp_path / "run", prepared) is not None


def test_what_a_killed_write_of_the_settings_left_is_no_training(tmp_path):
    for name in ("run", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".settings.json.ab12.tmp").write_text("{")
    checkpoints.begin(tmp_path / "run", CHOSEN)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["settings.json"]
    (tmp_path / "other" / "mine").write_text("")
    with pytest.raises(UsageError, match="holds something already"):
        checkpoints.begin(tmp_path / "other", CHOSEN)
    assert len([*(tmp_path / "other").iterdir()]) == 2


def test_a_cell_goes_on_in_the_folder_of_a_killed_write_and_not_with_other_settings(tmp_path, monkeypatch, prepared):
    monkeypatch.setattr(pretraining_run, "train", lambda *args: None)
    monkeypatch.setattr(reproduction.evaluated, "evaluate", lambda *args, **options: {})
    folder = reproduction.folder_of(tmp_path, CHOSEN)
    folder.mkdir(parents=True)
    (folder / ".settings.json.ab12.tmp").write_text("{")
    reproduction.train_cell(tmp_path, [], CHOSEN, lambda done, clients: lambda number, loss: None)
    assert checkpoints.settings_of(folder) == CHOSEN
    store.write(folder / "settings.json", store.dumps(pretraining.as_table(replace(CHOSEN, seed=1))))
    with pytest.raises(UsageError, match="seed=1; got seed=0"):
        reproduction.train_cell(tmp_path, [], CHOSEN, lambda done, clients: lambda number, loss: None)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--method", "mae", "--option", "mask_ratio=0"), "mask_ratio=0.0"),
        # Only found when a step is compiled.
        (("--encoder", "linear", "--method", "ssd", "--batch", "1"), "a batch of 1"),
    ],
)
def test_what_cannot_be_trained_leaves_no_folder(capsys, tmp_path, wrong, message):
    code, _, err = answered(capsys, "pretrain", "--preset", "ci", *wrong, "--out", str(tmp_path / "run"))
    assert (code, err.count("\n")) == (2, 1)
    assert message in err
    assert not (tmp_path / "run").exists()


def test_what_fails_before_its_first_checkpoint_leaves_the_folder_to_the_corrected_command(
    capsys, tmp_path, monkeypatch
):
    with monkeypatch.context() as m:
        m.setattr(engine, "_is_tame_jitted", lambda tree: jnp.asarray(False))
        code, _, err = answered(capsys, "pretrain", *SMALL, "--out", str(tmp_path / "run"))
    assert (code, err.count("\n")) == (2, 1)
    assert "overflowed in round 1" in err
    checkpoints.begin(tmp_path / "run", CHOSEN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            (json.dumps({"options": wrong}), "options as pairs")
            for wrong in (5, None, [1], [["a", "b", "c"]], [["a", 1]])
        ),
        (json.dumps({"clients": "four"}), "clients must be a whole number"),
        ("[" * 200_000, "nested too deeply"),
        ("9" * 5000, "thousands of digits"),
        ("{", "is not a result file"),
    ],
)
def test_damaged_settings_are_one_sentence_with_the_right_remedy(capsys, tmp_path, text, message):
    if text.startswith('{"'):
        text = store.dumps(pretraining.as_table(CHOSEN) | json.loads(text))
    (tmp_path / "settings.json").write_text(text)
    code, _, err = answered(capsys, "pretrain", "--resume", "--out", str(tmp_path))
    assert (code, err.count("\n")) == (2, 1)
    assert message in err
    assert str(tmp_path / "settings.json") in err
    assert "from git" not in err


@pytest.mark.parametrize(
    "changes",
    [
        *({"files": wrong} for wrong in (5, None, [1])),
        *({"losses": wrong} for wrong in (5, [], ["a"], [None] * 4)),
        *({"is_trained": 2}, [], "9" * 5000, "[" * 200_000),
    ],
)
def test_a_damaged_note_of_a_checkpoint_is_one_sentence(folder, prepared, changes):
    path = folder / "checkpoints" / "4" / "finished.json"
    about = json.loads(path.read_text())
    path.write_text(changes if isinstance(changes, str) else json.dumps(about | changes if changes else changes))
    with pytest.raises(UsageError, match=r"checkpoints/4 is damaged \(.*Delete that folder") as told:
        checkpoints.load(folder, prepared)
    assert "\n" not in str(told.value)


def test_a_copy_of_a_checkpoint_is_not_one(folder, prepared, blank):
    shutil.copytree(folder / "checkpoints" / "4", folder / "checkpoints" / "4 (copy)")
    found = checkpoints.load(folder, prepared)
    assert found is not None
    assert found.round == 4
    checkpoints.save(folder, after(blank, 6), CHOSEN, prepared)
    assert checkpoints.rounds_saved(folder) == 6
    assert (folder / "checkpoints" / "4 (copy)" / "finished.json").exists()


def test_a_folder_whose_name_is_not_utf_8_is_refused_before_it_is_made(capsys, tmp_path):
    out = os.fsdecode(os.fsencode(tmp_path) + b"/a\xff")
    code, _, err = answered(capsys, "pretrain", *SMALL, "--out", out)
    assert (code, err.count("\n")) == (2, 1)
    assert "UTF-8" in err
    assert not os.path.lexists(out)


def test_two_processes_do_not_train_in_one_folder(capsys, tmp_path):
    checkpoints.begin(tmp_path / "run", CHOSEN)
    with checkpoints.alone(tmp_path / "run"):
        code, _, err = answered(capsys, "pretrain", "--resume", "--out", str(tmp_path / "run"))
    assert (code, err.count("\n")) == (2, 1)
    assert "is being trained in by another process" in err
    with checkpoints.alone(tmp_path / "run"):
        pass


def test_a_file_is_no_folder_to_train_in(capsys, tmp_path):
    (tmp_path / "run").write_text("mine")
    code, _, err = answered(capsys, "pretrain", *SMALL, "--out", str(tmp_path / "run"))
    assert (code, err.count("\n")) == (2, 1)
    assert "run is no folder. Name a new one." in err
    assert (tmp_path / "run").read_text() == "mine"


def test_a_resumed_training_hashes_its_checkpoint_once(capsys, tmp_path, monkeypatch):
    out = tmp_path / "run"
    assert answered(capsys, "pretrain", *SMALL, "--out", str(out))[0] == 0
    hashed, digests = [], checkpoints._digests

    def counting(place: pathlib.Path) -> dict[str, str]:
        hashed.append(place.name)
        return digests(place)

    monkeypatch.setattr(checkpoints, "_digests", counting)
    assert answered(capsys, "pretrain", "--resume", "--out", str(out))[0] == 0
    assert hashed == ["4"]


def test_a_network_of_which_some_take_part_is_loaded_and_measured_by_those_who_did(tmp_path):
    chosen = replace(
        pretraining.settings("ci", "decl", encoder="linear", method="simsiam", train_per_class=8, rounds=2),
        participation=2,
    )
    prepared = pretraining.prepare(chosen)
    checkpoints.begin(tmp_path / "run", chosen)
    end = pretraining_run.train(chosen, prepared, tmp_path / "run", None, 9)
    saved = checkpoints.load(tmp_path / "run", prepared)
    assert saved is not None
    here = np.flatnonzero(np.asarray(end.state.local.is_recent))
    assert len(here) == 2 < chosen.clients
    found = evaluated.client_encoders(saved)
    assert len(found) == 2
    for i, model in zip(here, found, strict=True):
        jax.tree.map(
            lambda leaf, all_of_it, i=i: np.testing.assert_array_equal(leaf, all_of_it[i]),
            model,
            end.trained["encoder"],
        )
    apart = evaluated.evaluate(chosen, prepared, saved, random_start={})["weight_distance"]["per_model"][
        "local_to_local"
    ]
    assert apart["least"] == apart["most"] > 0  # of a single pair


def interrupting(monkeypatch: pytest.MonkeyPatch, number: int, times: int) -> None:
    """Ctrl-C comes so many times while the checkpoint of a round is written."""
    dumps = store.dumps

    def dumping(value: Any) -> str:
        if isinstance(value, dict) and len(value.get("losses", ())) == number:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return dumps(value)

    monkeypatch.setattr(store, "dumps", dumping)


@pytest.mark.parametrize("number", [2, 4])
def test_ctrl_c_during_a_save_waits_for_its_end(capsys, tmp_path, monkeypatch, number):
    out = tmp_path / "run"
    interrupting(monkeypatch, number, 3)
    code, _, err = answered(capsys, "pretrain", *SMALL, "--every", "2", "--out", str(out))
    assert (code, err.count("\n")) == (130, 1)
    assert f"{number} of 4 rounds are saved" in err
    saved = checkpoints.load(out, pretraining.prepare(checkpoints.settings_of(out)))
    assert saved is not None
    assert saved.round == number
    assert (saved.trained is not None) == (number == 4)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_while_the_first_one_saves_loses_nothing(tmp_path, monkeypatch):
    chosen = replace(CHOSEN, rounds=4)
    prepared = pretraining.prepare(chosen)
    checkpoints.begin(tmp_path / "run", chosen)
    interrupting(monkeypatch, 3, 2)

    def watch(number: int, loss: float) -> None:
        if number == 3:
            raise KeyboardInterrupt

    with pytest.raises(pretraining_run.Interrupted) as stopped:
        pretraining_run.train(chosen, prepared, tmp_path / "run", None, 4, watch)
    assert stopped.value.rounds == 3
    assert checkpoints.rounds_saved(tmp_path / "run") == 3


def test_who_stops_training_in_its_last_round_has_all_of_it(tmp_path):
    chosen: Pretraining = replace(CHOSEN, rounds=2)
    prepared = pretraining.prepare(chosen)
    checkpoints.begin(tmp_path / "run", chosen)

    def watch(number: int, loss: float) -> None:
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(pretraining_run.Interrupted):
        pretraining_run.train(chosen, prepared, tmp_path / "run", None, 9, watch)
    end = checkpoints.load(tmp_path / "run", prepared)
    assert end is not None
    assert end.trained is not None


def test_a_loss_that_is_no_number_is_an_overflow(capsys, tmp_path, monkeypatch):
    run = pretraining_run.training.pretrain

    def spoilt(*args: Any, progress: Any, **options: Any) -> Any:
        def third(state: engine.State, done: int, total: int) -> None:
            if int(state.round) == 3:
                state = state._replace(local=state.local._replace(loss=state.local.loss * jnp.nan))
            progress(state, done, total)

        return run(*args, progress=third, **options)

    monkeypatch.setattr(pretraining_run.training, "pretrain", spoilt)
    code, _, err = answered(capsys, "pretrain", *SMALL, "--every", "1", "--out", str(tmp_path / "run"))
    assert (code, err.count("\n")) == (2, 1)
    assert "Training overflowed in round 3; got learning_rate=0.001. Lower it." in err
    assert checkpoints.rounds_saved(tmp_path / "run") == 2
