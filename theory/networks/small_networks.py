"""All small connected networks, and the paper's diagonal model averaged over them, in exact fractions.

Granted (18) as printed, client j's matrix has tau^2 on every signal coordinate but its own, where it has 1; a factor
2p(1-p) is left out. What a network makes of that is then arithmetic, and can be held against Eqs (27) to (33).
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import networkx as nx
import numpy as np
import sympy as sp

from theory import symbols as sy
from theory.networks.objective_weights import (
    Neighbourhoods,
    average_connectivity,
    neighbourhoods,
    objective_weights,
    uniform_mixing,
)

Rows = list[list[Fraction]]
Link = tuple[nx.Graph, nx.Graph]  # a network, and the same with one more link

LARGEST_SEARCHED = 6  # 141 connected graphs of three to six clients


def connected_networks(smallest: int = 3, largest: int = LARGEST_SEARCHED) -> Iterator[nx.Graph]:
    """Every connected graph with that many clients, at most seven: smallest first, fewest links first; all frozen."""
    return (graph for graph in _connected() if smallest <= graph.number_of_nodes() <= largest)


@cache
def _connected() -> tuple[nx.Graph, ...]:
    """Those of the atlas of graphs, which takes a tenth of a second to read."""
    return tuple(nx.freeze(graph) for graph in nx.graph_atlas_g() if len(graph) and nx.is_connected(graph))


def added_links(largest: int) -> Iterator[Link]:
    """Every connected network of three to `largest` clients with every link that it lacks: before and after."""
    for graph in connected_networks(3, largest):
        for a, b in nx.non_edges(graph):
            denser = graph.copy()
            denser.add_edge(a, b)
            yield graph, denser


def name(graph: nx.Graph) -> str:
    """The links of a network, for a witness."""
    return f"N = {graph.number_of_nodes()}, links " + " ".join(f"{a}-{b}" for a, b in sorted(graph.edges))


def sizes(graph: nx.Graph) -> list[int]:
    """|A_i| of every client, itself included."""
    return [graph.degree[i] + 1 for i in range(graph.number_of_nodes())]


def weights(graph: nx.Graph) -> list[Fraction]:
    """w_k: how much the global objective of Eq (1) listens to client k."""
    return objective_weights(uniform_mixing(members(graph)))


def mean_size(graph: nx.Graph) -> Fraction:
    """|A-bar|."""
    return average_connectivity(members(graph))


def neighbourhood_diagonal(graph: nx.Graph, client: int) -> list[sp.Expr]:
    """The diagonal of the mean matrix over A_i, client `client`'s neighbourhood."""
    members = {client, *graph.neighbors(client)}
    share = sp.Rational(1, len(members))
    return [share * sum(_entry(j, k) for j in members) for k in range(graph.number_of_nodes())]


def global_diagonal(graph: nx.Graph) -> list[sp.Expr]:
    """The diagonal of the matrix of the global objective: the mean of the neighbourhood means over all clients."""
    n = graph.number_of_nodes()
    rows = [neighbourhood_diagonal(graph, i) for i in range(n)]
    return [sp.expand(sum(row[k] for row in rows) / n) for k in range(n)]


def _entry(client: int, coordinate: int) -> sp.Expr:
    return sp.Integer(1) if client == coordinate else sy.tau**2


def members(graph: nx.Graph) -> Neighbourhoods:
    """Row i says which clients client i hears, itself included."""
    return neighbourhoods(nx.to_numpy_array(graph, nodelist=range(graph.number_of_nodes()), dtype=np.dtype(bool)))


def uniform(graph: nx.Graph) -> Rows:
    """1 / |A_i| for every client that client i hears, itself included."""
    return uniform_mixing(members(graph))


def metropolis(graph: nx.Graph) -> Rows:
    """1 / max(|A_i|, |A_j|) on every edge, the rest on the diagonal: symmetric, so doubly stochastic."""
    sizes_, n = sizes(graph), graph.number_of_nodes()
    rows = [
        [Fraction(1, max(sizes_[i], sizes_[j])) if graph.has_edge(i, j) else Fraction(0) for j in range(n)]
        for i in range(n)
    ]
    for i, row in enumerate(rows):
        row[i] = 1 - sum(row, Fraction(0))
    return rows


def degree_normalised(graph: nx.Graph) -> Rows:
    """Neighbour j weighed by |A_j|, normalised over the neighbourhood."""
    sizes_, inside_ = sizes(graph), members(graph)
    totals = [sum(size for size, inside in zip(sizes_, row, strict=True) if inside) for row in inside_]
    return [
        [Fraction(sizes_[j], total) if inside else Fraction(0) for j, inside in enumerate(row)]
        for row, total in zip(inside_, totals, strict=True)
    ]
