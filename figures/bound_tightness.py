"""How far each proved bound stands from the simulated deficit."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from figures.style import COLOUR, MARKER, NAME, caption, styled


def build(record: dict[str, Any]) -> Figure:
    """Bound over the Monte Carlo mean (above 1: upper, below 1: lower), against samples per dimension."""
    with styled():
        figure, axis = plt.subplots(figsize=(6.6, 4.2))
        for objective in ("cl", "mim"):
            rows = [r for r in record["rows"] if r["objective"] == objective]
            for side, fill in (("upper", COLOUR[objective]), ("lower", "white")):
                known = [r for r in rows if r[side] is not None]
                if not known:
                    continue
                axis.plot(
                    [r["samples_per_client"] / r["dim"] for r in known],
                    [r[side] / r["mean"] for r in known],
                    MARKER[objective],
                    mfc=fill,
                    mec=COLOUR[objective],
                    label=f"{NAME[objective]}: {side}",
                )
            axis.plot(
                [r["samples_per_client"] / r["dim"] for r in rows],
                [r["davis_kahan"] / r["mean"] for r in rows],
                "x",
                color=COLOUR[objective],
                alpha=0.6,
                label=f"{NAME[objective]}: idealised Davis-Kahan",
            )
        axis.axhline(1, color="black", lw=0.8)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("samples per client / dimension")
        axis.set_ylabel("bound / Monte Carlo mean of the deficit")
        axis.legend(fontsize=7)
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            f"Probability {1 - record['delta']:.2f} each; d from {min(r['dim'] for r in record['rows'])} to "
            f"{max(r['dim'] for r in record['rows'])}, average over clients. A missing marker is a void bound; "
            f"violations in {np.sum([r['trials'] for r in record['rows']])} trials: "
            f"{sum(r['violations'] for r in record['rows'])}.",
        )
    return figure
