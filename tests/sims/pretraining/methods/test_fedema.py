"""A client keeps the share of its model that the divergence says: none at zero, all from 1 / scaler on."""

from dataclasses import replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods.fedema import FedEma

SHAPE = (8, 8, 1)
METHOD = FedEma(Linear(8), hidden_dim=6, embedding_dim=5, tau=0.7)


INIT = jax.jit(lambda key: METHOD.init(key, SHAPE))


@lru_cache
def model(seed):
    return INIT(jax.random.key(seed))


def client(method, trained):
    """`local` of a client after its first round."""
    _, local = method.begin(model(0), method.init_local(model(0)))
    return method.end(trained, local)


def distance(one, other):
    matrices = [np.asarray(net["encoder"]["projection"]["kernel"], float) for net in (one, other)]
    return np.linalg.norm(matrices[0] - matrices[1])


def mean(own, received, mu):
    return jax.tree.map(lambda a, b: mu * np.asarray(a, float) + (1 - mu) * np.asarray(b, float), own, received)


def test_autoscaler_makes_the_first_share_tau_and_stays_what_it_is():
    own, received, later = model(1), model(2), model(3)
    params, local = METHOD.begin(received, client(METHOD, own))
    assert_close(params, mean(own, received, 0.7))
    np.testing.assert_allclose(local["scaler"], 0.7 / distance(own, received), rtol=1e-6)
    halfway = jax.tree.map(lambda a, b: a + (b - a) / 2, own, later)
    local = METHOD.end(own, local)
    params, local = METHOD.begin(halfway, local)
    mu = 0.7 * distance(own, halfway) / distance(own, received)
    assert 0.1 < mu < 0.9  # so that neither end decides
    assert_close(params, mean(own, halfway, mu))


@pytest.mark.parametrize("scaler", [None, 5.0])
def test_at_no_divergence_the_global_model_is_taken_whole(scaler):
    method = replace(METHOD, scaler=scaler)
    own, received = model(4), model(5)
    received = received | {"encoder": own["encoder"]}  # its projector and predictor differ
    params, local = method.begin(received, client(method, own))
    assert_same(params, received)
    # The autoscaler learnt nothing from it: the next round is still its first.
    if scaler is None:
        params, _ = method.begin(model(6), method.end(own, local))
        assert_close(params, mean(own, model(6), 0.7))


def test_from_a_large_divergence_on_the_own_model_is_kept_whole():
    own, received = model(7), model(8)
    edge = 1 / distance(own, received)
    for factor, is_whole in ((1.001, True), (100.0, True), (0.9, False)):
        method = replace(METHOD, scaler=float(factor * edge))
        params, _ = method.begin(received, client(method, own))
        assert_close(params, mean(own, received, min(factor, 1)))
        if is_whole:
            assert_same(params, own)


def test_share_grows_with_the_divergence_under_a_given_scaler():
    own, received = model(9), model(10)
    method = replace(METHOD, scaler=float(0.5 / distance(own, received)))
    for t in (0.25, 0.5, 1.0):
        partway = jax.tree.map(lambda a, b, t=t: a + t * (b - a), own, received)
        params, local = method.begin(partway, client(method, own))
        assert_close(params, mean(own, partway, 0.5 * t))
        np.testing.assert_array_equal(local["scaler"], np.float32(method.scaler))


def test_released_divergence_scales_by_how_far_the_first_training_came():
    method = replace(METHOD, reading="released")
    own, received, later = model(11), model(12), model(13)
    params, local = method.begin(received, client(method, own))
    assert_close(params, mean(own, received, 0.7))
    came = distance(own, model(0))
    np.testing.assert_allclose(local["scaler"], 0.7 / came, rtol=1e-6)
    nearer = jax.tree.map(lambda a, b: a + (b - a) / 2, params, later)  # half of a training as long as the first
    local = method.end(nearer, local)
    merged, _ = method.begin(received, local)
    mu = 0.7 * distance(nearer, params) / came
    assert 0.1 < mu < 0.9
    assert_close(merged, mean(nearer, received, mu))


def test_a_new_client_takes_what_it_receives():
    params, local = METHOD.begin(model(14), METHOD.init_local(model(15)))
    assert_same(params, model(14))
    assert float(local["scaler"]) == 0


def test_clients_of_a_whole_federation_begin_each_with_their_own_share():
    own = jax.tree.map(lambda *x: jnp.stack(x), *[model(i) for i in range(20, 23)])
    locals_ = jax.vmap(lambda net: METHOD.end(net, METHOD.init_local(net)))(own)
    params, local = jax.jit(jax.vmap(METHOD.begin, in_axes=(None, 0)))(model(23), locals_)
    for i in range(3):
        assert_close(jax.tree.map(lambda x, i=i: x[i], params), mean(model(20 + i), model(23), 0.7))
    assert all(leaf.dtype in (jnp.float32, bool) for leaf in jax.tree.leaves((params, local)))


@pytest.mark.parametrize(
    ("wrong", "words"), [({"tau": 1.2}, "tau=1.2"), ({"scaler": -1.0}, "-1.0"), ({"scaler": float("inf")}, "got inf")]
)
def test_settings_outside_their_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        replace(METHOD, **wrong)


def assert_same(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)


def assert_close(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-6), one, other)
