"""Tables' records refer to trainings; those of before schemas are read alike, newer ones are refused."""

import json
from dataclasses import replace

import pytest

from dssl.cli.main import main
from experiments import adopt
from experiments.paper import table8
from experiments.paper._results import Results
from experiments.pretraining.settings import as_table
from experiments.records import tables, trainings
from experiments.records.trainings import Training, training_id
from runtime import store
from runtime.usage import UsageError

SEEDS = [0, 1, 2]


def nothing(label, seed):
    return None


def evaluation(accuracy):
    probe = {"linear_probe": {"accuracy": accuracy, "n_test": 1000}}
    return {"built": "as built", "trained": probe, "random_start": {"linear_probe": {"accuracy": 0.7, "n_test": 1000}}}


def results(shift=0.0):
    cells = table8.cells("ci")
    found = {
        label: [evaluation((500 + 10 * seed + place + shift) / 1000) for seed in SEEDS]
        for place, label in enumerate(cells)
    }
    return Results(cells, found, nothing, nothing)


def head(found):
    about = {"experiment": "table8", "title": table8.TITLE, "preset": "ci", "seeds": SEEDS}
    return about | {"rows": table8.rows(found), "measured": {}}


def old_record(found):
    """As records were before they said a schema: each table held its trainings itself."""
    cells = {label: {"settings": as_table(cell), "per_seed": found.found[label]} for label, cell in found.cells.items()}
    return head(found) | {"cells": cells}


def accuracies(found):
    return {label: found.scores(label).tolist() for label in found.cells}


def test_a_table_and_its_trainings_are_read_again(tmp_path):
    found = results()
    written = tables.save(tmp_path / "table8.json", head(found), found, tmp_path / tables.FOLDER)
    assert written["schema"] == tables.SCHEMA
    again = tables.results_of(tmp_path / "table8.json", tmp_path / tables.FOLDER)
    assert again is not None
    assert accuracies(again) == accuracies(found)
    assert again.cells == found.cells
    assert tables.load(tmp_path / "table8.json", tmp_path / tables.FOLDER) == written
    assert tables.load(tmp_path / "none.json", tmp_path / tables.FOLDER) is None


def test_a_record_of_before_schemas_is_read_alike(tmp_path):
    found = results()
    (tmp_path / "old.json").write_text(store.dumps(old_record(found)))
    new = tables.save(tmp_path / "new.json", head(found), found, tmp_path / tables.FOLDER)
    old = tables.load(tmp_path / "old.json", tmp_path / "nowhere")
    assert old is not None
    assert {**old, "schema": tables.SCHEMA, "rows": new["rows"]} == new
    assert store.shortened(old["rows"], 10) == new["rows"]
    again = tables.results_of(tmp_path / "old.json", tmp_path / "nowhere")
    assert again is not None
    assert (again.cells, accuracies(again)) == (found.cells, accuracies(found))


def test_pictures_of_before_schemas_are_read_alike(tmp_path):
    classes = [3, 1]
    pictures = [
        {"method": "mae", "model": model, "points": [[0.5, 1.5], [-2.0, 4.0]], "labels": classes} for model in "ab"
    ]
    (tmp_path / "old.json").write_text(store.dumps(old_record(results()) | {"pictures": pictures}))
    old = tables.load(tmp_path / "old.json", tmp_path)
    assert old is not None
    drawn = [{"method": "mae", "model": model, "x": [0.5, -2.0], "y": [1.5, 4.0]} for model in "ab"]
    assert old["pictures"] == {"labels": classes, "models": drawn}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": 3}, "a record of schema 3, and this program reads schemas up to 2"),
        ({"cells": {"none": ["0" * 12]}}, "refers to training 000000000000, which"),
        ({"cells": 3}, "is no record of an experiment"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, change, says):
    found = results()
    path = tmp_path / "table8.json"
    record = tables.save(path, head(found), found, tmp_path / tables.FOLDER)
    path.write_text(json.dumps(record | change))
    with pytest.raises(UsageError) as caught:
        tables.load(path, tmp_path / tables.FOLDER)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_newer_record_ends_a_command_with_exit_code_2(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "scaling.json").write_text('{"schema": 9, "tier": "full"}')
    with pytest.raises(SystemExit) as ended:
        main(["figures", "scaling", "--folder", "figures"])
    err = capsys.readouterr().err
    assert (ended.value.code, err.count("\n")) == (2, 1)
    assert "a record of schema 9, and this program reads schemas up to" in err


@pytest.fixture
def committed(tmp_path):
    """A results folder with table8 and another table that shares a training with it."""
    found, folder = results(), tmp_path / "results"
    (folder / adopt.RECORDS).mkdir(parents=True)
    tables.save(folder / adopt.RECORDS / "table8.json", head(found), found, folder / tables.FOLDER)
    return folder


def test_new_trainings_are_adopted_and_every_table_shows_them(tmp_path, committed):
    """Table 7 brings a new result of the training that Table 8 shows as its plain masks."""
    from experiments.paper import table7

    cells = table7.cells("ci")
    shared = next(label for label, cell in cells.items() if cell == table8.cells("ci")["none"])
    found = Results(
        cells,
        {label: [evaluation(0.9 if label == shared else 0.2 + seed / 100) for seed in SEEDS] for label in cells},
        nothing,
        nothing,
    )
    about = {"experiment": "table7", "title": table7.TITLE, "preset": "ci", "seeds": SEEDS}
    record = about | {"rows": table7.rows(found), "measured": {}}
    tables.save(tmp_path / "run" / "table7.json", record, found, tmp_path / "run" / tables.FOLDER)
    assert adopt.adopt(tmp_path / "run", committed) == ["table7", "table8"]
    new = tables.load(committed / adopt.RECORDS / "table8.json", committed / tables.FOLDER)
    assert new is not None
    row = next(row for row in new["rows"] if row["weight"] == "none")
    assert row["accuracy"]["per_seed"] == [90.0] * len(SEEDS)
    assert adopt.derive_tables(committed) == []
    stored = trainings.load(committed / tables.FOLDER)
    assert stored[training_id(replace(cells[shared], seed=2))].evaluation["trained"]["linear_probe"]["accuracy"] == 0.9


def test_what_cannot_be_adopted_is_refused(tmp_path, committed, capsys):
    assert adopt.main(adopt.Options(tmp_path / "nothing", committed)) == 2
    assert "has no record of an experiment" in capsys.readouterr().err
    assert adopt.main(adopt.Options(tmp_path, tmp_path / "nothing")) == 2
    assert "Run this where the records are" in capsys.readouterr().err


def test_two_results_of_one_training_cannot_be_stored(tmp_path):
    cell = table8.cells("ci")["none"]
    trainings.save(tmp_path, [Training(cell, evaluation(0.1)), Training(cell, evaluation(0.2))])
    assert len(trainings.load(tmp_path)) == 1
