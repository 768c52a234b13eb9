"""The server weighs each client's layers by their cosine with the layer before; all the rest is the base's."""

from functools import lru_cache
from inspect import signature

import jax
import jax.numpy as jnp
import numpy as np

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods import Context, Method
from sims.pretraining.methods.byol import Byol
from sims.pretraining.methods.fedema import FedEma
from sims.pretraining.methods.ldawa import LDawa, cosines

SHAPE = (8, 8, 1)
BASE = FedEma(Linear(8), hidden_dim=6, embedding_dim=5)
METHOD = LDawa(BASE)
COMBINE = jax.jit(METHOD.combine)


@jax.jit
def moved(key):
    params = BASE.init(key, SHAPE)
    return jax.tree.map(lambda x: x + 0.1 * jax.random.normal(key, x.shape, x.dtype), params)


@lru_cache
def model(seed):
    """Parameters none of which is zero, as biases are at first."""
    return moved(jax.random.key(seed))


def stack(*models):
    return jax.tree.map(lambda *x: jnp.stack(x), *models)


def test_layers_are_weighed_by_their_cosines():
    before, trained, weights = model(0), [model(1), model(2), model(3)], np.array([0.5, 0.3, 0.2])

    def slowly(old, *new):
        total = np.zeros(old.shape)
        for p, w in zip(weights, new, strict=True):
            a, b = np.asarray(w, float).ravel(), np.asarray(old, float).ravel()
            total += p * (a @ b) / np.sqrt((a @ a) * (b @ b)) * np.asarray(w, float)
        return total

    combined = COMBINE(before, stack(*trained), jnp.asarray(weights))
    expected = jax.tree.map(slowly, before, *trained)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), combined, expected)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(combined))


def test_clients_that_kept_the_direction_are_averaged_plainly():
    before, weights = model(4), jnp.asarray([0.25, 0.75])
    trained = stack(*(jax.tree.map(lambda x, c=c: c * x, before) for c in (0.5, 3.0)))
    combined = COMBINE(before, trained, weights)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, (0.125 + 2.25) * b, rtol=1e-6), combined, before)


def test_clients_that_agree_give_their_model_times_its_cosine_a_layer():
    # So it is the plain mean of equal clients where they kept the direction, and nowhere else.
    before, own = model(5), model(6)
    combined = COMBINE(before, stack(own, own, own), jnp.full(3, 1 / 3))

    def check(new, w, old):
        a, b = np.asarray(w, float).ravel(), np.asarray(old, float).ravel()
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert cosine < 0.999
        np.testing.assert_allclose(new, cosine * np.asarray(w, float), atol=1e-6)

    jax.tree.map(check, combined, own, before)


def test_cosines_know_right_angles_opposites_and_layers_without_direction():
    old = jnp.asarray([[1.0, 0.0], [0.0, 0.0]], jnp.float32)
    new = jnp.asarray([[[2.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 5.0]], [[-1.0, 0.0], [0.0, 0.0]]], jnp.float32)
    np.testing.assert_array_equal(cosines(old, new), [1.0, 0.0, -1.0])
    np.testing.assert_array_equal(cosines(old, jnp.zeros_like(new)), [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(cosines(jnp.zeros_like(old), new), [1.0, 1.0, 1.0])


def test_biases_that_start_at_zero_are_averaged_plainly():
    before = jax.tree.map(jnp.zeros_like, model(7))
    combined = COMBINE(before, stack(model(8), model(9)), jnp.asarray([0.5, 0.5]))
    jax.tree.map(lambda c, a, b: np.testing.assert_allclose(c, (a + b) / 2, rtol=1e-6), combined, model(8), model(9))


def test_all_but_the_combination_is_the_base():
    key, images, scalar = jax.random.key(10), jnp.ones((2, *SHAPE), jnp.float32), jnp.ones((), jnp.float32)
    context = Context(jnp.asarray(0), 1, None, jnp.ones(1), jnp.asarray(0), scalar)
    given = {"params": {}, "received": {}, "local": [], "images": images, "context": context, "key": key}
    given |= {"image_shape": SHAPE, "repeats": jnp.full((), 2.0, jnp.float32)}
    answers = {name: {} for name in ("init", "init_local", "hear", "trainable", "after_step", "end", "send")}
    answers |= {"begin": ({}, []), "loss": scalar, "share": images[:, 0, 0], "travels": ({}, {})}
    # A method that the interface gains must be passed on too.
    hooks = {name for name, held in vars(Method).items() if callable(held) and not name.startswith("_")}
    assert {*answers, "combine"} == hooks
    heard = []

    def answer(name):
        return lambda self, *arguments: heard.append(arguments) or answers.get(name)

    wrapped = LDawa(type("Base", (Method,), {name: answer(name) for name in (*answers, "combine")})(BASE.encoder))
    assert wrapped.encoder == BASE.encoder
    for name, expected in answers.items():
        arguments = [given[parameter] for parameter in list(signature(getattr(Method, name)).parameters)[1:]]
        assert getattr(wrapped, name)(*arguments) is expected
        assert all(one is other for one, other in zip(heard.pop(), arguments, strict=True))
    assert wrapped.combine(model(0), stack(model(1), model(2), model(3)), jnp.ones(3)) is not None
    assert not heard


def test_equal_settings_are_equal_methods():
    assert LDawa(FedEma(Linear(8), hidden_dim=6, embedding_dim=5)) == METHOD
    assert hash(LDawa(FedEma(Linear(8), hidden_dim=6, embedding_dim=5))) == hash(METHOD)
    assert LDawa(Byol(Linear(8), hidden_dim=6, embedding_dim=5)) != METHOD
