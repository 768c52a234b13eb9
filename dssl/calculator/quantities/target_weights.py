"""Weights of the clients: in the printed objective, and in what training settles on."""

from dataclasses import dataclass
from typing import Literal

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._network import Network
from theory.networks.mixing import objective_weights_of, perron_weights

TITLE = "Weight of each client: in the objective of Eq (1), or in what training settles on"


@dataclass(frozen=True, kw_only=True)
class Query(Network):
    """objective: pi = M^T 1/N, Eq (1) with one common W. training: the left Perron vector v, v^T M = v^T."""

    kind: Literal["objective", "training"] = "training"


def answer(query: Query) -> Answer:
    """A list, one entry a client, summing to 1."""
    mixing = query.matrix_of_rule()
    if query.kind == "objective":
        return Answer(
            value=objective_weights_of(mixing).tolist(),
            units="dimensionless, sum 1",
            source="chen2026, Eq (1) with one common W",
            latex=r"\pi = M^{\top} \mathbf{1} / N",
        )
    reason = "Push-sum divides the sent mass out, so its weights are 1/N." if query.mixing == "push_sum" else ""
    return Answer(
        value=perron_weights(mixing).tolist(),
        units="dimensionless, sum 1",
        source="ledger, left Perron vector of the mixing matrix",
        latex=r"v^{\top} M = v^{\top},\ \mathbf{1}^{\top} v = 1",
        reason=reason,
    )
