"""Heterogeneity against Dirichlet concentration: a tenth in the released code of what the literature's draw gives."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import COLOUR, NAME, OTHERS, caption, styled

CONVENTIONS = {"hsu": ("per client (Hsu et al.)", "-", "o"), "released": ("per class, balanced (released)", "--", "s")}
# In grey, too, filled markers tell MIM from CL.
FILLED = COLOUR["mim"]
SHADES = OTHERS[1::-1]  # by size of the federation


def build(record: dict[str, Any]) -> Figure:
    """Left: heterogeneity by size of the federation. Right: zeta^2 of CL and MIM at the optimum. Against alpha."""
    rows = record["rows"]
    sizes = sorted({(r["n_clients"], r["n_classes"]) for r in rows})
    with styled():
        figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2))
        for row in rows:
            size = (row["n_clients"], row["n_classes"])
            place, words = sizes.index(size), CONVENTIONS[row["convention"]][0]
            # Drawn once: per client, the closed form knows neither the number of clients nor that of classes.
            if row["convention"] == "hsu" and place == 0:
                _series(axes[0], record, "hsu", row["heterogeneity"], "black", f"{words}, any N")
            if row["convention"] == "released":
                label = f"{words}, N = {size[0]}, {size[1]} classes"
                _series(axes[0], record, "released", row["heterogeneity"], SHADES[place], label)
            if place == 0:
                for name, series in row["zeta_squared"].items():
                    _series(axes[1], record, row["convention"], series, COLOUR[name], f"{NAME[name]}: {words}")
        axes[0].set_ylabel("heterogeneity (0: IID, 1: one class a client)")
        axes[1].set_ylabel(r"gradient dissimilarity $\zeta^2$ at the optimum")
        axes[1].set_title(f"N = {sizes[0][0]}, {sizes[0][1]} classes")
        axes[0].set_title("class shares")
        for axis in axes:
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_xlabel(r"Dirichlet concentration $\alpha$")
            axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=7.5)
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "How unlike clients are whose shares of the classes are drawn from a Dirichlet law of concentration alpha. "
            "Left: heterogeneity of the shares, 0 if all clients have the same mix and 1 if each has a single class. "
            "Right: how much the clients' gradients differ. Solid: the draw of the literature, client by client. "
            "Dashed: the draw of the released code, class by class. Lines: closed forms, ended where they are off by "
            "more than 1%. Points: means over {clients_drawn} drawn clients, bars of 2 standard errors. Linear models "
            "with {feature_dim} features of {dim} numbers, mask ratio {mask_ratio}, complementary masks.".format(
                **record
            ),
        )
    return figure


def _series(
    axis: Axes, record: dict[str, Any], convention: str, series: dict[str, Any], colour: str, label: str
) -> None:
    _, line, marker = CONVENTIONS[convention]
    inside = colour if colour == FILLED else "white"
    closed = np.array([np.nan if value is None else value for value in series["closed_form"]])
    axis.plot(record["concentration"], closed, line, color=colour)
    sampled = series["sampled"]
    axis.errorbar(
        sampled["concentration"],
        sampled["mean"],
        yerr=2 * np.asarray(sampled["standard_error"]),
        fmt=marker,
        ms=4,
        mfc=inside,
        color=colour,
    )
    axis.plot([], [], line, marker=marker, mfc=inside, ms=4, color=colour, label=label)
