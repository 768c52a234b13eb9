"""Clients that drift apart under the MAR term: what it changes, and what it leaves."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from figures.style import OTHERS, caption, styled

PARTS = {"tilt": (OTHERS[1], "o", "tilt of clients' subspaces"), "in_row": (OTHERS[3], "s", "turn inside the subspace")}
READINGS = {
    "pooled": ("black", "o", "pooled embeddings"),
    "averaged": (OTHERS[0], "^", "slot-by-slot averages (printed)"),
}


def build(record: dict[str, Any]) -> Figure:
    """Against MAR's weight, relative to no MAR: the two parts of the consensus error, drift, and squared weights."""
    rows = record["rows"]
    levels = sorted({r["level"] for r in rows}, reverse=True)
    with styled():
        figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.9))
        for level, line in zip(levels, ("-", "--"), strict=False):
            pooled = [r for r in rows if (r["reading"], r["level"]) == ("pooled", level)]
            for part, (colour, marker, label) in PARTS.items():
                _series(axes[0], pooled, part, colour, marker, line, f"{label}, h = {level}")
        for reading, (colour, marker, label) in READINGS.items():
            shown = [r for r in rows if (r["reading"], r["level"]) == (reading, levels[0])]
            _series(axes[1], shown, "drift", colour, marker, "-", label)
            _series(axes[2], shown, "size", colour, marker, "-", label)
        axes[0].set_title("how far clients stand apart (pooled)")
        axes[1].set_title(f"drift of the averaged model (h = {levels[0]})")
        axes[2].set_title(f"size of the averaged model (h = {levels[0]})")
        axes[0].set_ylabel(r"squared deviation / without MAR")
        axes[1].set_ylabel(r"$\|P - P^*\|_F$ / without MAR")
        axes[2].set_ylabel(r"$\|W\|_F^2$ / without MAR")
        axes[1].set_yscale("log")
        axes[1].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes[1].set_yticks([1, 2, 5, 10])
        axes[1].yaxis.set_minor_formatter(NullFormatter())
        for axis in axes:
            axis.set_xscale("log")
            axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.axhline(1, color=OTHERS[2], lw=0.8)
            axis.axvline(record["largest_weight_tried"], color=OTHERS[2], ls=":", lw=1.2)
            axis.set_xlabel(r"weight $\gamma$ of the alignment term")
            axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=7.5)
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "What the alignment term of the loss MAR does to linear models on a ring of {n_clients} clients, as its "
            "weight grows; 1 is training without it. Left: how far the clients stand apart, by tilt (of their "
            "subspaces) and by turn (of the features inside the subspace). Middle: distance of the averaged model's "
            "subspace from the best shared one. Right: size of the averaged model. h says how unlike the clients are. "
            "Pooled: a client gets the embeddings of others as a set; printed: it gets their average. Dotted: the "
            "largest weight of Table 8, {largest_weight_tried:g}. To first order in the clients' differences the term "
            "leaves every tilt as it is. Uniform averaging, one step of size {step_size} a round, {feature_dim} "
            "features of {dim} numbers, Gaussian embeddings in closed form, at rest.".format(**record),
        )
    return figure


def _series(
    axis: Axes, rows: list[dict[str, Any]], quantity: str, colour: str, marker: str, line: str, label: str
) -> None:
    without = next(r[quantity] for r in rows if r["weight"] == 0)
    pulled = sorted((r["weight"], r[quantity] / without) for r in rows if r["weight"] > 0)
    axis.plot(*zip(*pulled, strict=True), line, marker=marker, mfc="white", ms=4, color=colour, label=label)
