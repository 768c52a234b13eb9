"""BYOL: a prediction from one view is compared with the embedding of the other view by a slowly moving copy."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.images.views import two_views
from sims.pretraining.encoders import ImageShape
from sims.pretraining.methods import Context, Images, Method, Params, PyTree
from sims.pretraining.methods.heads import Head
from sims.pretraining.methods.simsiam import cosine


@dataclass(frozen=True)
class Byol(Method):
    """Encoder, projector and predictor online, which are mixed, and a target of the first two that a client keeps.

    After each step the target is `decay` times itself plus the rest of the online network; it begins as the first model
    that the client receives. `norm` is that of projector and predictor: "batch" is the original's, with the statistics
    of each batch of views. Under "layer", where images do not depend on each other, all features turned towards one
    direction in long trainings of FedU and FedEMA, though a linear probe, which scales them, told classes apart by what
    was left around it, and better than under "batch".
    Source: grill2020, Section 3.1, whose views have augmentations of their own kinds and whose decay rises to 1;
    zhuang2022code, `model.py` and `client.py`, for a constant decay and for the clients' targets.
    Errors: ValueError for settings out of range.
    """

    hidden_dim: int = 256
    embedding_dim: int = 64
    decay: float = 0.99
    strength: float = 1.0
    norm: str = "batch"

    def __post_init__(self) -> None:
        _ = self._head  # it checks its sizes and the norm
        if not 0 <= self.decay <= 1:
            raise ValueError(f"The target keeps a share in [0, 1] of itself; got decay={self.decay}.")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"The strength of an augmentation lies in 0..1; got strength={self.strength}.")

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """The online network."""
        keys = jax.random.split(key, 3)
        return {
            "encoder": self.encoder.init(keys[0], image_shape),
            "projector": self._head.init(keys[1], self.encoder.feature_dim),
            "predictor": self._head.init(keys[2], self.embedding_dim),
        }

    def init_local(self, params: Params) -> PyTree:
        """The target, and whether the client is still to begin its first round."""
        return {"target": _without_predictor(params), "is_new": jnp.asarray(True)}

    def begin(self, received: Params, local: PyTree) -> tuple[Params, PyTree]:
        """The received model; a new client's target is set to it."""
        target = choose(local["is_new"], _without_predictor(received), local["target"])
        return received, local | {"target": target}

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """2 - 2 cos of prediction and target, meaned over images and summed over which view is predicted."""
        # One trace for both views, and batch statistics, where there are any, of each alone.
        views = jnp.stack(two_views(key, images, self.strength))
        predictions = jax.vmap(lambda view: self.prediction(params, view))(views)
        targets = jax.lax.stop_gradient(jax.vmap(lambda view: self.embedding(local["target"], view))(views))
        return jnp.sum(jnp.mean(2 - 2 * cosine(predictions, targets[::-1]), axis=1))

    def after_step(self, params: Params, local: PyTree, images: Images, key: Key[Array, ""]) -> PyTree:
        """The target after its step towards the online network."""
        target = interpolate(local["target"], _without_predictor(params), self.decay)
        return local | {"target": target}

    def end(self, params: Params, local: PyTree) -> PyTree:
        """`local` of a client that is new no longer."""
        return local | {"is_new": jnp.asarray(False)}

    def embedding(self, params: Params, images: Images) -> Float[Array, "n embedding"]:
        """The projected features under an online network or a target."""
        return self._head(params["projector"], self.encoder.features(params["encoder"], images))

    def prediction(self, params: Params, images: Images) -> Float[Array, "n embedding"]:
        """What the online network expects the target's embedding of another view to be."""
        return self._head(params["predictor"], self.embedding(params, images))

    @property
    def _head(self) -> Head:
        return Head((self.hidden_dim, self.embedding_dim), self.norm)


def interpolate(old: PyTree, new: PyTree, share: float | Float[Array, ""]) -> PyTree:
    """share old + (1 - share) new, leaf by leaf; exact at shares 0 and 1."""
    return jax.tree.map(lambda a, b: share * a + (1 - share) * b, old, new)


def choose(condition: Array, one: PyTree, other: PyTree) -> PyTree:
    """`one` where the condition holds, else `other`."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)


def _without_predictor(params: Params) -> Params:
    return {"encoder": params["encoder"], "projector": params["projector"]}
