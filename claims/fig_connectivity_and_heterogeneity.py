"""Figure 2 trained again on Fashion-MNIST: accuracy against connectivity, and MAR as clients grow more different."""

from claims.core import Claim, Statement
from claims.reproduce.figure2b import ALPHAS
from claims.trained_orders import READING, TrainedOrder, accuracy, drop
from theory.formula import Source

NETWORKS = {"varied": "random networks", "uniform": "networks where all clients have as many neighbours"}
SETTINGS = {"fl": "with a server", "decl": "with neighbours"}
LEAST, MOST = 3, 20


def rises(kind: str) -> Statement:
    """The ends of the curves of Figure 2a."""
    return Statement(
        "printed",
        f"Accuracy is higher at connectivity {MOST}, where all average with all, than at {LEAST}: {NETWORKS[kind]}.",
        TrainedOrder(
            "figure2a",
            accuracy(f"{kind} {LEAST}"),
            accuracy(f"{kind} {MOST}"),
            f"Linear probe at connectivity {MOST} minus at {LEAST}.",
        ),
        reading=READING,
    )


def server_leads(kind: str, k: int) -> Statement:
    """The line of federated learning over a point of the curves."""
    return Statement(
        "printed",
        f"A server with all clients ends above {NETWORKS[kind]} of connectivity {k}.",
        TrainedOrder(
            "figure2a", accuracy(f"{kind} {k}"), accuracy("server"), "Linear probe with a server minus without."
        ),
        reading=READING,
    )


def mar_leads(setting: str, alpha: float) -> Statement:
    """A point of the curves of Figure 2b."""
    cells = f"{setting} {alpha:g}"
    return Statement(
        "printed",
        f"MAR ends above MAE, {SETTINGS[setting]}, Dirichlet concentration {alpha:g}.",
        TrainedOrder(
            "figure2b", accuracy(f"mae {cells}"), accuracy(f"mar {cells}"), "Linear probe under MAR minus under MAE."
        ),
        reading=READING,
    )


def mar_loses_less(setting: str) -> Statement:
    """What Section 5 promises: robustness, that is the fall along a curve of Figure 2b."""
    most, least = f"{setting} {ALPHAS[0]:g}", f"{setting} {ALPHAS[-1]:g}"
    return Statement(
        "printed",
        f"From concentration {ALPHAS[0]:g} to {ALPHAS[-1]:g} MAR loses less accuracy than MAE, {SETTINGS[setting]}.",
        TrainedOrder(
            "figure2b",
            drop(f"mar {most}", f"mar {least}"),
            drop(f"mae {most}", f"mae {least}"),
            "MAE's fall minus MAR's.",
        ),
        reading=READING,
    )


CLAIM = Claim(
    id="fig-connectivity-and-heterogeneity",
    title="Figure 2 in training: connectivity, and MAR against MAE",
    items=("figure-2", "section-5-training-neural"),
    source=Source("chen2026", "Figure 2, Sections 5 and 6.2"),
    statements=(
        *(rises(kind) for kind in NETWORKS),
        *(server_leads(kind, k) for kind in NETWORKS for k in (3, 5, 10)),
        *(mar_leads(setting, alpha) for setting in SETTINGS for alpha in ALPHAS),
        *(mar_loses_less(setting) for setting in SETTINGS),
    ),
)
