"""How linear clients are trained, as one value: steps, rounds, order, randomness, and what is recorded."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sims.rounds import engine

ORDERS: dict[str, engine.Order] = {"atc": "adapt_then_combine", "cta": "combine_then_adapt"}


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """A training of linear clients, but for its data: the covariances or samples, the mixing, the start and the key.

    Errors: ValueError for a number out of its range. What depends on the number of clients is checked as training
    begins.
    """

    step_size: float
    """Of every gradient step; positive, in units of 1 / covariance. See `sims.linear.objective.stable_step_size`."""
    rounds: int
    """Of local steps and one mixing each; from 1."""
    local_steps: int = 1
    """Gradient steps of every client in a round; from 1."""
    order: Literal["atc", "cta"] = "atc"
    """Within a round: "atc" adapts, then combines (local steps, then mixing); "cta" combines, then adapts."""
    participation: int | None = None
    """Clients that train in a round, drawn afresh each round; from 1 to the number of clients. None is all."""
    gradient_noise: float = 0.0
    """Standard deviation, per entry, of independent normal noise on every gradient; at least 0."""
    link_failure: float = 0.0
    """Probability that a link fails in a round; in [0, 1]."""
    push_sum: bool = False
    """Whether the mixing has unit column sums, and models are divided by their channel (nedic2016)."""
    record_every: int | None = None
    """Rounds from one record to the next; from 1. None makes about a hundred records."""
    records_beginning: bool = False
    """Whether there are also records after 1, 2, 4, 8 rounds and so on, before the first of the others."""
    records_a_chunk: int | None = None
    """Records between two calls of `progress`; from 1. None runs all rounds at once."""
    collapse: bool = True
    """Whether exact shortcuts are taken where they apply (`collapse`, `reduction`); the results are equal."""

    def __post_init__(self) -> None:
        check_steps(self.step_size, self.local_steps)
        engine.check_rounds(self.rounds)
        if self.order not in ORDERS:
            raise ValueError(
                f'order is "atc" (adapt, then combine) or "cta" (combine, then adapt); got {self.order!r}.'
            )
        if self.participation is not None and self.participation < 1:
            raise ValueError(f"At least one client takes part in a round; got participation={self.participation}.")
        if not (np.isfinite(self.gradient_noise) and self.gradient_noise >= 0):
            raise ValueError(f"gradient_noise is a standard deviation, at least 0; got {self.gradient_noise}.")
        engine.check_link_failure(self.link_failure)
        for name, count in (("record_every", self.record_every), ("records_a_chunk", self.records_a_chunk)):
            if count is not None and count < 1:
                raise ValueError(f"{name} is a whole number from 1; got {count}.")


def check_steps(step_size: float, local_steps: int) -> int:
    """`local_steps`. Errors: ValueError unless both are positive, and the step size finite."""
    if not (np.isfinite(step_size) and step_size > 0):
        raise ValueError(f"The step size is positive and finite; got step_size={step_size}.")
    if isinstance(local_steps, bool) or int(local_steps) != local_steps or local_steps < 1:
        raise ValueError(f"local_steps is a whole number from 1; got {local_steps!r}.")
    return int(local_steps)
