"""Curves over one parameter and fields over two: what comes in are numbers and labels, nothing is computed."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm

from figures.on_axes import look

Values = Float[np.ndarray, " points"]
STANDARD_ERRORS = 2  # on either side of a mean
_LEAST_SHARE = 0.08  # of the fields, below which words would cover them
_LEAST_RANGE = 1e-3  # of a colour bar, where all ratios are 1


def closed_form(axes: Axes, x: Values, y: Values, label: str, objective: str | None = None) -> None:
    """A line; gaps where y is not a number."""
    line, colour = look.LINE[objective], look.COLOUR[objective]
    axes.plot(x, y, ls=line, color=colour, lw=look.line_width(axes), label=label)


def bound(axes: Axes, x: Values, y: Values, label: str, objective: str | None = None, *, is_upper: bool = True) -> None:
    """A dotted line with triangles that point to where the values may lie: below an upper bound, above a lower one."""
    axes.plot(
        x,
        y,
        ls=":",
        marker="v" if is_upper else "^",
        ms=0.45 * look.text_size(axes),
        markevery=max(1, len(x) // 8),
        color=look.COLOUR[objective],
        lw=look.line_width(axes),
        label=label,
    )


def estimates(
    axes: Axes, x: Values, mean: Values, standard_error: Values, label: str, objective: str | None = None
) -> None:
    """Markers at means, with two standard errors on either side."""
    axes.errorbar(
        x,
        mean,
        yerr=STANDARD_ERRORS * standard_error,
        fmt=look.MARKER[objective],
        ms=0.5 * look.text_size(axes),
        mfc="none",
        color=look.COLOUR[objective],
        lw=0.8 * look.line_width(axes),
        capsize=0.25 * look.text_size(axes),
        label=label,
    )


def finish(axes: Axes, x_label: str, y_label: str, *, is_x_even: bool = False, line_at: float | None = None) -> None:
    """Labels, scales that fit all that was drawn, a legend, and a thin line where both sides are equal.

    `is_x_even` keeps equal steps of x equal, however far they reach.
    """
    drawn = [line.get_xydata() for line in axes.get_lines() if line.get_transform() == axes.transData]
    points = np.concatenate([np.asarray(d, dtype=float) for d in drawn])
    if not is_x_even:
        look.scaled(axes, "x", points[:, 0])
    look.scaled(axes, "y", points[:, 1])
    if line_at is not None:
        axes.axhline(line_at, color="black", lw=0.5 * look.line_width(axes))
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    look.legend(axes)


def phase_diagram(
    axes: Axes,
    x: Float[np.ndarray, " x"],
    y: Float[np.ndarray, " y"],
    log_ratio: Float[np.ndarray, "y x"],
    labels: tuple[str, str, str],
    is_even: tuple[bool, bool] = (False, False),
) -> None:
    """Colours centred at 0, a line where the sign changes, grey where there is no number. Labels: x, y, colour bar.

    `is_even` keeps equal steps of x, of y equal, however far they reach.
    """
    if not is_even[0]:
        look.scaled(axes, "x", x)
    if not is_even[1]:
        look.scaled(axes, "y", y)
    known = log_ratio[np.isfinite(log_ratio)]
    largest = max(float(np.abs(known).max(initial=0.0)), _LEAST_RANGE)
    edges = [_edges(v, axis.get_scale() == "log") for v, axis in ((x, axes.xaxis), (y, axes.yaxis))]
    mesh = axes.pcolormesh(*edges, log_ratio, cmap=look.LOSES_LESS, norm=CenteredNorm(0.0, largest), rasterized=True)
    axes.set_facecolor("0.8")
    axes.grid(False)
    if known.size and known.min() < 0 < known.max():
        axes.contour(x, y, log_ratio, levels=[0.0], colors="black", linewidths=look.line_width(axes))
    say_sides(axes, x, y, log_ratio)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    look.colour_bar(axes, mesh, labels[2])


def say_sides(axes: Axes, x: Float[np.ndarray, " x"], y: Float[np.ndarray, " y"], log_ratio: np.ndarray) -> None:
    """Who loses less, in words amid the fields of either sign, so that the picture is read without its colours."""
    for who, fields in (("CL", np.argwhere(log_ratio < 0)), ("MIM", np.argwhere(log_ratio > 0))):
        if len(fields) < _LEAST_SHARE * log_ratio.size:
            continue  # no room
        # The field nearest to the mean place lies inside, whatever the region's shape.
        row, column = fields[np.argmin(np.sum((fields - fields.mean(axis=0)) ** 2, axis=1))]
        axes.text(
            float(x[column]),
            float(y[row]),
            f"{who}\nloses less",
            ha="center",
            va="center",
            fontsize=0.85 * look.text_size(axes),
            bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1.5},
        )


def _edges(values: Float[np.ndarray, " n"], is_log: bool) -> Float[np.ndarray, " n+1"]:
    """The borders of fields around ascending values: halfway between neighbours, on the scale of the axis."""
    v: Any = np.log(values) if is_log else values
    half = np.diff(v) / 2
    edges = np.concatenate([[v[0] - half[0]], v[:-1] + half, [v[-1] + half[-1]]])
    return np.exp(edges) if is_log else edges
