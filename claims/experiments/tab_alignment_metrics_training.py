"""Table 7 trained again on Fashion-MNIST: what MAR's alignment term should compare embeddings by."""

from experiments.paper.table7 import METRICS, WEIGHTS
from ledger.checks.trained_order import ends_above
from ledger.statement import Claim, Statement
from theory.formula import Source

EXPERIMENT = "table7"
BEST = "A-MMD, mean"
SHORT = {"cosine": "cosine", "MMD, sigma 1": "fixed", "A-MMD, median": "median", "A-MMD, mean": "mean"}
IN_WORDS = {
    "cosine": "cosine similarity",
    "MMD, sigma 1": "MMD with sigma 1",
    "A-MMD, median": "A-MMD with the median distance",
    "A-MMD, mean": "A-MMD with the mean distance",
}
POWERS = {"0.1": "1e-1", "0.01": "1e-2"}


def best(other: str, weight: str) -> Statement:
    """The adaptive kernel of the mean distance over another metric."""
    text = f"At weight {weight} alignment by {IN_WORDS[BEST]} ends at a higher accuracy than by {IN_WORDS[other]}."
    because = f"Linear probe with the mean distance minus with {other}."
    key = f"tab7-trained.mean-above-{SHORT[other]}-{POWERS[weight]}"
    return ends_above(key, EXPERIMENT, f"{other} {weight}", f"{BEST} {weight}", text, because)


def pays(words: str, weight: str) -> Statement:
    """A metric over none."""
    text = f"Alignment by {IN_WORDS[words]} at weight {weight} ends at a higher accuracy than no alignment."
    key = f"tab7-trained.{SHORT[words]}-above-none-{POWERS[weight]}"
    return ends_above(key, EXPERIMENT, "0", f"{words} {weight}", text, "Linear probe with alignment minus without.")


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
