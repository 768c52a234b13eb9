"""The decoder of masked autoencoders: each token goes to its place, hidden places get the mask token."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.encoders.transformer import grid_positions
from sims.pretraining.encoders.vit_decoder import Decoder

DECODER = Decoder(width=8, depth=1, heads=2, patch_dim=4, n_patches=16)
KEPT = jnp.asarray([[3, 0, 9, 14], [15, 2, 1, 7]])
TOKENS = jax.random.normal(jax.random.key(1), (2, 4, 12), jnp.float32)
decode = jax.jit(DECODER.__call__)


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return DECODER.init(jax.random.key(0), 12)


def test_parameters_are_as_many_as_counted_by_hand():
    block = 12 * 8**2 + (3 + 1 + 4 + 1) * 8 + 4 * 8
    by_hand = (12 + 1) * 8 + 8 + block + 2 * 8 + (8 + 1) * 4
    assert sum(leaf.size for leaf in jax.tree.leaves(start())) == by_hand


def test_the_order_of_the_kept_patches_does_not_matter():
    order = jnp.asarray([2, 0, 3, 1])
    np.testing.assert_allclose(
        decode(start(), TOKENS[:, order], KEPT[:, order]), decode(start(), TOKENS, KEPT), rtol=1e-5, atol=1e-5
    )


def test_without_attention_every_place_is_predicted_from_its_own_token():
    params = jax.tree.map(lambda leaf: leaf, start())
    params["block0"] = {**params["block0"], "out": jax.tree.map(jnp.zeros_like, params["block0"]["out"])}
    params["block0"] = {**params["block0"], "contract": jax.tree.map(jnp.zeros_like, params["block0"]["contract"])}
    before = np.tile(np.asarray(params["mask_token"], np.float64), (2, 16, 1))
    for i in range(2):
        for token, place in zip(TOKENS[i], KEPT[i], strict=True):
            before[i, place] = np.asarray(token, np.float64) @ params["embed"]["kernel"] + params["embed"]["bias"]
    before = before + grid_positions(4, 4, 8)
    normal = (before - before.mean(-1, keepdims=True)) / np.sqrt(before.var(-1, keepdims=True) + 1e-6)
    expected = normal @ np.asarray(params["predict"]["kernel"])
    np.testing.assert_allclose(decode(params, TOKENS, KEPT), expected, rtol=1e-4, atol=1e-5)


def test_every_parameter_gets_a_gradient_and_all_stays_float32():
    def loss(params, tokens):
        return jnp.sum(DECODER(params, tokens, KEPT) ** 2)

    gradient, of_tokens = jax.jit(jax.grad(loss, argnums=(0, 1)))(start(), TOKENS)
    for path, leaf in jax.tree.leaves_with_path((gradient, of_tokens)):
        assert leaf.dtype == jnp.float32
        assert float(jnp.max(jnp.abs(leaf))) > 1e-6, jax.tree_util.keystr(path)
    assert decode(start(), TOKENS, KEPT).dtype == jnp.float32


def test_predictions_of_hidden_patches_see_the_kept_ones():
    changed = decode(start(), TOKENS.at[0, 0].add(1), KEPT) - decode(start(), TOKENS, KEPT)
    assert float(jnp.max(jnp.abs(changed[0, 5]))) > 1e-4
    np.testing.assert_array_equal(changed[1], np.zeros((16, 4)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_patches": 15}, "n_patches=15"),
        ({"width": 6}, "width=6"),
        ({"heads": 3}, "heads=3"),
        ({"depth": 0}, "at least 1"),
        ({"width": 10**9}, "at most 16384 .*got width=1000000000"),
        ({"depth": 10**9}, "at most 1000; got .*depth=1000000000"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(settings, words):
    with pytest.raises(ValueError, match=words):
        Decoder(**{"width": 8, "depth": 1, "heads": 2, "patch_dim": 4, "n_patches": 16, **settings})
