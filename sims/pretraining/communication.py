"""Bytes that a round sends: models and embeddings, up and down, client by client."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Int

from sims.losses.mar_variants import Variant
from theory.alignment_term.weight_schedule import BYTES_PER_FLOAT32

PyTree = Any


@dataclass(frozen=True)
class Payload:
    """Bytes of one model and of the embeddings that a client sends with it (0 without any).

    handed_down: of what a server gives a client; None where it is one model too.
    """

    model: int
    embeddings: int = 0
    handed_down: int | None = None

    def __post_init__(self) -> None:
        if self.model < 0 or self.embeddings < 0 or (self.handed_down or 0) < 0:
            raise ValueError(f"Bytes are not negative; got {self}.")

    @property
    def total(self) -> int:
        """Bytes of the model and the embeddings together."""
        return self.model + self.embeddings


@dataclass(frozen=True)
class Traffic:
    """Bytes of one round that each client sends and receives. Units: bytes."""

    sent: Int[np.ndarray, " clients"]
    received: Int[np.ndarray, " clients"]

    @property
    def total(self) -> int:
        """What all clients send and receive; between clients each byte counts at both ends."""
        return int(self.sent.sum() + self.received.sum())


def n_bytes(tree: PyTree) -> int:
    """The bytes of all arrays of a tree, or of shapes and types in place of arrays (`jax.eval_shape`); of None 0."""
    return sum(int(np.prod(leaf.shape, dtype=np.int64)) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def payload(params: PyTree, embeddings: PyTree = None) -> Payload:
    """What one client sends: a model (without what it keeps to itself) and what `Method.share` gives."""
    return Payload(n_bytes(params), n_bytes(embeddings))


def federated(message: Payload, participants: Bool[np.ndarray, " clients"], variant: Variant | None = None) -> Traffic:
    """A round with a server: the participants get the model, train, and send theirs.

    With a variant of MAR they also send embeddings and get, in Algorithm 1's words, their average and gamma: one more
    message of embeddings and a float. corrected: everyone's, as sets; gamma is a matter of the client's own count.
    Of the first round, in which there is nothing to hand down yet, this is an upper bound.
    Source: chen2026, Algorithm 1, lines 8 to 18; A.5 counts the way up alone. Errors: ValueError for no participant.
    """
    present = np.asarray(participants, dtype=np.int64)
    n_present = int(present.sum())
    if n_present == 0:
        raise ValueError(f"At least one client takes part in a round; got none of {len(present)}.")
    down = message.model if message.handed_down is None else message.handed_down
    if variant is not None:
        down += n_present * message.embeddings if variant == "corrected" else message.embeddings + BYTES_PER_FLOAT32
    up = message.total if variant is not None else message.model
    return Traffic(up * present, down * present)


def decentralised(message: Payload, mixing: np.ndarray) -> Traffic:
    """A round between neighbours: j sends its message to every other i whose row of `mixing` gives it weight.

    Source: chen2026, Algorithm 2, lines 7 to 16. Errors: ValueError for a matrix that is not square.
    """
    if mixing.ndim != 2 or mixing.shape[0] != mixing.shape[1]:
        raise ValueError(f"A mixing matrix (clients, clients) was wanted; got shape {mixing.shape}.")
    links = (mixing != 0) & ~np.eye(len(mixing), dtype=bool)
    return Traffic(message.total * links.sum(axis=0), message.total * links.sum(axis=1))
