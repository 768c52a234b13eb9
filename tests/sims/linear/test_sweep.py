"""The sweep: equal to single trainings, resumed after an interrupt, and the same over several devices."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from sims.linear import metrics, objective
from sims.linear import sweep as ts
from sims.linear.sweep_store import SweepStore
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.topologies import topology

SWEEP = ts.Sweep(
    ("ring", "star", "complete"),
    (0.2, 0.8),
    2,
    n_clients=6,
    dim=8,
    feature_dim=2,
    rounds=40,
    n_records=2,
    mixing="uniform",
    steps=(0.5, 0.2),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> SweepStore:
    store = SweepStore(tmp_path_factory.mktemp("sweep"), ts.spec(SWEEP))
    ts.run_sweep(SWEEP, store)
    return store


def test_a_part_of_the_sweep_is_single_trainings(finished):
    found = ts.labelled(SWEEP, finished)
    assert found["finished"].all()
    part = ts.Part(1, 1, 1)
    x = ts.covariances(SWEEP, part)
    step = SWEEP.steps[1] * objective.stable_step_size(x)
    for k, name in enumerate(SWEEP.topologies):
        m = mixing_matrix(topology(name, 6))
        run = train(
            objective.random_start(1, x, 2),
            x,
            m,
            TrainingOptions(step_size=step, rounds=40, record_every=20, collapse=False),
        )
        np.testing.assert_allclose(found["consensus_pre_mix"][1, 1, 1, k], run.consensus_pre_mix, rtol=1e-10)
        target = metrics.top_projector(np.einsum("n,nab->ab", perron_weights(m), x), 2)
        np.testing.assert_allclose(
            found["mean_model_subspace_error"][1, 1, 1, k], metrics.subspace_error(run.mean_models, target), rtol=1e-9
        )
        np.testing.assert_allclose(
            found["local_subspace_error_squared"][1, 1, 1, k],
            metrics.local_subspace_error_squared(run.pre_mix, target),
            rtol=1e-9,
        )
        assert not found["diverged"][1, 1, 1, k]


def test_an_interrupted_sweep_goes_on_and_ends_the_same(finished, tmp_path):
    store, told = SweepStore(tmp_path, ts.spec(SWEEP)), []

    def interrupt(done, total):
        told.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ts.run_sweep(SWEEP, store, interrupt)
    assert told == [(0, 8), (1, 8), (2, 8)]
    assert ts.labelled(SWEEP, store)["finished"].sum() == 2
    assert np.isnan(ts.labelled(SWEEP, store)["consensus_pre_mix"][1]).all()
    ts.run_sweep(SWEEP, store, lambda done, total: told.append((done, total)))
    assert told[3:] == [(done, 8) for done in range(2, 9)]
    for name, values in ts.labelled(SWEEP, store).items():
        np.testing.assert_array_equal(values, ts.labelled(SWEEP, finished)[name])


def test_a_store_is_continued_only_by_its_own_sweep(finished):
    other = ts.Sweep(("ring",), (0.2, 0.8), 2, n_clients=6, dim=8, feature_dim=2, rounds=40, n_records=2)
    with pytest.raises(ValueError, match="holds a sweep with other mixing, steps, topologies"):
        SweepStore(finished.folder, ts.spec(other))


def test_a_damaged_part_is_named(tmp_path):
    store = SweepStore(tmp_path, {})
    store.put("part", {"a": np.ones(3)})
    assert list(store.names()) == ["part"]
    path = tmp_path / "part.npz"
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(ValueError, match=r"part.npz is no finished part"):
        store.get("part")


def test_over_two_devices_the_sweep_is_the_same(finished, tmp_path):
    code = (
        "import sys; from sims import placement; placement.use_cores(2)\n"
        "from tests_sweep import SWEEP, ts, SweepStore\n"
        "import jax; assert len(jax.devices()) == 2\n"
        "ts.run_sweep(SWEEP, SweepStore(sys.argv[1], ts.spec(SWEEP)))\n"
    )
    (tmp_path / "tests_sweep.py").write_text(
        "from sims.linear import sweep as ts\nfrom sims.linear.sweep_store import SweepStore\n"
        + f"SWEEP = ts.{SWEEP!r}\n"
    )
    root = pathlib.Path(__file__).resolve().parents[3]
    path = os.pathsep.join([str(tmp_path), str(root)])
    command = [sys.executable, "-c", code, str(tmp_path / "store")]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, check=True, timeout=300)
    found = ts.labelled(SWEEP, SweepStore(tmp_path / "store", ts.spec(SWEEP)))
    for name, values in ts.labelled(SWEEP, finished).items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"topologies": ()}, "got 0 networks"),
        ({"n_records": 3}, "n_records divides rounds=40 evenly; got n_records=3"),
        ({"steps": (0.5, 0.0)}, r"positive shares of the safe step size; got steps=\(0.5, 0.0\)"),
    ],
)
def test_bad_sweeps_are_one_sentence(changes, message):
    with pytest.raises(ValueError, match=message):
        ts.Sweep(**(ts.spec(SWEEP) | changes))


def test_client_steps_count_every_gradient():
    assert SWEEP.client_steps == 2 * 2 * 2 * 3 * 40 * 6
    assert dataclasses.replace(SWEEP, local_steps=3).client_steps == 3 * SWEEP.client_steps
