"""The calculator's effective covariance: against sums written out, from a file, a list or the paper's model."""

import json

import numpy as np
import pytest

from dssl.calculator import compute
from runtime.usage import UsageError
from theory.data.moments import signal_second_moment

CLIENTS = np.array([np.diag([3.0, 2.0, 1.0]) + 0.3 * np.roll(np.eye(3), i, axis=1) @ np.eye(3) for i in range(4)])
CLIENTS = (CLIENTS + CLIENTS.transpose(0, 2, 1)) / 2
RING = np.array([[1, 1, 0, 1], [1, 1, 1, 0], [0, 1, 1, 1], [1, 0, 1, 1]]) / 3
KEYS = {"topology": "ring", "step_size": 0.01, "local_steps": 2}


def written_out(mixing: np.ndarray, x: np.ndarray, step: float, steps: int) -> np.ndarray:
    """The sum over clients and over powers of the mixing matrix, for equal training weights."""
    n, off = len(x), x - x.mean(axis=0)
    z = sum((np.linalg.matrix_power(mixing, k) - 1 / n for k in range(1, 400)), np.zeros((n, n)))
    cross = sum(z[i, j] * off[j] @ off[i] for i in range(n) for j in range(n)) / n
    return x.mean(axis=0) + step * (2 * steps * cross + (steps - 1) * np.mean(off @ off, axis=0))


@pytest.mark.parametrize("how", ["file", "list", "text"])
def test_covariances_may_come_as_a_file_or_a_list(tmp_path, how):
    path = tmp_path / "x.npz"
    np.savez(path, covariances=CLIENTS)
    given = {"file": str(path), "list": CLIENTS.tolist(), "text": json.dumps(CLIENTS.tolist())}[how]
    value = compute.compute("effective_covariance", {**KEYS, "covariances": given, "feature_dim": 1})["value"]
    expected = written_out(RING, CLIENTS, 0.01, 2)
    np.testing.assert_allclose(value["matrix"], expected, atol=1e-14)
    np.testing.assert_allclose(value["eigenvalues"], np.linalg.eigvalsh(expected)[::-1], rtol=1e-12)
    kappa = [2 * (1 + l) / (1 - l) - 1 for l in (1 / 3, 1 / 3, -1 / 3)]
    np.testing.assert_allclose(value["kappa"], kappa, rtol=1e-12, atol=1e-14)  # the last one is 0
    # First order at a stiffness of 0.36, which no step here exceeds.
    assert value["drift_prediction"] == pytest.approx(value["drift_at_rest"], rel=1.25 * value["stiffness"])
    assert value["drift_prediction"] <= value["drift_bound"]


def test_the_paper_s_model_is_built_in():
    keys = {"topology": "ring", "n_clients": 4, "dim": 8, "step_size": 0.01, "feature_dim": 1, "tau": 1.5, "mu": 0.5}
    value = compute.compute("effective_covariance", keys)["value"]
    x = np.zeros((4, 8, 8))
    for i in range(4):
        x[i] = 0.25 * np.eye(8)
        x[i, :4, :4] += signal_second_moment(4, 1.5, i)
    np.testing.assert_allclose(value["matrix"], written_out(RING, x, 0.01, 1), atol=1e-13)
    masked = compute.compute("effective_covariance", {**keys, "objective": "mim", "mask_ratio": 0.5})["value"]
    np.testing.assert_allclose(masked["matrix"], written_out(RING, x / 4, 0.01, 1), atol=1e-13)


def test_one_way_links_leave_a_skew_part_and_turn():
    x = CLIENTS + 0.1 * np.random.default_rng(0).normal(size=(4, 3, 3))
    given = ((x + x.transpose(0, 2, 1)) / 2).tolist()
    network = {"topology": "directed_ring", "mixing": "uniform"}
    value = compute.compute(
        "effective_covariance", {**network, "step_size": 0.01, "covariances": given, "feature_dim": 2}
    )["value"]
    assert value["kappa"] is None
    assert value["skew_norm"] > 1e-5
    assert len(value["rotation_angles"]) == 1
    assert value["rotation_angles"][0] > 0


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"n_clients": 4}, "Give either"),
        ({"n_clients": 4, "dim": 8, "covariances": CLIENTS.tolist(), "feature_dim": 1}, "Give either"),
        ({"covariances": CLIENTS.tolist()}, "add feature_dim"),
        ({"covariances": "missing.npz", "feature_dim": 1}, "missing.npz"),
        ({"covariances": [[1, "a"]], "feature_dim": 1}, "must be numbers"),
        ({"covariances": "[1", "feature_dim": 1}, "nested list"),
        ({"covariances": [[[1.0, 2.0], [3.0, 1.0]]] * 4, "feature_dim": 1}, "not symmetric"),
        ({"covariances": [[[1.0, 0.0], [0.0, float("nan")]]] * 4, "feature_dim": 1}, "must be finite; one is not"),
        ({"n_clients": 5, "covariances": CLIENTS.tolist(), "feature_dim": 1}, "4 x 4"),
        ({"n_clients": 4, "dim": 8, "feature_dim": 9}, "feature_dim"),
        ({"n_clients": 4, "dim": 8, "mixing": "push_sum"}, "Push-sum"),
        ({"n_clients": 4, "dim": 8, "step_size": -1.0}, "step_size"),
        ({"n_clients": 4, "dim": 10**6}, "Dense"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(keys, message):
    with pytest.raises(UsageError, match=message) as refusal:
        compute.compute("effective_covariance", {**KEYS, **keys})
    assert "\n" not in str(refusal.value)


def test_a_step_beyond_stability_has_no_rest():
    result = compute.compute(
        "effective_covariance", {**KEYS, "step_size": 5.0, "n_clients": 4, "dim": 8, "feature_dim": 1}
    )
    assert result["status"] == "out_of_domain"
    assert "Lower it" in result["reason"]
