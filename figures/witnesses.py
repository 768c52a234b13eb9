"""The networks that contradict Corollary 4.5 and Theorem 4.6, with their numbers."""

from typing import Any

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from figures.style import caption, styled

# For each pair: its heading, what the colour is, and how the numbers under a network read.
PAIRS = {
    "one more link": ("Corollary 4.5, objective:\na link more, more sensitive", r"deficit $1 - r_k$", "s"),
    "beats the server": ("Theorem 4.6, training:\nthe network beats the server", "before mixing", "drift"),
    "more links, less agreement": ("Corollary 4.5, training:\nmore links, less agreement", "after mixing", "consensus"),
    "same links, other target": ("Corollary 4.5, training:\nas many links, another target", "after mixing", "both"),
}


def build(record: dict[str, Any]) -> Figure:
    """A column a pair; above, the network that the printed statement calls no more robust than the one below."""
    rows = record["rows"]
    with styled():
        figure, axes = plt.subplots(
            3, len(rows), figsize=(2.5 * len(rows), 6.4), squeeze=False, height_ratios=[1, 1, 0.05]
        )
        for axis, said in zip(axes[:, 0], ("this network is\nno better than", "the network below it"), strict=False):
            axis.set_ylabel(f"the paper says:\n{said}" if said.startswith("this") else said)
        for column, pair in enumerate(rows):
            heading, colour, shown = PAIRS[pair["pair"]]
            norm = _norm(pair, from_zero=shown != "s")
            for axis, network in zip(axes[:2, column], pair["networks"], strict=True):
                _network(axis, network, norm)
                axis.text(0.5, -0.02, _words(network, shown, pair), transform=axis.transAxes, ha="center", va="top")
            axes[0, column].set_title(heading)
            _scale(figure, axes[2, column], norm, colour)
        figure.subplots_adjust(left=0.03, right=0.99, top=0.93, bottom=0.08, wspace=0.12, hspace=0.42)
        caption(
            figure,
            tuple(record["claims"]),
            "Four counterexamples, one in each column. By the paper the upper network is no better than the lower one. "
            "The numbers below the networks say the opposite (smaller is better). s: sensitivity of the ideal model. "
            "Subspace drift and mean-model error: how far the averaged model is from the best shared one. Consensus "
            "error: how far the clients' models stand apart. In the last column the networks have the same average "
            "connectivity; models on the star agree more, and yet their average is further off. Size of a node: how "
            "much the client counts, in the objective (first column) or in training. Colour: deficit of the client's "
            "own pixel, or distance from the mean model at rest. A, B: two kinds of clients. Uniform averaging, step "
            f"size {record['step_size']}. Found by search: the smallest network; regular networks of up to four "
            f"clients; of all families with {record['n_clients']} clients, half as many links again, and equally few "
            "links.",
        )
    return figure


def _norm(pair: dict[str, Any], *, from_zero: bool) -> Normalize:
    deviations = np.concatenate([n["deviations"] for n in pair["networks"]])
    return Normalize(0.0 if from_zero else deviations.min(), deviations.max())


def _scale(figure: Figure, axis: Axes, norm: Normalize, colour: str) -> None:
    """A colour bar across the middle of its axis, in units of a power of ten that its label names."""
    exponent = int(np.floor(np.log10(float(norm.vmax or 1))))
    exponent = exponent if exponent < -1 else 0
    bar = figure.colorbar(ScalarMappable(norm, "cividis_r"), cax=axis, orientation="horizontal")
    bar.locator = MaxNLocator(4)
    bar.formatter = FuncFormatter(lambda value, _: f"{value / 10.0**exponent:.3g}")
    bar.update_ticks()
    unit = "" if exponent == 0 else rf" ($10^{{{exponent}}}$)"
    bar.set_label(colour + unit if "r_k" in colour else rf"$\|W_i - \bar W\|_F$ {colour}{unit}", fontsize=8)


def _network(axis: Axes, network: dict[str, Any], norm: Normalize) -> None:
    graph = nx.Graph(network["links"])
    graph.add_nodes_from(range(len(network["weights"])))
    nodes = sorted(graph)
    places = _places(graph)
    weights = np.asarray(network["weights"])
    drawn = nx.draw_networkx_nodes(
        graph,
        places,
        nodelist=nodes,
        node_size=(1600 * weights / np.sqrt(len(weights))).tolist(),
        node_color=plt.get_cmap("cividis_r")(norm(np.asarray(network["deviations"]))),
        edgecolors="black",
        linewidths=0.7,
        ax=axis,
    )
    drawn.set_zorder(2)
    nx.draw_networkx_edges(graph, places, ax=axis, width=0.8, edge_color="#777777")
    if "kinds" in network:
        names = dict(enumerate(network["kinds"]))
        for node, text in nx.draw_networkx_labels(graph, places, names, font_size=8, ax=axis).items():
            text.set_color("white" if norm(network["deviations"][node]) > 0.5 else "black")
    axis.set_aspect("equal", adjustable="datalim")
    axis.margins(0.12)
    axis.set_frame_on(False)
    axis.grid(False)
    axis.set_xticks([])
    axis.set_yticks([])


def _places(graph: nx.Graph) -> dict[int, np.ndarray]:
    """A circle, around the hub if there is one; larger networks by their distances, the long way across."""
    n, hub = len(graph), max(graph, key=lambda node: graph.degree[node])
    if graph.number_of_edges() == n - 1 == graph.degree[hub]:
        return nx.shell_layout(graph, [[hub], [node for node in sorted(graph) if node != hub]])
    if n <= 4 or max(degree for _, degree in graph.degree) == 2:
        return nx.circular_layout(nx.empty_graph(sorted(graph)))
    found = nx.kamada_kawai_layout(graph)
    points = np.stack([found[node] for node in sorted(graph)])
    turned = points @ np.linalg.svd(points - points.mean(axis=0))[2].T
    return dict(enumerate(turned))


def _words(network: dict[str, Any], shown: str, pair: dict[str, Any]) -> str:
    numbers = network["numbers"]
    first = network["name"] + (f", E = {pair['local_steps']}" if "local_steps" in pair else "")
    second = rf"$|\bar A|$ = {network['average_connectivity']:.4g}"
    if shown == "s":
        # What is round-off of zero is zero.
        return f"{first}\n{second},  s = {numbers['s'] if numbers['s'] > 1e-12 else 0:.3g}"
    if shown == "drift":
        return f"{first}\nsubspace drift {_power(numbers['drift'])}"
    error = f"consensus error {_power(numbers['consensus_error'])}"
    if shown == "consensus":
        return f"{first}, {second}\n{error}"
    return f"{first}, {second}\n{error}\nmean-model error {numbers['mean_model_error']:.2g}"


def _power(value: float) -> str:
    digits, exponent = f"{value:.1e}".split("e")
    return rf"${digits}\times10^{{{int(exponent)}}}$"
