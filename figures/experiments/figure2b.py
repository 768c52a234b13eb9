"""MAR and plain masks as clients' labels grow more different."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style import COLOUR, OTHERS, caption, styled

SERIES = {"mae": (COLOUR["mae"], "^", "MAE"), "mar": (OTHERS[3], "o", "MAR")}
NAMES = {"fl": "server", "decl": "neighbours"}


def build(record: dict[str, Any]) -> Figure:
    """A panel a setting; bars of one standard deviation over seeds."""
    with styled():
        figure, axes = plt.subplots(1, 2, figsize=(7, 3.2), sharey=True)
        for axis, (setting, title) in zip(axes, NAMES.items(), strict=True):
            rows = sorted((r for r in record["rows"] if r["setting"] == setting), key=lambda r: r["alpha"])
            for method, (colour, marker, label) in SERIES.items():
                apart = 1.0 if method == "mae" else 1.12  # so that bars do not hide each other
                axis.errorbar(
                    [r["alpha"] * apart for r in rows],
                    [r[method]["mean"] for r in rows],
                    [r[method]["deviation"] for r in rows],
                    color=colour,
                    marker=marker,
                    mfc="white",
                    capsize=2,
                    label=label,
                )
            axis.set_xscale("log")
            axis.invert_xaxis()
            axis.set_title(title)
            axis.set_xlabel(r"Dirichlet concentration $\alpha$")
        axes[0].set_ylabel("linear probe, %")
        axes[0].legend()
        told = f"{record['title']}; {len(record['seeds'])} seeds, bars of one standard deviation."
        caption(figure, ("fig-connectivity-and-heterogeneity",), told)
    return figure
