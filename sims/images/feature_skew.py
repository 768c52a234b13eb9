"""Feature non-IID clients: equal shares (`partitions.iid`), and one augmentation of its own for each client.

The augmentation is data: its strengths and rates are leaves of a pytree, so clients lead it like any other leaf and
`jax.vmap(augment)(keys, images, client_augmentations(...))` augments all of them in one compilation.
"""

from dataclasses import dataclass, fields

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

Number = float | Float[Array, "..."] | Float[np.ndarray, "..."]
BLUR_RADIUS = 2  # a kernel of 5 x 5
MOST_BRIGHTNESS = 0.5


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Augmentation:
    """Brightness, blur and mirror image, each at its rate; the defaults are what all clients of the paper share.

    Source: chen2026, released code, `get_unsuper_datasets`, `feature_skew`.
    Units: a factor of brightness is drawn from 1 - brightness to 1 + brightness, a blur's standard deviation in pixels
    from blur_min to blur_max; rates are probabilities for each image.
    """

    brightness: Number
    brightness_rate: Number = 0.8
    blur_min: Number = 0.1
    blur_max: Number = 2.0
    blur_rate: Number = 0.5
    mirror_rate: Number = 0.5


def client_augmentations(n_clients: int, seed: int) -> Augmentation:
    """One augmentation for each client along the first axis; client i's does not depend on how many others there are.

    They differ in brightness alone, uniform in 0..1/2, as in the released code; other data make stronger skews.
    Source: chen2026, released code, `feature_skew`.
    Errors: ValueError for fewer than one client.
    """
    if n_clients < 1:
        raise ValueError(f"At least one client was wanted; got n_clients={n_clients}.")
    brightness = MOST_BRIGHTNESS * np.array([np.random.default_rng([seed, 4, i]).random() for i in range(n_clients)])
    shared = [np.full(n_clients, field.default) for field in fields(Augmentation)[1:]]
    return Augmentation(brightness, *shared)


def augment(
    key: Key[Array, ""], images: Float[Array, "n height width channels"], augmentation: Augmentation
) -> Float[Array, "n height width channels"]:
    """Each image under a draw of its own from one client's augmentation: brightness, then blur, then mirror.

    Unlike the released code nothing is rounded to whole pixel values.
    Source: chen2026, released code, `feature_skew`; torchvision's ColorJitter and GaussianBlur (reflected edges).
    Units: entries in [0, 1], before and after. Errors: ValueError for images of less than 3 x 3.
    """
    if min(images.shape[1:3]) <= BLUR_RADIUS:
        raise ValueError(f"Images of at least 3 x 3 were wanted, for a blur of 5 x 5; got {images.shape[1:3]}.")
    chosen = jax.tree.map(lambda value: jnp.asarray(value, images.dtype), augmentation)
    return jax.vmap(_augment_one, in_axes=(0, 0, None))(jax.random.split(key, len(images)), images, chosen)


def _augment_one(key: Key[Array, ""], image: Float[Array, "h w ch"], how: Augmentation) -> Float[Array, "h w ch"]:
    jitters, factor, blurs, blur_std, mirrors = jax.random.split(key, 5)
    dtype = image.dtype
    low = jnp.maximum(0, 1 - how.brightness)
    drawn = jax.random.uniform(factor, (), dtype, low, 1 + how.brightness)
    bright = jnp.where(jax.random.bernoulli(jitters, how.brightness_rate), jnp.clip(drawn * image, 0, 1), image)
    std = jax.random.uniform(blur_std, (), dtype, how.blur_min, how.blur_max)
    blurred = jnp.where(jax.random.bernoulli(blurs, how.blur_rate), _blur(bright, std), bright)
    return jnp.where(jax.random.bernoulli(mirrors, how.mirror_rate), blurred[:, ::-1], blurred)


def _blur(image: Float[Array, "h w ch"], std: Float[Array, ""]) -> Float[Array, "h w ch"]:
    offsets = jnp.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, dtype=image.dtype)
    weights = jnp.exp(-0.5 * (offsets / std) ** 2)
    weights = weights / weights.sum()
    for axis, size in enumerate(image.shape[:2]):
        edges = [(BLUR_RADIUS, BLUR_RADIUS) if a == axis else (0, 0) for a in range(3)]
        padded = jnp.pad(image, edges, mode="reflect")
        shifted = [jax.lax.slice_in_dim(padded, o, o + size, axis=axis) for o in range(2 * BLUR_RADIUS + 1)]
        image = sum((weights[o] * part for o, part in enumerate(shifted)), jnp.zeros_like(image))
    return image
