"""Masked reconstruction for convolutional networks: hidden patches are painted over, as they cannot be left out."""

from dataclasses import dataclass
from math import ceil
from typing import Literal, get_args

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from sims.images.views import crop_and_mirror
from sims.pretraining.encoders import ImageShape
from sims.pretraining.encoders.functional import bound, initial
from sims.pretraining.encoders.masking import check_mask_ratio, masked_reconstruction_loss, random_masking
from sims.pretraining.encoders.resnet import ResNet
from sims.pretraining.methods import Context, Images, Method, Params, PyTree

Layout = Literal["patches", "released"]


@dataclass(frozen=True)
class MaskedReconstruction(Method):
    """Mean squared error over hidden pixels, which the encoder sees as those of one learnt image, black at first.

    The decoder is one linear layer from each place of the encoder's maps to the pixels there. `layout` "patches" hides
    squares of side `patch_size`; fewer than a transformer that drops them, since paint is seen in training alone
    (`experiments.paper.choices` measures what that is worth). "released" is what the released code does: its mask of
    rows x columns patches is laid beside itself in place of being enlarged, so a pixel (y, x) is hidden with
    (y mod rows, x mod columns): single pixels, many of them between visible ones.

    `normalise` takes each patch as target with mean 0 and variance 1, as `Mae` has it and the released code has not.
    `strength` is that of cropping and mirroring before: 1 as in the released code, 0 not at all.
    Source: chen2026code, `model_mae_resnet.py`, but for its decoder, which mirrors the encoder; xie2022 and its code,
    for one layer in its place, which there serves as well as deeper ones; li2023 on convolutions.
    Errors: ValueError for an encoder without maps, an unknown layout or a mask_ratio outside (0, 1); when tracing, for
    other settings out of range.
    """

    encoder: ResNet
    patch_size: int = 4
    mask_ratio: float = 0.3
    layout: Layout = "patches"
    normalise: bool = True
    strength: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.encoder, ResNet):
            raise ValueError(f"A ResNet was wanted, for its maps; got {self.encoder}. Use Mae for a Vit.")
        if self.layout not in get_args(Layout):
            raise ValueError(f"The layout is one of {', '.join(get_args(Layout))}; got layout={self.layout!r}.")
        check_mask_ratio(self.mask_ratio)

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """Encoder, decoder and the image in place of hidden pixels."""
        key_encoder, key_decoder = jax.random.split(key)
        encoder = self.encoder.init(key_encoder, image_shape)
        images = jax.ShapeDtypeStruct((1, *image_shape), jnp.float32)
        maps = jax.eval_shape(self.encoder.maps, encoder, images)
        cell = _cell(image_shape, maps.shape[1:])
        return {
            "encoder": encoder,
            "decoder": initial(key_decoder, _Decoder, self.encoder.feature_dim, *cell, image_shape[2]),
            "fill": jnp.zeros(image_shape, jnp.float32),
        }

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """The mean squared error over hidden pixels."""
        return self.loss_and_latents(params, images, key)[0]

    def loss_and_latents(
        self, params: Params, images: Images, key: Key[Array, ""]
    ) -> tuple[Float[Array, ""], Float[Array, "n places feature"]]:
        """The loss, and the encoder's maps of the images painted over, place by place."""
        key_view, key_mask = jax.random.split(key)
        images = crop_and_mirror(jax.random.split(key_view, len(images)), images, self.strength)
        patches = self.patches(images)
        _, hidden = random_masking(key_mask, len(images), patches.shape[1], self.mask_ratio)
        maps = self.encoder.maps(params["encoder"], self.painted(params, images, hidden))
        _, height, width, channels = images.shape
        predicted = self.patches(self.reconstruction(params, maps, (height, width, channels)))
        loss = masked_reconstruction_loss(predicted, patches, hidden, self.normalise)
        return loss, maps.reshape(len(images), -1, self.encoder.feature_dim)

    def patches(self, images: Images) -> Float[Array, "n patches patch_dim"]:
        """The pixels of images in the groups that are hidden together."""
        n, height, width, channels = images.shape
        size = self.patch_size
        if size < 1 or height % size or width % size:
            raise ValueError(f"patch_size must divide the images' {height} x {width}; got patch_size={size}.")
        rows, columns = height // size, width // size
        if self.layout == "patches":
            tiles = images.reshape(n, rows, size, columns, size, channels).transpose(0, 1, 3, 2, 4, 5)
        else:
            tiles = images.reshape(n, size, rows, size, columns, channels).transpose(0, 2, 4, 1, 3, 5)
        return tiles.reshape(n, rows * columns, size * size * channels)

    def painted(self, params: Params, images: Images, hidden: Int[Array, "n hidden"]) -> Images:
        """The images with the learnt pixels in place of hidden ones."""
        n, height, width, _ = images.shape
        size = self.patch_size
        rows, columns = height // size, width // size
        numbers = jnp.arange(rows * columns, dtype=hidden.dtype)
        mask = jnp.any(hidden[:, :, None] == numbers[None, None], axis=1).reshape(n, rows, columns)
        if self.layout == "patches":
            mask = jnp.repeat(jnp.repeat(mask, size, axis=1), size, axis=2)
        else:
            mask = jnp.tile(mask, (1, size, size))
        return jnp.where(mask[..., None], params["fill"].astype(images.dtype)[None], images)

    def reconstruction(self, params: Params, maps: Float[Array, "n h w feature"], image_shape: ImageShape) -> Images:
        """The images that the decoder makes of maps."""
        n, h, w, feature_dim = maps.shape
        height, width, channels = image_shape
        cell = _cell(image_shape, (h, w))
        pixels = bound(params["decoder"], _Decoder, feature_dim, *cell, channels)(maps)
        images = pixels.reshape(n, h, w, *cell, channels).transpose(0, 1, 3, 2, 4, 5)
        return images.reshape(n, h * cell[0], w * cell[1], channels)[:, :height, :width]


def _cell(image_shape: tuple[int, ...], maps_shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of the pixels for one place of the maps; the last ones may reach beyond the image."""
    return ceil(image_shape[0] / maps_shape[0]), ceil(image_shape[1] / maps_shape[1])


class _Decoder(nnx.Module):
    def __init__(self, feature_dim: int, height: int, width: int, channels: int, rngs: nnx.Rngs) -> None:
        self.pixels = nnx.Linear(feature_dim, height * width * channels, param_dtype=jnp.float32, rngs=rngs)

    def __call__(self, maps: Float[Array, "n h w feature"]) -> Float[Array, "n h w pixels"]:
        return self.pixels(maps)
