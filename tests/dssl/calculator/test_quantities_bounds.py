"""The calculator's bounds and limits: independent numbers, conditions named, bad input refused in a sentence."""

import pytest

from dssl.calculator.compute import compute
from runtime.usage import UsageError

POINT = {"n_clients": 4, "dim": 200, "samples_per_client": 250}
LARGE = {"n_clients": 4, "dim": 1000, "samples_per_client": 100_000}


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        # Obtained by root search on the fixed-point equations, outside this project.
        ("deficit_limit", POINT | {"objective": "mim"}, 0.008803690410851273),
        ("deficit_limit", POINT | {"objective": "cl", "augmentation_std": 1.0}, 0.05771304458175397),
        (
            "rare_recovery",
            {"objective": "mim", "n_clients": 4, "dim": 500, "samples_per_client": 600, "rare_fraction": 0.4},
            0.7291285151905778,
        ),
    ],
)
def test_values_obtained_elsewhere_come_back(name, arguments, value):
    assert compute(name, arguments)["value"] == pytest.approx(value, rel=1e-12)


def test_gamma_may_be_given_in_place_of_samples():
    by_samples = compute("deficit_limit", POINT | {"objective": "cl"})
    by_ratio = compute("deficit_limit", {"n_clients": 4, "dim": 200, "gamma": 196 / 1000, "objective": "cl"})
    assert by_ratio["value"] == pytest.approx(by_samples["value"], rel=1e-12)


@pytest.mark.parametrize("objective", ["cl", "mim"])
@pytest.mark.parametrize("scope", ["fl", "local_own", "local_other"])
def test_the_lower_bound_is_void_or_below_the_upper(objective, scope):
    sides = [
        compute("deficit_bound", LARGE | {"objective": objective, "scope": scope, "side": side})
        for side in ("lower", "upper")
    ]
    for side in sides:
        assert side["status"] == ("ok" if side["value"] is not None else "void")
        # A bound with a value has a word only on how loose it is.
        assert bool(side["reason"]) == (side["value"] is None or "1 + sigma^2" in side["reason"])
    low, high = (side["value"] for side in sides)
    assert high is None or (low or 0.0) < high < 1


def test_a_small_sample_leaves_the_contrast_bound_void_and_says_why():
    said = compute("deficit_bound", {"objective": "cl", "n_clients": 2, "dim": 128, "samples_per_client": 128})
    assert (said["value"], said["status"]) == (None, "void")
    assert "rho" in said["reason"]


def test_fewer_features_than_signal_directions_are_out_of_domain():
    said = compute("deficit_bound", LARGE | {"objective": "mim", "feature_dim": 3})
    assert said["status"] == "out_of_domain"
    assert "feature_dim=3" in said["reason"]


def test_a_rare_class_without_room_in_the_representation_is_out_of_domain():
    said = compute("rare_recovery", POINT | {"objective": "mim", "rare_fraction": 0.4, "feature_dim": 4})
    assert said["status"] == "out_of_domain"
    assert "feature_dim=4" in said["reason"]


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("deficit_bound", LARGE | {"objective": "cl", "delta": 0.0}, "delta=0.0"),
        ("deficit_bound", LARGE | {"objective": "cl", "delta": 1.5}, "delta=1.5"),
        ("deficit_bound", LARGE | {"objective": "cl", "side": "both"}, "both"),
        ("deficit_bound", LARGE | {"objective": "cl", "augmentation_std": -1.0}, "augmentation_std=-1.0"),
        ("deficit_bound", LARGE | {"objective": "cl", "samples_per_client": 0}, "samples_per_client=0"),
        ("deficit_limit", {"n_clients": 4, "dim": 200, "gamma": -1.0, "objective": "cl"}, "gamma=-1.0"),
        ("deficit_limit", {"n_clients": 4, "dim": 200, "objective": "cl"}, "got none"),
        ("rare_recovery", POINT | {"objective": "cl", "rare_fraction": 1.0}, "rare_fraction=1.0"),
        ("rare_recovery", POINT | {"objective": "cl", "rare_fraction": 0.1, "scope": "all"}, "all"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(name, arguments, word):
    with pytest.raises(UsageError, match=word):
        compute(name, arguments)


def test_one_client_s_bound_of_contrast_says_where_it_says_nothing_and_how_loose_it_is():
    keys = {"objective": "cl", "n_clients": 4, "dim": 10**6, "samples_per_client": 10**6, "scope": "local_other"}
    void = compute("deficit_bound", keys)
    assert void["status"] == "void"
    assert "says nothing at any dim" in void["reason"]
    assert (
        "at any dim" not in compute("deficit_bound", {**keys, "objective": "mim", "samples_per_client": 50})["reason"]
    )
    loose = compute("deficit_bound", {**keys, "samples_per_client": 10**9})
    assert loose["status"] == "ok"
    assert "1 + sigma^2 = 2 times" in loose["reason"]
    assert compute("deficit_bound", {**keys, "scope": "fl"})["reason"] == ""
