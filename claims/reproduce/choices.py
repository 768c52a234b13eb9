"""Not in the paper: what our presets choose for masked reconstruction, against what they do not (IID clients).

Shares of hidden pixels on a ResNet, which paints over what a transformer drops; normalised targets, and the rate.
"""

from typing import Any

from claims.pretraining import Pretraining
from claims.reproduce._cells import MAE, iid
from claims.reproduce._results import Results, Row

TITLE = "Choices of the presets: hidden share, targets and rate of masked reconstruction"
CHOSEN = "as chosen"
# In the order of a table: what differs from the preset, by encoder.
OTHERS: dict[str, dict[str, dict[str, Any]]] = {
    "resnet": {
        "a half hidden": {"options": (("mask_ratio", "0.5"),)},
        "three quarters hidden": {"options": (("mask_ratio", "0.75"),)},
        "plain targets": {"options": (("normalise", "false"),)},
    },
    "vit": {
        "a half hidden": {"options": (("mask_ratio", "0.5"),)},
        "plain targets": {"options": (("normalise", "false"),)},
        "half the rate": {"learning_rate": 0.5},
        "twice the rate": {"learning_rate": 2.0},
    },
}


def cells(preset: str) -> dict[str, Pretraining]:
    """Each encoder as the preset has it, and with one thing changed; rates are factors of the preset's."""
    found = {}
    for encoder, others in OTHERS.items():
        chosen = iid(preset, MAE, encoder=encoder)
        found[f"{encoder} {CHOSEN}"] = chosen
        for words, changed in others.items():
            more = dict(changed)
            if "learning_rate" in more:
                more["learning_rate"] *= chosen.learning_rate
            found[f"{encoder} {words}"] = iid(preset, MAE, encoder=encoder, **more)
    return found


def rows(results: Results) -> list[Row]:
    """Accuracies, and what the preset's choice gains over each other one."""
    table: list[Row] = []
    for encoder, others in OTHERS.items():
        chosen = f"{encoder} {CHOSEN}"
        table.append({"": chosen, "accuracy": results.accuracy(chosen)})
        for words in others:
            other = f"{encoder} {words}"
            gained = results.difference(chosen, other)
            table.append({"": other, "accuracy": results.accuracy(other), "the choice's gain": gained})
    return table
