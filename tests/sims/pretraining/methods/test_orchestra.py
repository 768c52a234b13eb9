"""Orchestra's clusters: of one size, the same for all who hear the same, and what the two views are held to."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods import Context
from sims.pretraining.methods.orchestra import Orchestra, equal_size_assignments, equal_size_centroids, turn

METHOD = Orchestra(
    Linear(6), hidden_dim=8, embedding_dim=4, global_clusters=5, local_clusters=3, decay=0.9, strength=0.0
)
SHAPE = (8, 8, 1)
init = jax.jit(METHOD.init, static_argnums=1)
IMAGES = jnp.asarray(np.random.default_rng(2).random((12, *SHAPE), dtype=np.float32))
hear, labels_of, embedding = jax.jit(METHOD.hear), jax.jit(METHOD.labels), jax.jit(METHOD.embedding)
centroids_of = jax.jit(equal_size_centroids)
value_and_gradient = jax.jit(jax.value_and_grad(METHOD.loss))


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return init(jax.random.key(1), SHAPE)


def sphere(seed, n, dim):
    points = np.random.default_rng(seed).standard_normal((n, dim))
    return jnp.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), jnp.float32)


POOL = sphere(3, 9, 4).reshape(3, 3, 4)


def context(client=0, heard=(0.5, 0.5, 0.0)):
    weights, here = jnp.asarray(heard, jnp.float32), jnp.ones((), jnp.float32)
    return Context(jnp.asarray(client), 3, POOL, weights, jnp.asarray(1), here, jnp.asarray(0.5, jnp.float32))


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def test_clusters_get_one_mass_even_where_points_crowd_around_one_centroid():
    centroids = sphere(4, 4, 3)
    crowd = centroids[:1] + 0.1 * jax.random.normal(jax.random.key(5), (40, 3), jnp.float32)
    nearest = jnp.argmax(crowd @ centroids.T, axis=1)
    assert int(jnp.sum(nearest == 0)) == 40
    plan = jax.jit(equal_size_assignments)(crowd, jnp.full(40, 1 / 40, jnp.float32), centroids)
    np.testing.assert_allclose(plan.sum(axis=0), 0.25, rtol=1e-5)  # float32
    counts = np.bincount(np.argmax(plan, axis=1), minlength=4)
    assert counts.min() >= 6  # of 10; rounding a plan to its largest entries keeps sizes only nearly


def test_planted_groups_are_found_from_centroids_anywhere():
    directions = jnp.eye(4, dtype=jnp.float32)
    noise = 0.02 * jax.random.normal(jax.random.key(8), (32, 4), jnp.float32)
    points = jnp.repeat(directions, 8, axis=0) + noise
    found = centroids_of(points, jnp.full(32, 1 / 32, jnp.float32), sphere(9, 4, 4))
    cosines = np.asarray(found @ directions.T)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    assert sorted(cosines.argmax(axis=1)) == [0, 1, 2, 3]
    assert cosines.max(axis=1).min() > 0.99


def test_clients_that_hear_the_same_give_the_same_images_the_same_labels():
    labels = []
    for client in (0, 1):
        own_images = jax.random.uniform(jax.random.key(10 + client), IMAGES.shape, jnp.float32)
        own_past = jax.tree.map(lambda leaf, shift=client: leaf + shift, METHOD.init_local(start()))
        local = hear(start(), own_past, own_images, context(client), jax.random.key(20 + client))
        params, local = METHOD.begin(start(), local)
        labels.append(np.asarray(labels_of(METHOD.send(params, local), IMAGES)))
    np.testing.assert_array_equal(*labels)
    assert len(set(labels[0])) > 1


def test_the_pool_is_clustered_from_the_received_centroids_on():
    there = hear(start(), METHOD.init_local(start()), IMAGES, context(heard=(1, 1, 1)), jax.random.key(0))
    expected = centroids_of(POOL.reshape(9, 4), jnp.full(9, 1 / 9, jnp.float32), start()["centroids"])
    np.testing.assert_allclose(there["centroids"], expected, rtol=1e-6)
    assert float(jnp.abs(expected - start()["centroids"]).max()) > 0.1


def test_who_is_not_heard_does_not_count():
    heard, other = context(), context()
    other = other._replace(pool=POOL.at[2].set(-POOL[2]))
    local = METHOD.init_local(start())
    one, two = (hear(start(), local, IMAGES, c, jax.random.key(0))["centroids"] for c in (heard, other))
    np.testing.assert_array_equal(one, two)


def test_before_anybody_is_heard_centroids_stay_and_only_rotations_are_learnt():
    silent = context(heard=(0, 0, 0))
    local = hear(start(), METHOD.init_local(start()), IMAGES, silent, jax.random.key(0))
    np.testing.assert_array_equal(local["centroids"], start()["centroids"])
    head = jax.tree.map(jnp.zeros_like, start()["rotation"])
    undecided, gradient = value_and_gradient(start() | {"rotation": head}, local, IMAGES, silent, jax.random.key(3))
    assert float(jnp.abs(gradient["rotation"]["layer0"]["kernel"]).max()) > 0
    assert float(undecided) == pytest.approx(np.log(4), rel=1e-6)


def test_views_are_held_to_one_cluster_by_cross_entropy():
    target = init(jax.random.key(11), SHAPE)["target"]
    local = {"target": target, "centroids": start()["centroids"]}
    key, wanted = jax.random.key(3), 0.0
    loud, silent = (
        value_and_gradient(start(), local, IMAGES, context(heard=h), key)[0] for h in ((1, 1, 1), (0, 0, 0))
    )
    logits = [
        unit(np.asarray(embedding(network, IMAGES), np.float64)) @ np.asarray(start()["centroids"]).T / 0.1
        for network in (target, start())
    ]
    for towards, given in zip(np.exp(log_softmax(logits[0])), log_softmax(logits[1]), strict=True):
        wanted -= float(towards @ given) / len(IMAGES)
    assert float(loud - silent) == pytest.approx(wanted, rel=1e-5)
    assert loud.dtype == jnp.float32


def test_only_the_online_network_is_learnt():
    local = METHOD.init_local(start())
    gradient = value_and_gradient(start(), local, IMAGES, context(), jax.random.key(3))[1]
    sizes = {name: sum(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradient[name])) for name in gradient}
    assert sizes["target"] == sizes["centroids"] == 0
    assert min(sizes["encoder"], sizes["projector"], sizes["rotation"]) > 0


def test_the_target_is_the_average_of_the_steps_and_travels_with_the_model():
    params, local = METHOD.begin(start(), METHOD.init_local(start()))
    expected = np.asarray(start()["target"]["encoder"]["projection"]["kernel"])
    for step in range(3):
        params = params | {name: jax.tree.map(lambda leaf: leaf + 1, params[name]) for name in ("encoder", "projector")}
        local = METHOD.after_step(params, local, IMAGES, jax.random.key(step))
        expected = 0.9 * expected + 0.1 * np.asarray(params["encoder"]["projection"]["kernel"])
    sent = METHOD.send(params, METHOD.end(params, local))
    np.testing.assert_allclose(sent["target"]["encoder"]["projection"]["kernel"], expected, rtol=1e-6)
    _, local = METHOD.begin(sent, METHOD.init_local(start()))
    np.testing.assert_array_equal(local["target"]["encoder"]["projection"]["kernel"], expected)


def test_a_client_sends_directions_in_its_own_data():
    shared = jax.jit(METHOD.share)(start(), IMAGES, jax.random.key(4))
    assert shared.shape == (3, 4)
    assert shared.dtype == jnp.float32
    points = unit(np.asarray(embedding(start()["target"], IMAGES)))
    assert (np.asarray(shared) @ points.T).max(axis=1).min() > 0.5  # of four images each, which need not be close
    np.testing.assert_allclose(np.linalg.norm(shared, axis=1), 1, rtol=1e-6)
    with pytest.raises(ValueError, match="Each of 3 local clusters"):
        METHOD.share(start(), IMAGES[:2], jax.random.key(4))


def test_images_are_turned_as_numpy_turns_them():
    images = np.random.default_rng(0).random((4, 3, 3, 2), np.float32)
    turned = turn(jnp.asarray(images), jnp.asarray([0, 1, 2, 3]))
    for k in range(4):
        np.testing.assert_array_equal(turned[k], np.rot90(images[k], k))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"global_clusters": 0}, "At least one"),
        ({"decay": 1.5}, "share in"),
        ({"temperature": 0.0}, "temperature=0.0"),
        ({"temperature": 1e-30}, "1e-06 or more was wanted; got temperature=1e-30"),
        ({"temperature": float("inf")}, "temperature=inf"),
        ({"global_clusters": 10**20}, f"at most 65536, were wanted; got {10**20} and 16"),
        ({"local_clusters": 10**20}, f"got 128 and {10**20}"),
    ],
)
def test_settings_out_of_range_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Orchestra(Linear(4), **settings)


def test_images_that_are_not_square_are_refused():
    with pytest.raises(ValueError, match="square"):
        METHOD.init(jax.random.key(0), (8, 6, 1))
