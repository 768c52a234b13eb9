"""`dssl reproduce`: cells are trained once, also after an interruption, and tables say what the cells came to."""

import json
import pathlib
import shutil
import sys
import zlib
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import reproduction
from experiments.paper import ceiling, names
from experiments.paper._results import Results
from experiments.pretraining import checkpoints, evaluated, run, settings
from experiments.records import tables, trainings
from sims.evaluation import robustness
from sims.pretraining.encoders.presets import Preset
from tests.command import answered

PRESETS: tuple[Preset, ...] = ("ci", "laptop", "paper")


@pytest.fixture(autouse=True)
def one_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings in this process, where they can be replaced."""
    monkeypatch.setattr("runtime.cores.n_used", lambda: 1)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry each time that compiled programs would have been forgotten; those of other tests stay."""
    times: list[None] = []
    monkeypatch.setattr(reproduction, "_kept", set())
    monkeypatch.setattr("runtime.cores.forget_programs", lambda: times.append(None))
    return times


def made_up(cell: settings.Pretraining) -> dict[str, Any]:
    """An evaluation that differs with everything: no training, so that what is tested is the rest."""
    rng = np.random.default_rng([cell.seed, *pretraining_bytes(cell)])
    return {
        which: {"linear_probe": {"accuracy": float(rng.uniform(0.3, 0.9))}, "uniformity": float(rng.uniform(-3, 0))}
        for which in ("trained", "random_start")
    }


def pretraining_bytes(cell: settings.Pretraining) -> bytes:
    return reproduction.folder_of(pathlib.Path(), cell).name.encode()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[settings.Pretraining]:
    """Cells in the order in which they are trained, each in no time."""
    trained: list[settings.Pretraining] = []

    def train(chosen, prepared, folder, begun, every, watch):
        trained.append(chosen)
        if watch is not None:
            watch(chosen.rounds, 1.0)

    monkeypatch.setattr(run, "train", train)

    def evaluate(chosen, prepared, saved, random_start=None):
        found = made_up(chosen) | {"built": evaluated.built(prepared)}
        return found | ({} if random_start is None else {"random_start": random_start})

    monkeypatch.setattr(reproduction.evaluated, "evaluate", evaluate)
    return trained


def test_the_papers_tables_and_figures_are_all_there():
    wanted = {f"table{n}" for n in (1, 2, 5, 6, 7, 8)} | {"figure2a", "figure2b", "figure3"}
    assert wanted <= set(names())


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("preset", PRESETS)
def test_every_cell_of_every_experiment_can_be_prepared(name, preset):
    cells = reproduction.experiment(name).cells(preset)
    seen = {}
    for label, cell in cells.items():
        assert cell.preset == preset, label
        seen.setdefault((cell.method, cell.encoder, cell.setting, cell.topology, cell.partition, cell.options), cell)
    for cell in seen.values():
        prepared = settings.prepare(cell)
        assert len(prepared.partition.indices) == (1 if cell.setting == "local" else cell.clients)


@pytest.fixture
def encoders(quick, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Encoders of no training by the folder of their cell: what tables make of encoders is tested, not training."""
    made: dict[str, Any] = {}

    def load(folder, prepared):
        if not (folder / reproduction.EVALUATION).exists():
            return None
        if folder.name not in made:
            key = jax.random.key(zlib.crc32(folder.name.encode()))
            made[folder.name] = prepared.method.init(key, prepared.train.images.shape[1:])["encoder"]
        return made[folder.name]

    monkeypatch.setattr(reproduction.checkpoints, "load", load)
    monkeypatch.setattr(reproduction.evaluated, "global_encoder", lambda saved: saved)
    return made


def test_table_5_measures_distances_and_their_share_of_both_ways(capsys, tmp_path, quick, encoders):
    assert answered(capsys, "reproduce", "table5", "--preset", "ci", "--out", str(tmp_path))[0] == 0
    record = json.loads((tmp_path / "table5.json").read_text())
    cells = reproduction.experiment("table5").cells("ci")
    assert set(record["measured"]) == {
        f"{method}, {one} to {other}{share}"
        for method in ("simsiam", "mae", "mar")
        for one, other in (("first", "last"), ("first", "global"), ("last", "global"))
        for share in ("", ", share")
    }
    # MAR alone is plain masks.
    for pair, of in (
        ("simsiam, first to last", ("simsiam first", "simsiam last")),
        ("mar, first to last", ("mae first", "mae last")),
        ("mar, first to global", ("mae first", "mar global")),
    ):
        for seed in range(2):
            chosen = [replace(cells[label], seed=seed) for label in of]
            models = [encoders[reproduction.folder_of(tmp_path, one).name] for one in chosen]
            begun = evaluated.start_encoder(chosen[0], settings.prepare(chosen[0]))
            arrays = [jax.tree.leaves(tree) for tree in (*models, begun)]
            apart, one, other = (
                sum(float(np.sqrt(np.sum((np.asarray(x) - np.asarray(y)) ** 2))) for x, y in zip(a, b, strict=True))
                for a, b in ((arrays[0], arrays[1]), (arrays[0], arrays[2]), (arrays[1], arrays[2]))
            )
            found = record["measured"]
            assert found[pair][seed] == pytest.approx(apart, rel=1e-5)  # float32 loops
            assert found[f"{pair}, share"][seed] == pytest.approx(apart / (one + other), rel=1e-5)
    row = next(row for row in record["rows"] if row[""] == "mar")
    assert row["first to last"]["per_seed"] == pytest.approx(record["measured"]["mar, first to last"], rel=1e-9)
    assert row["share of both ways, last to global"]["per_seed"] == pytest.approx(
        record["measured"]["mar, last to global, share"], rel=1e-9
    )


def test_figure_3_measures_how_alike_features_are(capsys, tmp_path, quick, encoders, monkeypatch):
    monkeypatch.setattr("experiments.paper.figure3.project", lambda features, dims: features[:, :2])
    assert answered(capsys, "reproduce", "figure3", "--preset", "ci", "--out", str(tmp_path))[0] == 0
    record = json.loads((tmp_path / "figure3.json").read_text())
    cells = reproduction.experiment("figure3").cells("ci")
    for seed in range(2):
        first, whole = (replace(cells[f"mae {m}"], seed=seed) for m in ("first", "global"))
        prepared = settings.prepare(first)
        features = [
            np.asarray(
                prepared.method.encoder.features(
                    encoders[reproduction.folder_of(tmp_path, cell).name],
                    jnp.asarray(prepared.test.images.astype(np.float32) / 255),
                ),
                np.float64,
            )
            for cell in (first, whole)
        ]
        a, b = (x - x.mean(axis=0) for x in features)
        wanted = np.sum((a.T @ b) ** 2) / np.sqrt(np.sum((a.T @ a) ** 2) * np.sum((b.T @ b) ** 2))
        assert record["measured"]["mae, first to global"][seed] == pytest.approx(wanted, rel=1e-4)  # float32 features
    assert {(p["method"], p["model"]) for p in record["pictures"]["models"]} == {
        (method, model) for method in ("simsiam", "mae", "mar") for model in ("first", "last", "global")
    }
    assert {len(p[axis]) for p in record["pictures"]["models"] for axis in "xy"} == {len(record["pictures"]["labels"])}
    assert (tmp_path / "figure3.png").exists()


@pytest.mark.parametrize(
    ("moved", "now", "said"),
    [
        (
            "experiments.pretraining.evaluated.built",
            "Mae(of tomorrow)",
            ("was trained by another version, as Mae(encoder=", "this one trains Mae(of tomorrow)"),
        ),
        (
            "experiments.pretraining.checkpoints.digest_of_images",
            "others",
            ("was trained on other images, or other clients' shares of them, than fashion-mnist comes to now",),
        ),
    ],
)
def test_cells_of_another_version_or_other_images_are_refused(capsys, tmp_path, quick, monkeypatch, moved, now, said):
    command = ("reproduce", "table8", "--preset", "ci", "--out", str(tmp_path))
    assert answered(capsys, *command)[0] == 0
    monkeypatch.setattr(moved, lambda prepared: now)
    code, _, err = answered(capsys, *command)
    assert (code, err.count("\n")) == (2, 1)
    assert all(words in err for words in said)


@pytest.mark.parametrize(
    "text", ["[]", "3", '"x"', "{}", "", '{"built": "x", "trained": 3, "random_start": {}}', "high"]
)
def test_a_damaged_evaluation_is_one_sentence(capsys, tmp_path, quick, text):
    command = ("reproduce", "table8", "--preset", "ci", "--out", str(tmp_path))
    assert answered(capsys, *command)[0] == 0
    path = next(tmp_path.glob(f"*/*/{reproduction.EVALUATION}"))
    if text == "high":
        about = json.loads(path.read_text())
        about["trained"]["linear_probe"]["accuracy"] = "high"
        text = json.dumps(about)
    path.write_text(text)
    code, _, err = answered(capsys, *command)
    assert (code, err.count("\n")) == (2, 1)
    assert str(path) in err
    assert "Delete that file, and the same command measures again." in err
    path.unlink()
    assert answered(capsys, *command)[0] == 0


@pytest.mark.parametrize("name", sorted(set(names()) - {"table5", "figure3"}))
def test_a_table_is_recorded_from_its_cells_and_trained_once(capsys, tmp_path, quick, name):
    command = ("reproduce", name, "--preset", "ci", "--out", str(tmp_path))
    code, out, err = answered(capsys, *command)
    assert code == 0, err
    record = json.loads((tmp_path / f"{name}.json").read_text())
    assert record["title"].split(":")[0] in out
    cells = reproduction.experiment(name).cells("ci")
    n_different = len(set(cells.values()))
    assert len(quick) == 2 * n_different
    assert [cell.seed for cell in quick] == sorted(cell.seed for cell in quick)
    assert {label: len(per_seed) for label, per_seed in record["cells"].items()} == dict.fromkeys(cells, 2)
    stored = trainings.load(tmp_path / tables.FOLDER)
    assert set(stored) == {training for per_seed in record["cells"].values() for training in per_seed}
    assert len(stored) == 2 * n_different
    code, again, _ = answered(capsys, *command)
    assert code == 0
    assert len(quick) == 2 * n_different
    assert again == out


def test_cells_share_the_random_start_of_their_method_encoder_and_seed_alone(capsys, tmp_path, quick):
    assert answered(capsys, "reproduce", "table1", "--preset", "ci", "--out", str(tmp_path))[0] == 0
    results = tables.results_of(tmp_path / "table1.json", tmp_path / tables.FOLDER)
    assert results is not None
    starts: dict[Any, set[float]] = {}
    for label, per_seed in results.found.items():
        for seed, found in enumerate(per_seed):
            one = (*label.split()[:2], seed)
            starts.setdefault(one, set()).add(found["random_start"]["linear_probe"]["accuracy"])
    assert {len(values) for values in starts.values()} == {1}
    assert len(set.union(*starts.values())) == len(starts) == 2 * 2 * 2


def test_an_interrupted_reproduction_goes_on_where_it_was(capsys, tmp_path, quick, monkeypatch):
    command = ("reproduce", "table8", "--preset", "ci", "--out", str(tmp_path))
    whole = answered(capsys, "reproduce", "table8", "--preset", "ci", "--out", str(tmp_path / "whole"))
    wanted, before = list(quick), run.train
    quick.clear()
    with monkeypatch.context() as m:

        def stopping(*args):
            if len(quick) == 5:
                raise run.Interrupted(1)
            before(*args)

        m.setattr(run, "train", stopping)
        code, _, err = answered(capsys, *(*command[:-1], str(tmp_path / "again")))
    assert code == 130
    assert "the same command goes on from there" in err
    assert not (tmp_path / "again" / "table8.json").exists()
    code, out, _ = answered(capsys, *(*command[:-1], str(tmp_path / "again")))
    assert code == 0
    assert quick == wanted
    assert out == whole[1].replace("whole", "again")


def test_an_experiment_goes_over_other_images(capsys, tmp_path, quick):
    more = ("--data", "fashion-mnist", "--side", "14", "--test-per-class", "20")
    assert answered(capsys, "reproduce", "choices", "--preset", "ci", "--out", str(tmp_path), *more)[0] == 0
    assert quick
    assert {(cell.data, cell.side, cell.test_per_class) for cell in quick} == {("fashion-mnist", 14, 20)}
    results = tables.results_of(tmp_path / "choices.json", tmp_path / tables.FOLDER)
    assert results is not None
    assert {cell.side for cell in results.cells.values()} == {14}
    # They are other cells than those of the preset's images.
    n = len(quick)
    assert answered(capsys, "reproduce", "choices", "--preset", "ci", "--out", str(tmp_path))[0] == 0
    assert len(quick) == 2 * n
    code, _, err = answered(
        capsys, "reproduce", "choices", "--preset", "ci", "--out", str(tmp_path / "new"), "--data", "nowhere"
    )
    assert (code, err.count("\n")) == (2, 1)
    assert "got 'nowhere', which is not there" in err


def test_drops_are_paired_over_seeds():
    cells = reproduction.experiment("table1").cells("ci")
    found = {
        label: [
            made_up(settings.settings("ci", method=cell.method, encoder=cell.encoder, seed=seed, alpha=1.0 + i))
            for seed in range(4)
        ]
        for i, (label, cell) in enumerate(cells.items())
    }
    rows = reproduction.experiment("table1").rows(
        Results(cells, found, lambda label, seed: None, lambda label, seed: None)
    )
    by_name = {row[""]: row for row in rows}
    scores = {
        label: np.array([100 * one["trained"]["linear_probe"]["accuracy"] for one in seeds])
        for label, seeds in found.items()
    }
    for skew in ("label", "feature"):
        drops = []
        for method in ("mae", "simsiam"):
            iid, skewed = scores[f"{method} vit iid"], scores[f"{method} vit {skew}"]
            row = by_name[f"{method} vit"][f"{skew} drop"]
            assert row["mean"] == pytest.approx(iid.mean() - skewed.mean())
            drops.append(robustness.drop(iid, skewed))
            assert row["low"] == drops[-1].low
        between = by_name["vit: MAE's drop minus SimSiam's"][f"{skew} drop"]
        assert between["mean"] == pytest.approx(drops[0].mean - drops[1].mean)
    assert by_name["mae vit"]["printed label drop (CIFAR-10)"] == 1.70
    assert by_name["simsiam resnet"]["printed feature drop (CIFAR-10)"] == 1.41


def test_a_difference_without_a_spread_has_no_interval_to_show(capsys, tmp_path, quick, monkeypatch):
    one = settings.settings("ci")

    class Same:
        TITLE = "Twice the same"

        @staticmethod
        def cells(preset: str) -> dict[str, settings.Pretraining]:
            return {"a": one, "b": one, "c": replace(one, alpha=0.1)}

        @staticmethod
        def rows(results: Results) -> list[dict[str, Any]]:
            return [{"same": results.difference("a", "b"), "other": results.difference("a", "c")}]

    monkeypatch.setattr(reproduction, "experiment", lambda name: Same)
    code, out, _ = answered(capsys, "reproduce", "twice", "--preset", "ci", "--out", str(tmp_path))
    assert code == 0
    assert "+0.00 at every seed" in out
    assert out.count("at every seed") == 1
    assert "inf" not in out


def test_equal_cells_of_two_experiments_are_trained_once(capsys, tmp_path, quick):
    for name in ("table7", "table8"):
        assert answered(capsys, "reproduce", name, "--preset", "ci", "--out", str(tmp_path))[0] == 0
    shared = set(reproduction.experiment("table7").cells("ci").values())
    shared &= set(reproduction.experiment("table8").cells("ci").values())
    assert shared
    assert len(quick) == len(set(quick))


def test_trainings_side_by_side_are_those_in_turn_bit_for_bit(capsys, tmp_path, monkeypatch):
    few = settings.settings("ci", encoder="linear", method="simsiam", rounds=2)

    class Small:
        TITLE = "Small ones"

        @staticmethod
        def cells(preset: str) -> dict[str, settings.Pretraining]:
            return {"few": few, "the few": few}  # two names of one training, which is trained once

        @staticmethod
        def rows(results: Results) -> list[dict[str, Any]]:
            return [{"": label, "accuracy": results.accuracy(label)["mean"]} for label in results.cells]

    monkeypatch.setattr(reproduction, "experiment", lambda name: Small)
    progress: list[reproduction.Progress] = []
    side = reproduction.reproduce("small", "ci", 2, tmp_path / "side", progress.append, jobs=2)
    turn = reproduction.reproduce("small", "ci", 2, tmp_path / "turn", jobs=1)
    for seed in range(2):
        cell = replace(few, seed=seed)
        saved = [
            checkpoints.load(reproduction.folder_of(tmp_path / how, cell), settings.prepare(cell))
            for how in ("side", "turn")
        ]
        leaves = [jax.tree.leaves((one.state, one.trained)) for one in saved if one is not None]
        assert len(leaves) == 2
        assert all(np.array_equal(a, b) for a, b in zip(*leaves, strict=True))
    assert side["rows"] == turn["rows"]
    assert {told.process for told in progress} == {0, 1}
    assert sorted(told.round for told in progress) == [0, 0, 1, 1, 2, 2]
    assert {told.finished for told in progress} == {0}  # what a process is at is not finished
    turn_by_turn: list[reproduction.Progress] = []
    for seed in range(2):
        shutil.rmtree(reproduction.folder_of(tmp_path / "turn", replace(few, seed=seed)))
    with monkeypatch.context() as m:
        m.setattr(reproduction, "train_cell", lambda out, cells, cell, begin: begin(0, 1))
        with pytest.raises(AssertionError):  # nothing was trained
            reproduction.reproduce("small", "ci", 2, tmp_path / "turn", turn_by_turn.append, jobs=1)
    assert [told.finished for told in turn_by_turn] == [0, 2]  # both names of the first


def test_compiled_programs_of_a_few_kinds_of_training_are_kept(tmp_path, quick, forgotten):
    def train(encoder: str, *, seeds: int = 2, **given: Any) -> int:
        for seed in range(seeds):
            cell = settings.settings("ci", encoder=encoder, seed=seed, **given)
            reproduction.train_cell(tmp_path, [], cell, lambda done, clients: lambda number, loss: None)
        return len(forgotten)

    assert [train(encoder, alpha=alpha) for encoder in ("vit", "resnet") for alpha in (0.1, 1.0)] == [0] * 4
    assert train("linear", method="simsiam") == train("vit", method="simsiam") == 0
    assert train("resnet", method="simsiam") == 1  # the fifth kind
    assert train("resnet", method="simsiam") == 1  # is kept itself
    assert train("vit") == 1
    assert [train("linear", method="simsiam", setting=setting) for setting in ("fl", "decl", "central")] == [1, 1, 2]


def test_no_jobs_are_refused(capsys, tmp_path):
    command = ("reproduce", "table8", "--preset", "ci", "--jobs", "0", "--out", str(tmp_path / "none"))
    code, _, err = answered(capsys, *command)
    assert (code, err.count("\n")) == (2, 1)
    assert "at least one of them; got --jobs 0" in err


def test_an_accelerator_trains_one_cell_after_another(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("sims.placement.is_accelerated", lambda: True)
    code, _, err = answered(
        capsys, "reproduce", "table8", "--preset", "ci", "--jobs", "2", "--out", str(tmp_path / "new")
    )
    assert (code, err.count("\n")) == (2, 1)
    assert "one after another; got --jobs 2" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tabel1",), "There is no experiment 'tabel1'; the nearest valid are table1"),
        (("table1", "--seeds", "1"), "at least 2 seeds; got --seeds 1"),
    ],
)
def test_mistakes_are_one_sentence(capsys, tmp_path, arguments, message):
    code, _, err = answered(capsys, "reproduce", *arguments, "--preset", "ci", "--out", str(tmp_path / "new"))
    assert (code, err.count("\n")) == (2, 1)
    assert message in err
    assert not (tmp_path / "new").exists()


def test_what_a_picture_needs_is_missed_before_training(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    monkeypatch.setattr(reproduction, "train_cell", None)  # not called
    out = tmp_path / "new"
    code, _, err = answered(capsys, "reproduce", "figure3", "--preset", "ci", "--jobs", "1", "--out", str(out))
    assert (code, err.count("\n")) == (2, 1)
    assert 'pip install "dssl-ledger[features]"' in err
    assert not out.exists()


def test_a_folder_of_something_else_is_left_alone(capsys, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    code, _, err = answered(capsys, "reproduce", "table1", "--preset", "ci", "--out", str(tmp_path))
    assert (code, err.count("\n")) == (2, 1)
    assert "holds something else" in err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_training_is_worth_is_said_in_words():
    """From what eight of the sixteen cells reach with a server and neighbours, and the better rate in one place."""
    cells = ceiling.cells("ci")
    ends = {"fl": 3.0, "decl": 1.0, "central": 4.0, "slower": 6.0}

    def scored(percent: float) -> dict[str, Any]:
        return {"linear_probe": {"accuracy": percent / 100}}

    found = {
        label: [
            {
                "trained": scored(70 + ends[label.split()[-1]] + noise + 4 * label.startswith("simsiam resnet")),
                "random_start": scored(70),
            }
            for noise in (-0.1, 0.0, 0.1)
        ]
        for label in cells
    }
    words = ceiling.in_words(Results(cells, found, lambda *_: None, lambda *_: None))
    low = robustness.paired_difference(np.array([0.9, 1.0, 1.1]), np.zeros(3)).low
    assert "neighbours raises the accuracy by 1.0 to 7.0 percentage points" in words
    assert "There are 8 cases" in words
    assert "repeated each case 3 times" in words
    assert f"none of these intervals reaches below {low:.1f} points" in words
    assert "with all images in one place raises the accuracy by 6.0 to 10.0 points" in words
    assert "raw pixels" not in words
    measured = {ceiling.PIXELS: [79.0, 81.0, 80.9]}
    words = ceiling.in_words(Results(cells, found, *[lambda *_: None] * 2, measured=measured))
    assert "reaches 80.0%, which is below a linear classifier on the raw pixels (80.3%)" in words
