"""What notebook 09 says of trained encoders, held against its cells and against the record."""

import re

import numpy as np
import pytest

import dssl
from ledger.checks.trained_order import recorded
from sims.evaluation.robustness import paired_difference


@pytest.fixture(scope="module")
def found(ran):
    return ran("09")


def test_clients_have_fewer_classes_with_smaller_concentrations(found):
    assert found.classes[0.1] < found.classes[1.0] < found.classes[100.0]


def test_training_helps_in_each_case_and_raw_pixels_are_better(found):
    assert len(found.gains) == 16
    assert min(gain.mean for gain in found.gains.values()) > 0
    assert max(difference.high for difference in found.reached.values()) < 0


def test_none_of_the_four_comparisons_of_table_1_is_decided_and_the_record_has_the_same_numbers(found):
    for (encoder, skew), difference in found.between.items():
        assert difference.low < 0 < difference.high
        reason = dssl.ledger().search(f"tab1-trained.{encoder}-{skew}-skew")[0].reason
        said = re.search(r"Difference ([+-][\d.]+) points \[(-?[\d.]+), (-?[\d.]+)\]", reason)
        assert said is not None
        here = (-difference.mean, -difference.high, -difference.low)
        assert [float(number) for number in said.groups()] == pytest.approx(here, abs=0.006)


def test_the_two_views_that_learnt_nothing_lose_nothing(found):
    small = [
        views
        for views in found.VIEWS
        if found.augmentations.accuracy(f"{views} iid").mean()
        < 1 + found.augmentations.accuracy(f"{views} iid", "start").mean()
    ]
    assert small == ["noise 0.05", "noise 1, fixed"]
    for views in small:
        assert abs(found.loss_with_skew(views).mean()) < 2


def test_of_the_kinds_of_views_only_the_fixed_ones_leave_out_0_and_the_record_says_why_it_is_undecided(found):
    assert [views for views, d in found.against.items() if not d.low < 0 < d.high] == ["fixed"]
    assert found.fixed.status == "INCONCLUSIVE"
    assert "The settings of MAE were improved after" in found.fixed.reason


def test_one_interval_of_the_gains_reaches_below_0(found):
    assert [cell for cell, gain in found.gains.items() if gain.low < 0] == ["simsiam resnet central"]


def test_trainings_had_the_clients_concentrations_and_seeds_that_the_text_says(found):
    experiments = {
        "table1": 5,
        "table5": 5,
        "augmentations": 5,
        "ceiling": 6,
        "figure2a": 3,
        "figure2b": 3,
        "table2": 3,
    }
    for name, seeds in experiments.items():
        experiment = dssl.experiment(name)
        assert experiment.n_seeds == seeds
        for cell in experiment.cells:
            options = experiment._results.cells[cell]
            if options.setting == "decl":
                assert (options.clients, options.participation) == (20, 20), cell
            elif options.setting == "fl":
                said = (20, 20) if name == "figure2a" else (100, 5)
                assert (options.clients, options.participation) == said, cell
            if name in ("table1", "table2", "table5"):
                assert options.alpha == 0.1 or cell.endswith((" iid", " feature")), cell


def test_the_critical_noise_lies_between_the_two_kinds_of_noise_compared_like_with_like(found):
    assert found.critical.text.endswith("sigma* of 0.58.")
    assert "MAE with masks drawn once" in found.critical.text


def test_fedmar_is_not_told_apart_from_six_methods_and_the_record_has_the_same_numbers(found):
    for cell, words in found.OTHERS.items():
        difference = found.mar_over[words]
        assert difference.low < 0 < difference.high
        reason = dssl.ledger().search(f"tab2-trained.mar-over-{cell}")[0].reason
        said = re.search(r"Difference ([+-][\d.]+) points \[(-?[\d.]+), (-?[\d.]+)\]", reason)
        assert said is not None
        here = (difference.mean, difference.low, difference.high)
        assert [float(number) for number in said.groups()] == pytest.approx(here, abs=0.006)


def test_figure_2_has_one_statement_for_each_interval_and_four_more(found):
    assert len(found.printed) == len(found.server_ahead) + len(found.mar_ahead) + len(found.others)
    assert {s.status for s in found.printed} == {"INCONCLUSIVE"}


def test_all_intervals_of_figure_2_contain_0(found):
    assert found.undecided == len(found.server_ahead) + len(found.mar_ahead) == 14


def test_where_all_average_with_all_network_and_server_are_one_training(found):
    assert found.links.accuracy("server").tolist() == found.links.accuracy("varied 20").tolist()


def test_with_masks_the_servers_encoder_is_farther_and_by_share_of_the_way_nearer(found):
    for pair in found.ENDS[1:]:
        assert found.apart[pair, ""].low > 0 > found.apart[pair, ", share"].high


def test_no_printed_ranking_by_accuracy_is_decided(found):
    by_accuracy = {
        claim: counts for claim, counts in found.verdicts.items() if claim != "tab-weight-distances-training"
    }
    assert {status for counts in by_accuracy.values() for status in counts} == {"INCONCLUSIVE"}
    assert found.verdicts["tab-weight-distances-training"]["VIOLATED"] > 0


def test_hard_separation_in_few_coordinates_leaves_features_less_uniform_than_in_many():
    results = recorded("ssd")
    assert results is not None

    def gained(cell: str):
        values = {c: np.array([-f["trained"]["uniformity"] for f in results.found[c]]) for c in results.cells}
        return paired_difference(values[cell], values["alignment and uniformity"])

    assert gained("hard separation").high < gained("wide hard separation").low
