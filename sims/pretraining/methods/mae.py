"""Masked autoencoders: a vision transformer sees a quarter of the patches, and a small decoder predicts the rest."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.images.views import check_drawn, content_keys, crop_and_mirror
from sims.pretraining.encoders import ImageShape
from sims.pretraining.encoders.masking import check_mask_ratio, masked_reconstruction_loss, masking_by, random_masking
from sims.pretraining.encoders.vit import Vit
from sims.pretraining.encoders.vit_decoder import Decoder
from sims.pretraining.methods import Context, Images, Method, Params, PyTree


@dataclass(frozen=True)
class Mae(Method):
    """Mean squared error over the patches that were hidden, each image under a mask of its own.

    `normalise` takes each patch as target with mean 0 and variance 1: its features are better, here too. `strength` is
    that of cropping and mirroring before: 1 as in the original and in the released code, 0 not at all. `masks` is how
    often an image's mask is drawn: "per_step" anew in each step, as in the original, or "fixed", once for all of
    training (by the image's pixels and `masks_seed`), as the linear theory's one draw a sample. No class token.
    Source: he2022, Section 3 and Appendix A.1; chen2026code, `model_mae.py`, which does not normalise.
    Errors: ValueError for an encoder that is no `Vit` and settings out of range; when tracing, for a strength out of
    range and for masks that keep or hide none of the patches.
    """

    encoder: Vit
    mask_ratio: float = 0.75
    decoder_width: int = 32
    decoder_depth: int = 1
    decoder_heads: int = 4
    normalise: bool = True
    strength: float = 0.0
    # Not told by `repr`, by which trainings of before are known; an option that is given is told by the settings.
    masks: str = field(default="per_step", repr=False)
    masks_seed: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        check_drawn("masks", self.masks, self.masks_seed)
        if not isinstance(self.encoder, Vit):
            raise ValueError(
                f"A masked autoencoder drops tokens of a Vit; got {self.encoder}. Use MaskedReconstruction."
            )
        check_mask_ratio(self.mask_ratio)
        _ = Decoder(self.decoder_width, self.decoder_depth, self.decoder_heads, patch_dim=1, n_patches=1)  # its sizes

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """Encoder and decoder."""
        key_encoder, key_decoder = jax.random.split(key)
        return {
            "encoder": self.encoder.init(key_encoder, image_shape),
            "decoder": self._decoder(image_shape).init(key_decoder, self.encoder.width),
        }

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """The mean squared error over hidden patches."""
        return self.loss_and_latents(params, images, key)[0]

    def loss_and_latents(
        self, params: Params, images: Images, key: Key[Array, ""]
    ) -> tuple[Float[Array, ""], Float[Array, "n kept width"]]:
        """The loss, and the encoder's tokens of the patches it saw."""
        key_view, key_mask = jax.random.split(key)
        own_keys = content_keys(jax.random.key(self.masks_seed), images) if self.masks == "fixed" else None
        images = crop_and_mirror(jax.random.split(key_view, len(images)), images, self.strength)
        patches = self.encoder.patches(images)
        n, n_patches, _ = patches.shape
        if own_keys is not None:
            scores = jax.vmap(lambda own: jax.random.uniform(own, (n_patches,), jnp.float32))(own_keys)
            kept, hidden = masking_by(scores, self.mask_ratio)
        else:
            kept, hidden = random_masking(key_mask, n, n_patches, self.mask_ratio)
        latents = self.encoder.tokens(params["encoder"], patches, kept)
        _, height, width, channels = images.shape
        predicted = self._decoder((height, width, channels))(params["decoder"], latents, kept)
        return masked_reconstruction_loss(predicted, patches, hidden, self.normalise), latents

    def _decoder(self, image_shape: ImageShape) -> Decoder:
        n_patches, patch_dim = self.encoder.n_patches(image_shape), self.encoder.patch_dim(image_shape)
        return Decoder(self.decoder_width, self.decoder_depth, self.decoder_heads, patch_dim, n_patches)
