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
                label="Monte Carlo, 2 s.e.",
            )
        axis.set_xlabel("share of the rare class in a client's data")
        axis.set_ylabel("representability of the rare axis")
        axis.set_ylim(-0.02, 1.02)
        axis.legend()
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            f"N = {record['n_clients']}, c = 2N, d = {record['dim']}, {record['samples_per_client']} samples a client, "
            f"sigma = {record['augmentation_std']}, {record['trials']} trials. Each client's rare class has an axis of "
            "its own outside the signal; masks averaged exactly, one pair of views a sample.",
        )
    return figure
