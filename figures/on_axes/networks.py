"""Networks and what happens on them: eigenvalues, the graph itself, and the course of a training."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
from jaxtyping import Bool, Float, Inexact
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.ticker import MaxNLocator

from figures.on_axes import look

DRIFT_MAP = "cividis_r"  # made for readers who see no red or no green
_PLAIN = "#DDDDDD"
_SHORT = 3  # characters of a client's name that fit into its circle
_LARGE_CIRCLES = 12  # clients; circles of more are smaller
_MOST_NAMES = 30
_LEGIBLE = 4.0  # points
_SAME = 1e-9


def spectrum(axes: Axes, eigenvalues: Inexact[np.ndarray, " clients"], y_label: str) -> None:
    """Real eigenvalues by rank; complex ones in the plane, with the unit circle."""
    style = {"ls": "none", "marker": "o", "mfc": "none", "ms": 0.5 * look.text_size(axes), "color": "black"}
    if np.abs(np.imag(eigenvalues)).max() <= _SAME:
        values = np.real(eigenvalues)
        rank = np.arange(1, len(values) + 1)
        axes.vlines(rank, 0, values, color="0.75", lw=0.6 * look.line_width(axes))
        axes.axhline(0, color="black", lw=0.4 * look.line_width(axes))
        axes.plot(rank, values, **style)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel("rank of the eigenvalue")
        axes.set_ylabel(y_label)
        return
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(angle), np.sin(angle), color="0.75", lw=0.6 * look.line_width(axes))
    axes.plot(np.real(eigenvalues), np.imag(eigenvalues), **style)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel(f"{y_label}, real part")
    axes.set_ylabel("imaginary part")


def trajectory(
    axes: Axes,
    rounds: Float[np.ndarray, " rounds"],
    simulated: Float[np.ndarray, " rounds"],
    predicted: Mapping[str, float],
    y_label: str,
) -> None:
    """The simulated course as a line, and each prediction as a horizontal one, with its name in the legend."""
    axes.plot(rounds, simulated, color="black", lw=look.line_width(axes), label="simulated")
    for k, (name, value) in enumerate(predicted.items()):
        colour, line = look.SERIES[k % len(look.SERIES)]
        axes.axhline(value, color=colour, ls=line, lw=0.9 * look.line_width(axes), label=name)
    positive = np.array([*simulated, *predicted.values()], dtype=float)
    look.scaled(axes, "x", rounds)
    look.scaled(axes, "y", positive[positive > 0])
    axes.set_xlabel("round of training")
    axes.set_ylabel(y_label)
    look.legend(axes)


def network(
    axes: Axes,
    adjacency: Bool[np.ndarray, "clients clients"],
    labels: Sequence[str],
    drift: Float[np.ndarray, " clients"] | None,
    drift_label: str,
    layout: str,
) -> None:
    """Clients as circles, links as lines, those of one way as arrows towards the client that receives."""
    graph = nx.from_numpy_array(adjacency.T, create_using=nx.DiGraph)
    is_directed = bool((adjacency != adjacency.T).any())
    shown = graph if is_directed else graph.to_undirected()
    places = nx.circular_layout(shown) if layout == "circular" else _sprung(graph.to_undirected())
    size = look.text_size(axes)
    area = (2.2 * size) ** 2 * min(1.0, _LARGE_CIRCLES / len(graph))
    norm = None if drift is None else Normalize(min(0.0, float(drift.min())), float(drift.max()) or 1.0)
    colours: list[Any] = [_PLAIN] * len(graph)
    if drift is not None and norm is not None:
        colours = [tuple(c) for c in plt.get_cmap(DRIFT_MAP)(norm(drift))]
    arrows = {"arrowsize": 0.9 * size, "node_size": area, "connectionstyle": "arc3,rad=0.08"} if is_directed else {}
    nx.draw_networkx_edges(shown, places, ax=axes, width=0.6 * look.line_width(axes), edge_color="0.55", **arrows)
    circles = nx.draw_networkx_nodes(
        shown, places, ax=axes, node_size=area, node_color=colours, edgecolors="black", linewidths=0.07 * size
    )
    circles.set_zorder(2)
    _names(axes, places, labels, colours, area)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.15)
    axes.set_frame_on(False)
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    if norm is not None:
        look.colour_bar(axes, ScalarMappable(norm, DRIFT_MAP), drift_label)


def _sprung(graph: nx.Graph) -> dict[int, np.ndarray]:
    """Places as if links were springs, the same each time; further apart than usual, so that circles do not touch."""
    return nx.spring_layout(graph, k=2.5 / len(graph) ** 0.5, iterations=200, seed=0)


def _names(axes: Axes, places: Mapping[int, np.ndarray], labels: Sequence[str], colours: Sequence, area: float) -> None:
    """Short names within the circles, in black or white, whichever is read; longer ones below them.

    Names that would be too small to read are left out.
    """
    is_short, diameter = max(map(len, labels)) <= _SHORT, area**0.5
    size = min(0.85 * look.text_size(axes), 0.6 * diameter if is_short else math.inf)
    if size < _LEGIBLE or (not is_short and len(labels) > _MOST_NAMES):
        return
    for k, label in enumerate(labels):
        is_dark = is_short and np.dot(to_rgb(colours[k]), (0.3, 0.59, 0.11)) < 0.5
        axes.annotate(
            label,
            tuple(places[k]),
            xytext=(0, 0 if is_short else -0.6 * diameter),
            textcoords="offset points",
            ha="center",
            va="center" if is_short else "top",
            fontsize=size,
            color="white" if is_dark else "black",
            bbox=None if is_short else {"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.5},
        )
