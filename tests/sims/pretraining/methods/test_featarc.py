"""FeatARC: which cluster a client joins, what it is held to, and what becomes of each cluster's model."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.images import partitions
from sims.pretraining import communication
from sims.pretraining.descent import Descent
from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods import Context
from sims.pretraining.methods.featarc import FeatArc, alignment
from sims.pretraining.methods.simsiam import SimSiam
from sims.pretraining.training import pretrain

SIZES = {"hidden_dim": 8, "embedding_dim": 4, "bottleneck_dim": 4, "strength": 0.0, "noise_std": 0.2}
PLAIN = SimSiam(Linear(6), **SIZES)
METHOD = FeatArc(Linear(6), **SIZES, n_clusters=3)
SHAPE = (8, 8, 1)
IMAGES = jnp.asarray(np.random.default_rng(2).random((6, *SHAPE), dtype=np.float32))
KEY = jax.random.key(0)

hear = jax.jit(METHOD.hear)
begin, send = jax.jit(METHOD.begin), jax.jit(METHOD.send)
value_and_gradient = jax.jit(jax.value_and_grad(METHOD.loss))


def parted(seed=1):
    """A model whose clusters have come apart."""
    params = METHOD.init(jax.random.key(seed), SHAPE)
    return params | {"clusters": jax.vmap(lambda key: PLAIN.init(key, SHAPE))(jax.random.split(KEY, 3))}


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return jax.jit(parted)()


@cache
def local_start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return METHOD.init_local(start())


def context(client=0, selections=1):
    some = jnp.ones(4, jnp.float32) / 4
    return Context(jnp.asarray(client), 4, None, some, jnp.asarray(selections), some[0], some[0])


def cluster(params, k):
    return jax.tree.map(lambda leaf: leaf[k], params["clusters"])


def same(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_alignment_is_zero_where_features_are_equal_and_grows_to_two():
    features = jax.random.normal(KEY, (5, 3))
    lengths = jnp.linspace(0.5, 2, 5)[:, None]
    assert float(alignment(features, features)) == pytest.approx(0, abs=1e-15)
    assert float(alignment(lengths * features, features)) == pytest.approx(0, abs=1e-15)
    assert float(alignment(-features, features)) == pytest.approx(2)
    turned = jnp.asarray([[0.0, 1.0], [-1.0, 0.0]])
    assert float(alignment(jnp.eye(2), turned)) == pytest.approx(1)


def test_alignment_moves_the_client_alone():
    own, wanted = jax.random.normal(KEY, (2, 5, 3))
    gradients = jax.grad(alignment, argnums=(0, 1))(own, wanted)
    assert float(jnp.abs(gradients[0]).max()) > 0
    assert float(jnp.abs(gradients[1]).max()) == 0


def test_the_loss_leaves_the_cluster_models_alone():
    _, gradient = value_and_gradient(start(), local_start(), IMAGES, context(), KEY)
    assert float(jnp.abs(gradient["encoder"]["projection"]["kernel"]).max()) > 0
    assert all(float(jnp.abs(leaf).max()) == 0 for leaf in jax.tree.leaves((gradient["clusters"], gradient["members"])))


def test_a_round_moves_the_own_model_and_no_cluster_but_by_its_members():
    """One client in cluster 0 of 3: the two that nobody is in are as they were, whatever the weight decay."""
    labels = np.repeat([0, 1], 6)
    images = (np.asarray(jax.random.uniform(KEY, (12, *SHAPE))) * 255).astype(np.uint8)
    descent = Descent("adamw", 0.05, weight_decay=0.5, batch_size=4, epochs=3)
    run = pretrain(METHOD, descent, images, partitions.iid(labels, 1, 0), 1)
    assert run.before is not None
    before, after = (jax.tree.map(lambda leaf: leaf[0], run_params) for run_params in (run.before, run.state.params))
    for k in (1, 2):
        same(cluster(after, k), cluster(before, k))
    same(cluster(after, 0), {name: after[name] for name in ("encoder", "projector", "predictor")})
    moved = after["encoder"]["projection"]["kernel"] - before["encoder"]["projection"]["kernel"]
    assert float(jnp.abs(moved).max()) > 0.01


def test_the_loss_is_simsiam_and_the_distance_from_the_own_cluster():
    views = jax.jit(PLAIN.two_views)(IMAGES, KEY)
    similarity = float(jax.jit(PLAIN.similarity_loss)(start(), views))
    for k in (0, 2):
        loss, _ = value_and_gradient(
            start(), local_start() | {"cluster": jnp.asarray(k, jnp.int32)}, IMAGES, context(), KEY
        )
        pixels = np.asarray(IMAGES).reshape(6, -1)
        wanted = pixels @ np.asarray(start()["clusters"]["encoder"]["projection"]["kernel"][k])
        apart = []
        for view in np.asarray(views):
            own = view.reshape(6, -1) @ np.asarray(start()["encoder"]["projection"]["kernel"])
            cosines = np.sum(own * wanted, 1) / np.linalg.norm(own, axis=1) / np.linalg.norm(wanted, axis=1)
            apart.append(1 - cosines.mean())
        assert float(loss) == pytest.approx(similarity + np.mean(apart), rel=1e-5)
        assert loss.dtype == jnp.float32


def test_a_new_client_joins_by_its_number():
    for client in range(4):
        local = hear(start(), local_start(), IMAGES, context(client, selections=0), KEY)
        assert int(local["cluster"]) == client % 3


def test_a_client_joins_the_cluster_whose_features_fit_its_own():
    for k in range(3):
        nearly = jax.tree.map(lambda leaf: leaf + 0.01, cluster(start(), k)["encoder"])
        local = hear(start(), local_start() | {"last": nearly}, IMAGES, context(), KEY)
        assert int(local["cluster"]) == k
        begun, _ = begin(start(), local)
        same({name: begun[name] for name in ("encoder", "projector", "predictor")}, cluster(start(), k))


def test_clients_with_the_same_features_share_a_cluster():
    for seed in range(5):
        last = jax.tree.map(lambda leaf, by=seed: jnp.roll(leaf, by), local_start()["last"])
        joined = {
            int(hear(start(), {"cluster": jnp.int32(i % 3), "last": last}, IMAGES, context(i), key)["cluster"])
            for i, key in enumerate(jax.random.split(KEY, 4))
        }
        assert len(joined) == 1


def test_what_was_trained_stands_for_the_own_cluster_alone():
    local = local_start() | {"cluster": jnp.asarray(1, jnp.int32)}
    params, local = begin(start(), local)
    trained = params | {
        name: jax.tree.map(lambda leaf: leaf + 1, params[name]) for name in ("encoder", "projector", "predictor")
    }
    local = METHOD.end(trained, local)
    sent = send(trained, local)
    same(cluster(sent, 1), jax.tree.map(lambda leaf: leaf + 1, cluster(start(), 1)))
    for k in (0, 2):
        same(cluster(sent, k), cluster(start(), k))
    same(local["last"], trained["encoder"])
    np.testing.assert_array_equal(sent["members"], [0, 1, 0])


def test_a_cluster_model_is_the_mean_of_its_members_and_stays_when_it_has_none():
    joined, weights = [0, 2, 0, 0], np.array([0.1, 0.4, 0.2, 0.3])
    sent = []
    for client, k in enumerate(joined):
        params, local = begin(start(), local_start() | {"cluster": jnp.asarray(k, jnp.int32)})
        own = np.random.default_rng(client)
        trained = {name: params[name] for name in ("encoder", "projector", "predictor")}
        params |= jax.tree.map(lambda leaf, own=own: np.asarray(own.standard_normal(leaf.shape), np.float32), trained)
        sent.append(send(params, local))
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *sent)
    new = jax.jit(METHOD.combine)(start(), stacked, jnp.asarray(weights, jnp.float32))
    kernels = [np.asarray(one["encoder"]["projection"]["kernel"]) for one in sent]
    by_cluster = np.asarray(new["clusters"]["encoder"]["projection"]["kernel"])
    np.testing.assert_allclose(by_cluster[0], (kernels[0] + 2 * kernels[2] + 3 * kernels[3]) / 6, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(by_cluster[2], kernels[1], rtol=1e-6)
    same(cluster(new, 1), cluster(start(), 1))
    mean = sum(w * kernel for w, kernel in zip(weights, kernels, strict=True))
    np.testing.assert_allclose(new["encoder"]["projection"]["kernel"], mean, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(new["members"], [0.6, 0, 0.4], rtol=1e-6)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(new))


@pytest.mark.parametrize(
    "settings",
    [{"n_clusters": 0}, {"n_clusters": 10**20}, {"alignment_weight": -0.5}, {"alignment_weight": float("inf")}],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=f"got .*{next(iter(settings.values()))}"):
        FeatArc(Linear(6), **settings)


def test_one_model_goes_up_and_all_cluster_models_come_down():
    up, down = METHOD.travels(start())
    one = communication.n_bytes(PLAIN.init(KEY, SHAPE))
    assert communication.n_bytes(up) == one + 4 * 3  # and whose it is
    assert communication.n_bytes(down) == 3 * one
