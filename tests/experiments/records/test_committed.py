"""The committed records: each training once, every reference resolves, each says its schema, all are small."""

import json

import pytest

from experiments import adopt
from experiments.records import tables, trainings
from runtime import store

TRAININGS = store.RESULTS / tables.FOLDER
TABLES = sorted((store.RESULTS / adopt.RECORDS).glob("*.json"))
TEXTS = sorted(path for path in store.RESULTS.rglob("*") if path.suffix in (".json", ".jsonl"))
LARGEST = 1_500_000  # bytes of all text records


def lines(name):
    return [json.loads(line) for line in (TRAININGS / name).read_text(encoding="utf-8").splitlines()]


def test_a_training_is_stored_once_under_the_hash_of_its_settings():
    names = [row["id"] for row in lines(trainings.TRAININGS)[1:]]
    assert len(set(names)) == len(names) > 400
    found = trainings.load(TRAININGS)
    assert [trainings.training_id(one.chosen) for one in found.values()] == names
    assert len({one.chosen for one in found.values()}) == len(names)


def test_every_reference_resolves_and_nothing_is_kept_that_no_table_shows():
    used = {name for path in TABLES for per_seed in json.loads(path.read_text())["cells"].values() for name in per_seed}
    assert used == set(trainings.load(TRAININGS))
    rows = lines(trainings.TRAININGS)[1:]
    for name, field in ((trainings.STARTS, "start"), (trainings.BUILDS, "built")):
        assert {row[field] for row in rows} == {row["id"] for row in lines(name)[1:]}


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_cell_is_one_configuration_at_the_seeds_of_its_table(path):
    known, record = trainings.load(TRAININGS), json.loads(path.read_text())
    results = tables.results_of(path, TRAININGS, known)
    assert results is not None
    for label, per_seed in record["cells"].items():
        assert [known[name].chosen.seed for name in per_seed] == record["seeds"]
        assert dict.fromkeys(trainings.training_id(results.cells[label]) for _ in per_seed) == {per_seed[0]: None}


def test_saving_what_is_on_record_moves_no_byte(tmp_path):
    trainings.save(tmp_path, trainings.load(TRAININGS).values())
    # The common settings of a new file are its own choice, so the file is compared as it is read.
    assert trainings.load(tmp_path) == trainings.load(TRAININGS)
    for path in TRAININGS.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    trainings.save(tmp_path, [])
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in TRAININGS.iterdir())


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_record_says_its_schema(path):
    text = path.read_text(encoding="utf-8")
    head = json.loads(text.partition("\n")[0] if path.suffix == ".jsonl" else text)
    assert head["schema"] >= 1


def test_all_text_records_together_are_small():
    sizes = {path.relative_to(store.RESULTS).as_posix(): path.stat().st_size for path in TEXTS}
    largest = sorted(sizes.items(), key=lambda one: -one[1])[:5]
    assert sum(sizes.values()) < LARGEST, f"the largest are {largest}"
