"""The certificate of a mixing matrix: which properties that theorems ask for it has, and how to mend the others."""

from dataclasses import dataclass

import networkx as nx
import numpy as np
from jaxtyping import Float

from theory.networks.graph_functionals import algebraic_connectivity, average_connectivity, harmonic_connectivity
from theory.networks.mixing import Mixing, Weights, objective_weights_of, perron_weights
from theory.networks.spectra import mixing_spectrum, second_modulus
from theory.networks.topologies import Adjacency, check_adjacency, components, is_undirected

ROUNDING = 1e-9  # how far a sum may be from 1: rounding of ten thousand terms, but not weights in single precision


@dataclass(frozen=True)
class Certificate:
    """Properties of a mixing matrix. Eigenvalues are ordered by real part; None where a quantity does not exist.

    `respects_graph` is None when no network was given: the links are then read off the matrix. `repair` is empty when
    clients reach agreement and every weight stands on a link, else one sentence with the first thing to mend.
    """

    n_clients: int
    is_nonnegative: bool
    is_row_stochastic: bool
    is_column_stochastic: bool
    is_symmetric: bool
    is_primitive: bool
    respects_graph: bool | None
    lambda_2: float
    min_eigenvalue: float
    gap: float
    laplacian_lambda_2: float | None
    average_connectivity: float
    harmonic_connectivity: float
    pi: Weights
    v: Weights | None
    repair: str

    @property
    def is_doubly_stochastic(self) -> bool:
        """Rows and columns sum to 1, without negative weights. Source: xiao2004."""
        return self.is_nonnegative and self.is_row_stochastic and self.is_column_stochastic

    @property
    def brings_agreement(self) -> bool:
        """Whether all clients come to agree, on the v-weighted mean. Source: horn2012, Section 8.5."""
        return self.is_nonnegative and self.is_row_stochastic and self.is_primitive

    @property
    def is_valid(self) -> bool:
        """Whether nothing needs mending. Source: ledger."""
        return not self.repair


def certificate(mixing: np.ndarray, adjacency: np.ndarray | None = None) -> Certificate:
    """The certificate of a mixing matrix, against a network when one is given.

    Primitive means that some power of it is positive: every client hears every other, at no fixed rhythm. A
    row-stochastic primitive matrix brings all clients to agreement on the v-weighted mean.

    Source: ledger; horn2012, Section 8.5 (primitive matrices). Units: see the fields.
    Errors: ValueError for a matrix that is not square, real and finite, or a network of another size.
    """
    matrix = _checked(mixing)
    n = len(matrix)
    network = _links_of(matrix) if adjacency is None else check_adjacency(adjacency)
    if len(network) != n:
        raise ValueError(f"The mixing matrix is for {n} clients and the network has {len(network)}; make them agree.")
    is_nonnegative = bool((matrix >= 0).all())
    is_row = bool(np.abs(matrix.sum(axis=1) - 1).max() <= ROUNDING)
    stray = None if adjacency is None else _links_of(matrix) & ~network
    eigenvalues = mixing_spectrum(matrix)
    is_primitive = is_nonnegative and _is_primitive(matrix)
    return Certificate(
        n_clients=n,
        is_nonnegative=is_nonnegative,
        is_row_stochastic=is_row,
        is_column_stochastic=bool(np.abs(matrix.sum(axis=0) - 1).max() <= ROUNDING),
        is_symmetric=bool(np.abs(matrix - matrix.T).max() <= ROUNDING),
        is_primitive=is_primitive,
        respects_graph=None if stray is None else not stray.any(),
        lambda_2=float(eigenvalues[1].real) if n > 1 else 0.0,
        min_eigenvalue=float(eigenvalues[-1].real),
        gap=1 - second_modulus(matrix) if n > 1 else 1.0,
        laplacian_lambda_2=algebraic_connectivity(network) if n > 1 and is_undirected(network) else None,
        average_connectivity=average_connectivity(network),
        harmonic_connectivity=harmonic_connectivity(network),
        pi=objective_weights_of(matrix),
        v=perron_weights(matrix) if is_row and is_nonnegative and _has_one_end(matrix) else None,
        repair=_repair(matrix, stray),
    )


def repair_of_rows(matrix: Mixing) -> str:
    """How to mend a mixing matrix whose rows do not sum to 1, to within `ROUNDING`; empty where they do.

    Source: ledger. Units: none. Errors: none.
    """
    rows, columns = matrix.sum(axis=1), matrix.sum(axis=0)
    worst = int(np.abs(rows - 1).argmax())
    if abs(rows[worst] - 1) <= ROUNDING:
        return ""
    wanted = f"Rows of a mixing matrix sum to 1, to within {ROUNDING:g}"
    if np.abs(columns - 1).max() <= ROUNDING:
        return f"{wanted}; here columns do, and row {worst} sums to {rows[worst]:.12g}. Transpose the matrix."
    if rows[worst] == 0:
        return f"{wanted}; client {worst} keeps nothing and hears nobody. Give it weight 1 on itself, and a link."
    return f"{wanted}; row {worst} sums to {rows[worst]:.12g}. In double precision, divide every row by its sum."


def _checked(mixing: np.ndarray) -> Mixing:
    matrix = np.asarray(mixing)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"A mixing matrix is square, clients by clients; got shape {matrix.shape}.")
    if not np.issubdtype(matrix.dtype, np.number) or np.iscomplexobj(matrix):
        raise ValueError(f"A mixing matrix holds real numbers; got entries of type {matrix.dtype}.")
    for i, j in np.argwhere(~np.isfinite(matrix)):
        raise ValueError(f"A mixing matrix is finite; got {matrix[i, j]} for client {i} listening to {j}.")
    return matrix.astype(np.float64)


def _links_of(matrix: Mixing) -> Adjacency:
    return (matrix != 0) & ~np.eye(len(matrix), dtype=bool)


def _is_primitive(matrix: Mixing) -> bool:
    if len(components(matrix)) > 1:
        return False
    return bool(matrix.diagonal().any()) or nx.is_aperiodic(nx.from_numpy_array(matrix, create_using=nx.DiGraph))


def _has_one_end(matrix: Mixing) -> bool:
    """Whether exactly one strongly connected part listens to nobody outside: then training weights are unique."""
    return bool(sum(_outside(matrix, part).max(initial=0.0) == 0 for part in components(matrix)) == 1)


def _outside(matrix: Mixing, part: np.ndarray) -> Float[np.ndarray, "inside outside"]:
    return np.delete(matrix[part], part, axis=1)


def _repair(matrix: Mixing, stray: Adjacency | None) -> str:
    """The first thing to mend, in the order in which the others depend on it."""
    for i, j in np.argwhere(matrix < 0):
        return f"Client {i} gives {j} weight {matrix[i, j]:.6g}: lower the step, or use Metropolis weights."
    if not_summing := repair_of_rows(matrix):
        return not_summing
    for i, j in np.argwhere(stray) if stray is not None else ():
        return f"Client {i} listens to {j} without a link: add the link, or set the weight to 0 and rescale the row."
    parts = components(matrix)
    if len(parts) > 1:
        part = min(parts, key=lambda p: (_outside(matrix, p).max(initial=0.0), len(p)))
        inside = int(part[0])
        other = next(k for k in range(len(matrix)) if k not in part)
        shown = ", ".join(map(str, part[:5])) + (", ..." if len(part) > 5 else "")
        who = f"Client {shown} hears" if len(part) == 1 else f"Clients {shown} hear"
        return f"{who} nobody else: let {inside} listen to {other}, for instance."
    if not _is_primitive(matrix):
        return "Models move around at a fixed rhythm and never agree: let clients keep half of their own, (I + M)/2."
    return ""
