"""Heads treat images one by one under layer norm, and with the statistics of their batch under batch norm."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.methods.heads import Head

FEATURES = jnp.asarray(np.random.default_rng(0).normal(size=(6, 5)), jnp.float32)
KEY = jax.random.key(3)


def slow(params, x, norm, normalises_output):
    """The head of two layers, layer by layer in float64."""
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    axis = 0 if norm == "batch" else 1

    def normalised(x):
        return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-5)

    x = normalised(np.asarray(x, np.float64) @ p["layer0"]["kernel"]) * p["norm0"]["scale"] + p["norm0"]["bias"]
    x = np.maximum(x, 0) @ p["layer1"]["kernel"]
    return normalised(x) if normalises_output else x + p["layer1"]["bias"]


@pytest.mark.parametrize("normalises_output", [False, True])
@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_a_head_is_its_layers_in_float32(norm, normalises_output):
    head = Head((7, 4), norm, normalises_output)
    params = jax.tree.map(lambda leaf: leaf + 0.1, head.init(KEY, 5))
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(params))
    out = head(params, FEATURES)
    assert out.dtype == jnp.float32
    # Two products of a handful of float32 numbers, divided by a spread that may be a tenth of them.
    np.testing.assert_allclose(out, slow(params, FEATURES, norm, normalises_output), rtol=0, atol=2e-5)


def test_only_batch_statistics_tie_images_together():
    moved = FEATURES.at[1:].multiply(3.0)
    for norm, is_tied in (("layer", False), ("batch", True)):
        head = Head((7, 4), norm)
        params = head.init(KEY, 5)
        difference = np.abs(head(params, moved)[0] - head(params, FEATURES)[0]).max()
        assert (difference > 1e-2) if is_tied else (difference < 1e-5)


def test_bad_heads_are_refused():
    with pytest.raises(ValueError, match=r"sizes=\(7, 0\)"):
        Head((7, 0))
    for size in (2**16 + 1, 10**20):
        with pytest.raises(ValueError, match=rf"sizes from 1 to 65536; got sizes=\(7, {size}\)"):
            Head((7, size))
    with pytest.raises(ValueError, match="norm='group'"):
        Head((7, 4), "group")
    head = Head((7, 4), "batch")
    with pytest.raises(ValueError, match="got 1"):
        head(head.init(KEY, 5), FEATURES[:1])
