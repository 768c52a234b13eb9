"""Looseness of published bounds of the consensus error, network by network."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from figures.style import OTHERS, caption, styled

BOUNDS = {
    "kong2021": ("v", OTHERS[1], "Kong et al. 2021"),
    "takezawa2026": ("s", OTHERS[3], "Takezawa et al. 2026"),
    "koloskova2020": ("+", OTHERS[2], "Koloskova et al. 2020, order only (constant 1)"),
    "ledger_bound": ("|", "#000000", "bound derived here"),
    "ledger_prediction": ("o", OTHERS[0], "prediction derived here"),
}
PARTS = {"heterogeneity": "unlike clients, exact gradients", "noise": "alike clients, noisy gradients"}


def build(record: dict[str, Any]) -> Figure:
    """Each value over the simulated consensus error, log scale; left: what heterogeneity adds, right: what noise."""
    rows = record["rows"]
    # Gaps that are equal but for rounding keep the order of the record.
    order = sorted((r for r in rows if r["part"] == "heterogeneity"), key=lambda r: -round(r["gap"], 9))
    names = [r["network"] for r in order]
    with styled():
        figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.9), sharey=True)
        for axis, (part, title) in zip(axes, PARTS.items(), strict=True):
            _panel(axis, names, {r["network"]: r for r in rows if r["part"] == part})
            axis.set_title(title)
        axes[0].set_yticks(range(len(names)), names)
        axes[0].invert_yaxis()
        axes[0].set_ylabel("network, largest spectral gap first")
        figure.tight_layout()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.55, 1.0), ncol=3)
        caption(
            figure,
            tuple(record["claims"]),
            "Published bounds of the consensus error, which says how far clients' models stand apart. Each is divided "
            "by the simulated value: 1 is exact, and a bound lies to the right of it. (The grey sign is an order "
            "without its constant.) Left: clients differ, gradients are exact; models at rest; bounds get the largest "
            "dissimilarity and gradients of the run; our prediction is of first order in the step size. Right: "
            "clients are alike, gradients have noise of standard deviation {noise_std} per entry; mean over rounds; "
            "our bound leaves the curvature of the loss out, our prediction does not. {n_clients} clients, linear "
            "models with {feature_dim} features of {dim} numbers, step size {step_size}, one step a round, Metropolis "
            "weights.".format(**record),
        )
    return figure


def _panel(axis: Axes, names: list[str], rows: dict[str, Any]) -> None:
    for bound, (marker, colour, label) in BOUNDS.items():
        axis.plot(
            [rows[n][bound] / rows[n]["simulated"] for n in names],
            range(len(names)),
            marker,
            color=colour,
            mfc="none",
            ms=9 if marker in "|+" else 6,
            mew=1.4,
            ls="none",
            label=label,
        )
    axis.axvline(1, color="black", lw=0.8)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_xlabel("bound or prediction / simulated consensus error")
