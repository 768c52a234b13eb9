"""Each client has one augmentation of its own, and it does to an image what it says."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import correlate1d

from sims.images.feature_skew import Augmentation, augment, client_augmentations

KEY = jax.random.key(7)
N = 4000  # images where a rate or a law is measured
augmented = jax.jit(augment)
IMAGES = jnp.asarray(np.random.default_rng(0).random((5, 6, 8, 3)))
STILL = Augmentation(0.0, 0.0, 0.1, 2.0, 0.0, 0.0)


def test_clients_differ_in_brightness_and_in_nothing_else():
    """The released code draws 0.5 times a uniform number for each client."""
    many = client_augmentations(2000, 3)
    brightness = np.asarray(many.brightness)
    assert len(np.unique(brightness)) == 2000
    assert abs(brightness.mean() - 0.25) < 4 * 0.5 / np.sqrt(12 * 2000)
    assert 0 <= brightness.min() <= brightness.max() < 0.5
    shared = Augmentation(0.0)
    for field in dataclasses.fields(Augmentation)[1:]:
        assert np.unique(getattr(many, field.name)).tolist() == [getattr(shared, field.name)]
    with pytest.raises(ValueError, match="n_clients=0"):
        client_augmentations(0, 3)


def test_a_clients_augmentation_depends_on_the_seed_and_not_on_the_others():
    assert np.array_equal(client_augmentations(3, 5).brightness, np.asarray(client_augmentations(9, 5).brightness)[:3])
    assert not np.array_equal(client_augmentations(3, 5).brightness, client_augmentations(3, 6).brightness)


def test_at_rate_zero_nothing_changes():
    assert np.array_equal(augmented(KEY, IMAGES, STILL), IMAGES)


def test_a_mirror_swaps_left_and_right():
    assert np.array_equal(augmented(KEY, IMAGES, dataclasses.replace(STILL, mirror_rate=1.0)), IMAGES[:, :, ::-1])


@pytest.mark.parametrize("std", [0.3, 2.0])
def test_a_blur_is_a_gaussian_window_of_five_with_reflected_edges(std: float):
    how = dataclasses.replace(STILL, blur_rate=1.0, blur_min=std, blur_max=std)
    window = np.exp(-0.5 * (np.arange(-2, 3) / std) ** 2)
    wanted = np.asarray(IMAGES)
    for axis in (1, 2):
        wanted = correlate1d(wanted, window / window.sum(), axis=axis, mode="mirror")
    np.testing.assert_allclose(augmented(KEY, IMAGES, how), wanted, rtol=1e-12)
    with pytest.raises(ValueError, match=r"\(2, 8\)"):
        augment(KEY, IMAGES[:, :2], how)


def test_brightness_multiplies_by_a_uniform_factor_and_clips():
    grey = jnp.full((N, 4, 4, 1), 0.4)
    how = dataclasses.replace(STILL, brightness=0.5, brightness_rate=1.0)
    factors = np.asarray(augmented(KEY, grey, how))[:, 0, 0, 0] / 0.4
    assert 0.5 <= factors.min() <= factors.max() <= 1.5
    assert abs(factors.mean() - 1) < 4 / np.sqrt(12 * N)
    assert abs(factors.var() - 1 / 12) < 4 * np.sqrt((1 / 80 - 1 / 144) / N)
    white = np.asarray(augmented(KEY, jnp.ones((N, 4, 4, 1)), dataclasses.replace(how, brightness=3.0)))
    assert 0 <= white.min() <= white.max() == 1.0


@pytest.mark.parametrize("rate", ["brightness_rate", "blur_rate", "mirror_rate"])
def test_each_change_comes_at_its_rate(rate: str):
    p = 0.3
    images = jnp.broadcast_to(IMAGES[0, :4, :4, :1], (N, 4, 4, 1))
    how = dataclasses.replace(STILL, brightness=0.5, blur_min=1.0, **{rate: p})
    changed = np.any(np.asarray(augmented(KEY, images, how)) != images, axis=(1, 2, 3))
    assert abs(changed.mean() - p) < 4 * np.sqrt(p * (1 - p) / N)


def test_all_clients_at_once_are_each_client_alone():
    clients = client_augmentations(3, 1)
    keys = jax.random.split(KEY, 3)
    images = jnp.stack([IMAGES, IMAGES, IMAGES])
    together = jax.jit(jax.vmap(augment))(keys, images, jax.tree.map(jnp.asarray, clients))
    for i in range(3):
        alone = augmented(keys[i], images[i], jax.tree.map(lambda leaf, i=i: leaf[i], clients))
        np.testing.assert_allclose(together[i], alone, rtol=1e-12)
    assert not np.array_equal(together[0], together[1])


def test_images_keep_their_precision():
    assert jax.eval_shape(augment, KEY, IMAGES.astype(jnp.float32), Augmentation(0.2)).dtype == jnp.float32
