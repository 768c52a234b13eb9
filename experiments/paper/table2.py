"""Table 2: federated self-supervision of other papers against FedMAR, 100 label-skewed clients, five a round."""

from typing import Any

from experiments.paper._cells import MAE, MAR, cell
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Table 2: accuracy of federated methods with label-skewed clients"
# chen2026, 6.2: ten passes and 200 rounds, here alone.
LONGER: dict[str, dict[str, Any]] = {"paper": {"epochs": 10, "rounds": 200}}
# With BYOL's heads as in its paper, and as they treat images one by one: which it is decides some orders.
HAVE_BYOLS_HEADS = ("fedu", "fedema")
OTHERS = ("fedu", "fedema", "orchestra", "featarc", "ldawa", "fedu2")


def cells(preset: str) -> dict[str, Pretraining]:
    """The other methods on a ResNet as there, MAR and plain masks on both encoders; two of the others once more."""
    more = LONGER.get(preset, {})
    found = {name: cell(preset, name, encoder="resnet", **more) for name in OTHERS}
    for encoder in ("resnet", "vit"):
        for name in (MAE, MAR):
            found[f"{name} {encoder}"] = cell(preset, name, encoder=encoder, **more)
    for name in HAVE_BYOLS_HEADS:
        found[f"{name}, layer norm"] = cell(preset, name, encoder="resnet", options=(("norm", "layer"),), **more)
    return found


def rows(results: Results) -> list[Row]:
    """Each method, and FedMAR on a ResNet minus it."""
    return [
        {
            "": name,
            "encoder": results.cells[name].encoder,
            "random start": results.accuracy(name, "random_start"),
            "accuracy": results.accuracy(name),
            **({} if name == "mar resnet" else {"mar resnet minus it": results.difference("mar resnet", name)}),
        }
        for name in results.cells
    ]
