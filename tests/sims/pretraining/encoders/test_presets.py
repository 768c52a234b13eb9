"""Encoders by name: what the presets promise, and the linear encoder of the theory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.encoders.presets import encoder, tiling
from sims.pretraining.encoders.vit import Vit
from sims.pretraining.encoders.vit_decoder import Decoder


def _count(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize("preset", ["ci", "laptop", "paper"])
@pytest.mark.parametrize("kind", ["linear", "vit", "resnet"])
def test_every_preset_describes_images_in_float32(kind, preset):
    chosen = encoder(kind, preset)
    shape = (224, 224, 3) if preset == "paper" else (28, 28, 1)
    images = jax.ShapeDtypeStruct((2, *shape), jnp.float32)
    params = jax.eval_shape(lambda: chosen.init(jax.random.key(0), shape))
    features = jax.eval_shape(chosen.features, params, images)
    assert (features.shape, features.dtype) == ((2, chosen.feature_dim), jnp.float32)


def test_the_released_sizes_make_the_papers_parameter_count_with_nine_blocks_and_not_with_five():
    vit = encoder("vit", "paper")
    assert isinstance(vit, Vit)
    assert (vit.depth, vit.width, vit.heads, vit.patch_size) == (5, 320, 16, 14)
    params = jax.eval_shape(lambda: vit.init(jax.random.key(0), (224, 224, 3)))
    decoder = Decoder(width=128, depth=1, heads=16, patch_dim=14 * 14 * 3, n_patches=256)
    rest = _count(jax.eval_shape(lambda: decoder.init(jax.random.key(0), 320)))
    block = _count(params["block0"])
    assert (_count(params) + 4 * block + rest) / 1e6 == pytest.approx(11.6, abs=0.05)  # as printed in Table 2
    assert (_count(params) + rest) / 1e6 == pytest.approx(6.67, abs=0.05)


@pytest.mark.parametrize(("kind", "preset"), [("mlp", "ci"), ("vit", "huge")])
def test_an_unknown_name_is_refused_in_words(kind, preset):
    with pytest.raises(ValueError, match=rf"got '{kind}', '{preset}'"):
        encoder(kind, preset)


@pytest.mark.parametrize(("side", "size"), [(28, 7), (32, 8), (36, 9), (29, 29), (4, 7)])
def test_patches_grow_to_the_next_size_that_tiles_the_images(side, size):
    chosen = tiling(Vit(patch_size=7, width=8, depth=1, heads=2), (side, side, 1))
    assert chosen == Vit(patch_size=size, width=8, depth=1, heads=2)


def test_only_what_cuts_square_images_is_changed():
    vit, resnet = encoder("vit", "laptop"), encoder("resnet", "laptop")
    assert tiling(resnet, (32, 32, 3)) is resnet
    assert tiling(vit, (32, 40, 3)) is vit


def test_the_linear_encoder_is_a_matrix_times_the_pixels():
    linear = Linear(5)
    params = linear.init(jax.random.key(0), (4, 4, 3))
    images = jax.random.uniform(jax.random.key(1), (7, 4, 4, 3), jnp.float32)
    features = linear.features(params, images)
    weights = np.asarray(params["projection"]["kernel"], np.float64)
    assert weights.shape == (48, 5)
    np.testing.assert_allclose(features, np.asarray(images).reshape(7, -1) @ weights, rtol=1e-5, atol=1e-5)
    assert features.dtype == params["projection"]["kernel"].dtype == jnp.float32
    assert _count(params) == 48 * 5
    np.testing.assert_array_equal(linear.features(params, jnp.zeros_like(images)), np.zeros((7, 5)))


def test_a_linear_encoder_without_features_is_refused():
    with pytest.raises(ValueError, match="feature_dim=0"):
        Linear(0)
