"""Masks split the patches of each image at random, and the loss looks at hidden patches alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.pretraining.encoders.masking import masked_reconstruction_loss, random_masking

RNG = np.random.default_rng(0)
PREDICTED, PATCHES = (jnp.asarray(RNG.random((2, 5, 4)), jnp.float32) for _ in range(2))
HIDDEN = jnp.asarray([[0, 2, 4], [3, 1, 0]])


def test_kept_and_hidden_are_all_patches_once():
    kept, hidden = random_masking(jax.random.key(0), 50, 16, 0.75)
    assert kept.shape == (50, 4)
    np.testing.assert_array_equal(jnp.sort(jnp.concatenate([kept, hidden], axis=1)), np.tile(np.arange(16), (50, 1)))


def test_masks_differ_between_images_and_keys_and_repeat_with_the_key():
    kept, _ = random_masking(jax.random.key(0), 50, 16, 0.75)
    assert len(np.unique(np.sort(kept, axis=1), axis=0)) > 40
    np.testing.assert_array_equal(random_masking(jax.random.key(0), 50, 16, 0.75)[0], kept)
    assert not np.array_equal(random_masking(jax.random.key(1), 50, 16, 0.75)[0], kept)


def test_every_set_of_patches_is_kept_alike():
    # 2 of 4 patches: six sets, each Binomial(6000, 1/6); five standard deviations for each of six counts.
    kept, _ = random_masking(jax.random.key(5), 6000, 4, 0.5)
    sets, counts = np.unique(np.sort(kept, axis=1), axis=0, return_counts=True)
    assert len(sets) == 6
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(6000 * 5 / 36)


@pytest.mark.parametrize(("n_patches", "ratio", "kept"), [(16, 0.75, 4), (49, 0.75, 12), (10, 0.9, 1), (10, 0.55, 4)])
def test_as_many_are_kept_as_fit(n_patches, ratio, kept):
    assert random_masking(jax.random.key(0), 1, n_patches, ratio)[0].shape == (1, kept)


@pytest.mark.parametrize("ratio", [0.0, 1.0, 0.99, -0.5, float("inf"), -float("inf"), float("nan")])
def test_a_mask_of_all_or_nothing_is_refused(ratio):
    with pytest.raises(ValueError, match=f"mask_ratio={ratio}"):
        random_masking(jax.random.key(0), 2, 16, ratio)


@pytest.mark.parametrize("normalise", [False, True])
def test_the_loss_equals_a_slow_loop(normalise):
    total = []
    for i in range(2):
        for place in np.asarray(HIDDEN[i]):
            target = np.asarray(PATCHES[i, place], np.float64)
            if normalise:
                target = (target - target.mean()) / np.sqrt(target.var(ddof=1) + 1e-6)
            total.extend((np.asarray(PREDICTED[i, place], np.float64) - target) ** 2)
    loss = masked_reconstruction_loss(PREDICTED, PATCHES, HIDDEN, normalise)
    np.testing.assert_allclose(loss, np.mean(total), rtol=1e-5)
    assert loss.dtype == jnp.float32


def test_the_loss_is_blind_to_what_is_kept():
    gradient = jax.grad(masked_reconstruction_loss)(PREDICTED, PATCHES, HIDDEN)
    is_hidden = np.zeros((2, 5), bool)
    np.put_along_axis(is_hidden, np.asarray(HIDDEN), True, axis=1)
    np.testing.assert_array_equal(np.any(np.asarray(gradient) != 0, axis=-1), is_hidden)


def test_a_patch_of_one_colour_has_a_finite_loss():
    flat = jnp.full((1, 4, 3), 0.3, jnp.float32)
    assert float(masked_reconstruction_loss(jnp.zeros_like(flat), flat, jnp.asarray([[1, 2]]))) == pytest.approx(
        0, abs=1e-6
    )


def test_patches_of_one_number_cannot_be_normalised():
    with pytest.raises(ValueError, match="normalise=False"):
        masked_reconstruction_loss(PREDICTED[..., :1], PATCHES[..., :1], HIDDEN)
