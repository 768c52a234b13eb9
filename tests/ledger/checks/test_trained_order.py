"""Orders of trained encoders: decided by the interval of paired seeds, and the record that they are read from."""

import json
from dataclasses import replace

import numpy as np
import pytest

from claims import catalogue
from experiments import reproduction
from experiments.paper import names
from experiments.paper._results import Results
from experiments.pretraining import evaluated, settings
from experiments.records import tables
from ledger.checks import trained_order
from ledger.checks.trained_order import (
    FOLDER,
    TRAININGS,
    TrainedAlike,
    TrainedOrder,
    accuracy,
    columns,
    drop,
    mean_accuracy,
    measured,
    recorded,
)
from ledger.statement import Context, Status
from runtime import store
from sims.evaluation import robustness

WITHOUT_STATEMENTS = {"choices"}  # of our own presets, which nobody claims anything of
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def known(name):
    results = recorded(name)
    assert results is not None
    return results


def nothing(*_):
    return None


def column(values):
    return lambda results: np.array(values)


def decided(smaller, larger, at_least=0.0, spoil=1.0, **how):
    columns = column(smaller), column(larger)
    with pytest.MonkeyPatch.context() as m:
        m.setattr(trained_order, "recorded", lambda name: Results({}, {}, nothing, nothing))
        return TrainedOrder("made up", *columns, "Because.", at_least, **how).run(Context(spoil=spoil))


@pytest.mark.parametrize(
    ("larger", "at_least", "status"),
    [
        ([3.0, 3.2, 3.1], 0.0, Status.HOLDS),
        ([3.0, 3.2, 3.1], 2.0, Status.INCONCLUSIVE),
        ([3.0, 3.2, 3.1], 9.0, Status.VIOLATED),
        ([0.5, 1.5, 1.0], 0.0, Status.INCONCLUSIVE),
        ([-3.0, -3.2, -3.1], 0.0, Status.VIOLATED),
        ([1.0, 1.0, 1.0], 0.0, Status.INCONCLUSIVE),
    ],
)
def test_the_interval_decides(larger, at_least, status):
    found = decided([1.0, 1.1, 0.9], larger, at_least)
    assert found.status is status
    gap = robustness.paired_difference(np.array(larger), np.array([1.0, 1.1, 0.9]))
    assert f"[{gap.low:.2f}, {gap.high:.2f}] over 3 seeds" in found.reason


def test_of_one_training_under_two_names_neither_exceeds_the_other():
    same = [1.0, 1.1, 0.9]
    found = decided(same, same, are_one=True)
    assert (found.status, found.margin) == (Status.VIOLATED, 0.0)
    assert found.reason == "Because. Equal at each of 3 seeds."
    assert decided(same, same, at_least=-1.0, are_one=True).status is not Status.VIOLATED
    assert decided(same, same).status is Status.INCONCLUSIVE  # accuracies of two trainings may be equal by chance
    order = TrainedOrder("made up", column(same), column(same), "Because.")
    assert order.p_value(np.array(same), np.array(same)) is None
    assert order.p_value(np.array(same), np.array([1.0, 1.1, 0.8])) is not None


def test_seeds_that_came_later_are_told_of():
    five = [1.0, 1.1, 0.9, 1.0, 1.2], [3.0, 3.2, 3.1, 3.0, 3.3]
    assert "looked at" not in decided(*five).reason
    with pytest.MonkeyPatch.context() as m:
        m.setitem(trained_order.LOOKED_AT, "made up", 3)
        assert " 2 of the seeds came after " in decided(*five).reason
        assert "looked at" not in decided([1.0, 1.1, 0.9], [3.0, 3.2, 3.1]).reason
        assert "looked at" not in decided(*five, is_new=True).reason


def test_an_undecided_order_says_what_it_could_have_seen():
    found = decided([0.0, 0.0, 0.0], [1.0, -1.0, 0.3])
    spread = float(np.std([1.0, -1.0, 0.3], ddof=1))
    seen = robustness.minimal_detectable_difference(spread, 3, 0.8)
    assert f"a difference of {seen:.1f} points is seen with probability 0.8" in found.reason


def test_an_undecided_likeness_says_what_it_could_have_told_from_its_limit():
    """In one of so many trials as said the interval lies beyond the limit, where the two are so far apart."""
    rng, within = np.random.default_rng(0), 1.5
    gaps = np.array([1.0, -1.0, 0.6])
    with pytest.MonkeyPatch.context() as m:
        m.setattr(trained_order, "recorded", lambda name: Results({}, {}, nothing, nothing))
        sides = (lambda results: np.zeros(3)), (lambda results: gaps)
        found = TrainedAlike("made up", *sides, "Because.", within).run(Context())
    spread = float(np.std(gaps, ddof=1))
    far = within + robustness.minimal_detectable_difference(spread, 3, 0.8)
    assert f"a difference of {far:.1f} points is seen to be more than 1.5 with probability 0.8" in found.reason
    draws = far + spread * rng.standard_normal((4000, 3))
    seen = np.mean([robustness.paired_difference(draw, np.zeros(3)).low > within for draw in draws])
    assert seen == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / len(draws)))


def test_spoiled_the_two_change_places():
    assert decided([0.0, 0.1, 0.2], [3.0, 3.2, 3.1], spoil=1.5).status is Status.VIOLATED
    assert decided([3.0, 3.2, 3.1], [0.0, 0.1, 0.2], spoil=1.5).status is Status.HOLDS


@pytest.mark.parametrize(
    ("second", "status"),
    [
        ([1.2, 1.35, 1.1], Status.HOLDS),
        ([1.0, 1.1, 0.9], Status.HOLDS),
        ([3.0, 3.2, 3.1], Status.VIOLATED),
        ([-3.0, -3.2, -3.1], Status.VIOLATED),
        ([1.4, 0.2, 2.8], Status.INCONCLUSIVE),
        ([2.4, 2.5, 2.45], Status.INCONCLUSIVE),
    ],
)
def test_alike_is_an_interval_within_both_limits(second, status):
    def run(spoil):
        with pytest.MonkeyPatch.context() as m:
            m.setattr(trained_order, "recorded", lambda name: Results({}, {}, nothing, nothing))
            columns = (lambda results: np.array([1.0, 1.1, 0.9])), (lambda results: np.array(second))
            return TrainedAlike("made up", *columns, "Because.", 1.45).run(Context(spoil=spoil))

    assert run(1.0).status is status
    if status is Status.HOLDS:
        assert run(-1.0).status is Status.VIOLATED


def test_measured_columns_are_those_of_the_record():
    found = Results({}, {}, lambda *_: None, lambda *_: None, {"mae, first to last": [1.0, 2.0]})
    np.testing.assert_array_equal(measured("mae, first to last")(found), [1.0, 2.0])


@pytest.mark.parametrize("name", NAMES)
def test_a_record_has_the_cells_and_the_table_of_its_experiment(name):
    record = tables.load(FOLDER / f"{name}.json", TRAININGS)
    assert record is not None
    module = reproduction.experiment(name)
    results = known(name)
    assert dict(results.cells) == dict(module.cells(record["preset"]))
    assert all(len(seeds) == len(record["seeds"]) >= 3 for seeds in results.found.values())
    for label, cell in results.cells.items():
        # By seed: MAR is built for as many messages as its network may bring.
        wanted = [
            evaluated.built(settings.prepare(replace(cell, seed=seed))) for seed in range(len(results.found[label]))
        ]
        assert [found["built"] for found in results.found[label]] == wanted, "train again: settings moved"
    again = json.loads(store.dumps(module.rows(results)))
    for row, kept in zip(again, record["rows"], strict=True):
        assert row.keys() == kept.keys()
        for column, value in row.items():
            assert_alike(value, kept[column])


def assert_alike(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_alike(one[key], other[key])
    elif isinstance(one, float | list):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    else:
        assert one == other


def test_there_is_a_record():
    assert "table1" in NAMES


def test_columns_are_those_of_the_cells():
    results = known("table1")
    iid, skewed = results.scores("mae vit iid"), results.scores("mae vit label")
    np.testing.assert_array_equal(drop("mae vit iid", "mae vit label")(results), iid - skewed)
    np.testing.assert_allclose(mean_accuracy(["mae vit iid", "mae vit label"])(results), (iid + skewed) / 2)
    np.testing.assert_array_equal(
        accuracy("mae vit iid", "random_start")(results), results.scores("mae vit iid", "random_start")
    )


def test_before_training_a_statement_is_pending():
    nothing = accuracy("none")
    for check in (
        TrainedOrder("none", nothing, nothing, "Because."),
        TrainedAlike("none", nothing, nothing, "Because.", 1.0),
    ):
        for spoil in (1.0, 1.5):
            found = check.run(Context(spoil=spoil))
            assert found.status is Status.PENDING
            wanted = "Stated in advance: there is no record of `dssl reproduce none` with these cells yet."
            assert found.reason == wanted


def test_a_statement_about_a_cell_that_a_record_lacks_is_pending():
    here, lacking = accuracy("mae vit iid"), accuracy("mae vit never trained")
    for check in (
        TrainedOrder("table1", here, lacking, "Because."),
        TrainedAlike("table1", lacking, here, "Because.", 1.0),
    ):
        assert check.run(Context()).status is Status.PENDING


def test_every_statement_about_a_record_finds_its_cells_there():
    for claim in catalogue().values():
        for s in claim.statements:
            if isinstance(s.check, TrainedOrder | TrainedAlike) and s.check.experiment in NAMES:
                assert columns(s.check.experiment, *s.check.sides) is not None, s.text


def test_every_experiment_of_a_statement_exists():
    stated = {
        s.check.experiment
        for claim in catalogue().values()
        for s in claim.statements
        if isinstance(s.check, TrainedOrder | TrainedAlike)
    }
    assert set(NAMES) - WITHOUT_STATEMENTS <= stated <= set(names()) - WITHOUT_STATEMENTS


def test_three_seeds_that_lie_close_by_chance_are_as_wide_as_their_experiment(monkeypatch):
    """E2: +2.5 points at a spread of .1 is decided by itself, and not where other differences spread by 2."""
    alone = decided([70.0, 71.0, 72.0], [72.5, 73.6, 74.4])
    assert alone.status is Status.HOLDS
    monkeypatch.setattr(trained_order, "usual_std", lambda name: 2.0)
    wide = decided([70.0, 71.0, 72.0], [72.5, 73.6, 74.4])
    assert wide.status is Status.INCONCLUSIVE
    assert "closer than other differences of this experiment (2.00 points)" in wide.reason
    # Four seeds speak for themselves, and so do numbers that are no accuracies.
    assert decided([70.0, 71.0, 72.0, 70.0], [72.5, 73.6, 74.4, 72.5]).status is Status.HOLDS
    assert decided([70.0, 71.0, 72.0], [72.5, 73.6, 74.4], family="geometry").status is Status.HOLDS


def test_the_usual_spread_of_an_experiment_is_that_of_its_pairs_of_cells():
    found = known("table8")
    cells = [found.scores(cell) for cell in found.cells]
    squares = [(a - b).var(ddof=1) for i, a in enumerate(cells) for b in cells[:i] if (a - b).any()]
    assert trained_order.usual_std("table8") == pytest.approx(np.sqrt(np.mean(squares)))
    assert trained_order.usual_std("never trained") == 0.0


def test_what_rests_on_a_fault_decides_nothing():
    for larger, status in (([80.1, 81.0, 80.5], Status.HOLDS), ([60.1, 61.0, 60.5], Status.VIOLATED)):
        assert decided([70.0, 71.0, 70.5], larger).status is status
        found = decided([70.0, 71.0, 70.5], larger, doubt="The clients were wrong.")
        assert found.status is Status.INCONCLUSIVE
        assert "The clients were wrong." in found.reason
