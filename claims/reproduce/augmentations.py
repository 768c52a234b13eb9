"""Not in the paper: views drawn once a sample against anew in each step, and views that differ by noise alone.

In the linear theory masks lose less than contrast only where contrast sees one draw of its noise a sample, or noise
above sigma*; with many draws, or little noise, contrast loses less (`thm-critical-noise`, Theorem 4.4 under R1 and R3).
"""

from claims.pretraining import Pretraining
from claims.reproduce._cells import MAE, SIMSIAM, cell, iid
from claims.reproduce._results import Results, Row, interval
from sims import robustness

TITLE = "Views fixed or drawn anew, and noise alone: what label-skewed clients cost"
# Pixels lie in [0, 1].
VIEWS = {
    "anew": (),
    "fixed": (("views", "fixed"),),
    "noise 0.05": (("noise_std", "0.05"), ("strength", "0")),
    "noise 0.5": (("noise_std", "0.5"), ("strength", "0")),
    "noise 0.5, fixed": (("noise_std", "0.5"), ("strength", "0"), ("views", "fixed")),
}


def cells(preset: str) -> dict[str, Pretraining]:
    """SimSiam under each kind of views, and MAE, with IID and with label-skewed clients."""
    found = {}
    for name, make in (("iid", iid), ("label", cell)):
        found[f"{MAE} {name}"] = make(preset, MAE)
        for words, options in VIEWS.items():
            found[f"{words} {name}"] = make(preset, SIMSIAM, options=options)
    return found


def rows(results: Results) -> list[Row]:
    """Accuracies and drops, and MAE's drop minus that of each; below zero where masks are the more robust."""
    mae = results.paired(f"{MAE} iid", f"{MAE} label")
    table = []
    for words in (MAE, *VIEWS):
        own = results.paired(f"{words} iid", f"{words} label")
        row: Row = {
            "": words if words == MAE else f"{SIMSIAM}, {words}",
            "random start": results.accuracy(f"{words} iid", "random_start"),
            "IID": results.accuracy(f"{words} iid"),
            "label": results.accuracy(f"{words} label"),
            "label drop": interval(own),
        }
        if words != MAE:
            row["MAE's drop minus it"] = interval(robustness.compare_drops(mae, own))
        table.append(row)
    return table
