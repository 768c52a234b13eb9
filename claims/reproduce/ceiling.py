"""Not in the paper: what pre-training is worth, beside the encoder at random and all images in one place."""

from dataclasses import replace

import numpy as np

from claims import pretrained
from claims.pretraining import Pretraining, prepare
from claims.reproduce._cells import MAE, SIMSIAM, iid
from claims.reproduce._results import Results, Row, interval, mean_of
from sims import robustness

TITLE = "Pre-trained against the random start, and the ceiling of central training (IID clients)"
SETTINGS = ("fl", "decl", "central", "slower")
SLOWER = (
    0.25  # of the rate: no mean over clients takes the noise out of large steps there, and SimSiam's features shrink
)
PIXELS = "raw pixels"


def cells(preset: str) -> dict[str, Pretraining]:
    """Two methods and encoders, with a server, with neighbours, and in one place, there also at a lower rate."""
    found = {}
    for method in (MAE, SIMSIAM):
        for encoder in ("vit", "resnet"):
            for setting in SETTINGS[:-1]:
                found[f"{method} {encoder} {setting}"] = iid(preset, method, setting, encoder=encoder)
            central = found[f"{method} {encoder} central"]
            found[f"{method} {encoder} slower"] = replace(central, learning_rate=SLOWER * central.learning_rate)
    return found


def measured(results: Results) -> dict[str, list[float]]:
    """The linear probe of raw pixels at each seed, in percent, on the images of all cells."""
    one = next(iter(results.cells.values()))
    probes = [pretrained.pixel_probe(prepare(replace(one, seed=k)), k) for k in range(results.n_seeds)]
    return {PIXELS: [100 * probe.accuracy for probe in probes]}


def rows(results: Results) -> list[Row]:
    """Accuracies, and how far above the random start each is; and that of the pixels themselves, without an encoder."""
    table: list[Row] = [{"": PIXELS, "no encoder": mean_of(np.array(results.measured[PIXELS]))}]
    for method in (MAE, SIMSIAM):
        for encoder in ("vit", "resnet"):
            name = f"{method} {encoder}"
            start = results.scores(f"{name} fl", "random_start")
            row: Row = {"": name, "random start": mean_of(start)}
            for setting in SETTINGS:
                scores = results.scores(f"{name} {setting}")
                row[setting] = mean_of(scores)
                row[f"{setting} above start"] = interval(robustness.paired_difference(scores, start))
            table.append(row)
    return table
