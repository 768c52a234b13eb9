"""`example_images`: small pictures with classes, to try things on before one's own."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from dssl.interface.networks import argument, refusals


class Images(NamedTuple):
    """Images as rows of pixels, the class of each, counted from 0, and the names of the classes."""

    pixels: Float[np.ndarray, "images dim"]
    labels: Int[np.ndarray, " images"]
    class_names: tuple[str, ...]


def example_images(block: int = 1) -> Images:
    """The pictures that come with the project: 500 of each of the ten classes of Fashion-MNIST.

    A picture has 28 x 28 grey pixels. Each number of a row is the mean over a square of `block` x `block` pixels, so
    that a row has (28 / block)^2 numbers.

    Source: xiao2017 (MIT licence, kept beside the images). Units: 0 is black, 1 is white.
    Errors: UsageError for a block that does not divide 28.

    >>> import dssl
    >>> images = dssl.example_images(block=4)
    >>> images.pixels.shape, len(images.class_names)
    ((5000, 49), 10)
    """
    from sims.images.datasets import fashion_mnist, pixels

    size = argument("block", block, int)
    with refusals():
        held = fashion_mnist.load()
        return Images(pixels(held, block=size), held.labels.astype(np.int64), held.class_names)
