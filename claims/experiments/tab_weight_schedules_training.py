"""Table 8 trained again on Fashion-MNIST: fixed weights of MAR's alignment term against the cosine schedule."""

from experiments.paper.table8 import FIXED, SCHEDULE
from ledger.checks.trained_order import ends_above
from ledger.statement import Claim, Statement
from theory.formula import Source

EXPERIMENT = "table8"
KEY_WORDS: dict[str, str] = dict(zip(FIXED, ("1", "1e-1", "1e-2", "1e-3"), strict=True))


def schedule_leads(weight: str) -> Statement:
    """The schedule over one fixed weight."""
    text = f"The cosine schedule of the alignment weight ends at a higher accuracy than the fixed weight {weight}."
    because = f"Linear probe with the schedule minus at {weight}."
    key = f"tab8-trained.schedule-over-{KEY_WORDS[weight]}"
    return ends_above(key, EXPERIMENT, weight, SCHEDULE, text, because)


CLAIM = Claim(
    id="tab-weight-schedules-training",
    title="Table 8 in training: the weight of the alignment term",
    items=("table-8-shape",),
    source=Source("chen2026", "Table 8, A.4.2"),
    statements=(
        *(schedule_leads(weight) for weight in FIXED),
        ends_above(
            *("tab8-trained.none-over-1", EXPERIMENT, "1", "none"),
            "The fixed alignment weight 1 degrades performance; read as: it ends at a lower accuracy than no "
            "alignment.",
            "Linear probe without alignment minus at 1.",
        ),
    ),
)
