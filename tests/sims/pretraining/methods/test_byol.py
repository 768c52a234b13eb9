"""The target is an average of past online networks that no gradient reaches; the loss is the formula."""

from dataclasses import replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods import Context
from sims.pretraining.methods.byol import Byol

SHAPE = (8, 8, 1)
METHOD = Byol(Linear(8), hidden_dim=6, embedding_dim=5, decay=0.9, strength=0.5)
CONTEXT = Context(jnp.asarray(0), 1, None, jnp.ones(1), jnp.asarray(0), jnp.asarray(0.0))


@pytest.fixture
def plain_views(monkeypatch):
    """Two different views that compile in no time."""
    monkeypatch.setattr(
        "sims.pretraining.methods.byol.two_views", lambda key, images, strength: (images, strength * images**2)
    )
    return lambda images: (images, METHOD.strength * images**2)


@pytest.fixture(scope="module")
def images():
    return jax.random.uniform(jax.random.key(1), (4, *SHAPE), jnp.float32)


@jax.jit
def moved(key):
    params = METHOD.init(key, SHAPE)
    return jax.tree.map(lambda x: x + 0.1 * jax.random.normal(key, x.shape, x.dtype), params)


@lru_cache
def model(seed):
    """Parameters none of which is zero or one, as biases and scales are at first."""
    return moved(jax.random.key(seed))


def mlp(head, x, norm):
    """The head in float64 numpy, image by image or, for batch, unit by unit."""
    head = jax.tree.map(lambda leaf: np.asarray(leaf, float), head)
    y = x @ head["layer0"]["kernel"]
    axis = 0 if norm == "batch" else 1
    y = (y - y.mean(axis, keepdims=True)) / np.sqrt(y.var(axis, keepdims=True) + 1e-5)
    y = np.maximum(y * head["norm0"]["scale"] + head["norm0"]["bias"], 0)
    return y @ head["layer1"]["kernel"] + head["layer1"]["bias"]


@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_loss_is_the_squared_distance_of_unit_prediction_and_unit_target_in_both_directions(images, norm, plain_views):
    method, key = replace(METHOD, norm=norm), jax.random.key(2)
    online, target = model(3), model(4)
    views = [np.asarray(v, float).reshape(4, -1) for v in plain_views(images)]

    def embed(net, view):
        return mlp(net["projector"], view @ np.asarray(net["encoder"]["projection"]["kernel"], float), norm)

    expected = 0.0
    for seen, hidden in (views, views[::-1]):
        predictions, targets = mlp(online["predictor"], embed(online, seen), norm), embed(target, hidden)
        for p, t in zip(predictions, targets, strict=True):
            expected += np.sum((p / np.linalg.norm(p) - t / np.linalg.norm(t)) ** 2) / 4
    loss = jax.jit(method.loss)(online, method.init_local(target), images, CONTEXT, key)
    assert loss.dtype == jnp.float32
    np.testing.assert_allclose(loss, expected, rtol=1e-4)  # float32 through four layers


def test_target_after_k_steps_is_the_geometric_mean_of_online_networks(images):
    # Geometric weights: decay^k for the start, (1 - decay) decay^(k - j) for the online network after step j.
    params = model(5)
    received, local = METHOD.begin(params, METHOD.init_local(params))
    step, follow = jax.jit(jax.value_and_grad(METHOD.loss)), jax.jit(METHOD.after_step)
    decay, online, losses = METHOD.decay, [], []
    key = jax.random.key(0)
    for _ in range(6):
        loss, slope = step(params, local, images, CONTEXT, key)
        params = jax.tree.map(lambda x, g: x - 0.3 * g, params, slope)
        local = follow(params, local, images, key)
        online.append(params)
        losses.append(float(loss))
    weights = [decay**6] + [(1 - decay) * decay ** (5 - j) for j in range(6)]
    for name in ("encoder", "projector"):
        history = [net[name] for net in (received, *online)]

        def check(target, *past):
            expected = np.tensordot(weights, np.asarray(past, float), axes=1)
            np.testing.assert_allclose(target, expected, atol=1e-6)

        jax.tree.map(check, local["target"][name], *history)
        assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(local["target"]))
    assert set(local["target"]) == {"encoder", "projector"}
    assert losses[-1] < losses[0]  # and the online network learns to predict it


def test_no_gradient_reaches_the_target(images, plain_views):
    online, local = model(6), METHOD.init_local(model(7))

    @jax.jit
    def loss(target, net):
        return METHOD.loss(net, local | {"target": target}, images, CONTEXT, jax.random.key(8))

    to_target, to_online = jax.jit(jax.grad(loss, argnums=(0, 1)))(local["target"], online)
    assert all(not np.any(leaf) for leaf in jax.tree.leaves(to_target))
    assert all(np.any(leaf) for leaf in jax.tree.leaves(to_online))
    other = METHOD.init_local(model(9))["target"]
    assert loss(local["target"], online) != loss(other, online)  # although the loss depends on it


def test_a_client_begins_with_the_received_model_as_target_and_then_keeps_its_own():
    first, later = model(10), model(11)
    params, local = METHOD.begin(later, METHOD.init_local(first))
    assert_same(params, later)
    assert_same(local["target"], {"encoder": later["encoder"], "projector": later["projector"]})
    params, again = METHOD.begin(first, METHOD.end(params, local))
    assert_same(params, first)
    assert_same(again["target"], local["target"])


def test_predictions_depend_on_other_images_only_under_batch_statistics(images):
    online = model(12)
    for norm, is_alone in (("layer", True), ("batch", False)):
        method = replace(METHOD, norm=norm)
        predict = jax.jit(method.prediction)
        together, some = predict(online, images)[:2], predict(online, images[:2])
        assert np.allclose(together, some, atol=1e-6) == is_alone


def test_a_dead_prediction_has_a_finite_gradient(images, plain_views):
    online = model(13)
    online["predictor"]["layer1"] = jax.tree.map(jnp.zeros_like, online["predictor"]["layer1"])
    slope = jax.jit(jax.grad(METHOD.loss))(online, METHOD.init_local(model(14)), images, CONTEXT, jax.random.key(15))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"decay": 1.5}, "decay=1.5"),
        ({"hidden_dim": 0}, "0, 5"),
        ({"norm": "group"}, "'group'"),
        ({"strength": 2.0}, "strength=2.0"),
    ],
)
def test_settings_outside_their_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        replace(METHOD, **wrong)


def assert_same(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)
