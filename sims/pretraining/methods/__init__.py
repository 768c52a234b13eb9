"""Self-supervision, one file a method: what a client minimises, keeps, sends, and does with what it receives.

A method is a frozen dataclass of its settings, so that JAX compiles a training once for equal methods. Training calls
it for one client at a time and knows nothing else of it. May use the encoders, `sims.losses` and `theory`. Begin with
`simsiam.py`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from jaxtyping import Array, Float, Int, Key

from sims.pretraining.encoders import Encoder, ImageShape

PyTree = Any
Params = dict[str, PyTree]
Images = Float[Array, "n height width channels"]


class Context(NamedTuple):
    """What a client knows of the rest in one round.

    pool: the last embeddings (`Method.share`) that each client sent, zeros before its first. heard: weights of those
    that this client hears, all zero before anybody sent. selections: in how many rounds this client has trained
    before. was_here: 1 if the last round was among them, else 0. progress: the share of all rounds that is over.
    """

    client: Int[Array, ""]
    n_clients: int
    pool: Float[Array, "clients sent feature"] | None
    heard: Float[Array, " clients"]
    selections: Int[Array, ""]
    progress: Float[Array, ""]
    was_here: Float[Array, ""] | float = 0.0


@dataclass(frozen=True)
class Method:
    """The base of all methods; `loss` and `init` are each one's own, the rest has a default. All is traceable.

    `params` is a dict with the encoder's parameters under "encoder"; all of it goes through the mixing matrix. What is
    not to be mixed is `local`.
    """

    encoder: Encoder
    # Raised when equal settings no longer train the same: what was trained before is then of another version.
    revision: ClassVar[int] = 1

    def init(self, key: Key[Array, ""], image_shape: ImageShape) -> Params:
        """The model before training, the same for all clients."""
        raise NotImplementedError

    def init_local(self, params: Params) -> PyTree:
        """What a client keeps to itself, before its first round."""
        return {}

    def hear(self, received: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]) -> PyTree:
        """`local` before `begin`, from what others sent and a batch of its own: where a client joins a cluster, say."""
        return local

    def begin(self, received: Params, local: PyTree) -> tuple[Params, PyTree]:
        """The model that a client starts a round with, from the mixed one; the default takes that as it is."""
        return received, local

    def loss(
        self, params: Params, local: PyTree, images: Images, context: Context, key: Key[Array, ""]
    ) -> Float[Array, ""]:
        """What one local step descends, on a batch with entries in [0, 1]; augmentations and masks come from `key`."""
        raise NotImplementedError

    def trainable(self, params: Params) -> Params:
        """Those entries of the model that a step moves; the rest is out of the optimizer's sight, weight decay too."""
        return params

    def after_step(self, params: Params, local: PyTree, images: Images, key: Key[Array, ""]) -> PyTree:
        """`local` after a step, `key` being that of the loss: where a target model follows, say."""
        return local

    def end(self, params: Params, local: PyTree) -> PyTree:
        """`local` after the last step of a round."""
        return local

    def send(self, params: Params, local: PyTree) -> Params:
        """The model that is mixed and shared from, after `end`; the default sends the one that was trained."""
        return params

    def share(
        self, params: Params, images: Images, key: Key[Array, ""], repeats: Float[Array, ""] | float = 1.0
    ) -> Float[Array, "sent feature"] | None:
        """Embeddings that a client sends with its model after training, from one batch; None sends nothing.

        `repeats` is how often an image may be in the batch: more than once where there are fewer images.
        """
        return None

    def travels(self, params: Params) -> tuple[PyTree, PyTree]:
        """What of the sent model a client sends up to a server, and what it gets: for counting bytes; all by default.

        Shapes and types may stand in place of arrays.
        """
        return params, params

    def combine(self, before: Params, trained: Params, weights: Float[Array, " some"]) -> Params | None:
        """The server's new model from those that trained (leading axis) and the one they got; None: the weighted mean.

        Used with a server only; on a network it is always the mixing matrix.
        """
        return None
