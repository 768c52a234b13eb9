"""Table 7 trained again on Fashion-MNIST: what MAR's alignment term should compare embeddings by."""

from claims.core import Claim, Statement
from claims.reproduce.table7 import METRICS, WEIGHTS
from claims.trained_orders import READING, TrainedOrder, accuracy
from theory.formula import Source

EXPERIMENT = "table7"
BEST = "A-MMD, mean"


def best(other: str, weight: str) -> Statement:
    """The adaptive kernel of the mean distance over another metric."""
    return Statement(
        "printed",
        f"At weight {weight} the adaptive kernel with the mean distance ends above {other}.",
        TrainedOrder(
            EXPERIMENT,
            accuracy(f"{other} {weight}"),
            accuracy(f"{BEST} {weight}"),
            f"Linear probe with the mean distance minus with {other}.",
        ),
        reading=READING,
    )


def pays(words: str, weight: str) -> Statement:
    """A metric over none."""
    return Statement(
        "printed",
        f"Alignment by {words} at weight {weight} ends above no alignment.",
        TrainedOrder(
            EXPERIMENT, accuracy("0"), accuracy(f"{words} {weight}"), "Linear probe with alignment minus without."
        ),
        reading=READING,
    )


CLAIM = Claim(
    id="tab-alignment-metrics-training",
    title="Table 7 in training: which alignment metric",
    items=("table-7-shape",),
    source=Source("chen2026", "Table 7, A.4.1"),
    statements=(
        *(best(other, weight) for weight in WEIGHTS for other in METRICS if other != BEST),
        *(pays(words, weight) for weight in WEIGHTS for words in METRICS),
    ),
)
