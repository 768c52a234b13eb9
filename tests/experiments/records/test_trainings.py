"""Trainings on record: one line each, under a hash of what decides the result, and nothing lost on the way."""

import json
import math
from dataclasses import replace

import pytest

from experiments.pretraining.settings import Pretraining, settings
from experiments.records import trainings
from experiments.records.trainings import Training, load, save, training_id
from runtime.usage import UsageError

SERVER = settings("ci", method="mae", alpha=0.1, seed=1)
NEIGHBOURS = settings("ci", "decl", method="mae", alpha=0.1)


def measured(accuracy: float = 0.7421, **more):
    """In the form of `evaluated.evaluate`."""
    probe = {"accuracy": accuracy, "standard_error": 0.0, "n_test": 1000, "converged": True, "inverse_penalty": 0.1}
    by_class = [0.75000123, 0.5, 0.25]
    return {
        "linear_probe": probe,
        "knn": {"accuracy": 0.6, "standard_error": 0.0, "n_test": 1000},
        "fine_tuned": {},
        "uniformity": -1.4270650276209662,
        "alignment": 0.4675922655,
        "effective_rank": 22.9195732405,
        "feature_dim": 64,
        "representability": {"by_class": by_class, "sensitivity": 0.50000123},
    } | more


def evaluation(accuracy: float = 0.7421, **more):
    apart = {"local_to_global": {"mean": 2.0, "least": 1.23456789, "most": 3.0}, "local_to_local": None}
    return {
        "rounds_done": 2,
        "rounds": 2,
        "built": "Mae(as built)",
        "loss": 0.5488640069961548,
        "trained": measured(accuracy),
        "random_start": measured(0.704),
        "bytes": {"sent": 3397064.0, "received": 6794112.0},
        "weight_distance": {"per_array": apart, "per_model": apart},
    } | more


def test_what_is_saved_is_read_again(tmp_path):
    save(tmp_path / "new", [Training(SERVER, evaluation())])
    (name, found), *others = load(tmp_path / "new").items()
    assert (name, found.chosen, others) == (training_id(SERVER), SERVER, [])
    kept = found.evaluation
    for exact in ("built", "loss", "rounds", "rounds_done", "bytes"):
        assert kept[exact] == evaluation()[exact]
    # What decides a statement keeps every digit, what is only shown keeps five.
    assert kept["trained"]["linear_probe"]["accuracy"] == 0.7421
    assert kept["trained"]["uniformity"] == -1.4270650276209662
    assert kept["trained"]["alignment"] == 0.46759
    assert kept["random_start"]["linear_probe"]["accuracy"] == 0.704
    assert kept["trained"]["linear_probe"]["converged"] is True
    assert kept["trained"]["linear_probe"]["standard_error"] == pytest.approx(0.01384, abs=1e-4)
    assert kept["trained"]["representability"] == {"by_class": [0.75, 0.5, 0.25], "sensitivity": 0.5}
    assert kept["weight_distance"]["per_array"]["local_to_local"] is None
    assert kept["weight_distance"]["per_model"]["local_to_global"]["least"] == 1.2346
    assert kept.keys() == evaluation().keys()


def test_features_without_a_representability_are_told_so(tmp_path):
    save(tmp_path, [Training(SERVER, evaluation(trained=measured(representability=None)))])
    assert load(tmp_path)[training_id(SERVER)].evaluation["trained"]["representability"] is None


def test_a_second_training_of_a_configuration_takes_the_place_of_the_first(tmp_path):
    save(tmp_path, [Training(SERVER, evaluation(0.1)), Training(NEIGHBOURS, evaluation(0.2))])
    before = (tmp_path / trainings.TRAININGS).read_text().splitlines()
    save(tmp_path, [Training(SERVER, evaluation(0.3))])
    after = (tmp_path / trainings.TRAININGS).read_text().splitlines()
    assert len(before) == len(after) == 1 + 2
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
    accuracies = {one.chosen: one.evaluation["trained"]["linear_probe"]["accuracy"] for one in load(tmp_path).values()}
    assert accuracies == {SERVER: 0.3, NEIGHBOURS: 0.2}


def test_the_same_trainings_are_the_same_bytes_in_any_order(tmp_path):
    cells = [Training(replace(SERVER, seed=seed), evaluation(seed / 10)) for seed in range(3)]
    save(tmp_path / "a", cells)
    save(tmp_path / "b", reversed(cells))
    save(tmp_path / "b", cells[1:])
    for name in (trainings.TRAININGS, trainings.STARTS, trainings.BUILDS):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_measure_without_a_column_is_not_lost_in_silence(tmp_path):
    with pytest.raises(ValueError, match=r"got trained\.novelty"):
        save(tmp_path, [Training(SERVER, evaluation(trained=measured(novelty=0.5)))])
    assert not (tmp_path / trainings.TRAININGS).exists()


def same(first: Pretraining, **changes) -> bool:
    return training_id(first) == training_id(replace(first, **changes))


def test_the_hash_is_of_what_decides_the_result_alone():
    with_options = replace(SERVER, options=(("mask_ratio", "0.5"), ("strength", "1")))
    assert same(with_options, options=with_options.options[::-1])
    assert same(SERVER, topology="star", mixing="metropolis")
    assert same(replace(SERVER, steps=3), epochs=9)
    assert same(SERVER, client=1)
    assert same(replace(SERVER, alpha=1), alpha=1.0)
    assert same(replace(SERVER, learning_rate=1), learning_rate=1.0)


@pytest.mark.parametrize(
    ("first", "changes"),
    [
        (SERVER, {"seed": 2}),
        (SERVER, {"alpha": math.inf}),
        (SERVER, {"rounds": 3}),
        (SERVER, {"epochs": 9}),
        (SERVER, {"side": 14}),
        (SERVER, {"learning_rate": 0.5}),
        (SERVER, {"method": "mar"}),
        (SERVER, {"encoder": "resnet"}),
        (SERVER, {"setting": "central"}),
        (SERVER, {"preset": "laptop"}),
        (SERVER, {"options": (("mask_ratio", "0.5"),)}),
        (replace(SERVER, setting="local"), {"client": 1}),
        (NEIGHBOURS, {"topology": "star"}),
        (NEIGHBOURS, {"mixing": "metropolis"}),
        (replace(SERVER, options=(("mask_ratio", "0.5"),)), {"options": (("mask_ratio", "0.6"),)}),
    ],
)
def test_the_hash_differs_where_the_result_does(first, changes):
    assert not same(first, **changes)


def spoiled(line: str) -> str:
    row = json.loads(line)
    row["settings"].pop("seed")
    return json.dumps(row)


@pytest.mark.parametrize(
    ("name", "spoil", "says"),
    [
        (trainings.TRAININGS, lambda text: "{", "holds no records of one line each"),
        (trainings.TRAININGS, lambda text: "", "holds no records of one line each"),
        (trainings.TRAININGS, lambda text: text + text.splitlines()[-1], "holds a record twice"),
        (trainings.TRAININGS, lambda text: text.replace('"schema":1', '"schema":7'), "a record of schema 7"),
        (trainings.TRAININGS, lambda text: text.replace('"schema":1', '"schema":true'), "by a whole number"),
        (trainings.TRAININGS, lambda text: text.replace('"columns"', '"titles"'), "does not begin with its columns"),
        (
            trainings.TRAININGS,
            lambda text: "\n".join([*text.splitlines()[:1], spoiled(text.splitlines()[1])]),
            "no settings",
        ),
        (trainings.STARTS, lambda text: text.splitlines()[0], "cannot be read"),
        (trainings.BUILDS, lambda text: "[]\n[]", "holds no records of one line each"),
        (trainings.BUILDS, None, "to which other records refer"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path, name, spoil, says):
    save(tmp_path, [Training(SERVER, evaluation())])
    path = tmp_path / name
    if spoil is None:
        path.unlink()
    else:
        path.write_text(spoil(path.read_text()))
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
