"""Not in the paper: networks whose clients have unequal numbers of neighbours, averaged uniformly and by Metropolis.

Uniform averaging weighs clients by their neighbours (`thm-training-weights`), so that on such a network label-skewed
clients train on other shares of the classes than all images have; Metropolis weighs them alike.
"""

from experiments.paper._cells import MAE, SIMSIAM, cell
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Uniform averaging against Metropolis on regular and irregular networks, label-skewed clients"
NETWORKS = ("ring", "star", "barbell")
RULES = ("uniform", "metropolis")


def cells(preset: str) -> dict[str, Pretraining]:
    """Two methods and rules on each network; on a ring both rules are one."""
    return {
        f"{method} {network} {rule}": cell(preset, method, "decl", topology=network, mixing=rule)
        for method in (MAE, SIMSIAM)
        for network in NETWORKS
        for rule in RULES
    }


def rows(results: Results) -> list[Row]:
    """Accuracies under both rules, and Metropolis minus uniform."""
    return [
        {
            "": f"{method}, {network}",
            **{rule: results.accuracy(f"{method} {network} {rule}") for rule in RULES},
            "Metropolis minus uniform": results.difference(
                f"{method} {network} metropolis", f"{method} {network} uniform"
            ),
        }
        for method in (MAE, SIMSIAM)
        for network in NETWORKS
    ]
