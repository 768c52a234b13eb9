"""Drift of a network's averaged model, against kappa of its modes."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import caption, styled

STEPS = {1: ("o", "#0072B2"), 5: ("s", "#D55E00")}


def build(record: dict[str, Any]) -> Figure:
    """Subspace error of the averaged model against the mean (left) and the largest (right) |kappa_l|, log-log."""
    rows = record["rows"]
    with styled():
        figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharey=True)
        for axis, key in zip(axes, ("mean_kappa", "max_kappa"), strict=True):
            axis.loglog(
                [r[key] for r in rows],
                [r["effective_covariance"] for r in rows],
                "_",
                color="black",
                ms=9,
                label=r"predicted, $X_{\mathrm{eff}}$",
            )
            for steps, (marker, colour) in STEPS.items():
                shown = [r for r in rows if r["local_steps"] == steps]
                axis.loglog(
                    [r[key] for r in shown],
                    [r["simulated"] for r in shown],
                    marker,
                    color=colour,
                    mfc="none",
                    ms=5,
                    label=f"simulated, E = {steps}",
                )
        line, label = record["line"], r"$X_{\mathrm{eff}}$, mean over placements"
        axes[0].loglog(line["mean_kappa"], line["drift"], "k--", lw=1, label=label)
        bound = sorted((r["max_kappa"], r["bound"]) for r in rows)
        axes[1].loglog(*zip(*bound, strict=True), "k:", label="first-order bound")
        _name(axes[0], rows)
        axes[0].set_xlabel(r"mean of $\kappa_l = E(1+\lambda_l)/(1-\lambda_l) - 1$ over modes")
        axes[1].set_xlabel(r"largest $|\kappa_l|$")
        axes[0].set_ylabel(r"drift of the averaged model, $\|P - P^*\|_F$")
        for axis in axes:
            axis.legend(loc="upper left" if axis is axes[0] else "lower right")
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "N = {n_clients}, d = {dim}, c = {feature_dim}, eta = {step_size}, {placements} random placements of the "
            "same clients a network, Metropolis weights, trained to rest.\nFederated averaging is the complete "
            "network: kappa = E - 1, so no drift at E = 1 (not shown). X_eff is of first order in the step size, which "
            "slow networks with E = 5 strain.".format(**record),
        )
    return figure


def _name(axis: Axes, rows: list[dict[str, Any]]) -> None:
    """The network's name hanging from its lowest point: all for one local step, the complete network for more."""
    for network, steps in sorted({(r["network"], r["local_steps"]) for r in rows}):
        if steps == 1 or network == "complete":
            points = [r for r in rows if (r["network"], r["local_steps"]) == (network, steps)]
            axis.annotate(
                "federated (complete)" if network == "complete" else network,
                (points[0]["mean_kappa"], min(min(r["simulated"], r["effective_covariance"]) for r in points)),
                xytext=(0, -7),
                textcoords="offset points",
                fontsize=8,
                rotation=90,
                ha="center",
                va="top",
            )
    axis.set_ylim(bottom=1e-6)
