"""The vision transformer against hand counts and a numpy twin, and what dropping patches may and may not change."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.special import erf

from sims.pretraining.encoders.functional import bound
from sims.pretraining.encoders.transformer import Block, grid_positions, layer_norm
from sims.pretraining.encoders.vit import Vit

SHAPE = (8, 8, 1)
ENCODER = Vit(patch_size=2, width=8, depth=1, heads=2)  # 16 patches of 4 numbers
IMAGES = jnp.asarray(np.random.default_rng(2).random((3, *SHAPE), dtype=np.float32))
PATCHES = ENCODER.patches(IMAGES)
tokens = jax.jit(ENCODER.tokens)


def _spread(params, key):
    """Parameters with no entry at its special start (zeros, ones)."""
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    drawn = [a + 0.3 * jax.random.normal(k, a.shape, a.dtype) for k, a in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(tree, drawn)


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return ENCODER.init(jax.random.key(1), SHAPE)


@cache
def spread():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return _spread(start(), jax.random.key(3))


@pytest.mark.parametrize(("depth", "width", "mlp_ratio", "channels"), [(1, 8, 4, 1), (3, 16, 2, 3)])
def test_parameters_are_as_many_as_counted_by_hand(depth, width, mlp_ratio, channels):
    encoder = Vit(patch_size=2, width=width, depth=depth, heads=2, mlp_ratio=mlp_ratio)
    params = jax.eval_shape(lambda: encoder.init(jax.random.key(0), (8, 8, channels)))
    attention = width * 3 * width + 3 * width + width * width + width
    perceptron = 2 * mlp_ratio * width**2 + mlp_ratio * width + width
    by_hand = (4 * channels + 1) * width + depth * (attention + perceptron + 4 * width) + 2 * width
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == by_hand


def test_a_block_equals_its_numpy_twin():
    x = np.random.default_rng(0).normal(size=(2, 5, 8))
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), spread()["block0"])

    def norm(z, scale, shift):
        return (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, keepdims=True) + 1e-6) * scale + shift

    expected = x.copy()
    for i in range(2):
        z = norm(x[i], p["norm_attention"]["scale"], p["norm_attention"]["bias"])
        qkv = z @ p["qkv"]["kernel"] + p["qkv"]["bias"]
        heads = []
        for h in range(2):
            q, k, v = (qkv[:, start + 4 * h : start + 4 * h + 4] for start in (0, 8, 16))
            weights = np.exp(q @ k.T / np.sqrt(4))
            heads.append(weights / weights.sum(1, keepdims=True) @ v)
        expected[i] += np.concatenate(heads, axis=1) @ p["out"]["kernel"] + p["out"]["bias"]
        z = (
            norm(expected[i], p["norm_mlp"]["scale"], p["norm_mlp"]["bias"]) @ p["expand"]["kernel"]
            + p["expand"]["bias"]
        )
        expected[i] += (z * 0.5 * (1 + erf(z / np.sqrt(2)))) @ p["contract"]["kernel"] + p["contract"]["bias"]
    block = bound(spread()["block0"], Block, 8, 2, 4)
    # float32 against float64 over sums of 32 products.
    np.testing.assert_allclose(block(jnp.asarray(x, jnp.float32)), expected, rtol=1e-4, atol=1e-5)


def test_the_fast_layer_norm_is_flaxs_and_so_are_its_gradients():
    ours, plain = layer_norm(8, nnx.Rngs(0)), nnx.LayerNorm(8, use_fast_variance=False, rngs=nnx.Rngs(0))
    drawn = np.random.default_rng(1).normal(size=(4, 8)).astype(np.float32)
    for module in (ours, plain):
        assert module.scale is not None
        assert module.bias is not None
        module.scale[...], module.bias[...] = jnp.asarray(drawn[0]), jnp.asarray(drawn[1])
    tokens = jnp.asarray(np.random.default_rng(2).normal(100, 1, size=(3, 5, 8)), jnp.float32)  # far from 0
    weights = jnp.asarray(np.random.default_rng(3).normal(size=(3, 5, 8)), jnp.float32)

    def slopes(module):
        graph, state = nnx.split(module)
        return jax.grad(lambda s, x: jnp.sum(weights * nnx.merge(graph, s)(x)), argnums=(0, 1))(state, tokens)

    with jax.numpy_rank_promotion("allow"):  # flax's own
        np.testing.assert_allclose(ours(tokens), plain(tokens), atol=2e-4)
        for a, b in zip(jax.tree.leaves(slopes(ours)), jax.tree.leaves(slopes(plain)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def test_keeping_all_patches_is_dropping_none():
    everything = jnp.tile(jnp.arange(16), (3, 1))
    np.testing.assert_allclose(tokens(spread(), PATCHES, everything), tokens(spread(), PATCHES), rtol=1e-5, atol=1e-5)


def test_a_permutation_of_the_kept_patches_permutes_the_tokens():
    kept = jnp.asarray([[3, 0, 9, 14], [15, 2, 1, 7], [4, 5, 6, 8]])
    order = jnp.asarray([2, 0, 3, 1])
    direct = tokens(spread(), PATCHES, kept)
    np.testing.assert_allclose(tokens(spread(), PATCHES, kept[:, order]), direct[:, order], rtol=1e-5, atol=1e-5)
    assert float(jnp.max(jnp.abs(direct[:, order] - direct))) > 0.1


def test_dropped_patches_are_never_seen():
    kept = jnp.asarray([[3, 0, 9, 14], [15, 2, 1, 7], [4, 5, 6, 8]])
    is_kept = jnp.any(kept[:, :, None] == jnp.arange(16)[None, None], axis=1)
    changed = jnp.where(is_kept[:, :, None], PATCHES, jnp.float32(7))
    np.testing.assert_array_equal(tokens(spread(), changed, kept), tokens(spread(), PATCHES, kept))


def test_tokens_know_the_place_of_their_patch():
    alike = jnp.full_like(PATCHES, 0.5)
    first, last = jnp.zeros((3, 4), int) + jnp.arange(4)[None], jnp.zeros((3, 4), int) + jnp.arange(12, 16)[None]
    assert float(jnp.max(jnp.abs(tokens(spread(), alike, first) - tokens(spread(), alike, last)))) > 0.1


def test_patches_are_the_squares_of_the_image():
    images = jnp.arange(2 * 8 * 8 * 3, dtype=jnp.float32).reshape(2, 8, 8, 3)
    patches = Vit(patch_size=4, width=8, depth=1, heads=2).patches(images)
    for row in range(2):
        for column in range(2):
            square = images[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            np.testing.assert_array_equal(patches[:, 2 * row + column], square.reshape(2, -1))


def test_features_are_the_mean_token_and_stay_float32():
    features = jax.jit(ENCODER.features)(spread(), IMAGES)
    np.testing.assert_allclose(features, tokens(spread(), PATCHES).mean(axis=1), rtol=1e-5, atol=1e-6)
    assert features.shape == (3, ENCODER.feature_dim)
    assert features.dtype == jnp.float32
    assert {leaf.dtype for leaf in jax.tree.leaves(start())} == {jnp.dtype("float32")}


def test_every_parameter_gets_a_gradient_of_float32():
    gradient = jax.jit(jax.grad(lambda p: jnp.sum(ENCODER.features(p, IMAGES) ** 2)))(spread())
    for path, leaf in jax.tree.leaves_with_path(gradient):
        assert leaf.dtype == jnp.float32
        assert float(jnp.max(jnp.abs(leaf))) > 1e-4, jax.tree_util.keystr(path)


def test_positions_differ_and_turn_into_each_other_when_rows_and_columns_swap():
    positions = grid_positions(3, 3, 8)
    assert len(np.unique(positions, axis=0)) == 9
    swapped = positions.reshape(3, 3, 2, 4).transpose(1, 0, 2, 3)[:, :, ::-1].reshape(9, 8)
    np.testing.assert_array_equal(swapped, positions)
    # Place 2 of 3 in a row, first frequency 1: sine and cosine of 2.
    np.testing.assert_allclose(positions[2, [0, 2]], [np.sin(2), np.cos(2)], rtol=1e-6)


def test_equal_encoders_hash_equal_and_compile_once():
    traces = []

    def traced(encoder, params, images):
        traces.append(encoder)
        return encoder.features(params, images)

    compiled = jax.jit(traced, static_argnums=0)
    for _ in range(2):
        compiled(Vit(patch_size=2, width=8, depth=1, heads=2), start(), IMAGES)
    assert len(traces) == 1
    assert hash(ENCODER) == hash(Vit(patch_size=2, width=8, depth=1, heads=2))
    assert Vit(patch_size=2, width=8, depth=1, heads=4) != ENCODER


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: Vit(width=10, heads=2), "multiple of 4"),
        (lambda: Vit(width=64, heads=3), "heads=3"),
        (lambda: Vit(depth=0), "at least 1"),
        (lambda: Vit(patch_size=3).init(jax.random.key(0), (8, 8, 1)), "patch_size=3"),
        (lambda: Vit(patch_size=3).features({}, IMAGES), "8 x 8"),
        (lambda: ENCODER.patches(jnp.zeros((1, 8, 4, 1), jnp.float32)), "8 x 4"),
        (lambda: ENCODER.tokens(start(), PATCHES[:, :15]), "15"),
        (lambda: grid_positions(2, 2, 6), "width=6"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(act, words):
    with pytest.raises(ValueError, match=words):
        act()
