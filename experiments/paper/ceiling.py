"""Not in the paper: the gain of pre-training over a random encoder, and training with all images in one place."""

from dataclasses import replace

import numpy as np

from experiments.paper._cells import MAE, SIMSIAM, iid
from experiments.paper._results import Results, Row, interval, mean_of
from experiments.pretraining import evaluated
from experiments.pretraining.settings import Pretraining, prepare
from sims.evaluation import robustness

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
    probes = [evaluated.pixel_probe(prepare(replace(one, seed=k)), k) for k in range(results.n_seeds)]
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
        "How good are these encoders? We compare each trained encoder with the same encoder before any training. "
        "Training with a server or with neighbours raises the "
        f"accuracy by {_range(shared)} percentage points, depending on the case. There are "
        f"{len(shared)} cases: two methods (MAE, a form of MIM, and SimSiam, a form of CL), two kinds of neural "
        "network (ViT, a vision transformer, and ResNet), and a server or neighbours. We used a small size of "
        "experiment, the preset `laptop`, and "
        f"repeated each case {results.n_seeds} times. Each case has a 95% interval for its gain, and none of these "
        f"intervals reaches below {lowest:.1f} points. Training with all images in one place raises the accuracy by "
        f"{_range(better)} points. There we tried two step sizes for each method and kind of network, and report the "
        f"better one.{_pixels(results)}"
    )


def _pixels(results: Results) -> str:
    """How the best encoder compares with no encoder at all; "" where that was not measured."""
    if PIXELS not in results.measured:
        return ""
    best = max(float(results.scores(cell).mean()) for setting in SETTINGS for cell in all_four(setting))
    plain = float(np.mean(results.measured[PIXELS]))
    where = "below" if best < plain else "above"
    return (
        f" The best of these encoders reaches {best:.1f}%, which is {where} a linear classifier on the raw pixels "
        f"({plain:.1f}%). These encoders are too weak to show what accuracy is possible. They only serve to compare "
        "ways of training."
    )


def _range(gains: list[robustness.PairedDifference]) -> str:
    means = [gain.mean for gain in gains]
    return f"{min(means):.1f} to {max(means):.1f}"
