"""Masked reconstruction: loss on hidden pixels alone, of which the encoder saw nothing, in two layouts of masks."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.encoders.masking import random_masking
from sims.pretraining.encoders.resnet import ResNet
from sims.pretraining.methods.masked_reconstruction import MaskedReconstruction

SHAPE = (12, 12, 1)
ENCODER = ResNet(channels=4, blocks=1, groups=2)
METHODS = [
    MaskedReconstruction(ENCODER, mask_ratio=0.75, layout=layout, normalise=False) for layout in ("patches", "released")
]
IMAGES = jnp.asarray(np.random.default_rng(0).random((3, *SHAPE), dtype=np.float32))
KEY = jax.random.key(5)
both_layouts = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.layout)


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        model = jax.jit(METHODS[0].init, static_argnums=1)(jax.random.key(6), SHAPE)
        return model | {"fill": jnp.full(SHAPE, 0.7, jnp.float32)}


def slow_mask(method):
    """Hidden pixels under KEY: the mask of 3 x 3 patches enlarged, or as tiles."""
    _, hidden = random_masking(jax.random.split(KEY)[1], 3, 9, 0.75)
    small = np.zeros((3, 9), bool)
    for row, which in zip(small, hidden, strict=True):
        row[np.asarray(which)] = True
    small = small.reshape(3, 3, 3)
    if method.layout == "patches":
        return np.stack([np.kron(mask, np.ones((4, 4), bool)) for mask in small])
    # `masks.unsqueeze(1).repeat(1, 1, 4, 4)` of the released code: torch repeats as numpy tiles.
    return np.tile(small[:, np.newaxis], (1, 1, 4, 4))[:, 0]


@both_layouts
def test_the_loss_is_the_mean_over_hidden_pixels_of_painted_images(method):
    loss, latents = jax.jit(method.loss_and_latents)(start(), IMAGES, KEY)
    assert loss.dtype == latents.dtype == jnp.float32
    mask = slow_mask(method)
    painted = jnp.asarray(np.where(mask[..., np.newaxis], np.float32(0.7), IMAGES))
    maps = jax.jit(ENCODER.maps)(start()["encoder"], painted)
    np.testing.assert_allclose(latents, maps.reshape(3, 4, 32), rtol=0, atol=1e-5)
    kernel, bias = (np.asarray(start()["decoder"]["pixels"][name], np.float64) for name in ("kernel", "bias"))
    errors = []
    for i, y, x in zip(*np.nonzero(mask), strict=True):
        place = np.asarray(maps, np.float64)[i, y // 6, x // 6] @ kernel + bias
        errors.append((place.reshape(6, 6)[y % 6, x % 6] - float(IMAGES[i, y, x, 0])) ** 2)
    np.testing.assert_allclose(loss, np.mean(errors), rtol=1e-5)  # float32, some hundred terms


@both_layouts
def test_the_encoder_sees_nothing_of_hidden_pixels(method):
    slope = jax.jit(jax.grad(lambda images: jnp.sum(method.loss_and_latents(start(), images, KEY)[1] ** 3)))(IMAGES)
    mask = slow_mask(method)
    assert not np.asarray(slope)[mask].any()
    assert np.mean(np.asarray(slope)[~mask] != 0) > 0.9


@both_layouts
def test_patches_are_a_rearrangement_of_the_pixels_hidden_together(method):
    y, x = np.meshgrid(np.arange(12), np.arange(12), indexing="ij")
    together = 3 * (y // 4) + x // 4 if method.layout == "patches" else 3 * (y % 3) + x % 3
    patches = method.patches(jnp.asarray(together[np.newaxis, ..., np.newaxis], jnp.float32))
    assert np.array_equal(patches, np.broadcast_to(np.arange(9.0)[np.newaxis, :, np.newaxis], (1, 9, 16)))
    pixels = np.asarray(method.patches(IMAGES)).reshape(3, -1)
    assert np.array_equal(np.sort(pixels), np.sort(np.asarray(IMAGES).reshape(3, -1)))


def test_maps_that_do_not_divide_an_image_reach_beyond_it():
    """Two places for nine pixels are cells of five, the last cut to four."""
    decoder = {"pixels": {"kernel": jnp.ones((32, 25), jnp.float32), "bias": jnp.zeros(25, jnp.float32)}}
    maps = jnp.zeros((1, 2, 2, 32), jnp.float32).at[0, 1, 0].set(1.0)
    image = METHODS[0].reconstruction({"decoder": decoder}, maps, (9, 9, 1))
    wanted = np.zeros((1, 9, 9, 1))
    wanted[0, 5:, :5] = 32
    assert np.array_equal(image, wanted)


def test_forty_steps_fit_sixteen_images(overfit):
    """The best constant costs the variance of the pixels, so half of it is learnt from what is visible."""
    losses, params = overfit(METHODS[0], optax.adam(1e-2))
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(params))
    assert np.mean(losses[-5:]) < 0.5 * overfit.variance < overfit.variance < losses[0]


@pytest.mark.wrong_types
def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="Linear"):
        MaskedReconstruction(Linear(4))  # pyright: ignore[reportArgumentType]: wrong on purpose
    with pytest.raises(ValueError, match="layout='tiles'"):
        MaskedReconstruction(ENCODER, layout="tiles")  # pyright: ignore[reportArgumentType]: wrong on purpose
    with pytest.raises(ValueError, match="mask_ratio=inf"):
        MaskedReconstruction(ENCODER, mask_ratio=float("inf"))
    with pytest.raises(ValueError, match="patch_size=5"):
        MaskedReconstruction(ENCODER, patch_size=5).patches(IMAGES)
