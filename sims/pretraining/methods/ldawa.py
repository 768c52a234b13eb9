"""L-DAWA: the server weighs each layer of a client by its angle to the same layer of the global model."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.pretraining.encoders import Encoder, ImageShape
from sims.pretraining.methods import Context, Images, Method, Params, PyTree


@dataclass(frozen=True)
class LDawa(Method):
    """Any method, `base`, with layer-wise divergence-aware weight aggregation: w_l = sum_k p_k cos(w_kl, w_l) w_kl.

    A layer is one array of parameters. The weights do not sum to 1, as in the released code: layers shrink where
    clients turn away, and clients that agree with each other but not with the old model give their mean times a cosine.
    The code has equal p_k and starts with rounds of the plain mean.
    Source: rehman2023; `my_aggregate` of rehman2023code.
    """

    encoder: Encoder = field(init=False)
    base: Method

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoder", self.base.encoder)

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """That of the base."""
        return self.base.init(key, image_shape)

    def init_local(self, params: Params) -> PyTree:
        """That of the base."""
        return self.base.init_local(params)

    def hear(self, received: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]) -> PyTree:
        """That of the base."""
        return self.base.hear(received, local, images, context, key)

    def begin(self, received: Params, local: PyTree) -> tuple[Params, PyTree]:
        """That of the base."""
        return self.base.begin(received, local)

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """That of the base."""
        return self.base.loss(params, local, images, context, key)

    def trainable(self, params: Params) -> Params:
        """That of the base."""
        return self.base.trainable(params)

    def after_step(self, params: Params, local: PyTree, images: Images, key: Key[Array, ""]) -> PyTree:
        """That of the base."""
        return self.base.after_step(params, local, images, key)

    def end(self, params: Params, local: PyTree) -> PyTree:
        """That of the base."""
        return self.base.end(params, local)

    def send(self, params: Params, local: PyTree) -> Params:
        """That of the base."""
        return self.base.send(params, local)

    def share(
        self, params: Params, images: Images, key: Key[Array, ""], repeats: Float[Array, ""] | float = 1.0
    ) -> Float[Array, "sent feature"] | None:
        """That of the base."""
        return self.base.share(params, images, key, repeats)

    def travels(self, params: Params) -> tuple[PyTree, PyTree]:
        """That of the base."""
        return self.base.travels(params)

    def combine(self, before: Params, trained: Params, weights: Float[Array, " some"]) -> Params:
        """The weighted mean of layers, each times its cosine with the layer before."""

        def combined(old: Array, new: Array) -> Array:
            factors = weights.astype(new.dtype) * cosines(old, new)
            # Sums, here and below, for accelerators round the factors of products of matrices.
            return jnp.sum(factors.reshape((-1,) + (1,) * old.ndim) * new, axis=0)

        return jax.tree.map(combined, before, trained)


def cosines(before: Float[Array, "..."], trained: Float[Array, "some ..."]) -> Float[Array, " some"]:
    """The cosine of each client's layer with the layer before; 1 where one of them is zero and has no direction.

    Source: rehman2023code, which leaves layers of zeros as they are. Biases that start at zero are a case of it.
    """
    old, new = before.ravel(), trained.reshape(len(trained), -1)
    lengths = jnp.linalg.norm(new, axis=1) * jnp.linalg.norm(old)
    has_direction = lengths > 0
    raw = jnp.sum(new * old[None], axis=1) / jnp.where(has_direction, lengths, 1.0)
    return jnp.where(has_direction, jnp.clip(raw, -1.0, 1.0), 1.0)
