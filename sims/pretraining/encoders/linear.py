"""The linear encoder of the theory: f_W(x) = W x, without a bias."""

from dataclasses import dataclass
from math import prod

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from sims.pretraining.encoders import ImageShape, PyTree
from sims.pretraining.encoders.functional import bound, initial


@dataclass(frozen=True)
class Linear:
    """Pixels times a matrix, which lies in the parameters as W^T, (pixels, feature).

    Source: chen2026, Section 3.1.
    Errors: ValueError for fewer than one feature.
    """

    feature_dim: int = 64

    def __post_init__(self) -> None:
        if self.feature_dim < 1:
            raise ValueError(f"At least one feature was wanted; got feature_dim={self.feature_dim}.")

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> PyTree:
        """W of independent normal entries (cut at two standard deviations), of variance 1 / pixels."""
        return initial(key, _Linear, prod(image_shape), self.feature_dim)

    def features(self, params: PyTree, images: Float[Array, "n height width channels"]) -> Float[Array, "n feature"]:
        """W x of each image, its pixels in the order rows, columns, channels."""
        pixels = images.reshape(len(images), -1)
        return bound(params, _Linear, pixels.shape[1], self.feature_dim)(pixels)


class _Linear(nnx.Module):
    def __init__(self, pixels: int, feature_dim: int, rngs: nnx.Rngs) -> None:
        self.projection = nnx.Linear(pixels, feature_dim, use_bias=False, param_dtype=jnp.float32, rngs=rngs)

    def __call__(self, pixels: Float[Array, "n pixels"]) -> Float[Array, "n feature"]:
        return self.projection(pixels)
