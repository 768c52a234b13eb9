"""SSD: alignment and uniformity on the sphere, separate coordinates for each client, and distillation."""

from dataclasses import dataclass
from typing import Literal, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sims.images.views import two_views
from sims.pretraining.directions import unit
from sims.pretraining.encoders import ImageShape
from sims.pretraining.methods import Context, Images, Method, Params, PyTree
from sims.pretraining.methods.heads import Head
from theory.alignment_term.hypersphere import own_width

Separation = Literal["soft", "hard", "none"]
Variant = Literal["printed", "released"]
RELEASED_TEMPERATURE = 0.5


@dataclass(frozen=True)
class Ssd(Method):
    """alignment + uniformity_weight uniformity + separation_weight DSR + distillation_weight distillation.

    soft: DSR draws embeddings to themselves stretched by `scale` in the client's own coordinates. hard: embeddings
    have no other coordinates than the client's own; there is no DSR. none: neither, the loss FedAlignUniform.
    Coordinates are owned in blocks of floor(dim / clients); the rest is nobody's.

    The released code, from which the reported figures come, scales the target back to the sphere, takes the Frobenius
    norm over the batch size instead of the mean square (so the term shrinks with the root of the batch), and distils
    the other way round at temperature 1/2. Its blocks are of random orthonormal directions, which is a turn of the
    embedding and left out here, and belong to the place in the round's sample, not to the client, so that with partial
    participation no client keeps one; here each does.
    Source: fang2025, Section 4; fang2025code, `methods/loss.py`. We have hard separation from a summary alone.
    Errors: ValueError for settings out of range; when tracing, for more clients than coordinates or batches of one
    image.
    """

    hidden_dim: int = 256
    embedding_dim: int = 0
    norm: str = "layer"
    strength: float = 1.0
    separation: str = "soft"
    variant: str = "released"
    scale: float = 10.0
    uniformity_weight: float = 1.0
    separation_weight: float = 1.0
    distillation_weight: float = 0.1

    def __post_init__(self) -> None:
        _ = self._projector  # it checks its sizes and the norm
        if self.distillation_weight and self._width != self.encoder.feature_dim:
            raise ValueError(
                f"Distillation compares embeddings with features, {self.encoder.feature_dim} of them; got "
                f"embedding_dim={self.embedding_dim}. Set distillation_weight=0, or leave embedding_dim out."
            )
        for name, value, known in (
            ("separation", self.separation, get_args(Separation)),
            ("variant", self.variant, get_args(Variant)),
        ):
            if value not in known:
                raise ValueError(f"The {name} is one of {', '.join(known)}; got {value!r}.")
        weights = (self.uniformity_weight, self.separation_weight, self.distillation_weight)
        if not (0 < self.scale < float("inf") and all(0 <= w < float("inf") for w in weights)):
            raise ValueError(
                f"A positive scale and weights of at least 0, all finite, were wanted; got scale={self.scale}, weights "
                f"{weights}."
            )

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """Encoder and projector."""
        key_encoder, key_projector = jax.random.split(key)
        return {
            "encoder": self.encoder.init(key_encoder, image_shape),
            "projector": self._projector.init(key_projector, self.encoder.feature_dim),
        }

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """The sum of the terms; all but the alignment are means over the two views."""
        owned = own_coordinates(context.client, context.n_clients, self._width)

        def one(view: Images) -> tuple[Array, Array]:
            features = self.encoder.features(params["encoder"], view)
            raw = self._projector(params["projector"], features)
            z = unit(raw * owned[None] if self.separation == "hard" else raw)
            terms = self.uniformity_weight * uniformity(z)
            if self.separation == "soft":
                terms += self.separation_weight * separation(z, owned, self.scale, self.variant)
            if self.distillation_weight:
                terms += self.distillation_weight * distillation(features, raw, self.variant)
            return z, terms

        z, terms = jax.vmap(one)(jnp.stack(two_views(key, images, self.strength)))
        return alignment(z[0], z[1]) + jnp.mean(terms)

    @property
    def _projector(self) -> Head:
        return Head((self.hidden_dim, self._width), self.norm)

    @property
    def _width(self) -> int:
        return self.embedding_dim or self.encoder.feature_dim


def alignment(a: Float[Array, "n dim"], b: Float[Array, "n dim"]) -> Float[Array, ""]:
    """The mean squared distance of the two views' embeddings. Source: wang2020, Section 4.1."""
    return jnp.mean(jnp.sum((a - b) ** 2, axis=1))


def uniformity(z: Float[Array, "n dim"], t: float = 2.0) -> Float[Array, ""]:
    """log of the mean of exp(-t |z_a - z_b|^2) over pairs a != b; it falls as points spread over the sphere.

    Source: wang2020, Section 4.1. fang2025 prints it with a minus, under which descending it would gather the points.
    Errors: ValueError for fewer than two points, which have no pairs.
    """
    n = len(z)
    if n < 2:
        raise ValueError(f"Uniformity is over pairs of images; got a batch of {n}. Use batches of at least 2.")
    similar = jnp.where(jnp.eye(n, dtype=bool), -jnp.inf, -t * _squared_distances(z, z))
    return jax.nn.logsumexp(similar) - jnp.log(jnp.asarray(n * (n - 1), z.dtype))


def uniformity_by_client(
    embeddings: Float[Array, "clients n dim"], t: float = 2.0
) -> tuple[Float[Array, ""], Float[Array, " clients"], Float[Array, "clients clients"]]:
    """The uniformity of all embeddings together, each client's own share of the mean below its log, and each pair's.

    exp(total) = sum(intra) + sum(inter), inter with zeros on its diagonal: a share is the mean over its pairs times
    their number over that of all. fang2025 prints the sum without those, which adds log of their inverse to the loss.
    Source: ledger, for fang2025, Section 3. Units: dimensionless.
    """
    clients, n, dim = embeddings.shape
    flat = embeddings.reshape(clients * n, dim)
    kernel = jnp.where(jnp.eye(clients * n, dtype=bool), 0, jnp.exp(-t * _squared_distances(flat, flat)))
    blocks = jnp.sum(kernel.reshape(clients, n, clients, n), axis=(1, 3)) / (clients * n * (clients * n - 1))
    intra = jnp.diagonal(blocks)
    return uniformity(flat, t), intra, blocks - jnp.diag(intra)


def own_coordinates(client: Int[Array, ""], n_clients: int, dim: int) -> Float[Array, " dim"]:
    """1 in the client's own block of floor(dim / n_clients) coordinates, else 0.

    Errors: ValueError for more clients than coordinates.
    """
    return (jnp.arange(dim) // own_width(dim, n_clients) == client).astype(jnp.float32)


def separation(z: Float[Array, "n dim"], owned: Float[Array, " dim"], scale: float, variant: str) -> Float[Array, ""]:
    """DSR: the distance of embeddings from themselves, held still and stretched by `scale` where `owned` is 1.

    printed: the mean square; its slope is 2 (1 - scale) z in owned coordinates and 0 in all others. released: the
    stretched ones have length one, and the Frobenius norm is over n; then other coordinates are drawn to zero, too.
    Source: fang2025, Section 4.1; fang2025code.
    """
    target = z * (1 + (scale - 1) * owned)[None]
    if variant == "printed":
        return jnp.mean(jnp.sum((z - jax.lax.stop_gradient(target)) ** 2, axis=1))
    squared = jnp.sum((z - jax.lax.stop_gradient(unit(target))) ** 2)
    is_some = squared > 0
    return jnp.where(is_some, jnp.sqrt(jnp.where(is_some, squared, 1)), 0) / len(z)


def distillation(features: Float[Array, "n dim"], embeddings: Float[Array, "n dim"], variant: str) -> Float[Array, ""]:
    """The mean Kullback-Leibler divergence between the softmaxes of features h and of embeddings z before the sphere.

    printed: of h's from z's, KL(softmax h | softmax z). released: KL(softmax 2z | softmax 2h). Both are moved.
    Source: fang2025, Section 4.2; fang2025code. Units: nats.
    """
    first, second = features, embeddings
    if variant == "released":
        first, second = embeddings / RELEASED_TEMPERATURE, features / RELEASED_TEMPERATURE
    log_p, log_q = jax.nn.log_softmax(first, axis=1), jax.nn.log_softmax(second, axis=1)
    return jnp.mean(jnp.sum(jnp.exp(log_p) * (log_p - log_q), axis=1))


def _squared_distances(a: Float[Array, "n dim"], b: Float[Array, "m dim"]) -> Float[Array, "n m"]:
    """On the unit sphere, where the expanded square keeps its digits to the distance of rounded points."""
    product = jnp.matmul(a, b.T, precision="highest")
    norms = jnp.sum(a**2, axis=1)[:, None] + jnp.sum(b**2, axis=1)[None, :]
    return jnp.maximum(norms - 2 * product, 0)
