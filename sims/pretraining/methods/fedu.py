"""FedU: BYOL in which a client keeps its own predictor if its encoder has moved far from the received one."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from sims.pretraining.divergence import DivergenceAware, DivergenceMeasure
from sims.pretraining.methods import Params, PyTree
from sims.pretraining.methods.byol import choose


@dataclass(frozen=True)
class FedU(DivergenceAware):
    """The divergence-aware predictor update: the received predictor below `threshold`, the client's own from it on.

    Encoder and projector are always the received ones. The threshold belongs to the released measure of divergence.
    Source: zhuang2021, whose rule we take from `client.py` of zhuang2022code, by its authors, with its threshold.
    Errors: those of `DivergenceAware`; ValueError for a negative threshold.
    """

    reading: DivergenceMeasure = "released"
    threshold: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.threshold >= 0:
            raise ValueError(f"A divergence is compared with a threshold of 0 or more; got threshold={self.threshold}.")

    def merged(self, received: Params, local: PyTree, divergence: Float[Array, ""]) -> tuple[Params, PyTree]:
        """The received model, but for the predictor of a client that has diverged."""
        predictor = choose(divergence < self.threshold, received["predictor"], local["last"]["predictor"])
        return received | {"predictor": predictor}, local
