"""Figure 2 trained again on Fashion-MNIST: accuracy against connectivity, and MAR as clients grow more different."""

from claims.core import Claim, Statement
from claims.reproduce.figure2b import ALPHAS
from claims.trained_orders import WHERE, drop, ends_above, ordered
from theory.formula import Source

NETWORKS = {"varied": "random networks", "uniform": "networks where all clients have as many neighbours"}
SETTINGS = ("fl", "decl")
LEAST, MOST = 3, 20


def rises(kind: str) -> Statement:
    """The ends of the curves of Figure 2a."""
    text = f"Accuracy is higher at connectivity {MOST}, where all average with all, than at {LEAST}: {NETWORKS[kind]}."
    because = f"Linear probe at connectivity {MOST} minus at {LEAST}."
    return ends_above("figure2a", f"{kind} {LEAST}", f"{kind} {MOST}", text, because)


def server_leads(kind: str, k: int) -> Statement:
    """The line of federated learning over a point of the curves."""
    text = f"A server with all clients ends above {NETWORKS[kind]} of connectivity {k}."
    return ends_above("figure2a", f"{kind} {k}", "server", text, "Linear probe with a server minus without.")


def mar_leads(setting: str, alpha: float) -> Statement:
    """A point of the curves of Figure 2b."""
    cells = f"{setting} {alpha:g}"
    text = f"MAR ends above MAE, {WHERE[setting]}, Dirichlet concentration {alpha:g}."
    return ends_above("figure2b", f"mae {cells}", f"mar {cells}", text, "Linear probe under MAR minus under MAE.")


def mar_loses_less(setting: str) -> Statement:
    """What Section 5 promises: robustness, that is the fall along a curve of Figure 2b."""
    most, least = f"{setting} {ALPHAS[0]:g}", f"{setting} {ALPHAS[-1]:g}"
    text = f"From concentration {ALPHAS[0]:g} to {ALPHAS[-1]:g} MAR loses less accuracy than MAE, {WHERE[setting]}."
    falls = (drop(f"{method} {most}", f"{method} {least}") for method in ("mar", "mae"))
    return ordered("figure2b", *falls, text, "MAE's fall minus MAR's.")


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
