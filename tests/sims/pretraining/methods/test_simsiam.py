"""SimSiam: a symmetric cosine with one side held still, and views drawn in each step or once."""

import dataclasses
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods.simsiam import SimSiam, cosine

SHAPE = (8, 8, 1)
SIMSIAM = SimSiam(Linear(6), hidden_dim=8, embedding_dim=6, bottleneck_dim=4)
IMAGES = jnp.asarray(np.random.default_rng(0).random((5, *SHAPE), dtype=np.float32))
VIEWS = jnp.asarray(np.random.default_rng(1).random((2, 5, *SHAPE), dtype=np.float32))
KEY = jax.random.key(5)
loss_of = jax.jit(SIMSIAM.similarity_loss)
slope_of = jax.jit(jax.grad(SIMSIAM.similarity_loss))
views_of = jax.jit(SimSiam.two_views, static_argnums=0)


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return jax.jit(SIMSIAM.init, static_argnums=1)(jax.random.key(6), SHAPE)


def outputs(params, view):
    """Embeddings and predictions of one view, from the parts."""
    embeddings = SIMSIAM._projector(params["projector"], SIMSIAM.encoder.features(params["encoder"], view))
    return embeddings, SIMSIAM._predictor(params["predictor"], embeddings)


def with_targets(params, targets):
    """The loss with given targets, written pair by pair."""
    total = jnp.float32(0)
    for i in (0, 1):
        predictions = outputs(params, VIEWS[i])[1]
        for j in range(5):
            p, z = predictions[j], targets[1 - i][j]
            total += jnp.dot(p, z) / jnp.linalg.norm(p) / jnp.linalg.norm(z)
    return -total / 10


def test_the_loss_is_minus_the_mean_cosine_over_images_and_directions():
    targets = [outputs(start(), view)[0] for view in VIEWS]
    loss = loss_of(start(), VIEWS)
    assert loss.dtype == jnp.float32
    np.testing.assert_allclose(loss, with_targets(start(), targets), rtol=1e-5)


def test_swapping_the_views_changes_nothing():
    np.testing.assert_allclose(loss_of(start(), VIEWS), loss_of(start(), VIEWS[::-1]), rtol=1e-6)


def test_the_gradient_is_that_of_frozen_targets():
    """A twin whose targets are numbers, no function of the parameters; one with live targets differs."""
    frozen = [jnp.asarray(np.asarray(outputs(start(), view)[0])) for view in VIEWS]
    slope = slope_of(start(), VIEWS)
    still = jax.jit(jax.grad(with_targets))(start(), frozen)
    live = jax.jit(jax.grad(lambda params: with_targets(params, [outputs(params, view)[0] for view in VIEWS])))(start())
    slope, still, live = (ravel_pytree(tree)[0] for tree in (slope, still, live))
    assert jnp.linalg.norm(slope - still) < 1e-5 * jnp.linalg.norm(slope)
    assert jnp.linalg.norm(slope - live) > 0.1 * jnp.linalg.norm(slope)


def test_fixed_views_depend_on_the_image_and_the_seed_alone():
    fixed = dataclasses.replace(SIMSIAM, views="fixed", noise_std=0.1)
    views = views_of(fixed, IMAGES, KEY)
    assert views.dtype == jnp.float32
    assert np.array_equal(views, views_of(fixed, IMAGES, jax.random.key(9)))
    assert np.array_equal(views[:, ::-1], views_of(fixed, IMAGES[::-1], KEY))
    assert not np.array_equal(views[0], views[1])
    assert not np.array_equal(views, views_of(dataclasses.replace(fixed, views_seed=1), IMAGES, KEY))


def test_views_per_step_are_drawn_by_the_key_for_each_image():
    same = jnp.broadcast_to(IMAGES[:1], IMAGES.shape)
    views = views_of(SIMSIAM, same, KEY)
    assert len({np.asarray(view).tobytes() for view in views.reshape(10, *SHAPE)}) == 10
    assert np.array_equal(views, views_of(SIMSIAM, same, KEY))
    assert not np.array_equal(views, views_of(SIMSIAM, same, jax.random.key(9)))


def test_noise_alone_is_the_augmentation_of_the_linear_theory():
    """Both views are x plus independent noise of the standard deviation asked for."""
    noise = np.asarray(dataclasses.replace(SIMSIAM, strength=0.0, noise_std=0.5).two_views(IMAGES, KEY) - IMAGES[None])
    size = noise[0].size
    assert np.all(np.abs((noise**2).mean(axis=(1, 2, 3, 4)) / 0.25 - 1) < 4 * np.sqrt(2 / size))
    assert abs(np.mean(noise[0] * noise[1])) < 4 * 0.25 / np.sqrt(size)


def test_a_cosine_with_nothing_is_0_and_so_is_its_derivative():
    a, zero = jnp.ones((2, 3), jnp.float32), jnp.zeros((2, 3), jnp.float32)
    value, slope = jax.value_and_grad(lambda b: jnp.sum(cosine(a, b)))(zero)
    assert value == 0
    assert not slope.any()


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_forty_steps_draw_views_together_and_only_batch_statistics_keep_images_apart(overfit, norm):
    """The least loss is -1, and a fit goes half of the way there. All embeddings alike would have it, too.

    So the deviation, 1 for directions at random, stays above a half; heads without batch statistics lose theirs.
    """
    method = dataclasses.replace(SIMSIAM, norm=norm, strength=0.0, noise_std=0.3)
    losses, params = overfit(method, optax.adam(1e-2))
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(params))
    assert 1 + np.mean(losses[-5:]) < 0.5 * (1 + losses[0])
    deviation = method.embedding_std(params, overfit.images)
    assert (deviation > 0.5) if norm == "batch" else (deviation < 0.1)


def test_bad_settings_are_refused():
    for setting, value in (
        ("views", "once"),
        ("norm", "group"),
        ("noise_std", -1.0),
        ("strength", 2.0),
        ("views_seed", 2**63),
        ("views_seed", -1),
    ):
        with pytest.raises(ValueError, match=str(value)):
            dataclasses.replace(SIMSIAM, **{setting: value})
    with pytest.raises(ValueError, match="sizes"):
        dataclasses.replace(SIMSIAM, hidden_dim=0)
