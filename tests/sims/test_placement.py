"""Rounds shared between devices: the same models as on one, and in pieces the same bits as in one run."""

import os
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from sims import placement

# Run in a process of its own: the number of devices is settled when JAX starts.
TRAIN = """
import sys
import jax, jax.numpy as jnp, numpy as np
from dataclasses import replace
from sims import placement
if int(sys.argv[1]) > 1:
    placement.use_cores(int(sys.argv[1]))
placement.LEAST_TO_SHARE = 0
from sims.rounds import engine
from sims.linear.training import LinearUpdate
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

planned, chunk = [], engine._jitted
engine._jitted = lambda u, r, plan, *rest: (planned.append(plan.is_shared), chunk(u, r, plan, *rest))[1]
N, rng = 6, np.random.default_rng(0)
g = rng.standard_normal((N, 5, 5))
data = {"covariances": jnp.asarray(g @ g.transpose(0, 2, 1) / 5), "step_size": 0.02, "gradient_noise": 0.01,
        "mean_weights": jnp.full(N, 1 / N)}
w = jnp.asarray(rng.standard_normal((N, 2, 5)))
ring, star = (mixing_matrix(topology(name, N)) for name in ("ring", "star"))
ways = {
    "ring": (ring, {}), "server": (np.full((N, N), 1 / N), {}), "in_turn": (np.stack([ring, star]), {}),
    "combine_first": (star, {"order": "combine_then_adapt"}), "failing": (ring, {"link_failure": 0.5}),
    "two_steps": (ring, {"steps": 2}), "noisy": (ring, {"noisy": True}), "some": (ring, {"participation": 3}),
    "push_sum": (star.T, {"push_sum": True}),
}
out, record = {}, lambda views, data: jnp.sum(views.post_mix ** 2)
for name, (m, options) in ways.items():
    update = LinearUpdate(options.pop("steps", 1), options.pop("noisy", False))
    # One program for all three: a block of rounds and its record at a time. Only on the ring several blocks in one.
    options |= {"data": data, "record": record, "records_a_chunk": None if name == "ring" else 1}
    whole = engine.run(update, w, m, 12, record_every=4, **options)
    half = engine.run(update, w, m, 5, record_every=5, **options)
    both = engine.run(update, w, m, 7, resume=half.state, record_every=7, **options)
    assert np.array_equal(both.post_mix, whole.post_mix), name
    out |= {name: whole.post_mix, name + "_pre": whole.pre_mix, name + "_before": whole.before,
            name + "_records": whole.records, name + "_shared": planned[-1]}
np.savez(sys.argv[2], **out)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder, root = tmp_path_factory.mktemp("devices"), pathlib.Path(__file__).resolve().parents[2]
    found = []
    for n_devices in (1, 2):
        file = folder / f"{n_devices}.npz"
        command = [sys.executable, "-c", TRAIN, str(n_devices), str(file)]
        subprocess.run(command, env=os.environ | {"PYTHONPATH": str(root)}, check=True, timeout=300)
        found.append(dict(np.load(file)))
    return found


def test_two_devices_train_the_models_of_one(trained):
    one, two = trained
    for name in one:
        if not name.endswith("_shared"):
            np.testing.assert_allclose(two[name], one[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_rounds_are_shared_only_where_clients_are_independent_in_a_step(trained):
    shared = {name.removesuffix("_shared") for name, is_so in trained[1].items() if name.endswith("_shared") and is_so}
    assert shared == {"ring", "server", "in_turn", "combine_first", "failing", "two_steps"}
    assert not any(is_so for name, is_so in trained[0].items() if name.endswith("_shared"))


def test_small_models_are_not_shared(monkeypatch):
    monkeypatch.setattr(placement, "n_devices", lambda: 2)
    assert placement.is_worth_sharing(np.zeros((20, 20, 128)), 20)
    assert not placement.is_worth_sharing(np.zeros((20, 8, 32)), 20)
    assert not placement.is_worth_sharing(np.zeros((21, 20, 128)), 21)


def test_a_state_is_put_beside_data_that_are_on_one_device():
    state = {"models": jnp.ones((6, 2)), "round": jnp.zeros((), int)}
    put = jax.device_put(jnp.ones(6), jax.devices()[0])
    spread = jax.device_put(jnp.ones(6), NamedSharding(Mesh(jax.devices(), ("work",)), PartitionSpec("work")))
    for data, is_put in ((put, True), ((None, put), True), (jnp.ones(6), False), (np.ones(6), False), (spread, False)):
        moved = placement.beside(state, {"data": data})
        assert {leaf.committed for leaf in jax.tree.leaves(moved)} == {is_put}
        assert moved["round"] == 0
