"""Table 5: distances between two encoders, each trained on one client's images, and from each to the global one.

Beside the printed distances stands what they are measured against: how far each encoder went from the start that all
share. An encoder that hardly moves is near every other. A client alone has nobody to align with, so that MAR's clients
by themselves are those of plain masks; what made the printed ones differ is not told.
"""

import numpy as np

from experiments.paper._cells import MAE, MAR, SIMSIAM, cell
from experiments.paper._results import Results, Row, mean_of
from experiments.pretraining.settings import Pretraining, settings
from sims.evaluation.feature_geometry import weight_distance

TITLE = "Table 5: weight distances of encoders, added up over the arrays of the model"
METHODS = (SIMSIAM, MAE, MAR)
ALONE = {SIMSIAM: SIMSIAM, MAE: MAE, MAR: MAE}
"""What each method comes to without others."""
PAIRS = (("first", "last"), ("first", "global"), ("last", "global"))
# Source: chen2026, Table 5.
PRINTED = {SIMSIAM: (45.37, 40.34, 38.39), MAE: (36.10, 31.57, 31.77), MAR: (35.75, 31.38, 31.25)}


def cells(preset: str) -> dict[str, Pretraining]:
    """Each method with a server, and its first and last client by themselves (there 1 and 100)."""
    last = settings(preset, "fl").clients - 1
    found = {label_of(method, "global"): cell(preset, method) for method in METHODS}
    for method in dict.fromkeys(ALONE.values()):
        found[label_of(method, "first")] = cell(preset, method, "local", client=0)
        found[label_of(method, "last")] = cell(preset, method, "local", client=last)
    return found


def label_of(method: str, model: str) -> str:
    """The cell that a method's first, last or global model is trained in."""
    return f"{method if model == 'global' else ALONE[method]} {model}"


def measured(results: Results) -> dict[str, list[float]]:
    """Distances of pairs, and each pair's as a share of what both went from their start: at most 1."""
    found: dict[str, list[float]] = {}
    for method in METHODS:
        for one, other in PAIRS:
            for k in range(results.n_seeds):
                a, b = (results.global_encoder(label_of(method, model), k) for model in (one, other))
                begun = results.start_encoder(label_of(method, one), k)
                apart = weight_distance(a, b, "array")
                gone = weight_distance(a, begun, "array") + weight_distance(b, begun, "array")
                found.setdefault(name(method, one, other), []).append(apart)
                found.setdefault(share_of(method, one, other), []).append(apart / gone)
    return found


def name(method: str, one: str, other: str) -> str:
    """What a distance is measured as."""
    return f"{method}, {one} to {other}"


def share_of(method: str, one: str, other: str) -> str:
    """What a distance's share of both ways is measured as."""
    return f"{name(method, one, other)}, share"


def rows(results: Results) -> list[Row]:
    """Distances of the three pairs. A client alone takes as many rounds as all; how long it trained is not printed."""
    table = []
    for method in METHODS:
        row: Row = {"": method}
        for (one, other), printed in zip(PAIRS, PRINTED[method], strict=True):
            row[f"{one} to {other}"] = mean_of(np.array(results.measured[name(method, one, other)]))
            row[f"printed {one} to {other}"] = printed
            row[f"share of both ways, {one} to {other}"] = mean_of(
                np.array(results.measured[share_of(method, one, other)])
            )
        table.append(row)
    return table
