"""Masked autoencoders: loss on hidden patches alone, of which the encoder saw nothing."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.encoders.masking import masked_reconstruction_loss, random_masking
from sims.pretraining.encoders.vit import Vit
from sims.pretraining.methods.mae import Mae

SHAPE = (8, 8, 1)
RAW = Mae(Vit(patch_size=2, width=8, depth=1, heads=2), decoder_width=8, decoder_heads=2, normalise=False)
MAE = Mae(RAW.encoder, decoder_width=8, decoder_heads=2)
IMAGES = jnp.asarray(np.random.default_rng(0).random((4, *SHAPE), dtype=np.float32))
KEY = jax.random.key(5)
computed = jax.jit(Mae.loss_and_latents, static_argnums=0)


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return jax.jit(MAE.init, static_argnums=1)(jax.random.key(6), SHAPE)


def mask(key):
    """The patches kept and hidden under a key of the loss, 4 and 12 of 16."""
    return random_masking(jax.random.split(key)[1], len(IMAGES), 16, 0.75)


@pytest.mark.parametrize("mae", [MAE, RAW], ids=["normalised", "raw"])
def test_the_loss_is_that_of_a_loop_over_hidden_patches(mae):
    loss, latents = computed(mae, start(), IMAGES, KEY)
    assert loss.dtype == latents.dtype == jnp.float32
    kept, hidden = (np.asarray(which) for which in mask(KEY))
    predicted = jax.jit(mae._decoder(SHAPE))(start()["decoder"], latents, jnp.asarray(kept))
    predicted = np.asarray(predicted, np.float64)
    errors = []
    for i, image in enumerate(np.asarray(IMAGES, np.float64)):
        for patch in hidden[i]:
            y, x = 2 * (patch // 4), 2 * (patch % 4)
            target = image[y : y + 2, x : x + 2].ravel()
            if mae.normalise:
                target = (target - target.mean()) / np.sqrt(target.var(ddof=1) + 1e-6)
            errors.append(np.mean((predicted[i, patch] - target) ** 2))
    np.testing.assert_allclose(loss, np.mean(errors), rtol=1e-5)  # float32, some hundred terms


def test_predictions_of_visible_patches_do_not_count():
    kept, hidden = mask(KEY)
    predicted = jnp.asarray(np.random.default_rng(1).normal(size=(4, 16, 4)), jnp.float32)
    slope = np.asarray(jax.grad(masked_reconstruction_loss)(predicted, MAE.encoder.patches(IMAGES), hidden))
    for i in range(4):
        assert not slope[i, kept[i]].any()
        assert slope[i, hidden[i]].all()


def test_the_encoder_sees_nothing_of_hidden_patches():
    kept, hidden = mask(KEY)
    slope = jax.jit(jax.grad(lambda images: jnp.sum(MAE.loss_and_latents(start(), images, KEY)[1] ** 3)))(IMAGES)
    slopes = np.abs(MAE.encoder.patches(slope)).max(axis=2)
    for i in range(4):
        assert not slopes[i, hidden[i]].any()
        assert slopes[i, kept[i]].all()


def test_fixed_masks_belong_to_an_image_whatever_the_key_and_the_batch():
    fixed = replace(MAE, masks="fixed")
    first, again = (np.asarray(computed(fixed, start(), IMAGES, key)[1]) for key in (KEY, jax.random.key(8)))
    assert np.array_equal(first, again)
    turned = np.asarray(computed(fixed, start(), IMAGES[::-1], KEY)[1])
    np.testing.assert_allclose(turned[::-1], first, atol=1e-6)  # products of other batches round differently
    many = jnp.asarray(np.random.default_rng(3).random((400, *SHAPE), dtype=np.float32))

    def kept(method):
        slope = jax.jit(jax.grad(lambda images: jnp.sum(method.loss_and_latents(start(), images, KEY)[1] ** 3)))(many)
        return np.abs(MAE.encoder.patches(slope)).max(axis=2) > 0

    shown = kept(fixed)
    assert (shown.sum(axis=1) == 4).all()
    # Each patch is kept in a quarter of the images: 100 of 400, give or take five standard deviations.
    assert np.abs(shown.sum(axis=0) - 100).max() < 5 * np.sqrt(400 * 0.25 * 0.75)
    assert not np.array_equal(shown, kept(replace(fixed, masks_seed=1)))


def test_masks_drawn_otherwise_are_refused():
    with pytest.raises(ValueError, match="got masks='once'"):
        replace(MAE, masks="once")


def test_masks_differ_between_images_and_keys():
    def latents(key):
        return np.asarray(computed(MAE, start(), jnp.broadcast_to(IMAGES[:1], IMAGES.shape), key)[1])

    drawn = np.concatenate([latents(KEY), latents(jax.random.key(8))])
    assert len({each.tobytes() for each in drawn}) == 8
    assert np.array_equal(drawn[:4], latents(KEY))


def test_forty_steps_fit_sixteen_images(overfit):
    """The best constant costs the variance of the pixels, so a fifth less is learnt from what is visible."""
    method = Mae(Vit(2, 16, 1, 2), decoder_width=16, decoder_heads=2, normalise=False)
    losses, params = overfit(method, optax.adam(1e-2))
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(params))
    assert np.mean(losses[-5:]) < 0.8 * overfit.variance < overfit.variance < losses[0]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mask_ratio": float("inf")}, "mask_ratio=inf"),
        ({"mask_ratio": 0.0}, r"mask_ratio=0\.0"),
        ({"decoder_width": 10**9}, "width=1000000000"),
        ({"decoder_width": 6}, "width=6"),
        ({"decoder_depth": 10**9}, "depth=1000000000"),
        ({"decoder_heads": 3}, "heads=3"),
        ({"masks_seed": 2**63}, f"from 0 to .*; got {2**63}"),
        ({"masks_seed": -1}, "got -1"),
    ],
)
def test_settings_out_of_range_are_refused_before_any_images_are_seen(wrong, words):
    with pytest.raises(ValueError, match=words):
        replace(MAE, **wrong)


@pytest.mark.wrong_types
def test_other_encoders_are_refused():
    with pytest.raises(ValueError, match="Linear"):
        Mae(Linear(4))  # pyright: ignore[reportArgumentType]: wrong on purpose
    with pytest.raises(ValueError, match="strength=2"):
        Mae(MAE.encoder, decoder_width=8, decoder_heads=2, strength=2.0).loss_and_latents(start(), IMAGES, KEY)
