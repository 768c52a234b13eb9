"""A network as an adjacency matrix: where it may come from, and what every family checks.

`adjacency[i, j]` is True when client i receives from client j. There are no self loops: that a client keeps its own
model is the mixing rule's business.
"""

from collections.abc import Callable, Iterable

import networkx as nx
import numpy as np
from jaxtyping import Bool
from scipy import sparse
from scipy.sparse import csgraph

Adjacency = Bool[np.ndarray, "clients clients"]

_DRAWS = 1000
_FEWEST_DRAWS = 20
_MOST_WORK = 200_000  # clients and links drawn in vain: a few seconds


def from_edges(
    pairs: Iterable[tuple[int, int]], n_clients: int | None = None, *, is_directed: bool = False
) -> Adjacency:
    """The network of these links; directed, the pair (j, i) lets client i receive from client j.

    Without `n_clients` the highest client named is the last. Links given twice count once.

    Source: chen2026, Section 3.1 (undirected). Units: none.
    Errors: ValueError for no link, a client out of range, and a link of a client with itself.
    """
    links = np.array([tuple(pair) for pair in pairs])
    if links.ndim != 2 or links.shape[1] != 2 or not np.issubdtype(links.dtype, np.integer):
        raise ValueError(
            f"Links must be pairs of client numbers, at least one; got {links.tolist()}. Give e.g. 0-1,1-2."
        )
    n = int(links.max()) + 1 if n_clients is None else n_clients
    for sender, receiver in links[(links < 0).any(axis=1) | (links >= n).any(axis=1)]:
        raise ValueError(
            f"Clients are numbered 0 to {n - 1} for n_clients={n}; got the link {sender}-{receiver}. "
            "Raise n_clients or renumber."
        )
    for client in links[links[:, 0] == links[:, 1], 0]:
        raise ValueError(f"A link joins two clients; got {client}-{client}. Drop it: every client keeps its own model.")
    adjacency = np.zeros((n, n), dtype=bool)
    adjacency[links[:, 1], links[:, 0]] = True
    return adjacency if is_directed else adjacency | adjacency.T


def from_networkx(graph: nx.Graph) -> Adjacency:
    """The network of a networkx graph, clients in sorted node order when nodes are numbers, else in the graph's.

    A directed edge u -> v lets v receive from u. Self loops and repeated edges add nothing.

    Source: ledger. Units: none. Errors: none.
    """
    nodes = list(graph)
    if all(isinstance(node, int | np.integer) for node in nodes):
        nodes.sort()
    place = {node: k for k, node in enumerate(nodes)}
    links = [(place[u], place[v]) for u, v in graph.edges() if u != v]
    if not links:
        return np.zeros((len(nodes), len(nodes)), dtype=bool)
    return from_edges(links, len(nodes), is_directed=graph.is_directed())


def check_adjacency(adjacency: np.ndarray) -> Adjacency:
    """`adjacency` as booleans.

    Source: ledger. Units: none. Errors: ValueError unless it is square, of zeros and ones, with an empty diagonal.
    """
    matrix = np.asarray(adjacency)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"An adjacency matrix is square, clients by clients; got shape {matrix.shape}.")
    if matrix.dtype != bool:
        strange = matrix[~((matrix == 0) | (matrix == 1))]
        if strange.size:
            raise ValueError(f"An adjacency matrix holds 0 and 1; got {strange[0]}. Weights belong in a mixing matrix.")
        matrix = matrix.astype(bool)
    loops = np.flatnonzero(matrix.diagonal())
    if loops.size:
        raise ValueError(f"An adjacency matrix has no self loops; got one at client {loops[0]}. Clear the diagonal.")
    return matrix


def is_undirected(adjacency: Adjacency) -> bool:
    """Whether every link goes both ways. Source: ledger."""
    return bool((adjacency == adjacency.T).all())


def components(adjacency: np.ndarray | sparse.sparray) -> list[np.ndarray]:
    """The strongly connected parts of the network, the one with client 0 first.

    Source: ledger; scipy's algorithm. Units: client numbers. Errors: none.
    """
    n_parts, label = csgraph.connected_components(sparse.csr_array(adjacency), connection="strong")
    parts = [np.flatnonzero(label == k) for k in range(n_parts)]
    return sorted(parts, key=lambda part: int(part[0]))


def require_connected(adjacency: np.ndarray | sparse.sparray) -> None:
    """Nothing, when every client is reached from every other along links.

    Source: chen2026, Assumption A.1. Errors: ValueError naming the clients that are cut off.
    """
    parts = components(adjacency)
    if len(parts) == 1:
        return
    least = min(parts, key=len)
    shown = ", ".join(map(str, least[:5])) + (", ..." if len(least) > 5 else "")
    who = f"client {shown} is isolated" if len(least) == 1 else f"clients {shown} are cut off"
    raise ValueError(
        f"The network must be connected, every client reachable from every other; it falls into {len(parts)} parts and "
        f"{who}. Add links, or study the parts one by one."
    )


def require_clients(n_clients: int, least: int, family: str) -> None:
    """Nothing, for at least `least` clients. Source: ledger. Errors: ValueError otherwise."""
    if n_clients < least:
        raise ValueError(f"A {family} needs at least {least} clients; got n_clients={n_clients}. Raise it.")


def first_connected(draw: Callable[[np.random.Generator], nx.Graph], seed: int, family: str) -> Adjacency:
    """The first connected graph among successive draws: the family's law, given that it is connected.

    Source: ledger. Units: none. Errors: ValueError when none of many draws is connected.
    """
    generator = np.random.default_rng(seed)
    drawn = work = 0
    while drawn < _DRAWS and (drawn < _FEWEST_DRAWS or work < _MOST_WORK):
        graph = draw(generator)
        if nx.is_connected(graph):
            return from_networkx(graph)
        drawn, work = drawn + 1, work + len(graph) + graph.size()
    raise ValueError(f"None of {drawn} draws of {family} was connected. Ask for more links, or fewer clients.")
