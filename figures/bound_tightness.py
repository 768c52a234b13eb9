"""Tightness of each proved bound against the simulated deficit."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import NAME, caption, styled

MARKS = {"upper": ("v", "-"), "lower": ("^", "--"), "davis_kahan": ("x", ":")}
LABELS = {"upper": "proved, from above", "lower": "proved, from below", "davis_kahan": "idealised Davis-Kahan"}


def build(record: dict[str, Any]) -> Figure:
    """Bound over the Monte Carlo mean (above 1: upper, below 1: lower), against samples per dimension."""
    with styled():
        figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharey=True)
        for axis, objective in zip(axes, ("cl", "mim"), strict=True):
            rows = [r for r in record["rows"] if r["objective"] == objective]
            _panel(axis, rows)
            axis.set_title(NAME[objective])
            axis.set_xlabel("samples per client / dimension")
        axes[0].set_ylabel("bound / Monte Carlo mean of the deficit")
        figure.tight_layout()
        handles, labels = axes[1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="center left", bbox_to_anchor=(1.0, 0.55), fontsize=7)
        caption(
            figure,
            tuple(record["claims"]),
            "Proved bounds of the deficit, the part of a signal axis that a model loses. Each is divided by the mean "
            "deficit of simulations: 1 is exact. Triangles: proved here, from above and from below. Crosses: what the "
            "general theorem of Davis and Kahan would give if the gap between eigenvalues were known, and with no "
            "allowance for several events at once. A colour stands for a number d of pixels. To the right, clients "
            f"have more images. 4 clients with a server; each bound holds with probability {1 - record['delta']:.2f}. "
            "Where a marker is missing, the bound says nothing. Simulated data sets in which the first axis crosses a "
            f"bound: {sum(r['violations'] for r in record['rows'])} of {sum(r['trials'] for r in record['rows'])}.",
        )
    return figure


def _panel(axis: Axes, rows: list[dict[str, Any]]) -> None:
    dims = sorted({r["dim"] for r in rows})
    colours = plt.get_cmap("viridis")
    for place, dim in enumerate(dims):
        for side, (marker, line) in MARKS.items():
            known = [r for r in rows if r["dim"] == dim and r[side] is not None]
            axis.plot(
                [r["samples_per_client"] / r["dim"] for r in known],
                [r[side] / r["mean"] for r in known],
                marker=marker,
                ls=line,
                ms=5,
                color=colours(0.85 * place / max(1, len(dims) - 1)),
                label=f"d = {dim}: {LABELS[side]}",
            )
    axis.axhline(1, color="black", lw=0.8)
    axis.set_xscale("log")
    axis.set_yscale("log")
