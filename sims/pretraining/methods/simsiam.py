"""SimSiam: a prediction from one view is drawn to the embedding of the other view, which is held fixed."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.images.views import augment, check_drawn, content_keys, noisy
from sims.pretraining.directions import unit
from sims.pretraining.encoders import Encoder, ImageShape
from sims.pretraining.methods import Context, Images, Method, Params, PyTree
from sims.pretraining.methods.heads import Head


@dataclass(frozen=True)
class SimSiam(Method):
    """Minus the cosine of prediction and embedding, meaned over images and over which view is predicted.

    `views` is how often an image's two views are drawn: "per_step" anew in each step, or "fixed", once for all of
    training (by the image's pixels and `views_seed`). A view is the image under `sims.images.views.augment` at
    `strength`, plus Gaussian noise of standard deviation `noise_std`; strength 0 and noise alone is the linear
    theory's. `norm` is that of the heads. "batch" is the original's; no statistics are kept, mixed or sent. Under
    "layer", where images do not depend on each other, all embeddings soon became one: compare `embedding_std`. Sizes
    are smaller than in the original (2048, 2048, 512).
    Source: chen2021, Sections 3 and 4 and released code; chen2026, Section 3.1 for the noise.
    Errors: ValueError for settings out of range.
    """

    hidden_dim: int = 256
    embedding_dim: int = 128
    bottleneck_dim: int = 64
    norm: str = "batch"
    strength: float = 1.0
    noise_std: float = 0.0
    views: str = "per_step"
    views_seed: int = 0

    def __post_init__(self) -> None:
        _ = self._projector, self._predictor  # they check their sizes and the norm
        check_drawn("views", self.views, self.views_seed)
        if not (0 <= self.strength <= 1 and 0 <= self.noise_std < float("inf")):
            raise ValueError(
                f"A strength in 0..1 and a finite noise_std of at least 0 were wanted; got {self.strength} and "
                f"{self.noise_std}."
            )

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """Encoder, projector and predictor."""
        keys = jax.random.split(key, 3)
        return {
            "encoder": self.encoder.init(keys[0], image_shape),
            "projector": self._projector.init(keys[1], self.encoder.feature_dim),
            "predictor": self._predictor.init(keys[2], self.embedding_dim),
        }

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """The loss of two views of each image."""
        return self.similarity_loss(params, self.two_views(images, key))

    def two_views(self, images: Images, key: Key[Array, ""]) -> Float[Array, "2 n height width channels"]:
        """Two independent views of each image; with fixed views the key has no say."""
        if self.views == "fixed":
            keys = content_keys(jax.random.key(self.views_seed), images)
        else:
            keys = jax.random.split(key, len(images))
        draws = jax.vmap(lambda one: jax.random.split(one, 4), out_axes=1)(keys)
        views = (noisy(draws[2 + i], augment(draws[i], images, self.strength), self.noise_std) for i in (0, 1))
        return jnp.stack(list(views))

    def similarity_loss(self, params: Params, views: Float[Array, "2 n height width channels"]) -> Float[Array, ""]:
        """-1/2 mean cos(p_1, z_2) - 1/2 mean cos(p_2, z_1), the embeddings z without a gradient."""
        return siamese_loss(self.outputs(params, views))

    def outputs(self, params: Params, views: Float[Array, "2 n height width channels"]) -> "Outputs":
        """What the model makes of two views, for losses that look at more than one layer."""

        def heads(features: Float[Array, "n feature"]) -> Outputs:
            embeddings = self._projector(params["projector"], features)
            return Outputs(features, embeddings, self._predictor(params["predictor"], embeddings))

        # One trace for both views; batch statistics, where there are any, are those of each alone.
        return jax.vmap(heads)(features_of_both(self.encoder, params["encoder"], views))

    def embedding_std(self, params: Params, images: Images) -> Float[Array, ""]:
        """Root mean square distance of unit embeddings from their mean: near 1 when healthy, 0 when all are one.

        Source: chen2021, Section 4.1, whose standard deviation it is times the root of the dimension.
        """
        embeddings = self._projector(params["projector"], self.encoder.features(params["encoder"], images))
        return jnp.sqrt(jnp.sum(jnp.var(unit(embeddings), axis=0)))

    @property
    def _projector(self) -> Head:
        return Head((self.hidden_dim, self.hidden_dim, self.embedding_dim), self.norm, normalises_output=True)

    @property
    def _predictor(self) -> Head:
        return Head((self.bottleneck_dim, self.embedding_dim), self.norm)


def features_of_both(
    encoder: Encoder, params: PyTree, views: Float[Array, "2 n height width channels"]
) -> Float[Array, "2 n feature"]:
    """Features of two views, as one batch where images do not depend on each other: a CPU is faster with it."""
    if getattr(encoder, "norm", None) == "batch":
        return jax.vmap(lambda view: encoder.features(params, view))(views)
    features = encoder.features(params, views.reshape(-1, *views.shape[2:]))
    return features.reshape(2, views.shape[1], -1)


class Outputs(NamedTuple):
    """Layers of one view; with a leading axis, of two."""

    features: Float[Array, "*views n feature"]
    embeddings: Float[Array, "*views n embedding"]
    predictions: Float[Array, "*views n embedding"]


def siamese_loss(two: Outputs) -> Float[Array, ""]:
    """Minus the mean cosine of each view's predictions and the other's embeddings, which have no gradient."""
    return -jnp.mean(cosine(two.predictions, jax.lax.stop_gradient(two.embeddings[::-1])))


def cosine(a: Float[Array, "*n dim"], b: Float[Array, "*n dim"]) -> Float[Array, "*n"]:
    """Cosines of the angles between vectors; with a vector of length 0 it is 0, and so is the derivative."""
    return jnp.sum(unit(a) * unit(b), axis=-1)
