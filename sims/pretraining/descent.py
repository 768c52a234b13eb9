"""How a client descends within a round: optimiser, rate, batches."""

from dataclasses import dataclass
from typing import Literal, get_args

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

Optimizer = Literal["adamw", "sgd"]


@dataclass(frozen=True)
class Descent:
    """How a client descends in one round: the optimiser starts afresh with the model that the round begins with.

    epochs: passes over its images, in batches of `batch_size`, what is left over being dropped; a client with fewer
    images repeats them in its one batch. steps: that many batches instead. The rate is `learning_rate` times a half
    cosine over all rounds, after a linear rise over the share `warm_up` of them; `is_decayed=False` keeps it constant.
    """

    optimizer: Optimizer = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    batch_size: int = 64
    epochs: int = 1
    steps: int | None = None
    warm_up: float = 0.1
    is_decayed: bool = True

    def __post_init__(self) -> None:
        if self.optimizer not in get_args(Optimizer):
            raise ValueError(f"The optimizer is adamw or sgd; got {self.optimizer!r}.")
        if not (np.isfinite(self.learning_rate) and self.learning_rate > 0 and 0 <= self.warm_up < 1):
            raise ValueError(
                "A positive learning rate and a warm-up in [0, 1) were wanted; got "
                f"learning_rate={self.learning_rate}, warm_up={self.warm_up}."
            )
        counts = {
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "steps": 1 if self.steps is None else self.steps,
        }
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} is a whole number from 1; got {count}.")

    def rate(self, progress: Float[Array, ""]) -> Float[Array, ""]:
        """The learning rate when a share of all rounds is over."""
        progress = jnp.asarray(progress, jnp.float32)
        rising = (progress + 0.01) / self.warm_up if self.warm_up else 1.0
        falling = 0.5 * (1 + jnp.cos(jnp.pi * progress)) if self.is_decayed else 1.0
        return self.learning_rate * jnp.minimum(rising, 1.0) * falling

    def transformation(self, rate: Float[Array, ""]) -> optax.GradientTransformation:
        """The optimiser at a given rate."""
        if self.optimizer == "sgd":
            return optax.chain(optax.add_decayed_weights(self.weight_decay), optax.sgd(rate))
        return optax.adamw(rate, b2=0.95, weight_decay=self.weight_decay)
