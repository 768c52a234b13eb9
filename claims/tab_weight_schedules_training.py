"""Table 8 trained again on Fashion-MNIST: fixed weights of MAR's alignment term against the cosine schedule."""

from claims.core import Claim, Statement
from claims.reproduce.table8 import FIXED, SCHEDULE
from claims.trained_orders import READING, TrainedOrder, accuracy
from theory.formula import Source

EXPERIMENT = "table8"


def schedule_leads(weight: str) -> Statement:
    """The schedule over one fixed weight."""
    return Statement(
        "printed",
        f"The cosine schedule ends above weight {weight}.",
        TrainedOrder(
            EXPERIMENT, accuracy(weight), accuracy(SCHEDULE), f"Linear probe with the schedule minus at {weight}."
        ),
        reading=READING,
    )


CLAIM = Claim(
    id="tab-weight-schedules-training",
    title="Table 8 in training: the weight of the alignment term",
    items=("table-8-shape",),
    source=Source("chen2026", "Table 8, A.4.2"),
    statements=(
        *(schedule_leads(weight) for weight in FIXED),
        Statement(
            "printed",
            "Weight 1 ends below no alignment.",
            TrainedOrder(EXPERIMENT, accuracy("1"), accuracy("none"), "Linear probe without alignment minus at 1."),
            reading=READING,
        ),
        Statement(
            "printed",
            "The schedule ends above no alignment.",
            TrainedOrder(
                EXPERIMENT, accuracy("none"), accuracy(SCHEDULE), "Linear probe with the schedule minus without any."
            ),
            reading=READING,
        ),
    ),
)
