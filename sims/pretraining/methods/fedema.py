"""FedEMA: BYOL in which a client keeps more of its own model the further the received one is from it."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from sims.pretraining.divergence import DivergenceAware
from sims.pretraining.methods import Params, PyTree
from sims.pretraining.methods.byol import interpolate


@dataclass(frozen=True)
class FedEma(DivergenceAware):
    """A client starts with mu W_k + (1 - mu) W_g, mu = min(scaler x divergence, 1), W_k its last model, predictor too.

    With `scaler` None each client has its own, tau / divergence when it first comes back: its first mu is tau. Where
    not all clients take part in a round, the divergence is that at a client's return, however long it was away (the
    paper scales by the one right after its first round; the code can let such a client start afresh).
    Source: zhuang2022, the update and its autoscaler; tau as in zhuang2022code.
    Errors: those of `DivergenceAware`; ValueError for tau outside [0, 1], a negative or an infinite scaler.
    """

    tau: float = 0.7
    scaler: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.tau <= 1:
            raise ValueError(f"The first share of its own model that a client keeps is in [0, 1]; got tau={self.tau}.")
        if self.scaler is not None and not 0 <= self.scaler < float("inf"):
            raise ValueError(
                f"A finite scaler of at least 0 was wanted, or None for each client's own; got {self.scaler}."
            )

    def init_local(self, params: Params) -> PyTree:
        """That of all divergence-aware methods and the scaler; 0 says that it is still to be found."""
        return super().init_local(params) | {"scaler": jnp.asarray(self.scaler or 0.0, jnp.float32)}

    def merged(self, received: Params, local: PyTree, divergence: Float[Array, ""]) -> tuple[Params, PyTree]:
        """The mean of the last model and the received one with weights mu and 1 - mu, and `local` with its scaler."""
        scaler = local["scaler"]
        if self.scaler is None:
            # Models that are alike say nothing of the scale, and any share of them is the same model.
            is_found = (scaler > 0) | (divergence == 0)
            scaler = jnp.where(is_found, scaler, self.tau / jnp.where(divergence == 0, 1.0, divergence))
        mu = jnp.minimum(scaler * divergence, 1.0)
        return interpolate(local["last"], received, mu), local | {"scaler": scaler}
