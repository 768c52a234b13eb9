"""MAR: masked reconstruction plus gamma times the distance of a client's masked embeddings from those it receives."""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast, get_args, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.losses.adaptive_mmd import Bandwidth, a_mmd, mixture_mmd
from sims.losses.mar_variants import VARIANTS
from sims.pretraining.directions import unit
from sims.pretraining.encoders import Encoder, ImageShape
from sims.pretraining.methods import Context, Images, Method, Params, PyTree
from sims.pretraining.privacy import GaussianMechanism
from theory.alignment_term.weight_schedule import ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT

Alignment = Literal["a_mmd", "mmd_fixed", "cosine"]
FIXED_BANDWIDTH = 1.0


@runtime_checkable
class Masked(Protocol):
    """Masked reconstruction by any encoder: `Mae` for one, `MaskedReconstruction` for another."""

    @property
    def encoder(self) -> Any: ...

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """The model before training, with the encoder's parameters under "encoder"."""
        ...

    def loss_and_latents(
        self, params: Params, images: Images, key: Key[Array, ""]
    ) -> tuple[Float[Array, ""], Float[Array, "n ..."]]:
        """The reconstruction loss of a batch, and what the encoder makes of the visible part of each image."""
        ...


@dataclass(frozen=True)
class Mar(Method):
    """The loss of `masked` plus gamma times the alignment of its embeddings z_i with those of the clients heard.

    An image's embedding is all its visible tokens in a row, as the 49 x 768 floats of A.5 have it. gamma falls from
    weight_max to weight_min over `horizon` rounds in which the client trains; the paper takes as many as are expected,
    participants times rounds over clients, and the released code the whole part of that.

    printed: Eq (6) as printed against the average of the embeddings heard, slot by slot; gamma may rise again beyond
    the horizon. corrected: the unbiased estimate against their mixture, as sets; gamma stays at weight_min. released:
    the released estimator, token by token, against the plain average; gamma stays. Released clients send the average
    over their steps, here what the trained model makes of one batch; and between neighbours, without a server, they
    descend on no alignment at all, which is weight 0 here.

    alignment: "a_mmd" with the kernel's width from the mean or median distance (`bandwidth`), "mmd_fixed" with width 1,
    or "cosine", one minus the mean cosine: of slots with slots (corrected: of all pairs; released: of tokens).
    `most_heard` is how many clients at most count, those of the largest weights: the work grows with its square. None
    is all, at the cost of all. With a `clip_norm`, embeddings are cut to that length and sent with Gaussian noise of
    `noise_multiplier` times what one image can change (`sims.pretraining.privacy`); in A.5 they are not cut. With
    weights 0, or where nothing is heard but the client's own, this is `masked` itself.
    Source: chen2026, Eqs (5)-(7), Algorithms 1 and 2, Tables 7 and 8; chen2026code.
    Errors: ValueError for settings out of range; when tracing, for batches of one image unless by cosines.
    """

    encoder: Encoder = field(init=False)
    masked: Masked
    horizon: float
    variant: str = "corrected"
    weight_max: float = 0.1
    weight_min: float = 0.001
    alignment: str = "a_mmd"
    bandwidth: str = "mean"
    most_heard: int | None = None
    clip_norm: float | None = None
    noise_multiplier: float = 0.0

    def __post_init__(self) -> None:
        if self.clip_norm is None and self.noise_multiplier:
            raise ValueError(
                "Noise protects embeddings of bounded length; got noise_multiplier="
                f"{self.noise_multiplier} and no clip_norm. Give one."
            )
        _ = self.mechanism  # it checks its settings
        if self.clip_norm is not None and getattr(self.masked.encoder, "norm", None) == "batch":
            raise ValueError(
                "Noise is for rows that depend on one image each; got an encoder that normalises over the batch, where "
                "one image changes them all. Use groups."
            )
        object.__setattr__(self, "encoder", self.masked.encoder)
        options = (
            ("variant", self.variant, VARIANTS),
            ("alignment", self.alignment, get_args(Alignment)),
            ("bandwidth", self.bandwidth, ("mean", "median")),
        )
        for name, value, known in options:
            if value not in known:
                raise ValueError(f"The {name} is one of {', '.join(known)}; got {value!r}.")
        if not 0 <= self.weight_min <= self.weight_max < float("inf"):
            raise ValueError(
                f"Weights run from weight_max down to weight_min >= 0; got {self.weight_max} and {self.weight_min}."
            )
        if not 0 < self.horizon < float("inf"):
            raise ValueError(f"The horizon is a positive number of rounds; got horizon={self.horizon}.")
        if self.most_heard is not None and self.most_heard < 1:
            raise ValueError(f"At least one client is heard; got most_heard={self.most_heard}. None is all.")

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """The model of `masked`."""
        return self.masked.init(key, image_shape)

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """Eq (5) on one batch: embeddings are those that the reconstruction is made from."""
        reconstruction, latents = self.masked.loss_and_latents(params, images, key)
        if self._is_plain:
            return reconstruction
        if context.pool is None:
            raise ValueError("Embeddings of clients were wanted; got a context without a pool. `share` gives them.")
        if len(context.pool) == 1:  # as below, without the work
            return reconstruction
        # What a client sent itself is nobody else's to be near.
        has_heard = jnp.sum(context.heard.at[context.client].set(0)) > 0
        weight = jnp.where(has_heard, self.weight(context.selections.astype(reconstruction.dtype)), 0)
        return reconstruction + weight * self.discrepancy(latents, context.pool, context.heard)

    def share(
        self, params: Params, images: Images, key: Key[Array, ""], repeats: Float[Array, ""] | float = 1.0
    ) -> Float[Array, "sent feature"] | None:
        """One row an image: its visible tokens. Nothing where nothing is aligned."""
        if self._is_plain:
            return None
        latents = self.masked.loss_and_latents(params, images, key)[1]
        rows = jax.lax.stop_gradient(latents.reshape(len(latents), -1))
        if self.mechanism is None:
            return rows
        return self.mechanism(jax.random.split(key, 3)[2], rows, repeats)  # the loss above uses the first two

    @property
    def mechanism(self) -> GaussianMechanism | None:
        """What makes the embeddings private before they are sent, if anything does."""
        return None if self.clip_norm is None else GaussianMechanism(self.clip_norm, self.noise_multiplier)

    def weight(self, selections: Float[Array, ""]) -> Float[Array, ""]:
        """gamma after training in so many rounds."""
        schedule = ALIGNMENT_WEIGHT if self.variant == "printed" else CLAMPED_ALIGNMENT_WEIGHT
        return schedule.compiled(
            weight_max=self.weight_max, weight_min=self.weight_min, horizon=self.horizon, selections=selections
        )

    def discrepancy(
        self,
        latents: Float[Array, "n ..."],
        pool: Float[Array, "clients sent feature"],
        heard: Float[Array, " clients"],
    ) -> Float[Array, ""]:
        """The alignment term before its weight; finite where nothing is heard."""
        if self.alignment != "cosine" and len(latents) < 2:
            raise ValueError(
                f"The MMD is over pairs of images; got a batch of {len(latents)}. Use batches of at least 2, or "
                "alignment=cosine."
            )
        pool, heard = jax.lax.stop_gradient((pool, heard.astype(latents.dtype)))
        if self.most_heard is not None and self.most_heard < len(heard):
            heard, loudest = jax.lax.top_k(heard, self.most_heard)
            pool = pool[loudest]
        if self.variant == "released":
            heard = (heard > 0).astype(heard.dtype)
        total = jnp.sum(heard)
        shares = heard / jnp.where(total > 0, total, 1)
        flat = latents.reshape(len(latents), -1)
        width = FIXED_BANDWIDTH if self.alignment == "mmd_fixed" else cast(Bandwidth, self.bandwidth)
        if self.variant == "corrected":
            if self.alignment == "cosine":
                return 1 - jnp.tensordot(shares, jnp.mean(unit(pool), axis=1), axes=1) @ jnp.mean(unit(flat), axis=0)
            return mixture_mmd(flat, pool, shares, width)
        average = jnp.tensordot(shares, pool, axes=1)
        # The released estimator and cosine see the tokens; the others an image's embedding as one vector.
        local = latents if self.variant == "released" else flat
        average = average.reshape((len(average), *local.shape[1:]))
        if self.alignment == "cosine":
            return 1 - jnp.mean(jnp.sum(unit(local) * unit(average), axis=-1))
        return a_mmd(local, average, width, self.variant if self.variant == "released" else "printed")

    @property
    def _is_plain(self) -> bool:
        return self.weight_max == 0
