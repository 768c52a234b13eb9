"""Drift of a network's averaged model, against kappa of its modes."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import OTHERS, caption, styled

NEARBY = 1.2  # factor below which names would lie on each other
STEPS = {1: ("o", OTHERS[0]), 5: ("s", OTHERS[3])}


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
        _name(axes[0], rows, line)
        axes[0].set_xlabel(r"mean of $\kappa_l = E(1+\lambda_l)/(1-\lambda_l) - 1$ over modes")
        axes[1].set_xlabel(r"largest $|\kappa_l|$")
        axes[0].set_ylabel(r"drift of the averaged model, $\|P - P^*\|_F$")
        for axis in axes:
            axis.legend(loc="upper left" if axis is axes[0] else "lower right")
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "How far the averaged model of a network ends from the best shared model: the drift, a distance between "
            "the two subspaces. Circles and squares: simulated, with 1 or 5 training steps (E) before each averaging. "
            "Dashes: predicted by the effective covariance X_eff. kappa_l says how strongly mode l of the network (an "
            "eigenvector of its averaging weights) pulls the averaged model away; left its mean over the modes, right "
            "the largest. {n_clients} clients, {placements} random placements of the same clients on each network, "
            "Metropolis weights, linear models with {feature_dim} features of {dim} numbers, step size {step_size}, "
            "trained to rest. A server is the complete network: kappa = E - 1, so that nothing drifts at E = 1 (not "
            "shown). The prediction is of first order in the step size. It is less exact on slow networks with "
            "E = 5.".format(**record),
        )
    return figure


def _is_near(kappa: float, other: float) -> bool:
    return other < NEARBY * kappa and kappa < NEARBY * other


def _name(axis: Axes, rows: list[dict[str, Any]], line: dict[str, list[float]]) -> None:
    """Networks' names hanging below all that is drawn there: all for one local step, the complete network for more.

    Networks whose kappa is nearly the same share a line of names.
    """
    hung: list[tuple[list[str], float, float]] = []
    lowest = {}
    for r in rows:
        if r["local_steps"] == 1 or r["network"] == "complete":
            at = (r["network"], r["local_steps"], r["mean_kappa"])
            lowest[at] = min(lowest.get(at, 1.0), r["simulated"], r["effective_covariance"])
    for (network, _, kappa), low in sorted(lowest.items(), key=lambda one: one[0][2]):
        name = "federated (complete)" if network == "complete" else network
        if kappa <= 0:
            continue  # off a logarithmic axis
        if hung and kappa < NEARBY * hung[-1][1]:
            names, first, least = hung[-1]
            hung[-1] = ([*names, name], first, min(least, low))
        else:
            hung.append(([name], kappa, low))
    for names, kappa, low in hung:
        near = [min(r["simulated"], r["effective_covariance"]) for r in rows if _is_near(r["mean_kappa"], kappa)]
        on_line = np.exp(np.interp(np.log(kappa), np.log(line["mean_kappa"]), np.log(line["drift"])))
        axis.annotate(
            ", ".join(names),
            (kappa, min(low, on_line, *near)),
            xytext=(0, -9),
            textcoords="offset points",
            fontsize=8,
            rotation=90,
            ha="center",
            va="top",
        )
    axis.set_ylim(bottom=1e-6)
