"""The residual network: counts by hand, both forms of convolution, and what each normalisation may depend on."""

from dataclasses import replace
from functools import cache
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.signal import correlate

from sims.pretraining.encoders.convolution import Conv, im2col, max_pool, native
from sims.pretraining.encoders.resnet import ResNet, by_groups

ENCODER = ResNet(channels=4, blocks=1, groups=2)
BATCH = replace(ENCODER, norm="batch")
IMAGES = jnp.asarray(np.random.default_rng(2).random((6, 8, 8, 2), dtype=np.float32))
features = jax.jit(ENCODER.features)
batch_features = jax.jit(BATCH.features)


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return ENCODER.init(jax.random.key(1), (8, 8, 2))


@cache
def fixed():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return jax.jit(BATCH.with_statistics)(start(), IMAGES)


def _count(encoder, channels):
    params = jax.eval_shape(lambda: encoder.init(jax.random.key(0), (32, 32, channels)))
    return sum(leaf.size for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize("norm", ["group", "batch"])
@pytest.mark.parametrize(("channels", "blocks", "stem", "side"), [(4, 1, "small", 3), (64, 2, "large", 7)])
def test_parameters_are_as_many_as_counted_by_hand(channels, blocks, stem, side, norm):
    by_hand, inputs = side**2 * 3 * channels + 2 * channels, channels
    for stage in range(4):
        outputs = channels * 2**stage
        by_hand += 9 * inputs * outputs + (2 * blocks - 1) * 9 * outputs**2 + 4 * blocks * outputs
        by_hand += 0 if stage == 0 else inputs * outputs + 2 * outputs
        inputs = outputs
    assert _count(ResNet(channels=channels, blocks=blocks, groups=2, stem=stem, norm=norm), 3) == by_hand
    if blocks == 2:
        assert by_hand == 11_689_512 - 513 * 1000  # ResNet-18 of ImageNet without its classifier


SMALL = [(3, 1, 1), (3, 1, 2), (3, 1, 3), (3, 2, 2), (3, 2, 3), (1, 1, 1), (7, 2, 6)]  # by the whole linear map


@pytest.mark.parametrize(
    ("size", "stride", "side"), [(3, 1, 5), (3, 2, 5), (3, 1, 4), (3, 2, 6), (1, 2, 5), (7, 2, 8), *SMALL]
)
def test_both_convolutions_equal_scipy_and_share_their_gradients(size, stride, side):
    rng = np.random.default_rng(size * 10 + stride)
    maps, kernel = rng.normal(size=(2, side, side, 3)), rng.normal(size=(size, size, 3, 4))
    expected = np.zeros((2, side, side, 4))
    for i in range(2):
        for c in range(4):
            expected[i, :, :, c] = sum(correlate(maps[i, :, :, k], kernel[:, :, k, c], mode="same") for k in range(3))
    expected = expected[:, ::stride, ::stride]
    cotangent = jnp.asarray(rng.normal(size=expected.shape), jnp.float32)
    arguments = jnp.asarray(maps, jnp.float32), jnp.asarray(kernel, jnp.float32)

    def both(form):
        value, pull = jax.vjp(lambda x, w: form(x, w, stride), *arguments)
        return value, *pull(cotangent)

    ours, theirs = (jax.jit(both, static_argnums=0)(form) for form in (im2col, native))
    for value in (ours[0], theirs[0]):
        # Sums of up to 147 products in float32, of which some cancel.
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=2e-5)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-5)
        assert a.dtype == jnp.float32


def test_maps_that_are_not_square_keep_their_axes():
    rng = np.random.default_rng(8)
    for height, width in ((2, 4), (4, 2), (1, 5), (6, 3)):  # the last by shifts, the others by the whole map
        maps = jnp.asarray(rng.normal(size=(2, height, width, 3)), jnp.float32)
        kernel = jnp.asarray(rng.normal(size=(3, 3, 3, 4)), jnp.float32)
        np.testing.assert_allclose(im2col(maps, kernel, 1), native(maps, kernel, 1), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("sides", [(1, 1), (1, 2), (2, 5), (6, 7), (14, 14)])
def test_the_maximum_is_that_of_flax(sides):
    rng = np.random.default_rng(sides[1])
    maps = jnp.asarray(rng.normal(size=(3, *sides, 2)), jnp.float32)
    by_flax = cast(Any, nnx.max_pool)  # it takes pairs for the padding, too
    (a, pull_a), (b, pull_b) = (
        jax.vjp(form, maps) for form in (max_pool, lambda x: by_flax(x, (3, 3), (2, 2), ((1, 1), (1, 1))))
    )
    np.testing.assert_array_equal(a, b)
    cotangent = jnp.asarray(rng.normal(size=a.shape), jnp.float32)
    # Sums of up to four terms, in another order.
    np.testing.assert_allclose(*(pull(cotangent)[0] for pull in (pull_a, pull_b)), rtol=1e-6, atol=1e-6)
    (shared,) = jax.vjp(max_pool, jnp.ones_like(maps))[1](cotangent)
    np.testing.assert_allclose(shared.sum(), cotangent.sum(), rtol=1e-5, atol=1e-5)
    assert a.dtype == shared.dtype == jnp.float32


@pytest.mark.parametrize("shape", [(7, 7, 1, 64), (3, 3, 16, 16), (3, 3, 40, 24), (1, 1, 8, 16)])
def test_kernels_are_drawn_as_flax_draws_them(shape):
    size, _, inputs, outputs = shape
    conv = Conv(inputs, outputs, size, 1, "native", nnx.Rngs(3))
    drawn = nnx.initializers.variance_scaling(2.0, "fan_out", "normal")(nnx.Rngs(3).params(), shape, jnp.float32)
    np.testing.assert_array_equal(conv.kernel[...], drawn)
    assert conv.kernel[...].dtype == jnp.float32


@pytest.mark.parametrize(("channels", "groups"), [(8, 2), (6, 6), (5, 1)])
def test_normalising_by_groups_is_that_of_flax(channels, groups):
    rng = np.random.default_rng(channels)
    norm = nnx.GroupNorm(channels, groups, use_fast_variance=False, rngs=nnx.Rngs(0))
    assert norm.scale is not None
    assert norm.bias is not None
    norm.scale[...], norm.bias[...] = (jnp.asarray(rng.normal(size=channels), jnp.float32) for _ in range(2))
    maps = jnp.asarray(3 + rng.normal(size=(4, 3, 5, channels)), jnp.float32)
    cotangent = jnp.asarray(rng.normal(size=maps.shape), jnp.float32)
    (a, pull_a), (b, pull_b) = (jax.vjp(form, maps) for form in (lambda x: by_groups(x, norm), norm))
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(*(pull(cotangent)[0] for pull in (pull_a, pull_b)), rtol=1e-4, atol=1e-5)
    assert a.dtype == jnp.float32


def test_the_form_of_the_convolution_changes_nothing_but_speed():
    def loss(params, encoder):
        return jnp.sum(encoder.features(params, IMAGES) ** 2)

    graded = jax.jit(jax.value_and_grad(loss), static_argnums=1)
    (a, da), (b, db) = (graded(start(), replace(ENCODER, convolution=form)) for form in ("native", "im2col"))
    np.testing.assert_allclose(a, b, rtol=1e-5)
    for (path, x), y in zip(jax.tree.leaves_with_path(da), jax.tree.leaves(db), strict=True):
        scale = float(jnp.max(jnp.abs(x)))
        # No dead leaf; entries near 0 are compared on the scale of their leaf.
        assert scale > 1e-3, jax.tree_util.keystr(path)
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-5 * scale, err_msg=jax.tree_util.keystr(path))
        assert x.dtype == jnp.float32


def test_features_are_the_mean_of_the_maps_and_stay_float32():
    larger = jnp.pad(IMAGES, ((0, 0), (0, 8), (0, 8), (0, 0)))  # four places, where a mean is more than its entry
    maps, got = jax.jit(ENCODER.maps)(start(), larger), features(start(), larger)
    assert maps.shape == (6, 2, 2, ENCODER.feature_dim)
    np.testing.assert_allclose(got, maps.mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)
    assert got.dtype == jnp.float32
    assert {leaf.dtype for leaf in jax.tree.leaves(start())} == {jnp.dtype("float32")}


def test_with_groups_an_image_is_described_alone_and_with_batches_it_is_not():
    others = IMAGES.at[1:].set(1 - IMAGES[1:] ** 2)
    np.testing.assert_array_equal(features(start(), others)[0], features(start(), IMAGES)[0])
    assert float(jnp.max(jnp.abs(batch_features(start(), others)[0] - batch_features(start(), IMAGES)[0]))) > 0.01


def test_fixed_statistics_are_those_of_the_images_given():
    # On the same images they change nothing; float32 rounding is amplified where a batch hardly varies.
    expected = batch_features(start(), IMAGES)
    np.testing.assert_allclose(batch_features(fixed(), IMAGES), expected, rtol=1e-3, atol=1e-3)
    inner = native(IMAGES, start()["conv"]["kernel"], 1)
    np.testing.assert_allclose(
        fixed()["statistics"]["norm"]["norm"]["mean"], inner.mean((0, 1, 2)), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(fixed()["statistics"]["norm"]["norm"]["var"], inner.var((0, 1, 2)), rtol=1e-4)


def test_with_fixed_statistics_an_image_is_described_alone():
    others = IMAGES.at[1:].set(1 - IMAGES[1:] ** 2)
    np.testing.assert_array_equal(batch_features(fixed(), others)[0], batch_features(fixed(), IMAGES)[0])


def test_statistics_are_fixed_anew_from_the_weights_alone():
    again = jax.jit(BATCH.with_statistics)(fixed(), IMAGES)
    for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(fixed()), strict=True):
        np.testing.assert_array_equal(a, b)
    assert "statistics" not in start()


def test_equal_encoders_hash_equal():
    assert hash(ResNet(channels=4, blocks=1, groups=2)) == hash(ENCODER)
    assert replace(ENCODER, convolution="im2col") != ENCODER


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: ResNet(channels=0), "at least 1"),
        (lambda: ResNet(channels=8, groups=3), "groups=3"),
        (lambda: ResNet(channels=8, groups=8), "at least two channels"),
        (lambda: ResNet(norm="layer"), "'layer'"),  # pyright: ignore[reportArgumentType]: wrong on purpose
        (lambda: ResNet(stem="big"), "'big'"),  # pyright: ignore[reportArgumentType]: wrong on purpose
        (lambda: ResNet(convolution="fft"), "'fft'"),  # pyright: ignore[reportArgumentType]: wrong on purpose
        (lambda: ENCODER.with_statistics(start(), IMAGES), "norm='group'"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(act, words):
    with pytest.raises(ValueError, match=words):
        act()
