"""Not in the paper: our presets for masked reconstruction against the alternatives (IID clients).

Shares of hidden pixels on a ResNet, which paints over what a transformer drops; normalised targets, the rate, and how
many rounds a ResNet has with neighbours.
"""

from collections.abc import Callable
from dataclasses import replace

from experiments.paper._cells import MAE, iid
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Choices of the presets: hidden share, targets, rate and rounds of masked reconstruction"
CHOSEN = "as chosen"
NEIGHBOURS = "resnet with neighbours"
Change = Callable[[Pretraining], Pretraining]


def _hiding(share: str) -> Change:
    return lambda chosen: replace(chosen, options=(("mask_ratio", share),))


def _plain_targets(chosen: Pretraining) -> Pretraining:
    return replace(chosen, options=(("normalise", "false"),))


def _faster(factor: float) -> Change:
    return lambda chosen: replace(chosen, learning_rate=factor * chosen.learning_rate)


def _half_the_rounds(chosen: Pretraining) -> Pretraining:
    return replace(chosen, rounds=max(1, chosen.rounds // 2))


# In the order of a table: what differs from the preset, by encoder, with a server unless said otherwise.
OTHERS: dict[str, dict[str, Change]] = {
    "resnet": {
        "a half hidden": _hiding("0.5"),
        "three quarters hidden": _hiding("0.75"),
        "plain targets": _plain_targets,
    },
    "vit": {
        "a half hidden": _hiding("0.5"),
        "plain targets": _plain_targets,
        "half the rate": _faster(0.5),
        "twice the rate": _faster(2.0),
    },
    NEIGHBOURS: {"half the rounds": _half_the_rounds},
}


def cells(preset: str) -> dict[str, Pretraining]:
    """Each encoder as the preset has it, and with one thing changed."""
    found = {}
    for encoder, others in OTHERS.items():
        chosen = (
            iid(preset, MAE, "decl", encoder="resnet") if encoder == NEIGHBOURS else iid(preset, MAE, encoder=encoder)
        )
        found[f"{encoder} {CHOSEN}"] = chosen
        for words, change in others.items():
            found[f"{encoder} {words}"] = change(chosen)
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
