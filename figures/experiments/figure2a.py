"""Accuracy of decentralised pre-training against the connectivity of the network."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from figures.style import OTHERS, caption, styled

SERIES = {"varied": (OTHERS[3], "o", "neighbourhoods vary"), "uniform": (OTHERS[0], "s", "all of one size")}


def build(record: dict[str, Any]) -> Figure:
    """One line a kind of network, bars of one standard deviation over seeds; the band is the server."""
    rows = record["rows"]
    server = next(row["accuracy"] for row in rows if row["network"] == "server")
    with styled():
        figure, axis = plt.subplots(figsize=(4.6, 3.4))
        for kind, (colour, marker, label) in SERIES.items():
            shown = sorted((r for r in rows if r["network"] == kind), key=lambda r: r["connectivity"])
            apart = 1.0 if kind == "varied" else 1.03  # so that bars do not hide each other
            axis.errorbar(
                [r["connectivity"] * apart for r in shown],
                [r["accuracy"]["mean"] for r in shown],
                [r["accuracy"]["deviation"] for r in shown],
                color=colour,
                marker=marker,
                mfc="white",
                capsize=2,
                label=label,
            )
        low, high = server["mean"] - server["deviation"], server["mean"] + server["deviation"]
        axis.axhspan(low, high, color=OTHERS[2], alpha=0.15, lw=0)
        axis.axhline(server["mean"], color=OTHERS[2], ls="--", label="server")
        axis.set_xscale("log")
        axis.set_xticks(sorted({r["connectivity"] for r in rows if r["network"] != "server"}), minor=False)
        axis.xaxis.set_major_formatter(ScalarFormatter())
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_xlabel(r"connectivity $|\bar A|$, client included")
        axis.set_ylabel("linear probe, %")
        axis.legend()
        told = f"{record['title']}; {len(record['seeds'])} seeds, bars and band of one standard deviation."
        caption(figure, ("fig-connectivity-and-heterogeneity",), told)
    return figure
