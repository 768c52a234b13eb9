"""The weight of the MAR term after a number of selections, with and without the clamp."""

import math
from dataclasses import dataclass

from dssl.calculator.quantities import Answer
from theory.alignment_term.weight_schedule import ALIGNMENT_WEIGHT, CLAMPED_ALIGNMENT_WEIGHT, probability_beyond

TITLE = "Weight gamma of the MAR term after a number of selections, Eq (7)"


@dataclass(frozen=True, kw_only=True)
class Query:
    """`clamp` cuts the count off at the horizon, as the released code does; Eq (7) as printed rises again beyond it.

    With `rounds`, `n_clients` and `participation` (clients a round) the reason says how likely a count beyond is.
    """

    gamma_max: float
    gamma_min: float
    selections: float
    horizon: float
    clamp: bool = False
    rounds: int | None = None
    n_clients: int | None = None
    participation: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.gamma_min <= self.gamma_max < math.inf:
            raise ValueError(
                "The weight runs from gamma_max down to gamma_min >= 0; got "
                f"gamma_max={self.gamma_max}, gamma_min={self.gamma_min}."
            )
        if not 0 <= self.selections < math.inf:
            raise ValueError(f"selections is a count from 0; got selections={self.selections}.")
        if not 0 < self.horizon < math.inf:
            raise ValueError(f"horizon must be positive and finite; got horizon={self.horizon}.")
        if len({self.rounds is None, self.n_clients is None, self.participation is None}) > 1:
            raise ValueError(
                "rounds, n_clients and participation go together; got "
                f"rounds={self.rounds}, n_clients={self.n_clients}, participation={self.participation}. Give all three."
            )
        if self.rounds is not None:
            self.beyond()

    def beyond(self) -> float:
        """The probability that a client's count passes the horizon by the end."""
        rounds, clients, chosen = (n or 0 for n in (self.rounds, self.n_clients, self.participation))
        return probability_beyond(self.horizon, rounds=rounds, n_clients=clients, participation=chosen)


def answer(query: Query) -> Answer:
    """One number, exact for rational multiples of pi."""
    formula = CLAMPED_ALIGNMENT_WEIGHT if query.clamp else ALIGNMENT_WEIGHT
    values = {
        "weight_max": query.gamma_max,
        "weight_min": query.gamma_min,
        "selections": query.selections,
        "horizon": query.horizon,
    }
    reasons = []
    if not query.clamp and query.selections > query.horizon:
        reasons.append("The count is beyond the horizon, where the printed weight has turned up again.")
    if query.rounds is not None:
        reasons.append(f"A client's count passes the horizon with probability {query.beyond():.6g}.")
    return Answer(
        value=formula.value(**values),
        units=formula.units,
        source=str(formula.source),
        latex=formula.latex,
        reason=" ".join(reasons),
    )
