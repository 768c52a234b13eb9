"""Not in the paper: views drawn once a sample against views drawn at each step, and views that differ by noise alone.

In the linear theory masks lose less than contrast only where contrast sees one draw of its noise a sample, or noise
above sigma*; with many draws, or little noise, contrast loses less (`thm-critical-noise`, Theorem 4.4).
sigma* is for one draw a sample of each, so masks are drawn once an image, too, against noise below it and above.
"""

from experiments.paper._cells import MAE, SIMSIAM, cell, iid
from experiments.paper._results import Results, Row, interval
from experiments.pretraining.settings import Pretraining
from sims.evaluation import robustness

TITLE = "Views fixed or drawn anew, and noise alone: what label-skewed clients cost"
# Pixels lie in [0, 1].
VIEWS = {
    "anew": (),
    "fixed": (("views", "fixed"),),
    "noise 0.05": (("noise_std", "0.05"), ("strength", "0")),
    "noise 0.5": (("noise_std", "0.5"), ("strength", "0")),
    "noise 0.5, fixed": (("noise_std", "0.5"), ("strength", "0"), ("views", "fixed")),
}
BELOW, ABOVE = 0.2, 1.0  # sigma* of these images is between
ONE_MASK = "mae, one mask"
FIXED_NOISE = {
    f"noise {std:g}, fixed": (("noise_std", f"{std:g}"), ("strength", "0"), ("views", "fixed"))
    for std in (BELOW, ABOVE)
}
MASKS = {MAE: (), ONE_MASK: (("masks", "fixed"),)}


def cells(preset: str) -> dict[str, Pretraining]:
    """SimSiam under each kind of views, and MAE under each of masks, with IID and with label-skewed clients."""
    found = {}
    for name, make in (("iid", iid), ("label", cell)):
        for words, options in MASKS.items():
            found[f"{words} {name}"] = make(preset, MAE, options=options)
        for words, options in (VIEWS | FIXED_NOISE).items():
            found[f"{words} {name}"] = make(preset, SIMSIAM, options=options)
    return found


def rows(results: Results) -> list[Row]:
    """Accuracies and drops, and MAE's drop minus that of each; below zero where masks are the more robust.

    SimSiam on noise on one side of sigma* or the other stands against masks drawn once an image.
    """
    drops = {words: results.paired(f"{words} iid", f"{words} label") for words in MASKS}
    table = []
    for words in (*MASKS, *VIEWS, *FIXED_NOISE):
        own = results.paired(f"{words} iid", f"{words} label")
        row: Row = {
            "": words if words in MASKS else f"{SIMSIAM}, {words}",
            "random start": results.accuracy(f"{words} iid", "random_start"),
            "IID": results.accuracy(f"{words} iid"),
            "label": results.accuracy(f"{words} label"),
            "label drop": interval(own),
        }
        if words not in MASKS:
            mae = drops[ONE_MASK if words in FIXED_NOISE else MAE]
            row["MAE's drop minus it"] = interval(robustness.compare_drops(mae, own))
        table.append(row)
    return table
