"""`dssl compute consensus`: the numbers are theory's, the keys are checked, and what has no value says why."""

import numpy as np
import pytest

from dssl.calculator.compute import compute
from runtime.usage import UsageError
from theory.networks.mixing import laplacian, metropolis
from theory.networks.topologies import topology
from theory.training.consensus import mode_gains

RING = {"topology": "ring", "n_clients": 12, "mixing": "metropolis", "gradient_dissimilarity": 2.0, "step_size": 0.01}


def test_values_are_ordered_as_the_theory_says():
    value = compute("consensus", RING | {"rounds": 25})["value"]
    assert 0 < value["after_rounds"] < value["at_rest"] < value["gap_bound"]
    assert value["after_rounds"] < value["after_rounds_bound"] < value["gap_bound"]
    assert value["at_rest_before_mixing"] > value["at_rest"]
    assert value["published"]["kong2021"]["tightness"] < 1 / 6
    assert not value["published"]["koloskova2020"]["is_bound"]


def test_at_rest_is_the_mean_squared_gain_with_curvature():
    value = compute("consensus", RING | {"curvature": 3.0, "local_steps": 2})["value"]
    gains = mode_gains(metropolis(topology("ring", 12)), 0.01, 2, 3.0)
    np.testing.assert_allclose(value["at_rest"], 2 * np.mean(gains**2), rtol=1e-12)


def test_noise_grows_with_the_number_of_parameters():
    few, many = (compute("consensus", RING | {"noise_std": 0.1, "n_parameters": n})["value"]["noise"] for n in (10, 30))
    np.testing.assert_allclose(many, 3 * few, rtol=1e-12)


def test_directed_mixing_has_predictions_but_no_gap_bound_and_says_so():
    found = compute("consensus", RING | {"topology": "directed_ring", "mixing": "uniform"})
    assert found["value"]["gap_bound"] is None
    assert found["value"]["at_rest"] > 0
    assert "reversible" in found["reason"]


def test_push_sum_is_out_of_domain():
    assert compute("consensus", RING | {"mixing": "push_sum"})["status"] == "out_of_domain"


def test_a_mode_that_changes_sign_for_ever_has_no_rest_without_curvature():
    query = RING | {"mixing": "laplacian", "step": 0.5}
    found = compute("consensus", query)
    assert found["status"] == "out_of_domain"
    assert "shrinks in a round" in found["reason"]
    assert "rounds=" in found["reason"]
    assert compute("consensus", query | {"curvature": 0.5})["value"]["at_rest"] > 0


@pytest.mark.parametrize("rounds", [1, 2, 25, 60])
def test_without_a_rest_the_values_after_rounds_are_those_of_the_recursion(rounds):
    query = RING | {"mixing": "laplacian", "step": 0.5, "local_steps": 3, "noise_std": 0.1, "n_parameters": 4}
    found = compute("consensus", query | {"rounds": rounds})
    value = found["value"]
    for key in ("at_rest", "at_rest_before_mixing", "noise", "gap_bound", "published"):
        assert value[key] is None
    assert "shrinks in a round" in found["reason"]

    # Round by round, from a response of the models to every client's gradient; then the mean over placements.
    mixing, response, mean = laplacian(topology("ring", 12), 0.5), np.zeros((12, 12)), np.full((12, 12), 1 / 12)
    for _ in range(rounds):
        response = mixing @ (response - 0.03 * (np.eye(12) - mean))
    exact = 2.0 * np.sum((response - mean @ response) ** 2) / 11
    np.testing.assert_allclose(value["after_rounds"], exact, rtol=1e-11)
    assert value["after_rounds"] <= value["after_rounds_bound"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"gradient_dissimilarity": -1.0}, "not negative"),
        ({"step_size": 0.0}, "step_size"),
        ({"local_steps": 0}, "local_steps"),
        ({"rounds": 0}, "rounds"),
        ({"curvature": 300.0}, "Lower step_size"),
        ({"noise_std": 0.1}, "n_parameters"),
    ],
)
def test_bad_keys_are_refused_in_a_sentence(keys, words):
    with pytest.raises(UsageError, match=words):
        compute("consensus", RING | keys)


def test_the_gap_bound_says_what_it_needs_and_is_refused_beyond():
    network = {"topology": "ring", "n_clients": 8, "gradient_dissimilarity": 1.0, "step_size": 1.0}
    given = compute("consensus", network | {"curvature": 0.5})
    assert "convex losses whose Hessians are at most 1/step_size" in given["reason"]
    beyond = compute("consensus", network | {"curvature": 1.5})
    assert beyond["value"]["gap_bound"] is None
    assert "of at most 1" in beyond["reason"]
    assert compute("consensus", network | {"curvature": 1.5, "mixing": "lazy"})["value"]["gap_bound"] > 0
