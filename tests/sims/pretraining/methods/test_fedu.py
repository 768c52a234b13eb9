"""The divergence, on one side of the threshold or the other, decides whose predictor a client goes on with."""

from dataclasses import replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.divergence import mean_distance
from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods.fedu import FedU

SHAPE = (8, 8, 1)
METHOD = FedU(Linear(8), hidden_dim=6, embedding_dim=5)
READINGS = ("printed", "released")


INIT = jax.jit(lambda key: METHOD.init(key, SHAPE))


@lru_cache
def model(seed):
    return INIT(jax.random.key(seed))


def client(method, start, trained):
    """`local` of a client that began with one model and ended with the other."""
    _, local = method.begin(start, method.init_local(model(0)))
    return method.end(trained, local)


def distance(one, other):
    """Of linear encoders, which are one matrix: both measures are its Frobenius distance."""
    matrices = [np.asarray(net["encoder"]["projection"]["kernel"], float) for net in (one, other)]
    return np.linalg.norm(matrices[0] - matrices[1])


@pytest.mark.parametrize("reading", READINGS)
def test_threshold_decides_whose_predictor_is_kept(reading):
    start, trained, received = model(1), model(2), model(3)
    method = replace(METHOD, reading=reading)
    divergence = float(method.divergence(received, client(method, start, trained)))
    # At the threshold itself the client's own; a hair above it, the received one.
    for threshold, owner in ((divergence, trained), (float(np.nextafter(np.float32(divergence), np.inf)), received)):
        method = replace(METHOD, reading=reading, threshold=threshold)
        params, _ = method.begin(received, client(method, start, trained))
        assert_same(params["predictor"], owner["predictor"])
        assert_same(params["encoder"], received["encoder"])
        assert_same(params["projector"], received["projector"])


@pytest.mark.parametrize("reading", READINGS)
def test_a_new_client_takes_all_it_receives_however_far(reading):
    method = replace(METHOD, reading=reading, threshold=0.0)
    params, _ = method.begin(model(4), method.init_local(model(5)))
    assert_same(params, model(4))


def test_printed_divergence_is_from_last_to_received_and_released_from_start_to_last():
    start, trained, received = model(6), model(7), model(8)
    for reading, expected in (("printed", distance(received, trained)), ("released", distance(trained, start))):
        method = replace(METHOD, reading=reading)
        measured = method.divergence(received, client(method, start, trained))
        np.testing.assert_allclose(measured, expected, rtol=1e-6)
        assert measured.dtype == jnp.float32


def test_printed_divergence_is_of_the_whole_encoder_and_released_a_mean_over_its_weights():
    net = {"encoder": {"a": jnp.full((2, 2), 3.0), "b": jnp.zeros((4, 4)), "bias": jnp.full(2, 7.0)}}
    still = jax.tree.map(jnp.zeros_like, net)
    assert float(mean_distance(net["encoder"], still["encoder"])) == (6 + 0) / 2
    printed = replace(METHOD, reading="printed").divergence(net, {"last": still})
    np.testing.assert_allclose(printed, np.sqrt(36 + 98), rtol=1e-12)


@pytest.mark.parametrize("reading", READINGS)
def test_the_next_round_measures_the_training_since(reading):
    method = replace(METHOD, reading=reading)
    _, local = method.begin(model(3), client(method, model(1), model(2)))
    local = method.end(model(9), local)
    expected = distance(model(9), model(3)) if reading == "released" else distance(model(9), model(4))
    np.testing.assert_allclose(method.divergence(model(4), local), expected, rtol=1e-6)


@pytest.mark.parametrize("reading", READINGS)
def test_rounds_leave_shapes_and_types_as_they_are(reading):
    method = replace(METHOD, reading=reading)
    params = model(0)
    local = method.init_local(params)

    def one_round(params, local):
        params, local = method.begin(params, local)
        local = method.after_step(params, local, jnp.zeros((2, *SHAPE), jnp.float32), jax.random.key(0))
        return params, method.end(params, local)

    expected = jax.eval_shape(lambda *x: x, params, local)
    assert jax.tree.map(form, jax.eval_shape(one_round, params, local)) == jax.tree.map(form, expected)


@pytest.mark.wrong_types
@pytest.mark.parametrize(("wrong", "words"), [({"threshold": -1.0}, "-1.0"), ({"reading": "both"}, "'both'")])
def test_settings_outside_their_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        replace(METHOD, **wrong)


def form(leaf):
    return leaf.shape, leaf.dtype


def assert_same(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)
