"""Deficit and sensitivity against the dimension: closed form, proven bounds and Monte Carlo."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style import COLOUR, LINE, MARKER, caption, styled

LABELS = {"deficit": "mean deficit, $1 - r_k$", "sensitivity": r"mean sensitivity, $\max_k r_k - \min_k r_k$"}


def build(record: dict[str, Any]) -> Figure:
    """Left: the deficit 1 - r. Right: the sensitivity s over the signal coordinates. Both against d, log-log."""
    with styled():
        figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.0))
        for axis, quantity, label in zip(
            axes,
            ("deficit", "sensitivity"),
            ("mean deficit, $1 - r_k$", r"mean sensitivity, $\max_k r_k - \min_k r_k$"),
            strict=True,
        ):
            for objective in ("cl", "mim"):
                series = record["series"][objective]
                dims = np.asarray(series["dim"], dtype=float)
                axis.loglog(
                    dims,
                    series[quantity]["closed_form"],
                    LINE[objective],
                    color=COLOUR[objective],
                    label=f"{objective.upper()}: closed form",
                )
                sampled = series[quantity]["sampled"]
                axis.errorbar(
                    sampled["dim"],
                    sampled["mean"],
                    yerr=2 * np.asarray(sampled["standard_error"]),
                    fmt=MARKER[objective],
                    ms=4,
                    color=COLOUR[objective],
                    label=f"{objective.upper()}: mean of simulations, 2 standard errors",
                )
                if quantity == "deficit":
                    bounds = np.asarray([series["lower"], series["upper"]], dtype=float)
                    known = np.all(np.isfinite(bounds), axis=0)
                    axis.fill_between(
                        dims[known],
                        bounds[0][known],
                        bounds[1][known],
                        color=COLOUR[objective],
                        alpha=0.18,
                        lw=0,
                        label=f"{objective.upper()}: proved bounds, each with probability {1 - record['delta']:.2f}",
                    )
            axis.set_xlabel("pixels per image (dimension d)")
            axis.set_ylabel(label)
            axis.legend(fontsize=7)
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "What a linear model loses of a signal direction (left), and how unevenly (right), for contrastive "
            "learning (CL) and masked image modelling (MIM), as images grow. Lines: closed forms. Points: means of "
            "simulations. Shaded: between proved bounds, as far as both say something. "
            f"{record['n_clients']} clients, d^{record['beta']} images a client, offsets of size tau = d^(1/5), pixel "
            f"noise mu = d^(-1/5), augmentation noise {record['augmentation_std']}. MIM sees all pairs of independent "
            "masks, CL one pair of views an image.",
        )
    return figure
