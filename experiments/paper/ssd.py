"""Not in the paper: soft separation and distillation (SSD), part by part, ten label-skewed clients, all in every round.

What fang2025 reports of CIFAR-10 with ten clients: separation and distillation together raise uniformity and accuracy,
distillation alone does nothing, hard separation is the most uniform and not accurate. Embeddings are as wide as
features, 64 at `laptop`: under hard separation a client has 6 coordinates to spread over. So two cells have embeddings
so wide that a client has as many coordinates as there are features.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from experiments.paper._cells import cell
from experiments.paper._results import Results, Row, interval, mean_of
from experiments.pretraining.settings import Pretraining
from sims.evaluation import robustness
from sims.pretraining.encoders.presets import encoder

TITLE = "SSD part by part: uniformity of features and accuracy"
CLIENTS = 10
PLAIN = "alignment and uniformity"
PARTS = {
    PLAIN: (("separation", "none"), ("distillation_weight", "0")),
    "distillation alone": (("separation", "none"),),
    "separation alone": (("distillation_weight", "0"),),
    "both": (),
    "hard separation": (("separation", "hard"), ("distillation_weight", "0")),
}
# Of which a client has as many coordinates as there are features.
WIDE = {
    "wide alignment and uniformity": PARTS[PLAIN],
    "wide hard separation": PARTS["hard separation"],
}
_LENGTH: dict[str, dict[str, Any]] = {
    "ci": {"rounds": 2, "clients": 4},
    "laptop": {"rounds": 30, "epochs": 1, "clients": CLIENTS},
    "paper": {"clients": CLIENTS},
}


def cells(preset: str) -> dict[str, Pretraining]:
    """Each part on the same clients, and two of them with wide embeddings."""
    more = _LENGTH[preset]
    clients = more["clients"]
    width = clients * encoder("vit", preset).feature_dim
    wide = {words: (*options, ("embedding_dim", str(width))) for words, options in WIDE.items()}
    return {
        words: cell(preset, "ssd", options=options, participation=clients, **more)
        for words, options in (PARTS | wide).items()
    }


def uniformity_of(results: Results, words: str) -> Float[np.ndarray, " seeds"]:
    """Uniformity of the features of images held out, larger for features further apart, at each seed."""
    return np.array([-found["trained"]["uniformity"] for found in results.found[words]])


def rows(results: Results) -> list[Row]:
    """Uniformity and accuracy of each, and what it has more than alignment and uniformity alone."""
    table = []
    for words in results.cells:
        row: Row = {
            "": words,
            "uniformity": mean_of(uniformity_of(results, words)),
            "accuracy": results.accuracy(words),
        }
        if words != PLAIN:
            row["uniformity gained"] = interval(
                robustness.paired_difference(uniformity_of(results, words), uniformity_of(results, PLAIN))
            )
            row["accuracy gained"] = results.difference(words, PLAIN)
        table.append(row)
    return table
