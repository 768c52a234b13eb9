"""The decoder of masked autoencoders: tokens of the kept patches in, all patches out."""

from dataclasses import dataclass
from math import isqrt

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from sims.pretraining.encoders import PyTree
from sims.pretraining.encoders.functional import bound, initial
from sims.pretraining.encoders.transformer import Block, dense, grid_positions, layer_norm

_WIDEST, _DEEPEST = 2**14, 1000  # more than any transformer that was published; wider ones fit no machine


@dataclass(frozen=True)
class Decoder:
    """A small transformer over all patches of square images, one learnt token standing for each hidden patch.

    Source: he2022, Section 3 and Appendix A.1.
    Errors: ValueError for sizes below one, a width above 16384, a depth above 1000, a width that the heads or four do
    not divide, and a number of patches that is not a square.
    """

    width: int
    depth: int
    heads: int
    patch_dim: int
    n_patches: int
    mlp_ratio: int = 4

    def __post_init__(self) -> None:
        sizes = (self.width, self.depth, self.heads, self.patch_dim, self.n_patches, self.mlp_ratio)
        if min(sizes) < 1:
            raise ValueError(f"Width, depth, heads, patch_dim, n_patches and mlp_ratio are at least 1; got {sizes}.")
        if self.width > _WIDEST or self.depth > _DEEPEST:
            raise ValueError(
                f"The decoder has a width of at most {_WIDEST} and a depth of at most {_DEEPEST}; got "
                f"width={self.width}, depth={self.depth}."
            )
        if self.width % self.heads or self.width % 4:
            raise ValueError(
                f"The width must be a multiple of 4 and of the heads; got width={self.width}, heads={self.heads}."
            )
        if isqrt(self.n_patches) ** 2 != self.n_patches:
            raise ValueError(f"The patches of square images were wanted; got n_patches={self.n_patches}, no square.")

    def init(self, key: Key[Array, ""], encoder_width: int) -> PyTree:
        """Glorot weights, no biases, a mask token of standard deviation 0.02."""
        return initial(key, _Decoder, self, encoder_width)

    def __call__(
        self, params: PyTree, tokens: Float[Array, "n kept encoder_width"], kept: Int[Array, "n kept"]
    ) -> Float[Array, "n patches patch_dim"]:
        """A prediction of every patch, in the order of the image, from tokens of the kept ones (all different)."""
        return bound(params, _Decoder, self, tokens.shape[-1])(tokens, kept)


class _Decoder(nnx.Module):
    def __init__(self, decoder: Decoder, encoder_width: int, rngs: nnx.Rngs) -> None:
        self.settings = decoder
        self.embed = dense(encoder_width, decoder.width, rngs)
        self.mask_token = nnx.Param(0.02 * jax.random.normal(rngs.params(), (decoder.width,), jnp.float32))
        for i in range(decoder.depth):
            setattr(self, f"block{i}", Block(decoder.width, decoder.heads, decoder.mlp_ratio, rngs))
        self.norm = layer_norm(decoder.width, rngs)
        self.predict = dense(decoder.width, decoder.patch_dim, rngs)

    def __call__(
        self, tokens: Float[Array, "n kept encoder_width"], kept: Int[Array, "n kept"]
    ) -> Float[Array, "n patches patch_dim"]:
        n_patches, side = self.settings.n_patches, isqrt(self.settings.n_patches)
        holds = kept[:, None, :] == jnp.arange(n_patches, dtype=kept.dtype)[None, :, None]
        known = jnp.take_along_axis(self.embed(tokens), jnp.argmax(holds, axis=-1)[:, :, None], axis=1)
        mask_token = self.mask_token[...][None, None].astype(known.dtype)
        mixed = jnp.where(jnp.any(holds, axis=-1)[:, :, None], known, mask_token)
        mixed = mixed + jnp.asarray(grid_positions(side, side, self.settings.width), tokens.dtype)[None]
        for i in range(self.settings.depth):
            mixed = getattr(self, f"block{i}")(mixed)
        return self.predict(self.norm(mixed))
