"""Encoders of images, one file each: neural networks written with flax nnx, used as functions of (params, images).

May use the files directly in `sims`. Begin with `linear.py`, the smallest.
"""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Array, Float, Key

PyTree = Any
ImageShape = tuple[int, int, int]


@runtime_checkable
class Encoder(Protocol):
    """What every encoder offers; hashable by value, so that equal encoders share one compilation.

    `params` are nested dicts of float32 arrays. Nothing is kept between calls.
    """

    @property
    def feature_dim(self) -> int:
        """How many numbers describe an image."""
        ...

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> PyTree:
        """Random parameters for images (height, width, channels)."""
        ...

    def features(self, params: PyTree, images: Float[Array, "n height width channels"]) -> Float[Array, "n feature"]:
        """What a probe sees of images with entries in [0, 1]."""
        ...
