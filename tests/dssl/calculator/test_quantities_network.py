"""The calculator's quantities of a network: slow twins, defaults, and refusals in one sentence."""

import numpy as np
import pytest

from dssl.calculator import compute
from runtime.usage import UsageError
from theory.networks.topologies import topology

NETWORKS = [
    ("ring", 8),
    ("star", 6),
    ("torus:3x4", None),
    ("edges:0-1,1-2,2-3,3-0,0-2", 4),
    ("barbell", 8),
    ("ba:2", 9),
]


def slow_mixing(adjacency: np.ndarray, rule: str) -> np.ndarray:
    """Uniform or Metropolis weights, entry by entry."""
    n = len(adjacency)
    degree = [sum(adjacency[i]) for i in range(n)]
    m = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if adjacency[i, j]:
                m[i, j] = 1 / (1 + degree[i]) if rule == "uniform" else 1 / (1 + max(degree[i], degree[j]))
        m[i, i] = 1 - sum(m[i])
    return m


def value(name, **arguments):
    result = compute.compute(name, arguments)
    assert result["status"] == "ok"
    return result["value"]


@pytest.mark.parametrize("rule", ["uniform", "metropolis"])
@pytest.mark.parametrize(("name", "n"), NETWORKS)
def test_spectra_and_weights_match_slow_twins(name, n, rule):
    adjacency = topology(name, n)
    m = slow_mixing(adjacency, rule)
    asked = {"topology": name, "mixing": rule} | ({} if n is None else {"n_clients": n})
    eigenvalues = np.sort(np.linalg.eigvals(m).real)[::-1]
    np.testing.assert_allclose(value("spectrum", **asked), eigenvalues, atol=1e-12)
    laplacian = np.diag(adjacency.sum(axis=1)) - adjacency
    found = value("spectrum", matrix="laplacian", **asked)
    np.testing.assert_allclose(found, np.sort(np.linalg.eigvalsh(laplacian.astype(float))), atol=1e-12)
    np.testing.assert_allclose(value("target_weights", kind="objective", **asked), m.sum(axis=0) / len(m), rtol=1e-12)
    power = np.linalg.matrix_power(m, 20_000)
    np.testing.assert_allclose(value("target_weights", kind="training", **asked), power[0], rtol=1e-9)
    for steps in (1, 3):
        expected = steps * (1 + eigenvalues[1:]) / (1 - eigenvalues[1:]) - 1
        np.testing.assert_allclose(value("kappa", local_steps=steps, **asked), expected, rtol=1e-9, atol=1e-11)


def test_the_closed_form_stands_beside_its_decimals():
    result = compute.compute("spectrum", {"topology": "star", "n_clients": 4, "matrix": "mixing", "mixing": "uniform"})
    assert result["exact"] == "[1, 1/2, 1/2, -1/4]"
    # Where all clients have equally many neighbours the rules agree.
    assert compute.compute("spectrum", {"topology": "ring", "n_clients": 4})["exact"] == "[1, 1/3, 1/3, -1/3]"
    assert compute.compute("spectrum", {"topology": "star", "n_clients": 4})["exact"] == ""
    result = compute.compute("spectrum", {"topology": "star", "n_clients": 4, "matrix": "laplacian"})
    assert result["exact"] == "[0, 1, 1, 4]"
    assert compute.compute("spectrum", {"topology": "star", "n_clients": 4, "mixing": "lazy"})["exact"] == ""
    assert compute.compute("spectrum", {"topology": "path", "n_clients": 4})["exact"] == ""
    assert compute.compute("spectrum", {"topology": "ring", "n_clients": 40})["exact"] == ""


def test_complex_eigenvalues_are_listed_as_real_parts_with_a_word_or_as_pairs():
    asked = {"topology": "directed_ring", "n_clients": 5, "mixing": "uniform"}
    result = compute.compute("spectrum", asked)
    exact = (1 + np.exp(2j * np.pi * np.arange(5) / 5)) / 2
    np.testing.assert_allclose(result["value"], np.sort(exact.real)[::-1], atol=1e-13)
    assert "parts=pairs" in result["reason"]
    pairs = np.array(value("spectrum", parts="pairs", **asked))
    for re, im in pairs:
        assert np.abs(exact - (re + 1j * im)).min() < 1e-13
    np.testing.assert_allclose(pairs[1::2], pairs[2::2] * [1, -1], atol=1e-13)


def test_federated_averaging_has_kappa_one_below_the_local_steps():
    np.testing.assert_allclose(value("kappa", topology="complete", n_clients=6, local_steps=4), [3] * 5, rtol=1e-12)


def test_sizes_may_be_a_list_or_text_with_commas():
    asked = {"topology": "path", "n_clients": 3, "mixing": "data_size"}
    assert value("target_weights", sizes=[1, 2, 3], **asked) == value("target_weights", sizes="1,2,3", **asked)


def test_push_sum_weighs_alike():
    found = value("target_weights", topology="directed_exponential", n_clients=6, mixing="push_sum")
    np.testing.assert_allclose(found, 1 / 6, rtol=1e-12)
    asked = {"topology": "directed_exponential", "n_clients": 6, "mixing": "push_sum"}
    assert "its weights are 1/N" in compute.compute("target_weights", asked)["reason"]
    assert compute.compute("target_weights", {"topology": "star", "n_clients": 6})["reason"] == ""


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("spectrum", {"topology": "rnig", "n_clients": 5}, "nearest valid are ring"),
        ("spectrum", {"topology": "ring"}, "add n_clients"),
        ("spectrum", {"topology": "ring", "n_clients": 5000}, "at most 4000"),
        ("spectrum", {"topology": "ring", "n_clients": -3}, "2 to"),
        ("spectrum", {"topology": "edges:0-1,2-3"}, "cut off"),
        ("spectrum", {"topology": "edges:0-1", "n_clients": 3}, "isolated"),
        ("spectrum", {"topology": "directed_ring", "n_clients": 4, "matrix": "laplacian"}, "one-way"),
        ("spectrum", {"topology": "ring", "n_clients": 4, "mixing": "metro"}, "mixing must be one of"),
        ("spectrum", {"topology": "ring", "n_clients": 4, "mixing": "laplacian", "step": "nan"}, "not a number"),
        ("target_weights", {"topology": "ring", "n_clients": 4, "mixing": "laplacian", "step": 0.7}, "1/2"),
        (
            "target_weights",
            {"topology": "path", "n_clients": 3, "mixing": "data_size", "sizes": [1, -2, 3]},
            "client 1",
        ),
        ("target_weights", {"topology": "path", "n_clients": 3, "mixing": "data_size", "sizes": [1, 2]}, "got 2"),
        ("kappa", {"topology": "ring", "n_clients": 4, "local_steps": 0}, "local_steps=0"),
        ("kappa", {"topology": "directed_ring", "n_clients": 4, "mixing": "uniform"}, "v_i M_ij"),
        ("kappa", {"topology": "directed_ring", "n_clients": 4}, "links that go both ways"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(name, arguments, words):
    with pytest.raises(UsageError, match=words):
        compute.compute(name, arguments)


def test_a_network_too_large_to_list_is_out_of_the_domain():
    result = compute.compute("spectrum", {"topology": "torus:70x70"})
    assert result["status"] == "out_of_domain"
    assert "4900" in result["reason"]
