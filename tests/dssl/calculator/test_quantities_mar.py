"""The calculator's quantities of MAR and of Dirichlet clients: values, conventions, and refusals."""

import json

import numpy as np
import pytest

from dssl.calculator.compute import batch, compute
from runtime.usage import UsageError
from sims.losses.adaptive_mmd import a_mmd
from theory.alignment_term.gaussian_mmd import AVERAGED_EMBEDDING_FLOOR, GAUSSIAN_MMD, MEAN_DISTANCE
from theory.readings import Objective
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    class_alignments,
    dissimilarity,
)

SCHEDULE = {"gamma_max": "0.1", "gamma_min": "0.001", "selections": "15", "horizon": "10"}


def test_the_printed_weight_rises_beyond_the_horizon_and_the_clamped_one_does_not():
    printed, clamped = (compute("weight_schedule", SCHEDULE | {"clamp": c}) for c in ("false", "true"))
    assert printed["value"] == pytest.approx(0.0505, rel=1e-14)
    assert "turned up" in printed["reason"]
    assert clamped["value"] == pytest.approx(0.001, rel=1e-14)
    assert not clamped["reason"]


def test_the_chance_of_passing_the_horizon_is_told():
    told = compute("weight_schedule", SCHEDULE | {"rounds": "200", "n_clients": "100", "participation": "5"})
    assert "0.416933" in told["reason"]


def test_the_overhead_of_the_paper_is_eleven_percent():
    arguments = {"visible_tokens": "49", "width": "768", "batch": "256", "model_parameters": "86000000"}
    value = compute("communication_overhead", arguments)["value"]
    assert value["embedding_bytes"] == 49 * 768 * 256 * 4
    assert value["ratio"] == value["embedding_bytes"] / value["model_bytes"]
    assert round(100 * value["ratio"]) == 11


def test_gaussian_mmd_is_that_of_the_theory():
    arguments = {"feature_dim": "3", "variance_global": "4", "bandwidth": "1.3"}
    exact = GAUSSIAN_MMD.value(feature_dim=3, bandwidth=1.3, std_local=1, std_global=2)
    assert compute("gaussian_mmd", arguments)["value"] == pytest.approx(exact, rel=1e-12)
    listed = compute("gaussian_mmd", arguments | {"variance_global": "4,4,4", "mean_difference": "0,0,0"})
    assert listed["value"] == pytest.approx(exact, rel=1e-12)


def test_averaged_embeddings_pay_the_floor_in_many_dimensions():
    found = compute("gaussian_mmd", {"feature_dim": "300", "n_averaged": "5"})
    assert found["value"] == pytest.approx(AVERAGED_EMBEDDING_FLOOR.value(n_averaged=5), rel=0.02)
    told = float(found["reason"].removeprefix("bandwidth "))
    assert told == pytest.approx(MEAN_DISTANCE.value(feature_dim=300, std_local=1), rel=1e-10)


def test_a_mmd_reads_rows_and_files(tmp_path):
    x, y = np.random.default_rng(1).standard_normal((2, 4, 3))
    np.save(tmp_path / "x.npy", x)
    for estimator in ("unbiased", "printed", "released"):
        expected = float(a_mmd(x, y, "median", estimator))
        arguments = {"y": y.tolist(), "bandwidth": "median", "estimator": estimator}
        for given in (x.tolist(), str(tmp_path / "x.npy")):
            (result,), is_good = batch(json.dumps([{"name": "a_mmd", "args": arguments | {"x": given}}]))
            assert is_good, result
            assert result["value"] == pytest.approx(expected, rel=1e-13)
    sources = {
        kind: compute("a_mmd", {"x": "[[1, 2], [2, 1]]", "y": "[[1, 2], [3, 4]]", "estimator": kind})["source"]
        for kind in ("unbiased", "printed", "released")
    }
    assert sources["printed"] == "chen2026, Eq (6)"
    assert sources["unbiased"] == sources["released"] == "ledger, from chen2026, Eq (6)"
    on_a_line = compute("a_mmd", {"x": json.dumps(x.tolist()), "y": str(tmp_path / "x.npy"), "bandwidth": "1.5"})
    assert on_a_line["value"] == pytest.approx(float(a_mmd(x, x, 1.5)), rel=1e-13)


def test_one_row_has_no_pairs_and_is_out_of_domain():
    answer = compute("a_mmd", {"x": "[[1, 2]]", "y": "[[1, 2], [3, 4]]"})
    assert (answer["status"], answer["value"]) == ("out_of_domain", None)
    assert "two embeddings" in answer["reason"]


def test_the_two_dirichlet_conventions_differ_tenfold_at_the_papers_setting():
    arguments = {"concentration": "0.1", "n_clients": "100", "n_classes": "100"}
    cited, released = (
        compute("dirichlet_dissimilarity", arguments | {"convention": c})["value"]["heterogeneity"]
        for c in ("hsu2019", "released")
    )
    assert cited == pytest.approx(DIRICHLET_HETEROGENEITY.value(concentration=0.1), rel=1e-14)
    exact = RELEASED_HETEROGENEITY.value(concentration=0.1, n_clients=100, n_classes=100)
    assert released == pytest.approx(exact, rel=1e-14)
    assert 10 < cited / released < 12


def test_a_concentration_outside_the_released_form_is_out_of_domain():
    arguments = {"concentration": "0.001", "n_clients": "20", "n_classes": "100", "convention": "released"}
    answer = compute("dirichlet_dissimilarity", arguments)
    assert (answer["status"], answer["value"]) == ("out_of_domain", None)
    assert "released_shares" in answer["reason"]


def test_zeta_squared_of_classes_in_a_file_is_that_of_the_theory(tmp_path):
    rng = np.random.default_rng(2)
    roots, model = rng.standard_normal((4, 5, 2)), rng.standard_normal((2, 5))
    second, p = roots @ roots.transpose(0, 2, 1), np.array([0.1, 0.2, 0.3, 0.4])
    np.savez(tmp_path / "classes.npz", second_moments=second, probabilities=p, model=model)
    arguments = {"concentration": "0.5", "moments": str(tmp_path / "classes.npz"), "objective": "mim"}
    more = {"samples_per_client": "9", "around": "sample", "n_clients": "4"}
    value = compute("dirichlet_dissimilarity", arguments | more)["value"]
    h = DIRICHLET_HETEROGENEITY.value(concentration=0.5)
    expected = 0.75 * dissimilarity(class_alignments(second, Objective.MIM, 0.75), p, h, samples=9, model=model)
    assert value["zeta_squared"] == pytest.approx(expected, rel=1e-12)
    assert value["heterogeneity"] == pytest.approx(0.75 * (h + (1 - h) / 9), rel=1e-14)
    assert set(compute("dirichlet_dissimilarity", {"concentration": "0.5"})["value"]) == {"heterogeneity"}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("weight_schedule", SCHEDULE | {"horizon": "0"}, "horizon=0"),
        ("weight_schedule", SCHEDULE | {"gamma_min": "0.2"}, "gamma_min=0.2"),
        ("weight_schedule", SCHEDULE | {"selections": "-1"}, "selections=-1"),
        ("weight_schedule", SCHEDULE | {"rounds": "10"}, "Give all three"),
        ("communication_overhead", dict.fromkeys(("visible_tokens", "width", "batch", "model_parameters"), "0"), "=0"),
        ("gaussian_mmd", {"feature_dim": "2", "variance_local": "1,1,1"}, "got 3"),
        ("gaussian_mmd", {"feature_dim": "2", "variance_local": "-1"}, "variance_local=-1"),
        ("gaussian_mmd", {"feature_dim": "2", "variance_local": "0"}, "variance_local=0"),
        ("gaussian_mmd", {"feature_dim": "2", "bandwidth": "0"}, "bandwidth=0"),
        ("a_mmd", {"x": "[[1, 2], [3]]", "y": "[[1, 2], [3, 4]]"}, "one length"),
        ("a_mmd", {"x": "nowhere.npy", "y": "[[1, 2], [3, 4]]"}, "nowhere.npy"),
        ("a_mmd", {"x": "nowhere.txt", "y": "[[1, 2], [3, 4]]"}, "nowhere.txt"),
        ("dirichlet_dissimilarity", {"concentration": "0"}, "concentration=0"),
        ("dirichlet_dissimilarity", {"concentration": "1", "convention": "released"}, "n_classes"),
        ("dirichlet_dissimilarity", {"concentration": "1", "around": "sample"}, "add n_clients"),
        ("dirichlet_dissimilarity", {"concentration": "1", "moments": "nowhere.npz"}, "nowhere.npz"),
        ("dirichlet_dissimilarity", {"concentration": "1", "mask_ratio": "1"}, "mask_ratio=1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(name, arguments, message):
    with pytest.raises(UsageError, match=message):
        compute(name, arguments)
