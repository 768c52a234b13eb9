"""Random views of images: resized crops, mirror images, brightness, contrast and colour, or Gaussian noise.

Every image has a key of its own, so its view does not depend on the batch that it is in.
"""

import math
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

Images = Float[Array, "n height width channels"]
Keys = Key[Array, " n"]
Drawn = Literal["per_step", "fixed"]  # how often a view or a mask of an image is drawn
LARGEST_SEED = 2**63 - 1  # of a random key

SMALLEST_AREA, LARGEST_RATIO, MIRROR_RATE = 0.2, 4 / 3, 0.5
JITTER, JITTER_RATE, GREY_RATE = 0.4, 0.8, 0.2
LUMINANCE = (0.2989, 0.587, 0.114)


class Boxes(NamedTuple):
    """Parts of images, in shares of their height and width; 0, 0, 1, 1 is all of an image."""

    top: Float[Array, " n"]
    left: Float[Array, " n"]
    height: Float[Array, " n"]
    width: Float[Array, " n"]


def two_views(key: Key[Array, ""], images: Images, strength: float = 1.0) -> tuple[Images, Images]:
    """Two independent augmentations of each image, as `augment`."""
    keys = jax.random.split(key, (2, len(images)))
    return augment(keys[0], images, strength), augment(keys[1], images, strength)


def augment(keys: Keys, images: Images, strength: float = 1.0) -> Images:
    """Each image cropped and perhaps mirrored, then perhaps with other brightness, contrast and colours.

    At strength 1 all ranges and rates are SimSiam's; less strength scales them, but for the rate of changes, and 0
    changes nothing. Unlike there nothing is blurred, hues are not turned, and the changes of colour come in one order.
    Source: chen2021, released code (`main_simsiam.py`); ranges of brightness and contrast as torchvision's ColorJitter.
    Units: entries in [0, 1], before and after. Errors: ValueError for a strength outside 0..1.
    """
    drawn = jax.vmap(jax.random.split)(keys)
    # Left to itself the compiler interpolates anew for every use of a pixel: twice the time on large images in colour.
    parts = jax.lax.optimization_barrier(crop_and_mirror(drawn[:, 0], images, strength))
    return _jitter(drawn[:, 1], parts, strength)


def crop_and_mirror(keys: Keys, images: Images, strength: float = 1.0) -> Images:
    """A part of each image in its full size, mirrored in half of the cases (at strength 1).

    The part's area is uniform from 1/5 to 1, the logarithm of its ratio of sides uniform from that of 3/4 to that of
    4/3; a side that would exceed the image is cut. All of he2022's augmentation, too.
    Source: he2022, released code (`util/crop.py`), but for sides of whole pixels.
    Units: entries stay in their range. Errors: ValueError for a strength outside 0..1.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"The strength of an augmentation lies in 0..1; got strength={strength}. 0 switches it off.")
    if strength == 0:
        return images
    area, ratio, top, left, mirror = _uniforms(keys, 5, images.dtype)
    area = 1 - strength * (1 - SMALLEST_AREA) * area
    sides = jnp.exp(strength * math.log(LARGEST_RATIO) * (ratio - 0.5))  # the square root of the ratio
    height, width = jnp.minimum(jnp.sqrt(area) / sides, 1), jnp.minimum(jnp.sqrt(area) * sides, 1)
    boxes = Boxes(top * (1 - height), left * (1 - width), height, width)
    return resized_crop(images, boxes, mirror < MIRROR_RATE * strength)


def resized_crop(images: Images, boxes: Boxes, is_mirrored: Bool[Array, " n"]) -> Images:
    """The boxes of the images in the images' size, between pixels by bilinear interpolation, then mirrored.

    Pixels are the centres of their squares; outside the outermost centres an image goes on as it ends.
    """
    places = _places(boxes.left, boxes.width, images.shape[2])
    places = jnp.where(is_mirrored[:, None], places[:, ::-1], places)
    return _interpolate(_interpolate(images, _places(boxes.top, boxes.height, images.shape[1]), 1), places, 2)


def noisy(keys: Keys, images: Images, std: float) -> Images:
    """x + std xi with xi standard normal: the linear theory's augmentation. Entries may leave [0, 1].

    Source: chen2026, Section 3.1. Errors: ValueError for a negative or infinite std.
    """
    if not 0 <= std < math.inf:
        raise ValueError(f"The noise needs a finite standard deviation of at least 0; got std={std}.")
    if std == 0:
        return images
    return images + std * jax.vmap(lambda key: jax.random.normal(key, images.shape[1:], images.dtype))(keys)


def check_drawn(what: str, drawn: str, seed: int) -> None:
    """Nothing, for how `what` (views, masks) is drawn and the seed of `content_keys`. Errors: ValueError otherwise."""
    if drawn not in get_args(Drawn):
        raise ValueError(f"{what.capitalize()} are drawn {' or '.join(get_args(Drawn))}; got {what}={drawn!r}.")
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"{what}_seed is a whole number from 0 to 2^63 - 1; got {seed}.")


def content_keys(key: Key[Array, ""], images: Images) -> Keys:
    """A key for each image that depends on its pixels alone: the same image gets the same key whenever it comes.

    Different images share a key with probability about 2^-32.
    """
    bits = jax.lax.bitcast_convert_type(images.astype(jnp.float32), jnp.uint32).reshape(len(images), -1)
    # A sum of pixels times odd random numbers modulo 2^32; shifting first spreads what the upper bits hold.
    weights = jax.random.bits(key, (1, bits.shape[1]), jnp.uint32) | jnp.uint32(1)
    digests = jnp.sum((bits ^ (bits >> jnp.uint32(16))) * weights, axis=1, dtype=jnp.uint32)
    return jax.vmap(lambda digest: jax.random.fold_in(key, digest))(digests)


def _jitter(keys: Keys, images: Images, strength: float) -> Images:
    if strength == 0:
        return images
    apply, brightness, contrast, saturation, grey = (x[:, None, None, None] for x in _uniforms(keys, 5, images.dtype))
    low, reach = 1 - JITTER * strength, 2 * JITTER * strength
    changed = jnp.clip((low + reach * brightness) * images, 0, 1)
    changed = _blend(changed, jnp.mean(_grey(changed), axis=(1, 2), keepdims=True), low + reach * contrast)
    is_coloured = images.shape[3] == 3
    if is_coloured:
        changed = _blend(changed, _grey(changed), low + reach * saturation)
    changed = jnp.where(apply < JITTER_RATE, changed, images)
    return jnp.where(grey < GREY_RATE * strength, _grey(changed), changed) if is_coloured else changed


def _blend(images: Images, others: Float[Array, "n _ _ _"], share: Float[Array, "n 1 1 1"]) -> Images:
    return jnp.clip(share * images + (1 - share) * others, 0, 1)


def _grey(images: Images) -> Float[Array, "n height width 1"]:
    if images.shape[3] != 3:
        return jnp.mean(images, axis=3, keepdims=True)
    return images @ jnp.asarray(LUMINANCE, images.dtype)[:, None]


def _uniforms(keys: Keys, count: int, dtype: jnp.dtype) -> Float[Array, "count n"]:
    return jax.vmap(lambda key: jax.random.uniform(key, (count,), dtype), out_axes=1)(keys)


def _places(start: Float[Array, " n"], share: Float[Array, " n"], size: int) -> Float[Array, "n size"]:
    """Where each pixel of the view lies in the image, in pixels from the first one's centre."""
    centres = jnp.arange(size, dtype=start.dtype)[None] + 0.5
    return jnp.clip(start[:, None] * size + share[:, None] * centres - 0.5, 0, size - 1)


def _interpolate(images: Images, places: Float[Array, "n size"], axis: int) -> Images:
    # Rows, then columns, gathered: on a CPU as fast as two products with interpolation matrices for images of 28 x 28,
    # four times as fast for 84 x 84, and exact where a place is a pixel.
    before = jnp.floor(places)
    after = jnp.minimum(before + 1, images.shape[axis] - 1)
    shape = (len(images), -1, 1, 1) if axis == 1 else (len(images), 1, -1, 1)

    def gathered(place: Float[Array, "n size"]) -> Images:
        return jnp.take_along_axis(images, place.astype(jnp.int32).reshape(shape), axis, mode="promise_in_bounds")

    share = (places - before).reshape(shape)
    return (1 - share) * gathered(before) + share * gathered(after)
