"""Clients that start a round from a mix or a choice of the received model and their own, by how far these diverge."""

from dataclasses import dataclass
from typing import Literal, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sims.pretraining.methods import Params, PyTree
from sims.pretraining.methods.byol import Byol, choose

DivergenceMeasure = Literal["printed", "released"]


@dataclass(frozen=True)
class DivergenceAware(Byol):
    """BYOL whose clients remember their last model; what one starts with is `merged`, in its first round the received.

    The divergence is, as `printed`, |W_g - W_k| of the received encoder and the one that the client trained last; as
    `released`, how far the client's last training moved its encoder, as the mean over weight matrices and kernels of
    the distance of each (the code takes convolutions only, of which a transformer has none).
    Source: zhuang2022 for printed; `client.py` of zhuang2022code for released.
    Errors: those of `Byol`; ValueError for another reading.
    """

    reading: DivergenceMeasure = "printed"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reading not in get_args(DivergenceMeasure):
            raise ValueError(f"The reading is one of {', '.join(get_args(DivergenceMeasure))}; got {self.reading!r}.")

    def init_local(self, params: Params) -> PyTree:
        """The target and the last model; as released, also the encoder at a round's start and how far it came."""
        local = super().init_local(params) | {"last": params}
        if self.reading == "released":
            local |= {"start": params["encoder"], "moved": jnp.zeros((), jnp.float32)}
        return local

    def begin(self, received: Params, local: PyTree) -> tuple[Params, PyTree]:
        """The received model for a new client, the merged one for others."""
        received, local = super().begin(received, local)
        params, kept = self.merged(received, local, self.divergence(received, local))
        params, local = choose(local["is_new"], received, params), choose(local["is_new"], local, kept)
        return params, local | {"start": params["encoder"]} if self.reading == "released" else local

    def merged(self, received: Params, local: PyTree, divergence: Float[Array, ""]) -> tuple[Params, PyTree]:
        """What a client that has trained before starts with, and its `local` then."""
        raise NotImplementedError

    def divergence(self, received: Params, local: PyTree) -> Float[Array, ""]:
        """How far the client is from the rest, in the method's reading."""
        if self.reading == "released":
            return local["moved"]
        apart = _difference(received["encoder"], local["last"]["encoder"])
        return jnp.sqrt(sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(apart)))

    def end(self, params: Params, local: PyTree) -> PyTree:
        """`local` with the trained model as the last."""
        local = super().end(params, local) | {"last": params}
        if self.reading == "released":
            local |= {"moved": mean_distance(params["encoder"], local["start"])}
        return local


def mean_distance(one: PyTree, other: PyTree) -> Float[Array, ""]:
    """The mean over leaves of two axes or more (weights, not biases or scales) of their Euclidean distance."""
    differences = [leaf for leaf in jax.tree.leaves(_difference(one, other)) if leaf.ndim > 1]
    return jnp.mean(jnp.stack([jnp.linalg.norm(leaf.ravel()) for leaf in differences]))


def _difference(one: PyTree, other: PyTree) -> PyTree:
    return jax.tree.map(jnp.subtract, one, other)
