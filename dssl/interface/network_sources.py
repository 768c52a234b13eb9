"""What a `Network` may be made of: a name, a file, an array, a networkx graph or a pandas table of links.

networkx and pandas are not imported: whether an object is theirs, its class tells.
"""

import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from runtime.parse import shown
from runtime.usage import UsageError

Adjacency = Bool[np.ndarray, "clients clients"]
Mixing = Float[np.ndarray, "clients clients"]
Found = tuple[Adjacency, Mixing | None, tuple[Any, ...]]  # links, the weights where they are given, labels
_WEIGHTS = ("weight", "weights")


def found(source: Any, n_clients: int | None, seed: int) -> Found:
    """Links, given weights and labels from any source. Errors: ValueError as `Network`."""
    if isinstance(source, str | os.PathLike):
        return _of_name(str(source), n_clients, seed)
    if seed:
        raise UsageError(f"seed draws the networks of names such as er:5; this one is given. Leave seed={seed} out.")
    owners = libraries(source)
    if "networkx" in owners:
        told = _of_graph(source)
    elif "pandas" in owners and hasattr(source, "columns"):
        told = _of_table(source)
    elif hasattr(source, "__array__") and "pandas" not in owners:
        told = _of_array(np.asarray(source), "The array")
    else:
        raise UsageError(
            "A network is a name such as ring, the path of a .csv or .npy file, an array, a networkx graph or a pandas "
            f"table of links; got {shown(source)}."
        )
    if n_clients not in (None, len(told[0])):
        raise UsageError(f"This network has {len(told[0])} clients; got n_clients={n_clients}. Leave n_clients out.")
    return told


def libraries(value: Any) -> set[str]:
    """The packages that an object's class and its bases come from, none of which is imported for it."""
    return {base.__module__.split(".")[0] for base in type(value).__mro__}


def _of_name(name: str, n_clients: int | None, seed: int) -> Found:
    from dssl.networks.report import FILES, read_labelled

    if seed and pathlib.Path(name).suffix in FILES:
        raise UsageError(f"seed draws the networks of names such as er:5; {name} is a file. Leave seed={seed} out.")
    found, labels = read_labelled(name, n_clients, seed=seed)
    if isinstance(found, np.ndarray):
        return found, None, labels
    return _of_array(found.mixing, name)


def _of_array(array: np.ndarray, where: str) -> Found:
    from dssl.user_files.csv_and_npz import adjacency_of, checked_matrix, is_adjacency
    from theory.networks.certificate import repair_of_rows
    from theory.networks.topologies import check_adjacency

    matrix = checked_matrix(array, where)
    labels = tuple(range(len(matrix)))
    if is_adjacency(matrix) or array.dtype == bool:
        return _connected(check_adjacency(matrix)), None, labels
    _check_count(len(matrix))
    if repair := repair_of_rows(matrix):
        raise UsageError(
            f"{repair} An array of zeros and ones with an empty diagonal would be an adjacency instead."
            if set(np.unique(matrix)) <= {0.0, 1.0}
            else repair
        )
    return adjacency_of(matrix), matrix, labels


def _of_graph(graph: Any) -> Found:
    """The links of a networkx graph; a link of a client with itself adds nothing."""
    from theory.networks.topologies import from_edges

    weights = [attributes.get("weight") for _, _, attributes in graph.edges(data=True)]
    if any(weight != weights[0] for weight in weights):
        raise UsageError(
            "Links have no weights here, and those of this graph differ. Delete the attribute weight of its edges to "
            "leave them out, or give a mixing matrix."
        )
    labels = _in_order(list(graph))
    place = {node: k for k, node in enumerate(labels)}
    links = [(place[a], place[b]) for a, b in graph.edges() if a != b]
    if not links:
        raise UsageError(f"A network has links; this graph of {len(place)} nodes has none. Add some.")
    order = "nodes" if numbers_of(labels) is None else ""
    return _connected(from_edges(links, len(place), is_directed=graph.is_directed()), order), None, tuple(place)


def _of_table(table: Any) -> Found:
    """The links of a pandas table, in both directions."""
    from theory.networks.topologies import from_edges

    names = [str(name).lower() for name in table.columns]
    for name in names:
        if name in _WEIGHTS:
            raise UsageError(f"The table has a column {name}; links have no weights here. Drop it, or give a matrix.")
    columns = [names.index(name) for name in ("source", "target") if names.count(name) == 1]
    if len(columns) < 2:
        columns = [0, 1]
    if len(names) < 2 or not len(table):
        raise UsageError(f"A table of links has two columns and a link a row; got shape {table.shape}.")
    for row in table.index[table.iloc[:, columns].isna().any(axis=1).to_numpy()]:
        raise UsageError(f"Row {row} of the table names one client or none; a link joins two. Mend or drop it.")
    first, second = (table.iloc[:, column].tolist() for column in columns)
    try:
        labels = dict.fromkeys(label for pair in zip(first, second, strict=True) for label in pair)
    except TypeError as error:
        raise UsageError(f"Labels of clients are words or numbers ({error}). Change the table.") from None
    if all(isinstance(label, int | float) for label in labels):
        labels = dict.fromkeys(sorted(labels))
    place = {label: k for k, label in enumerate(_in_order(list(labels)))}
    for a, b in zip(first, second, strict=True):
        if a == b:
            raise UsageError(f"A link joins two clients; got {a!r} with itself. Drop it: a client keeps its own model.")
    links = [(place[a], place[b]) for a, b in zip(first, second, strict=True)]
    return _connected(from_edges(links, len(place)), "labels"), None, tuple(place)


def numbers_of(labels: Sequence[Any]) -> list[int] | None:
    """The numbers that labels are, if they are those from 0 to one less than their count, in any order; else None.

    A word of digits is its number: networkx reads the numbers in a file of links as words.
    """
    is_digits = [isinstance(label, str) and label.isascii() and label.isdecimal() for label in labels]
    numbers = [int(label) if digits else label for label, digits in zip(labels, is_digits, strict=True)]
    is_whole = all(isinstance(number, int | float | np.integer) for number in numbers)
    return [int(number) for number in numbers] if is_whole and set(numbers) == set(range(len(labels))) else None


def _in_order(labels: list[Any]) -> list[Any]:
    """Labels by the numbers that they are, so that equal graphs are equal networks; others as they come."""
    numbers = numbers_of(labels)
    return labels if numbers is None else [label for _, label in sorted(zip(numbers, labels, strict=True))]


def _connected(adjacency: Adjacency, order: str = "") -> Adjacency:
    """The adjacency; `order` says what numbers the clients. Errors: UsageError for one that falls into parts."""
    from theory.networks.topologies import require_connected

    _check_count(len(adjacency))
    try:
        require_connected(adjacency)
    except ValueError as error:
        raise UsageError(
            f"{error} Clients are counted from 0 in the order of {order}." if order else str(error)
        ) from None
    return adjacency


def _check_count(n_clients: int) -> None:
    from theory.networks.topologies import LARGEST

    if not 2 <= n_clients <= LARGEST:
        raise UsageError(f"A network here has 2 to {LARGEST} clients; got {n_clients}.")
