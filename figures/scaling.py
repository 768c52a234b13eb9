"""Deficit and sensitivity against the dimension: closed form, proven bounds and Monte Carlo."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style import COLOUR, LINE, MARKER, NAME, caption, styled


def build(record: dict[str, Any]) -> Figure:
    """Left: the deficit 1 - r. Right: the sensitivity s over the signal coordinates. Both against d, log-log."""
    with styled():
        figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.0))
        for axis, quantity, label in zip(
            axes, ("deficit", "sensitivity"), ("mean deficit 1 - r", "E s = E[max r - min r]"), strict=True
        ):
            for objective in ("cl", "mim"):
                series = record["series"][objective]
                dims = np.asarray(series["dim"], dtype=float)
                axis.loglog(
                    dims,
                    series[quantity]["closed_form"],
                    LINE[objective],
                    color=COLOUR[objective],
                    label=f"{NAME[objective]}: closed form",
                )
                sampled = series[quantity]["sampled"]
                axis.errorbar(
                    sampled["dim"],
                    sampled["mean"],
                    yerr=2 * np.asarray(sampled["standard_error"]),
                    fmt=MARKER[objective],
                    ms=4,
                    color=COLOUR[objective],
                    label="Monte Carlo, 2 s.e.",
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
                        label=f"proved, probability {1 - record['delta']:.2f} each side",
                    )
            axis.set_xlabel("dimension d")
            axis.set_ylabel(label)
            axis.legend(fontsize=7)
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            f"N = {record['n_clients']}, beta = {record['beta']} (n_i = d^beta), tau = d^(1/5), mu = d^(-1/5), "
            f"sigma = {record['augmentation_std']}, masks averaged exactly. Bands end where a bound is void.",
        )
    return figure
