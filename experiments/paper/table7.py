"""Table 7: accuracy under different distances between embeddings in MAR, at fixed weights."""

from experiments.paper._cells import MAE, MAR, cell
from experiments.paper._results import Results, Row
from experiments.pretraining.settings import Pretraining

TITLE = "Table 7: alignment metrics of MAR at fixed weights, against plain masks"
METRICS = {
    "cosine": (("alignment", "cosine"),),
    "MMD, sigma 1": (("alignment", "mmd_fixed"),),
    "A-MMD, median": (("alignment", "a_mmd"), ("bandwidth", "median")),
    "A-MMD, mean": (("alignment", "a_mmd"), ("bandwidth", "mean")),
}
WEIGHTS = ("0.1", "0.01")


def cells(preset: str) -> dict[str, Pretraining]:
    """Four metrics at two weights; weight 0 is MAE, whatever the metric."""
    found = {"0": cell(preset, MAE)}
    for words, options in METRICS.items():
        for weight in WEIGHTS:
            fixed = (("weight_max", weight), ("weight_min", weight))
            found[f"{words} {weight}"] = cell(preset, MAR, options=options + fixed)
    return found


def rows(results: Results) -> list[Row]:
    """Each metric at each weight, and what it gains over plain masks."""
    table: list[Row] = [{"": "no alignment", "weight 0": results.accuracy("0")}]
    for words in METRICS:
        row: Row = {"": words}
        for weight in WEIGHTS:
            row[f"weight {weight}"] = results.accuracy(f"{words} {weight}")
            row[f"gain at {weight}"] = results.difference(f"{words} {weight}", "0")
        table.append(row)
    return table
