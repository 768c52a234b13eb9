"""Table 7 trained again on Fashion-MNIST: what MAR's alignment term should compare embeddings by."""

from claims.core import Claim, Statement
from claims.reproduce.table7 import METRICS, WEIGHTS
from claims.trained_orders import ends_above
from theory.formula import Source

EXPERIMENT = "table7"
BEST = "A-MMD, mean"


def best(other: str, weight: str) -> Statement:
    """The adaptive kernel of the mean distance over another metric."""
    text = f"At weight {weight} the adaptive kernel with the mean distance ends above {other}."
    because = f"Linear probe with the mean distance minus with {other}."
    return ends_above(EXPERIMENT, f"{other} {weight}", f"{BEST} {weight}", text, because)


def pays(words: str, weight: str) -> Statement:
    """A metric over none."""
    text = f"Alignment by {words} at weight {weight} ends above no alignment."
    return ends_above(EXPERIMENT, "0", f"{words} {weight}", text, "Linear probe with alignment minus without.")


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
