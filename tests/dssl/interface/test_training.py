"""`dssl.train`: the dataset against a plain loop, and against what `dssl simulate linear` says of the same run."""

import dataclasses
import sys
from typing import Any

import numpy as np
import pytest
import xarray

from dssl.interface.networks import Network
from dssl.interface.training import PREDICTED, PREDICTIONS, SERIES, train
from dssl.simulation.in_words import QUANTITIES
from dssl.simulation.linear import Config, simulate
from runtime.usage import UsageError
from sims.linear.objective import stable_step_size
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

N, DIM, FEATURES = 4, 5, 2


def clients() -> np.ndarray:
    x = np.random.default_rng(0).standard_normal((N, DIM, DIM)) * 0.1
    return np.diag([4.0, 3.0, 1.0, 0.5, 0.2]) + x + x.swapaxes(1, 2)


COVARIANCES = clients()
RING = mixing_matrix(topology("ring", N), "metropolis")


def plain(**keywords: Any) -> xarray.Dataset:
    return train(COVARIANCES, "ring", **{"feature_dim": FEATURES, "rounds": 40, "step_size": 0.01} | keywords)


def test_series_and_models_are_those_of_a_plain_loop():
    run = plain(rounds=150, local_steps=2)
    values, vectors = np.linalg.eigh(COVARIANCES.mean(axis=0))
    top = vectors[:, -FEATURES:]
    models = np.repeat((np.sqrt(values[-FEATURES:]) * top).T[None, ::-1], N, axis=0)

    def apart(w: np.ndarray) -> float:
        return float(((w - w.mean(axis=0)) ** 2).sum() / N)

    rounds = run.coords["round"].values.tolist()
    assert rounds[-1] == 150
    for k in range(1, 151):
        local = models
        for _ in range(2):
            local = local - 0.01 * 2 * (local @ local.swapaxes(1, 2) @ local - local @ COVARIANCES)
        models = np.einsum("ij,jcd->icd", RING, local)
        if k in rounds:
            at = run.sel(round=k)
            basis = np.linalg.qr(models.mean(axis=0).T)[0]
            error = np.linalg.norm(basis @ basis.T - top @ top.T)
            assert float(at.consensus_pre_mix) == pytest.approx(apart(local), rel=1e-9)
            assert float(at.consensus_post_mix) == pytest.approx(apart(models), rel=1e-9)
            # The difference of two projectors loses digits where they are near.
            assert float(at.mean_model_subspace_error) == pytest.approx(error, rel=1e-6, abs=1e-13)
    grams = np.einsum("ncd,nce->nde", run.model.values, run.model.values)  # eigenvectors have a sign of their own
    np.testing.assert_allclose(grams, np.einsum("ncd,nce->nde", models, models), rtol=1e-9, atol=1e-12)


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "at rest": ({"rounds": 3000}, {}),
    "from a random start": ({"init": "random", "seed": 3}, {}),
    "combine first": ({"order": "cta"}, {}),
    "noise": ({"gradient_noise": 0.01}, {}),
    "failing links": ({"link_failure": 0.2, "seed": 5}, {}),
    "some clients": ({"participation": 2}, {"mixing": "complete"}),
    "a share of the clients": ({"participation": 0.5}, {"mixing": "complete"}),
    "all clients": ({"participation": 1.0}, {}),
    "signal": ({"n_signal": 2}, {}),
    "push-sum": ({}, {"mixing": "push_sum"}),
    "diverged": ({"step_size": 5.0}, {}),
}


def both(case: str) -> tuple[xarray.Dataset, dict[str, Any]]:
    keywords, network = CASES[case]
    name = network.get("mixing", "metropolis")
    net = (
        Network("complete", N)
        if name == "complete"
        else Network("star" if name == "push_sum" else "ring", N, mixing=name)
    )
    asked = {"feature_dim": FEATURES, "rounds": 40, "step_size": 0.01} | keywords
    config = Config(**{"participation": "full", "push_sum": name == "push_sum"} | asked)
    return train(COVARIANCES, net, **asked), simulate(config, COVARIANCES, np.array(net.mixing_matrix))


@pytest.mark.parametrize("case", CASES)
def test_numbers_and_predictions_are_those_of_the_simulation(case):
    run, told = both(case)
    for name in QUANTITIES:
        wanted = np.nan if told[name] is None else told[name]
        np.testing.assert_array_equal(run[f"{name}_final"].values, wanted)
    for name in SERIES:
        if not told["diverged"]:
            assert float(run[name][-1]) == pytest.approx(told[name], rel=1e-9)
        assert run[name].dims == ("round",)
    said = 0
    for name in PREDICTED:
        found, wanted = run[f"{name}_predicted"], told["predictions"].get(name, {})
        assert set(wanted) <= {*PREDICTIONS, "all"}  # no prediction is dropped
        for tier in PREDICTIONS:
            value = wanted.get(tier)
            np.testing.assert_array_equal(found.sel(prediction=tier), np.nan if value is None else value)
            said += value is not None
        for tier, reason in told["reasons"].get(name, {}).items():
            assert found.attrs[f"reason_{tier}"] == reason
        others = [] if "all" in wanted else [tier for tier in PREDICTIONS if tier not in wanted]
        assert all(tier in found.attrs.get("reason_others", "") for tier in others)
        assert ("reason_others" in found.attrs) == bool(others)
    assert (said == 0) == (case in ("failing links", "diverged"))
    np.testing.assert_array_equal(run.training_weight, told["training_weights"])
    for name in ("message", "converged", "diverged"):
        assert run.attrs[name] == told[name]
    assert run.attrs.get("stable_step_size") == told["stable_step_size"]


def test_every_number_of_the_simulation_has_a_variable():
    _, told = both("at rest")
    assert {name for name, value in told.items() if isinstance(value, float)} - {"stable_step_size"} == set(QUANTITIES)
    assert set(told["predictions"]) == set(PREDICTED)


def test_every_variable_says_its_unit_and_what_it_is():
    run = plain()
    for name, variable in run.data_vars.items():
        assert variable.attrs["units"], name
        assert variable.attrs["long_name"], name
    assert run.model.dims == ("client", "feature", "coordinate")
    assert run.model.shape == (N, FEATURES, DIM)


def test_without_a_step_size_it_is_a_tenth_of_the_safe_one_and_says_so():
    run = plain(step_size=None)
    assert run.attrs["step_size"] == pytest.approx(stable_step_size(COVARIANCES) / 10, rel=1e-15)
    assert run.attrs["step_size_from"] == "a tenth of the largest step that provably cannot diverge"
    assert plain().attrs["step_size_from"] == "given"
    assert plain().attrs["step_size"] == 0.01
    star = Network("star", N, mixing="push_sum")
    assert "push_sum nothing is proved" in train(COVARIANCES, star, feature_dim=1, rounds=2).attrs["step_size_from"]


def test_the_network_may_be_anything_that_a_network_is_made_of():
    wanted = plain()
    for network in (Network("ring", N), topology("ring", N), RING, "edges:0-1,1-2,2-3,3-0"):
        found = train(COVARIANCES, network, feature_dim=FEATURES, rounds=40, step_size=0.01)
        np.testing.assert_array_equal(found.model, wanted.model)
        assert found.attrs["mixing"] == ("given" if network is RING else "metropolis")


def test_a_seed_draws_the_network_and_the_noise():
    def noisy(seed: int) -> xarray.Dataset:
        return plain(gradient_noise=0.1, seed=seed)

    assert noisy(1).identical(noisy(1))
    assert (noisy(1).model != noisy(2).model).any()
    six = np.concatenate([COVARIANCES, COVARIANCES[:2]])

    def drawn(seed: int) -> np.ndarray:
        return train(six, "er:3", feature_dim=1, rounds=3, seed=seed).consensus_post_mix.values

    wanted = train(six, Network("er:3", 6, seed=7), feature_dim=1, rounds=3).consensus_post_mix.values
    np.testing.assert_array_equal(drawn(7), wanted)
    assert (drawn(7) != drawn(8)).any()


def test_clients_keep_the_labels_of_their_network():
    import networkx as nx

    names = ["Ulm", "Bonn", "Kiel", "Jena"]
    graph = nx.relabel_nodes(nx.cycle_graph(N), dict(enumerate(names)))
    run = train(COVARIANCES, graph, feature_dim=1, rounds=2)
    assert run.coords["client"].values.tolist() == names
    mixed = nx.relabel_nodes(nx.cycle_graph(N), {0: "Ulm"})
    assert train(COVARIANCES, mixed, feature_dim=1, rounds=2).coords["client"].values.tolist() == [0, 1, 2, 3]


def test_a_dataset_can_be_written_and_read(tmp_path):
    run = plain()
    run.to_netcdf(tmp_path / "run.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "run.nc", engine="scipy") as read:
        assert read.equals(run)
        assert read.attrs["message"] == run.attrs["message"]


def unlike() -> list[np.ndarray]:
    return [np.eye(3), np.eye(4)]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"covariances": np.eye(3)}, r"covariances in dssl.train must have shape \(clients, dim, dim\)"),
    ({"covariances": COVARIANCES[:1]}, "at least two clients"),
    ({"covariances": COVARIANCES + np.triu(np.ones((DIM, DIM)), 1)}, "not symmetric"),
    ({"covariances": COVARIANCES * np.nan}, r"nan at \(0, 0, 0\)"),
    ({"covariances": COVARIANCES.astype(str)}, "real numbers"),
    ({"covariances": unlike()}, "unlike shapes"),
    ({"covariances": 0 * COVARIANCES, "step_size": None}, "all zero"),
    ({"network": "rign"}, "ring"),
    ({"network": Network("ring", 5)}, "The network has 5 clients and the covariances 4"),
    ({"network": np.full((3, 3), 1 / 3)}, "The network has 3 clients and the covariances 4"),
    ({"network": np.kron(np.eye(2), np.full((2, 2), 0.5))}, "does not bring clients to agree"),
    ({"feature_dim": 9}, "feature_dim lies between 1 and dim=5"),
    ({"feature_dim": "two"}, "feature_dim must be a whole number"),
    ({"rounds": 0}, "rounds=0"),
    ({"rounds": 1.5}, "rounds must be a whole number"),
    ({"step_size": -1.0}, "step_size=-1"),
    ({"local_steps": 0}, "local_steps"),
    ({"participation": 9}, "participation is a number of clients from 1 to 4"),
    ({"participation": 0.01}, "participation"),
    ({"init": "best"}, "init must be one of optimum, random"),
    ({"order": "act"}, "order must be one of atc, cta"),
    ({"gradient_noise": -1.0}, "gradient_noise"),
    ({"link_failure": 2.0}, "link_failure"),
    ({"n_signal": 9}, "n_signal"),
    ({"seed": -1}, "seed"),
]


@pytest.mark.parametrize("case", range(len(REFUSED)), ids=[f"{k}: {said}" for k, (_, said) in enumerate(REFUSED)])
def test_what_does_not_fit_is_refused_in_one_sentence(case):
    keywords, said = REFUSED[case]
    asked = {"covariances": COVARIANCES, "network": "ring", "feature_dim": 2, "rounds": 3, "step_size": 0.01}
    with pytest.raises(UsageError, match=said) as refused:
        train(**asked | keywords)
    assert "\n" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_numbers_of_numpy_are_numbers():
    keywords = {"feature_dim": np.int64(2), "rounds": np.int32(3), "step_size": np.float32(0.5), "seed": np.int64(1)}
    assert train(COVARIANCES, "ring", **keywords).attrs["rounds"] == 3
    assert train(COVARIANCES.tolist(), "ring", feature_dim=2, rounds=3).attrs["rounds"] == 3


def test_without_xarray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(UsageError, match=r'pip install "dssl-ledger\[trajectories\]"'):
        plain()


def test_nothing_is_printed(capsys):
    plain()
    assert capsys.readouterr() == ("", "")


def test_options_of_the_dataset_are_those_of_the_configuration():
    """So that an option added there is not forgotten here."""
    shown = set(plain().attrs) | {"topology", "step", "sizes", "push_sum", "n_clients"}
    assert {field.name for field in dataclasses.fields(Config)} <= shown
