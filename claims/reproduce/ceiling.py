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
# Of the rate: in one place no mean over clients takes the noise out of large steps, and SimSiam's features shrink.
SLOWER = 0.25
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


def all_four(setting: str) -> list[str]:
    """The cells of both methods and encoders."""
    return [f"{method} {encoder} {setting}" for method in (MAE, SIMSIAM) for encoder in ("vit", "resnet")]


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


def in_words(results: Results) -> str:
    """How far above the random start training ends, shared out and in one place, in a sentence."""
    gains = {
        setting: [
            robustness.paired_difference(results.scores(cell), results.scores(cell, "random_start"))
            for cell in all_four(setting)
        ]
        for setting in SETTINGS
    }
    shared = gains["fl"] + gains["decl"]
    better = [max(pair, key=lambda gain: gain.mean) for pair in zip(gains["central"], gains["slower"], strict=True)]
    lowest = min(gain.low for gain in shared)
    return (
        f"Pre-training at `laptop` lifts a linear probe above that of the same encoder at random by {_range(shared)} "
        f"points with a server or with neighbours (MAE and SimSiam, ViT and ResNet, {results.n_seeds} seeds; the "
        f"lowest end of the {len(shared)} intervals of 95% is {lowest:.1f}), and by {_range(better)} with all images "
        "in one place, at the better of two rates."
    )


def _range(gains: list[robustness.PairedDifference]) -> str:
    means = [gain.mean for gain in gains]
    return f"{min(means):.1f} to {max(means):.1f}"
