"""Figure 2 trained again on Fashion-MNIST: accuracy against connectivity, and MAR as clients grow more different."""

from experiments.paper.figure2b import ALPHAS
from ledger.checks.trained_order import SKEW_DOES_NOT_GROW, WHERE, drop, ends_above, ordered
from ledger.statement import Claim, Statement
from theory.formula import Source

NETWORKS = {"varied": "random networks", "uniform": "networks of equally connected clients"}
SETTINGS = ("fl", "decl")
LEAST, MOST = 3, 20
UNMIXED = 0.1  # the least concentration whose clients are as different as it says
# Comparisons of Tables 6 and 8 that are made of the same trainings as these. Each is counted once, here.
IN_OTHER_TABLES_TOO: dict[str, tuple[str, ...]] = {
    **{
        f"fig2.server-above-varied-{k}": (f"tab6-images.fl-over-uniform-k{k}", f"tab6-images.fl-over-data-size-k{k}")
        for k in (5, 10)
    },
    "fig2.mar-above-mae-fl-0-1": ("tab8-trained.schedule-over-none",),
}


def rises(kind: str) -> Statement:
    """The ends of the curves of Figure 2a."""
    text = (
        f"On {NETWORKS[kind]} accuracy is higher at connectivity {MOST}, where all average with all, than at {LEAST}."
    )
    because = f"Linear probe at connectivity {MOST} minus at {LEAST}."
    return ends_above(f"fig2.rises-{kind}", "figure2a", f"{kind} {LEAST}", f"{kind} {MOST}", text, because)


def server_leads(kind: str, k: int) -> Statement:
    """The line of federated learning over a point of the curves."""
    text = (
        f"Training with a server and all clients ends at a higher accuracy than on {NETWORKS[kind]} "
        f"at connectivity {k}."
    )
    because, key = "Linear probe with a server minus without.", f"fig2.server-above-{kind}-{k}"
    return ends_above(
        key, "figure2a", f"{kind} {k}", "server", text, because, replaces=IN_OTHER_TABLES_TOO.get(key, ())
    )


def mar_leads(setting: str, alpha: float) -> Statement:
    """A point of the curves of Figure 2b."""
    cells = f"{setting} {alpha:g}"
    text = f"MAR ends at a higher accuracy than MAE, {WHERE[setting]}, Dirichlet concentration {alpha:g}."
    key = f"fig2.mar-above-mae-{setting}-{alpha:g}".replace("0.", "0-")
    because, doubt = "Linear probe under MAR minus under MAE.", SKEW_DOES_NOT_GROW if alpha < UNMIXED else ""
    replaces = IN_OTHER_TABLES_TOO.get(key, ())
    return ends_above(key, "figure2b", f"mae {cells}", f"mar {cells}", text, because, replaces=replaces, doubt=doubt)


def mar_loses_less(setting: str) -> Statement:
    """What Section 5 promises: robustness, that is the fall along a curve of Figure 2b."""
    most, least = f"{setting} {ALPHAS[0]:g}", f"{setting} {ALPHAS[-1]:g}"
    text = f"From concentration {ALPHAS[0]:g} to {ALPHAS[-1]:g} MAR loses less accuracy than MAE, {WHERE[setting]}."
    mar, mae = (drop(f"{method} {most}", f"{method} {least}") for method in ("mar", "mae"))
    key, because = f"fig2.mar-loses-less-{setting}", "MAE's fall minus MAR's."
    return ordered(key, "figure2b", mar, mae, text, because, doubt=SKEW_DOES_NOT_GROW)


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
