"""kappa of every mode of a network: how strongly it pulls the averaged model from its target."""

from dataclasses import dataclass

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._network import Network
from theory.training.effective_covariance import KAPPA
from theory.training.effective_covariance import kappa as evaluate

TITLE = "kappa of each mode of a network, by descending eigenvalue from the second: weight of drift at E local steps"


@dataclass(frozen=True, kw_only=True)
class Query(Network):
    """`local_steps` is E, the gradient steps between two mixings."""

    local_steps: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.local_steps < 1:
            raise ValueError(f"local_steps must be a whole number from 1; got local_steps={self.local_steps}.")


def answer(query: Query) -> Answer:
    """A list, one entry a mode 2..N."""
    return Answer(
        value=[float(k) for k in evaluate(query.matrix_of_rule(), query.local_steps)],
        units=KAPPA.units,
        source=str(KAPPA.source),
        latex=KAPPA.latex,
    )
