"""The vision transformer: images are cut into patches, each becomes a token, blocks of attention mix them."""

from dataclasses import dataclass
from math import isqrt

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from sims.pretraining.encoders import ImageShape, PyTree
from sims.pretraining.encoders.functional import bound, initial
from sims.pretraining.encoders.transformer import Block, dense, grid_positions, layer_norm


@dataclass(frozen=True)
class Vit:
    """A vision transformer of square images without a class token: an image's features are the mean of its tokens.

    Entries in [0, 1] are taken to [-1, 1] first; beside positions of size one they would count for little at the start.
    Source: dosovitskiy2021; he2022 for fixed positions, tokens of a part of the patches, and the mean as feature.
    Errors: ValueError for sizes below one, a width that the heads or four do not divide, and images that are not
    square or that the patches do not tile.
    """

    patch_size: int = 4
    width: int = 64
    depth: int = 5
    heads: int = 4
    mlp_ratio: int = 4

    def __post_init__(self) -> None:
        sizes = (self.patch_size, self.width, self.depth, self.heads, self.mlp_ratio)
        if min(sizes) < 1:
            raise ValueError(f"Patch size, width, depth, heads and mlp_ratio are at least 1; got {sizes}.")
        if self.width % self.heads or self.width % 4:
            raise ValueError(
                f"The width must be a multiple of 4 and of the heads; got width={self.width}, heads={self.heads}."
            )

    @property
    def feature_dim(self) -> int:
        """How many numbers describe an image: as many as a token has, features being the mean over tokens."""
        return self.width

    def n_patches(self, image_shape: ImageShape) -> int:
        """How many patches tile such an image.

        Errors: ValueError for images that are not square or that the patches do not tile.
        """
        height, width, _ = image_shape
        if height != width or height % self.patch_size or not height:
            raise ValueError(
                f"Square images with a side that patch_size={self.patch_size} divides were wanted; got {height} x "
                f"{width}. Crop or resize them."
            )
        return (height // self.patch_size) ** 2

    def patch_dim(self, image_shape: ImageShape) -> int:
        """How many numbers a patch holds."""
        return self.patch_size**2 * image_shape[2]

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> PyTree:
        """Glorot weights, no biases, and a normalisation that starts at scale one."""
        self.n_patches(image_shape)
        return initial(key, _Vit, self, self.patch_dim(image_shape))

    def patches(self, images: Float[Array, "n height width channels"]) -> Float[Array, "n patches patch_dim"]:
        """The patches row by row; within one, its rows, columns, then channels."""
        n, height, width, channels = images.shape
        self.n_patches((height, width, channels))
        p = self.patch_size
        tiles = images.reshape(n, height // p, p, width // p, p, channels)
        return jnp.swapaxes(tiles, 2, 3).reshape(n, -1, p * p * channels)

    def tokens(
        self, params: PyTree, patches: Float[Array, "n patches patch_dim"], kept: Int[Array, "n kept"] | None = None
    ) -> Float[Array, "n tokens width"]:
        """The normalised tokens of the kept patches in their order, or of all; dropped ones are never seen."""
        n_patches, patch_dim = patches.shape[1:]
        side = isqrt(n_patches)
        if side**2 != n_patches:
            raise ValueError(f"The patches of square images were wanted; got {n_patches} of them, not a square number.")
        positions = jnp.asarray(grid_positions(side, side, self.width), patches.dtype)
        # The patches are chosen before they are embedded: the same tokens, and no gradient through a gather.
        places = positions[None] if kept is None else positions[kept]
        if kept is not None:
            patches = jnp.take_along_axis(patches, kept[:, :, None], axis=1)
        return bound(params, _Vit, self, patch_dim)(patches, places)

    def features(self, params: PyTree, images: Float[Array, "n height width channels"]) -> Float[Array, "n feature"]:
        """The mean over an image's tokens."""
        return jnp.mean(self.tokens(params, self.patches(images)), axis=1)


class _Vit(nnx.Module):
    def __init__(self, encoder: Vit, patch_dim: int, rngs: nnx.Rngs) -> None:
        self.depth = encoder.depth
        self.embed = dense(patch_dim, encoder.width, rngs)
        for i in range(encoder.depth):
            setattr(self, f"block{i}", Block(encoder.width, encoder.heads, encoder.mlp_ratio, rngs))
        self.norm = layer_norm(encoder.width, rngs)

    def __call__(
        self, patches: Float[Array, "n tokens patch_dim"], places: Float[Array, "some tokens width"]
    ) -> Float[Array, "n tokens width"]:
        tokens = self.embed(2 * patches - 1) + places
        for i in range(self.depth):
            tokens = getattr(self, f"block{i}")(tokens)
        return self.norm(tokens)
