"""The sampled records beside the figures' come out the same when made again, and the bounds hold in them."""

from dataclasses import replace

import pytest
from scipy import stats

from benchmarks import bounds_never_violated as trials
from experiments.figure_store import difference
from experiments.real_images import measured, record
from runtime import store
from theory.readings import Rare

CELLS = store.read(trials.RECORD)["cells"]


def found(side: str) -> list[tuple[str, dict, dict]]:
    return [(name, row, row[side]) for name, row in CELLS.items() if row[side]["bound"] is not None]


@pytest.mark.parametrize("side", trials.SIDES)
def test_no_bound_fails_more_often_than_it_may_in_ten_thousand_trials(side):
    assert found(side)
    for name, row, bound in found(side):
        assert row["trials"] >= 10_000
        allowed = stats.binom.isf(trials.CHANCE_OF_A_FALSE_ALARM, row["trials"], row["delta"])
        assert bound["violations"] <= allowed, name


def test_the_tightest_bounds_come_within_two_percent_of_the_mean():
    assert min(bound["bound_over_mean"] for _, _, bound in found("upper")) < 1.02
    assert max(bound["bound_over_mean"] for _, _, bound in found("lower")) > 0.98


def test_one_cell_is_drawn_again_alike():
    options = trials.Options()
    grid = trials.cases()
    place = next(i for i, cell in enumerate(grid) if cell.setting.dim == 2**20)
    again = store.jsonable(trials.run_case(grid[place], options, options.seed + place))
    assert {name: difference(CELLS[name], row) for name, row in again.items()} == dict.fromkeys(again, "")


@pytest.mark.slow
def test_every_cell_is_drawn_again_alike():
    options = trials.Options()
    for place, cell in enumerate(trials.cases()):
        for name, row in store.jsonable(trials.run_case(cell, options, options.seed + place)).items():
            assert difference(CELLS[name], row, name) == ""


def test_one_reading_and_one_rare_class_on_real_images_are_measured_again_alike():
    kept, effort = store.read(store.RESULTS / "real_images.json"), measured.EFFORT["full"]
    reading = measured.RECONSTRUCTION_AVERAGED
    found = {(r["reading"], r["samples_per_client"]): r for r in kept["inputs"]["features"]["readings"]}
    again = record.one_reading("features", effort.sizes[0], reading, effort.trials)
    assert difference(found[reading.words, effort.sizes[0]], _as_stored(again)) == ""
    place = next(i for i, r in enumerate(kept["rare"]) if (r["client"], r["rare"]) == (1, "outside"))
    again = record.one_site(1, Rare.OUTSIDE, kept["rare"][place]["fraction"])
    assert difference(kept["rare"][place], _as_stored(again)) == ""


def _as_stored(value: dict) -> dict:
    return store.jsonable(record.rounded(value))


@pytest.mark.slow
def test_the_record_of_real_images_is_made_again_alike_but_for_its_larger_samples():
    """What is of 1,000 images a client, and two of the six sites; the module itself makes all of it."""
    kept, effort = store.read(store.RESULTS / "real_images.json"), measured.EFFORT["full"]
    smallest = effort.sizes[0]
    again = record.record(replace(effort, sizes=(smallest,)), sites=(None, 1))
    for entry in kept["inputs"].values():
        entry["near_axes"]["spread_over_gap"] = {str(smallest): entry["near_axes"]["spread_over_gap"][str(smallest)]}
        entry["readings"] = [r for r in entry["readings"] if r["samples_per_client"] == smallest]
    kept["sigma_star"] = [r for r in kept["sigma_star"] if r["samples_per_client"] == smallest]
    kept["rare"] = [r for r in kept["rare"] if r["client"] in ("FL", 1)]
    assert all(kept[part] for part in ("inputs", "sigma_star", "rare", "partitions"))
    assert difference(kept, _as_stored(again)) == ""
