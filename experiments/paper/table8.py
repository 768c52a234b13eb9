"""Table 8: accuracy under different weights of MAR's alignment term."""

from experiments.paper._cells import MAE, MAR, cell
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Table 8: weights of MAR's alignment term, against plain masks"
FIXED = ("1", "0.1", "0.01", "0.001")
SCHEDULE = "0.1 to 0.001, cosine"


def cells(preset: str) -> dict[str, Pretraining]:
    """Four fixed weights, the schedule, and none."""
    found = {weight: cell(preset, MAR, options=(("weight_max", weight), ("weight_min", weight))) for weight in FIXED}
    # Options in the same order as fixed ones in Table 7 would change nothing: equal settings are one training.
    return {"none": cell(preset, MAE), **found, SCHEDULE: cell(preset, MAR)}


def rows(results: Results) -> list[Row]:
    """Each weight, what it gains over none, and what the schedule gains over it."""
    table = []
    for name in results.cells:
        row: Row = {"weight": name, "accuracy": results.accuracy(name)}
        if name != "none":
            row["gain over none"] = results.difference(name, "none")
        if name != SCHEDULE:
            row["schedule minus it"] = results.difference(SCHEDULE, name)
        table.append(row)
    return table
