"""Views are what their ranges and rates say, stay images, and depend on the key of their own image alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from sims.images.views import Boxes, augment, content_keys, crop_and_mirror, noisy, resized_crop, two_views

KEY = jax.random.key(11)
N = 3000  # images where a law is measured
GREY = jnp.asarray(np.random.default_rng(0).random((5, 6, 8, 1), dtype=np.float32))
COLOUR = jnp.asarray(np.random.default_rng(1).random((5, 6, 8, 3), dtype=np.float32))
WHOLE = Boxes(*(jnp.full(5, value, jnp.float32) for value in (0, 0, 1, 1)))
augmented = jax.jit(augment, static_argnums=2)


def test_a_crop_of_all_of_an_image_is_the_image():
    assert np.array_equal(resized_crop(COLOUR, WHOLE, jnp.zeros(5, bool)), COLOUR)


def test_mirroring_twice_is_the_image_and_once_swaps_left_and_right():
    once = resized_crop(GREY, WHOLE, jnp.ones(5, bool))
    assert np.array_equal(once, GREY[:, :, ::-1])
    assert np.array_equal(resized_crop(once, WHOLE, jnp.ones(5, bool)), GREY)


def test_a_crop_is_bilinear_between_pixel_centres():
    boxes = Boxes(*(jnp.asarray(np.random.default_rng(2).uniform(0.05, 0.5, 5), jnp.float32) for _ in range(4)))
    is_mirrored = jnp.asarray([False, True, False, True, False])
    for image, mine, top, left, height, width, mirrored in zip(
        COLOUR, resized_crop(COLOUR, boxes, is_mirrored), *boxes, is_mirrored, strict=True
    ):
        rows = 6 * float(top) + (np.arange(6) + 0.5) * float(height) - 0.5
        columns = 8 * float(left) + (np.arange(8) + 0.5) * float(width) - 0.5
        places = np.meshgrid(rows, columns[::-1] if mirrored else columns, indexing="ij")
        wanted = np.stack([map_coordinates(image[..., c], places, order=1, mode="nearest") for c in range(3)], axis=-1)
        np.testing.assert_allclose(mine, wanted, rtol=0, atol=float(8 * 8 * np.finfo(np.float32).eps))


def test_crops_hold_a_fifth_to_all_of_the_area_and_half_are_mirrored():
    """On two ramps the slope of a view is the side of its crop."""
    y, x = np.meshgrid(np.arange(32.0), np.arange(32.0), indexing="ij")
    ramps = jnp.broadcast_to(jnp.asarray(np.stack([y, x], axis=-1), jnp.float32), (N, 32, 32, 2))
    views = np.asarray(jax.jit(crop_and_mirror)(jax.random.split(KEY, N), ramps))
    height, width = views[:, 17, 16, 0] - views[:, 16, 16, 0], views[:, 16, 17, 1] - views[:, 16, 16, 1]
    area, ratio = height * np.abs(width), np.abs(width) / height
    assert 0.2 - 1e-4 < area.min() < area.max() < 1 + 1e-4
    assert 0.75 - 1e-3 < ratio.min() < 0.76 < 1.31 < ratio.max() < 4 / 3 + 1e-3
    for is_so, share in ((area < 0.4, 0.25), (ratio < 1, 0.5), (width < 0, 0.5)):
        assert abs(is_so.mean() - share) < 4 * np.sqrt(share * (1 - share) / N)


def test_brightness_changes_by_at_most_two_fifths_in_four_cases_of_five():
    """Of an image of one grey, crops and contrast change nothing."""
    views = np.asarray(augmented(jax.random.split(KEY, N), jnp.full((N, 4, 4, 1), 0.5, jnp.float32), 1.0))
    factors = views[:, 0, 0, 0] / 0.5
    is_changed = np.abs(factors - 1) > 1e-6
    assert abs(is_changed.mean() - 0.8) < 4 * np.sqrt(0.16 / N)
    assert 0.6 - 1e-6 < factors.min() < 0.61 < 1.39 < factors.max() < 1.4 + 1e-6
    np.testing.assert_allclose(views, np.broadcast_to(views[:, :1, :1], views.shape), atol=1e-6)


def test_a_fifth_of_coloured_images_turn_grey():
    red = jnp.broadcast_to(jnp.asarray([0.9, 0.1, 0.1], jnp.float32), (N, 4, 4, 3))
    views = np.asarray(augmented(jax.random.split(KEY, N), red, 1.0))
    is_grey = np.ptp(views, axis=3).max(axis=(1, 2)) < 1e-6
    assert abs(is_grey.mean() - 0.2) < 4 * np.sqrt(0.16 / N)


@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey", "colour"])
def test_views_are_images_of_the_same_kind_and_strength_0_changes_nothing(images):
    extremes = jnp.concatenate([images, images > 0.5])
    for view in jax.jit(two_views)(KEY, extremes):
        assert view.dtype == jnp.float32
        assert view.shape == extremes.shape
        assert 0 <= view.min() <= view.max() <= 1
    for view in two_views(KEY, images, 0.0):
        assert np.array_equal(view, images)
    with pytest.raises(ValueError, match=r"strength=1\.5"):
        augment(jax.random.split(KEY, 5), images, 1.5)


def test_a_view_depends_on_the_key_and_on_no_other_image():
    same = jnp.broadcast_to(COLOUR[:1], COLOUR.shape)
    keys = jax.random.split(KEY, 5)
    views = np.asarray(augmented(keys, same, 1.0))
    assert len({view.tobytes() for view in views}) == 5
    assert np.array_equal(views, augmented(keys, same, 1.0))
    others = same.at[1:].set(0.3)
    np.testing.assert_array_equal(augmented(keys, others, 1.0)[0], views[0])
    a, b = two_views(KEY, same)
    assert not np.array_equal(a, b)
    assert not np.array_equal(a, two_views(jax.random.key(12), same)[0])


def test_noise_is_normal_of_its_standard_deviation_and_is_not_clipped():
    noise = np.asarray(noisy(jax.random.split(KEY, 200), jnp.zeros((200, 8, 8, 1), jnp.float32), 2.0))
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 4 * 2 / np.sqrt(noise.size)
    assert abs((noise**2).mean() - 4) < 4 * 4 * np.sqrt(2 / noise.size)
    between = np.corrcoef(noise.reshape(200, -1)[:2])[0, 1]
    assert abs(between) < 4 / np.sqrt(64)
    assert np.array_equal(noisy(jax.random.split(KEY, 5), GREY, 0.0), GREY)
    with pytest.raises(ValueError, match="std=-1"):
        noisy(jax.random.split(KEY, 5), GREY, -1.0)


def test_an_image_has_one_key_wherever_it_stands_and_another_image_another():
    grid = jnp.round(GREY * 255) / jnp.float32(255)
    keys = jax.random.key_data(content_keys(KEY, grid))
    assert np.array_equal(jax.random.key_data(content_keys(KEY, grid[::-1])), keys[::-1])
    nearly = grid.at[0, 3, 3, 0].add(jnp.float32(1 / 255))
    swapped = grid.at[0].set(grid[0, :, ::-1])
    all_keys = [
        keys,
        jax.random.key_data(content_keys(KEY, nearly))[:1],
        jax.random.key_data(content_keys(KEY, swapped))[:1],
    ]
    assert len({key.tobytes() for key in np.concatenate(all_keys)}) == 7
