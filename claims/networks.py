"""Small connected networks, and the paper's own diagonal model averaged over them, in exact fractions.

Granted (18) as printed, client j's matrix has tau^2 on every signal coordinate but its own, where it has 1; a factor
2p(1-p) is left out. What a network makes of that is then arithmetic, and can be held against Eqs (27) to (33).
"""

from collections.abc import Iterator
from fractions import Fraction

import networkx as nx
import sympy as sp

from theory import symbols as sy
from theory.objective_weights import average_connectivity, neighbourhoods, objective_weights, uniform_mixing

LARGEST_SEARCHED = 6  # 141 connected graphs of three to six clients


def connected_networks(smallest: int = 3, largest: int = LARGEST_SEARCHED) -> Iterator[nx.Graph]:
    """Every connected graph with that many clients, smallest first, fewest links first."""
    for graph in nx.graph_atlas_g():
        if smallest <= graph.number_of_nodes() <= largest and nx.is_connected(graph):
            yield graph


def name(graph: nx.Graph) -> str:
    """The links of a network, for a witness."""
    return f"N = {graph.number_of_nodes()}, links " + " ".join(f"{a}-{b}" for a, b in sorted(graph.edges))


def sizes(graph: nx.Graph) -> list[int]:
    """|A_i| of every client, itself included."""
    return [graph.degree[i] + 1 for i in range(graph.number_of_nodes())]


def weights(graph: nx.Graph) -> list[Fraction]:
    """w_k: how much the global objective of Eq (1) listens to client k."""
    return objective_weights(uniform_mixing(_members(graph)))


def mean_size(graph: nx.Graph) -> Fraction:
    """|A-bar|."""
    return average_connectivity(_members(graph))


def mean_inverse_size(graph: nx.Graph) -> Fraction:
    """(1/N) sum_i 1/|A_i|."""
    return sum((Fraction(1, size) for size in sizes(graph)), Fraction(0)) / graph.number_of_nodes()


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


def _members(graph: nx.Graph):
    return neighbourhoods(nx.to_numpy_array(graph, nodelist=range(graph.number_of_nodes()), dtype=bool))
