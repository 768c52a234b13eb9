"""Recovery of a rare class against its share: here MIM does beat CL."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style import COLOUR, LINE, MARKER, NAME, caption, styled


def build(record: dict[str, Any]) -> Figure:
    """Squared projection of the rare class's axis on the representation against the rare share of a client."""
    with styled():
        figure, axis = plt.subplots(figsize=(6.2, 4.0))
        for objective in ("mim", "cl"):
            series = record["series"][objective]
            axis.plot(
                series["rare_fraction"],
                series["limit"],
                LINE[objective],
                color=COLOUR[objective],
                label=f"{NAME[objective]}: limit",
            )
            sampled = series["sampled"]
            axis.errorbar(
                sampled["rare_fraction"],
                sampled["mean"],
                yerr=2 * np.asarray(sampled["standard_error"]),
                fmt=MARKER[objective],
                ms=4,
                color=COLOUR[objective],
                label=f"{objective.upper()}: mean of simulations, 2 standard errors",
            )
        axis.set_xlabel("share of the rare class in a client's data")
        axis.set_ylabel("representability of the rare axis")
        axis.set_ylim(-0.02, 1.02)
        axis.legend()
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "Does a model keep a rare class? Each client has a few images of a class of its own, which lies along an "
            "axis outside the signal. The vertical axis shows the representability of that axis: 1 if it is kept, 0 if "
            "it is lost. Lines: the limit of many pixels and images in proportion. Points: means of "
            f"{record['trials']} simulations, bars of 2 standard errors. {record['n_clients']} clients, "
            f"{record['dim']} pixels, {record['samples_per_client']} images a client, twice as many features as "
            f"clients, augmentation noise {record['augmentation_std']}. MIM sees all pairs of independent masks, CL "
            "one pair of views an image; with equal numbers of draws the order can be another.",
        )
    return figure
