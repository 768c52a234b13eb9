"""FeatARC: clients keep their features near those of a cluster's model, and join the cluster whose features fit theirs.

Kept of the published method: several cluster models; at the start of a round a client joins the one whose features of
its images have the largest mean cosine with those of its own last model, and trains from it; an alignment loss, one
minus the cosine between the features of two views and those that the cluster's model gives the image itself; each
cluster model is the mean of what its members trained.

Simplified: SimSiam throughout, where the paper's first choice is SimCLR. A client judges by one batch, not by all its
images; before it has trained it joins cluster (its number) mod (clusters), as in the released code. All cluster models
begin alike, there each anew. Encoder features are compared with encoder features; the released code (eea25d1) compares
the cluster's with the client's projections, which happen to be as long. Evaluated is the mean of all members' models,
where the code reports the best cluster by test accuracy. On a network, without a server, a cluster model moves by the
mixing matrix alone: members and those who kept it as it was count alike.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.pretraining.encoders import ImageShape
from sims.pretraining.methods import Context, Images, Params, PyTree
from sims.pretraining.methods.simsiam import SimSiam, cosine, siamese_loss

_MODEL = ("encoder", "projector", "predictor")
_MOST_CLUSTERS = 1000  # each is a model that every client gets


@dataclass(frozen=True)
class FeatArc(SimSiam):
    """SimSiam's loss plus `alignment_weight` times `alignment`; `params` also hold the models of all clusters.

    "members" says which share of the clients that trained was in each cluster.
    Source: wang2023, released code (`decentralized_featarc_ssl_main.py`, `simsiam.py`).
    Errors: ValueError for settings out of range.
    """

    n_clusters: int = 2
    alignment_weight: float = 1.0
    revision: ClassVar[int] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (1 <= self.n_clusters <= _MOST_CLUSTERS and 0 <= self.alignment_weight < float("inf")):
            raise ValueError(
                f"From 1 to {_MOST_CLUSTERS} clusters and a finite alignment_weight of at least 0 were wanted; got "
                f"n_clusters={self.n_clusters} and {self.alignment_weight}."
            )

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """The model of SimSiam, and once more for each cluster."""
        model = super().init(key, image_shape)
        clusters = jax.tree.map(lambda leaf: jnp.stack([leaf] * self.n_clusters), model)
        return model | {"clusters": clusters, "members": jnp.zeros(self.n_clusters, jnp.float32)}

    def init_local(self, params: Params) -> PyTree:
        """The client's cluster, and the encoder that it trained last."""
        return {"cluster": jnp.zeros((), jnp.int32), "last": params["encoder"]}

    def hear(self, received: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]) -> PyTree:
        """`local` with the cluster that the client joins for this round."""
        own = self.encoder.features(local["last"], images)
        # One after the other: under vmap an encoder that convolves would be many times as slow on a CPU.
        encoders = [self._cluster(received, k)["encoder"] for k in range(self.n_clusters)]
        fits = jnp.stack([jnp.mean(cosine(own, self.encoder.features(one, images))) for one in encoders])
        joined = jnp.where(context.selections > 0, jnp.argmax(fits), context.client % self.n_clusters)
        return local | {"cluster": joined.astype(jnp.int32)}

    def begin(self, received: Params, local: PyTree) -> tuple[Params, PyTree]:
        """The model of the client's cluster."""
        return received | self._cluster(received, local["cluster"]), local

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """SimSiam's loss of two views, and how far their features are from the cluster model's of the images."""
        outputs = self.outputs(params, self.two_views(images, key))
        wanted = self.encoder.features(self._cluster(params, local["cluster"])["encoder"], images)
        apart = (alignment(outputs.features[0], wanted) + alignment(outputs.features[1], wanted)) / 2
        return siamese_loss(outputs) + self.alignment_weight * apart

    def trainable(self, params: Params) -> Params:
        """The client's model; those of the clusters stay as they were received."""
        return {name: params[name] for name in _MODEL}

    def end(self, params: Params, local: PyTree) -> PyTree:
        """`local` with the trained encoder."""
        return local | {"last": params["encoder"]}

    def send(self, params: Params, local: PyTree) -> Params:
        """The trained model, also in place of the cluster's that it comes from."""
        is_own = jnp.arange(self.n_clusters) == local["cluster"]

        def put(clusters: Array, trained: Array) -> Array:
            return jnp.where(is_own.reshape((-1,) + (1,) * trained.ndim), trained[None], clusters)

        clusters = jax.tree.map(put, params["clusters"], {name: params[name] for name in _MODEL})
        return params | {"clusters": clusters, "members": is_own.astype(jnp.float32)}

    def travels(self, params: Params) -> tuple[PyTree, PyTree]:
        """Up goes the one model and whose it is; down come all cluster models, for the client to choose."""
        return {name: params[name] for name in (*_MODEL, "members")}, params["clusters"]

    def combine(self, before: Params, trained: Params, weights: Float[Array, " some"]) -> Params:
        """The mean model; each cluster's is the mean of its members', or as it was when nobody joined it."""
        shares = weights[:, None] * trained["members"]
        totals = jnp.sum(shares, axis=0)
        within = shares / jnp.where(totals > 0, totals, 1)[None, :]

        def mean(leaf: Array) -> Array:
            return jnp.tensordot(weights.astype(leaf.dtype), leaf, axes=1)

        def mean_of_members(old: Array, leaf: Array) -> Array:
            by_rank = (-1,) + (1,) * (old.ndim - 1)
            new = jnp.sum(within.astype(leaf.dtype).reshape(within.shape + by_rank[1:]) * leaf, axis=0)
            return jnp.where((totals > 0).reshape(by_rank), new, old)

        clusters = jax.tree.map(mean_of_members, before["clusters"], trained["clusters"])
        return jax.tree.map(mean, trained) | {"clusters": clusters}

    def _cluster(self, params: Params, cluster: int | Array) -> Params:
        return jax.tree.map(lambda leaf: leaf[cluster], params["clusters"])


def alignment(own: Float[Array, "n feature"], wanted: Float[Array, "n feature"]) -> Float[Array, ""]:
    """One minus the mean cosine of a client's features and those wanted, which have no gradient; 0 if they are equal.

    Source: wang2023, released code (`reg_loss`), there without the one.
    """
    return 1 - jnp.mean(cosine(own, jax.lax.stop_gradient(wanted)))
