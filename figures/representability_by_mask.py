"""The representability vector, coordinate by coordinate, under each reading of the mask."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style import COLOUR, caption, styled

NOTHING = 1e-9  # a bar below is none: a 0 stands in its place
TITLES = {
    "cl": "CL, similar views",
    "mim independent": "MIM, independent masks",
    "mim complementary": "MIM, complementary masks\n(Section 3.2, literally)",
    "mim fixed_count": "MIM, fixed mask count",
    "mim printed": "MIM, Eq (17) as printed",
}


def build(record: dict[str, Any]) -> Figure:
    """One panel a reading; bars are the population, points Monte Carlo means with 2 standard errors."""
    readings = [r for r in TITLES if any(row["reading"] == r for row in record["rows"])]
    with styled():
        figure, axes = plt.subplots(2, len(readings), figsize=(2.3 * len(readings), 4.4), sharex=True, sharey=True)
        for column, reading in enumerate(readings):
            for line, scope in enumerate(("fl", "local")):
                axis = axes[line, column]
                row = next(r for r in record["rows"] if r["reading"] == reading and r["scope"] == scope)
                k = np.arange(1, len(row["population"]) + 1)
                axis.bar(k, row["population"], color=COLOUR[reading.split()[0]], alpha=0.3, label="population")
                axis.errorbar(
                    k,
                    row["mean"],
                    yerr=2 * np.asarray(row["standard_error"]),
                    fmt="k.",
                    capsize=2,
                    label="mean of simulations,\n2 standard errors",
                )
                for missing in (place for place, value in zip(k, row["population"], strict=True) if value < NOTHING):
                    axis.text(missing, 0.02, "0", ha="center", fontsize=8)
                axis.set_ylim(0, 1.08)
                if line == 0:
                    axis.set_title(TITLES[reading])
                if column == 0:
                    axis.set_ylabel({"fl": "average over clients\n", "local": "client 1\n"}[scope] + r"$r_k$")
                if line == 1:
                    axis.set_xlabel("signal coordinate k")
                    axis.set_xticks(k)
        # Complementary masks leave their panel nearly empty: room for the legend.
        axes[0, 2].legend(loc="upper center")
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "How much of each signal axis a linear model keeps: its representability r_k, 1 if the axis is kept and 0 "
            "if it is lost. Columns: contrastive learning (CL), and masked image modelling (MIM) with four ways to "
            f"draw the masks. Upper row: the average over {record['n_clients']} clients. Lower row: client 1 by "
            f"itself. Bars: unlimited images, orange for CL and blue for MIM. Dots: mean of {record['trials']} "
            f"simulations with {record['samples_per_client']} images of {record['dim']} pixels a client, "
            f"{record['feature_dim']} features. With complementary masks one direction is left, so that r_k is 1/N on "
            "each of the N axes. A client by itself has 1/(N-1) on the axes of others and 0 on its own (no bar), of "
            "which a part is filled by chance where images are few.",
        )
    return figure
