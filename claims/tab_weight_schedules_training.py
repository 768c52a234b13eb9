"""Table 8 trained again on Fashion-MNIST: fixed weights of MAR's alignment term against the cosine schedule."""

from claims.core import Claim, Statement
from claims.reproduce.table8 import FIXED, SCHEDULE
from claims.trained_orders import ends_above
from theory.formula import Source

EXPERIMENT = "table8"


def schedule_leads(weight: str) -> Statement:
    """The schedule over one fixed weight."""
    text = f"The cosine schedule ends above weight {weight}."
    return ends_above(EXPERIMENT, weight, SCHEDULE, text, f"Linear probe with the schedule minus at {weight}.")


CLAIM = Claim(
    id="tab-weight-schedules-training",
    title="Table 8 in training: the weight of the alignment term",
    items=("table-8-shape",),
    source=Source("chen2026", "Table 8, A.4.2"),
    statements=(
        *(schedule_leads(weight) for weight in FIXED),
        ends_above(
            *(EXPERIMENT, "1", "none"),
            "Weight 1 ends below no alignment.",
            "Linear probe without alignment minus at 1.",
        ),
        ends_above(
            *(EXPERIMENT, "none", SCHEDULE),
            "The schedule ends above no alignment.",
            "Linear probe with the schedule minus without any.",
        ),
    ),
)
