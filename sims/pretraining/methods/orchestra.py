"""Orchestra: clients cluster their embeddings, the server clusters the centres, and two views must get one cluster.

Kept of the published method: equal-size local clusters by Sinkhorn-Knopp, whose centroids are all that a client sends
of its data; global clusters of the centroids heard, warm-started from the last; the cross-entropy from the assignment
of one view under a target network to that of the other under the online one; an average of the online network over
steps as target, itself averaged among clients; prediction of the rotation of a third view against collapse; a projector
normalised over the batch.

Simplified: local clusters are those of one batch as the target sees it at the end of the round, where the original
keeps a memory of embeddings from the steps before. Global clusters are found as the local ones are, by a few rounds of
equal-size k-means, where the original descends a matching loss 500 times. They are found by the clients, who under a
server all hear the same and hence find the same; neighbours on a network have no such agreement. In the first round,
before any were sent, only rotations are learnt, where the original learns nothing.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sims.images.views import augment, two_views
from sims.losses.transport import sinkhorn
from sims.pretraining.directions import unit
from sims.pretraining.encoders import ImageShape
from sims.pretraining.methods import Context, Images, Method, Params, PyTree
from sims.pretraining.methods.heads import Head

_ENTROPY = 1 / 25  # of cosines; that of the released code
_CLUSTERING_SWEEPS = 5
_SINKHORN_SWEEPS = 30
_ROTATION = Head((4,))
_LEAST_TEMPERATURE = 1e-6  # cosines in float32 are good to a tenth of it; below, round-off would choose the cluster
_MOST_CLUSTERS = 2**16


@dataclass(frozen=True)
class Orchestra(Method):
    """Encoder, projector and rotation classifier, with a target of the first two and the global centroids.

    Source: lubana2022, as in its released code, commit b6ae718 (`models.py`, class `orchestra`), with its constants.
    Errors: ValueError for sizes and numbers of clusters out of range, a decay outside [0, 1], a temperature that is not
    finite or below 1e-6, images that are not square (they are turned by quarters), or fewer images in a batch than
    local clusters.
    """

    hidden_dim: int = 256
    embedding_dim: int = 64
    global_clusters: int = 128
    local_clusters: int = 16
    temperature: float = 0.1
    decay: float = 0.996
    strength: float = 1.0

    def __post_init__(self) -> None:
        _ = self._projector  # which checks its sizes
        clusters = (self.global_clusters, self.local_clusters)
        if not (min(clusters) >= 1 and max(clusters) <= _MOST_CLUSTERS):
            raise ValueError(
                f"At least one global and one local cluster, and at most {_MOST_CLUSTERS}, were wanted; got "
                f"{self.global_clusters} and {self.local_clusters}."
            )
        if not 0 <= self.decay <= 1:
            raise ValueError(f"The target keeps a share in [0, 1] of itself; got decay={self.decay}.")
        if not _LEAST_TEMPERATURE <= self.temperature < float("inf"):
            raise ValueError(
                f"A finite temperature of {_LEAST_TEMPERATURE:g} or more was wanted; got "
                f"temperature={self.temperature}."
            )

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """The online network, a target equal to it, and centroids in random directions."""
        if image_shape[0] != image_shape[1]:
            raise ValueError(f"Images are turned by quarters, so they have to be square; got {image_shape[:2]}.")
        keys = jax.random.split(key, 4)
        network = {
            "encoder": self.encoder.init(keys[0], image_shape),
            "projector": self._projector.init(keys[1], self.encoder.feature_dim),
        }
        directions = jax.random.normal(keys[3], (self.global_clusters, self.embedding_dim), jnp.float32)
        return network | {
            "rotation": _ROTATION.init(keys[2], self.embedding_dim),
            "target": network,
            "centroids": unit(directions),
        }

    def init_local(self, params: Params) -> PyTree:
        """The target and the centroids, as of the round that is under way."""
        return {"target": params["target"], "centroids": params["centroids"]}

    def hear(self, received: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]) -> PyTree:
        """`local` with the global centroids: a function of what is received and heard alone, not of the client."""
        assert context.pool is not None
        points = context.pool.reshape(-1, self.embedding_dim)
        weights = jnp.repeat(context.heard, context.pool.shape[1]).astype(points.dtype)
        is_heard = jnp.sum(weights) > 0
        weights = jnp.where(is_heard, weights / jnp.where(is_heard, jnp.sum(weights), 1), 1 / len(points))
        centroids = equal_size_centroids(points, weights, received["centroids"])
        return local | {"centroids": jnp.where(is_heard, centroids, received["centroids"])}

    def begin(self, received: Params, local: PyTree) -> tuple[Params, PyTree]:
        """The received model; the target is the received one."""
        return received, local | {"target": received["target"]}

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """The cross-entropy of the clusters of two views, and that of the quarter turns of a third."""
        key_views, key_third, key_turns = jax.random.split(key, 3)
        one, other = two_views(key_views, images, self.strength)
        turns = jax.random.randint(key_turns, (len(images),), 0, 4)
        turned = turn(augment(jax.random.split(key_third, len(images)), images, self.strength), turns)
        # One trace for both, and batch statistics of each alone.
        embeddings = jax.vmap(lambda view: self.embedding(params, view))(jnp.stack([other, turned]))
        wanted = jax.nn.softmax(self._logits(self.embedding(local["target"], one), local["centroids"]))
        given = jax.nn.log_softmax(self._logits(embeddings[0], local["centroids"]))
        clusters = -jnp.mean(jnp.sum(jax.lax.stop_gradient(wanted) * given, axis=1))
        guesses = jax.nn.log_softmax(_ROTATION(params["rotation"], embeddings[1]))
        rotations = -jnp.mean(jnp.take_along_axis(guesses, turns[:, None], axis=1))
        return jnp.where(jnp.sum(context.heard) > 0, clusters, 0) + rotations

    def after_step(self, params: Params, local: PyTree, images: Images, key: Key[Array, ""]) -> PyTree:
        """The target after its step towards the online network."""
        online = {name: params[name] for name in ("encoder", "projector")}
        target = jax.tree.map(lambda old, new: self.decay * old + (1 - self.decay) * new, local["target"], online)
        return local | {"target": target}

    def send(self, params: Params, local: PyTree) -> Params:
        """The trained network, with the target and the centroids that it was trained with."""
        return params | {"target": local["target"], "centroids": local["centroids"]}

    def share(
        self, params: Params, images: Images, key: Key[Array, ""], repeats: Float[Array, ""] | float = 1.0
    ) -> Float[Array, "sent feature"]:
        """The local centroids: those of equal-size clusters of one batch of views under the target."""
        if len(images) < self.local_clusters:
            raise ValueError(
                f"Each of {self.local_clusters} local clusters needs an image; got a batch of {len(images)}. "
                "Use larger batches or fewer clusters."
            )
        key_view, key_start = jax.random.split(key)
        view = augment(jax.random.split(key_view, len(images)), images, self.strength)
        points = unit(self.embedding(params["target"], view))
        start = jax.random.permutation(key_start, points)[: self.local_clusters]
        return equal_size_centroids(points, jnp.full(len(points), 1 / len(points), points.dtype), start)

    def labels(self, params: Params, images: Images) -> Int[Array, " n"]:
        """The global cluster of each image under the target, whose projector is normalised over these images."""
        return jnp.argmax(self._logits(self.embedding(params["target"], images), params["centroids"]), axis=1)

    def embedding(self, params: Params, images: Images) -> Float[Array, "n embedding"]:
        """The projected features under an online network or a target."""
        features = self.encoder.features(params["encoder"], images)
        return self._projector(params["projector"], features)

    def _logits(self, embedding: Array, centroids: Array) -> Float[Array, "n clusters"]:
        return unit(embedding) @ unit(centroids).T / self.temperature

    @property
    def _projector(self) -> Head:
        return Head((self.hidden_dim, self.embedding_dim), norm="batch", normalises_output=True)


def equal_size_assignments(
    points: Float[Array, "n feature"], weights: Float[Array, " n"], centroids: Float[Array, "clusters feature"]
) -> Float[Array, "n clusters"]:
    """How much of each point goes to each cluster, close ones by the cosine first, when all clusters get the same mass.

    Source: lubana2022; sinkhorn1967. Units: columns sum to 1 / clusters, rows to about their weights.
    """
    n_clusters = len(centroids)
    shares = jnp.full(n_clusters, 1 / n_clusters, points.dtype)
    return sinkhorn(1 - unit(points) @ unit(centroids).T, weights, shares, _ENTROPY, sweeps=_SINKHORN_SWEEPS)


def equal_size_centroids(
    points: Float[Array, "n feature"], weights: Float[Array, " n"], start: Float[Array, "clusters feature"]
) -> Float[Array, "clusters feature"]:
    """Unit mean directions of equal-size clusters; each point counts for the cluster that takes most of it.

    A cluster that takes no point most of all stays where it was. Source: lubana2022, released code.
    """

    def sweep(_, centroids):
        plan = equal_size_assignments(points, weights, centroids)
        members = jax.nn.one_hot(jnp.argmax(plan, axis=1), len(start), dtype=points.dtype) * weights[:, None]
        sums = members.T @ unit(points)
        return jnp.where(jnp.sum(members, axis=0)[:, None] > 0, unit(sums), centroids)

    return jax.lax.fori_loop(0, _CLUSTERING_SWEEPS, sweep, unit(start))


def turn(images: Images, turns: Int[Array, " n"]) -> Images:
    """Each square image turned counter-clockwise by as many quarters."""
    every = jnp.stack([jnp.rot90(images, quarters, axes=(1, 2)) for quarters in range(4)])
    return every[turns, jnp.arange(len(images))]
