"""Consensus error on every family of networks: simulated, and by every prediction."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from figures.style import OTHERS, caption, styled

TIERS = {
    "fixed_point": ("o", OTHERS[3], "exact fixed point"),
    "resummed": ("x", OTHERS[1], "curvature resummed"),
    "first_order": ("^", OTHERS[0], "first order in the step size"),
    "gap_bound": ("|", "#000000", "spectral-gap bound"),
}


def build(record: dict[str, Any]) -> Figure:
    """Left: simulated consensus error. Others: predicted over simulated, by number of local steps; 1 is exact."""
    rows = record["rows"]
    steps = sorted({r["local_steps"] for r in rows})
    # Gaps that are equal but for rounding keep the order of the record.
    order = sorted((r for r in rows if r["local_steps"] == steps[0]), key=lambda r: -round(r["gap"], 9))
    names = [r["network"] for r in order]
    with styled():
        figure, axes = plt.subplots(
            1, 1 + len(steps), figsize=(9.5, 4.8), sharey=True, width_ratios=[0.9] + [1.2] * len(steps)
        )
        for place, count in enumerate(steps):
            shown = {r["network"]: r for r in rows if r["local_steps"] == count}
            _errors(axes[0], names, shown, place, count)
            _ratios(axes[1 + place], names, shown)
            axes[1 + place].set_title(f"{count} local step{'s' if count > 1 else ''} a round")
        axes[0].set_yticks(range(len(names)), names)
        axes[0].invert_yaxis()
        axes[0].set_xscale("log")
        axes[0].set_title("simulated")
        axes[0].set_xlabel("consensus error (squared weights)")
        axes[0].set_ylabel("network, largest spectral gap first")
        axes[0].legend(loc="upper right", handletextpad=0.2, fontsize=8)
        figure.tight_layout()
        handles, labels = axes[1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.6, 1.05), ncol=len(TIERS))
        caption(
            figure,
            tuple(record["claims"]),
            "How far the models of {n_clients} clients on a network stand apart at the end of training: the consensus "
            "error, their mean squared distance from their mean. Left: simulated, with E = 1 or E = 5 training steps "
            "before each averaging. Middle and right: predictions and a bound, divided by the simulated value; 1 is "
            "exact. The bound knows only the extreme eigenvalues of the averaging weights, which say how fast "
            "averaging makes models equal. It is proved for links that go both ways, and shown for these only. Linear "
            "models with {feature_dim} features of {dim} numbers, step size {step_size}, clients placed at random, "
            "Metropolis weights (equal shares on directed links), models after averaging, {rounds} rounds. The "
            "complete network agrees exactly and is left out.".format(**record),
        )
    return figure


def _errors(axis: Axes, names: list[str], rows: dict[str, Any], place: int, count: int) -> None:
    axis.plot(
        [rows[n]["simulated"] for n in names],
        range(len(names)),
        "so"[place % 2],
        ms=4.5,
        color="black",
        mfc=("white", "black")[place % 2],
        ls="none",
        label=f"E = {count}",
    )


def _ratios(axis: Axes, names: list[str], rows: dict[str, Any]) -> None:
    for tier, (marker, colour, label) in TIERS.items():
        known = [(rows[n][tier] / rows[n]["simulated"], k) for k, n in enumerate(names) if rows[n][tier] is not None]
        axis.plot(
            [ratio for ratio, _ in known],
            [k for _, k in known],
            marker,
            color=colour,
            mfc="none",
            ms=9 if marker == "|" else 6,
            mew=1.4,
            ls="none",
            label=label,
        )
    axis.axvline(1, color="black", lw=0.8)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_xlabel("predicted / simulated")
