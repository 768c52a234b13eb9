"""Mixing matrices: M[i, j] is the weight that client i gives to client j's model, W_i <- sum_j M_ij W_j.

Two vectors say whom a network listens to. Training with M settles on sum_i v_i f_i, v the left Perron vector; Eq (1)
with one common W is sum_i pi_i L_i with pi = M^T 1/N, a single mixing step from uniform. They agree on regular graphs.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy.linalg import lapack

from theory.networks.mixing_rules import Mixing, data_size, laplacian, lazy, metropolis, push_sum, sinkhorn, uniform
from theory.networks.rule_names import Rule
from theory.networks.topologies import check_adjacency

Weights = Float[np.ndarray, " clients"]

_SINGULAR = 1e-14  # reciprocal condition number below which the eigenvalue 1 counts as double
_RESIDUAL = 1e-10  # how far v^T M may be from v^T
_ASYMMETRY = 1e-9  # of flows, relative to the largest: what rounding of v makes of it on paths of 1000 clients
_ZERO = 1e-15  # weights of clients that nobody listens to come out as rounding

RULES: Mapping[Rule, Callable[..., Mixing]] = {
    "uniform": uniform,
    "metropolis": metropolis,
    "lazy": lazy,
    "laplacian": laplacian,
    "data_size": data_size,
    "sinkhorn": sinkhorn,
    "push_sum": push_sum,
    "released": data_size,
}
SIZED = ("data_size", "released")


def mixing_matrix(
    adjacency: np.ndarray,
    rule: Rule = "uniform",
    *,
    sizes: Sequence[float] | np.ndarray | None = None,
    step: float | None = None,
) -> Mixing:
    """The mixing matrix of a rule on a network; `sizes` are samples per client, `step` the Laplacian rule's.

    Source: the rule's own function. Units: dimensionless; rows sum to 1, columns for `push_sum`.
    Errors: ValueError for an unknown rule, a `sizes` or `step` that the rule does not take, and as the rule.
    """
    network = check_adjacency(adjacency)
    if rule not in RULES:
        raise ValueError(f"There is no mixing rule {rule[:40]!r}; the valid ones are {', '.join(RULES)}.")
    if step is not None and rule != "laplacian":
        raise ValueError(f"step belongs to mixing=laplacian; got step={step} with mixing={rule}. Leave it out.")
    if sizes is not None and rule not in SIZED:
        raise ValueError(f"sizes belong to mixing={' or '.join(SIZED)}; got them with mixing={rule}. Leave them out.")
    if rule in SIZED:
        return data_size(network, sizes)
    return laplacian(network, step) if rule == "laplacian" else RULES[rule](network)


def ratio_matrix(column_stochastic: Mixing) -> Mixing:
    """B = R^-1 C R, R = N diag(r), C r = r: how push-sum's quotients mix once its weight channel has settled at N r.

    A step eta on z = x / w is eta R^-1 g, so that although B has left Perron vector r, the weights are r/(N r) = 1/N.

    Source: ledger, from nedic2016. Units: rows sum to 1.
    Errors: ValueError as `perron_weights`, of the transpose.
    """
    r = perron_weights(column_stochastic.T)
    return column_stochastic * r / r[:, None]


def perron_weights(mixing: np.ndarray) -> Weights:
    """v with v^T M = v^T and sum 1: the weights of the clients in what training settles on.

    Source: ledger. v solves (I - M^T + 1 1^T) v = 1, which is regular exactly when the eigenvalue 1 is simple.
    Units: dimensionless, sum 1. Errors: ValueError when several such vectors exist, or for a matrix without any.
    """
    mixing = check_mixing(mixing)
    n = len(mixing)
    system = np.eye(n) - mixing.T + 1.0
    factors, pivots, failed = lapack.dgetrf(system)
    if failed or lapack.dgecon(factors, np.abs(system).sum(axis=0).max())[0] < _SINGULAR:
        raise ValueError(
            "Training weights are unique only if all clients agree in the end; this mixing matrix keeps groups apart. "
            "Connect the network."
        )
    v = lapack.dgetrs(factors, pivots, np.ones(n))[0]
    if np.abs(v @ mixing - v).max() > _RESIDUAL:
        raise ValueError("Training weights exist for stochastic mixing matrices; here no v has v^T M = v^T. Rescale M.")
    return np.where(np.abs(v) < _ZERO, 0.0, v)


def check_mixing(mixing: np.ndarray) -> Mixing:
    """`mixing` as float64.

    Source: ledger. Units: none.
    Errors: ValueError unless it is square, finite and without negative weights. Row sums: see
    `theory.networks.certificate`.
    """
    matrix = np.asarray(mixing)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"A mixing matrix is square, clients by clients; got shape {matrix.shape}.")
    if not (np.issubdtype(matrix.dtype, np.number) or matrix.dtype == bool) or np.iscomplexobj(matrix):
        raise ValueError(f"A mixing matrix holds real numbers; got entries of type {matrix.dtype}.")
    matrix = matrix.astype(np.float64)
    for i, j in np.argwhere(~np.isfinite(matrix)):
        raise ValueError(f"A mixing matrix is finite; got {matrix[i, j]} for client {i} listening to {j}.")
    for i, j in np.argwhere(matrix < 0):
        raise ValueError(f"Mixing weights are not negative; got {matrix[i, j]:g} for client {i} listening to {j}.")
    return matrix


def is_reversible(mixing: np.ndarray) -> bool:
    """Whether v_i M_ij = v_j M_ji, v the training weights: to rounding of the largest flow between two clients.

    Clients that hardly listen to others are judged like any: what they keep for themselves says nothing of direction.

    Source: ledger. Units: none. Errors: ValueError as `perron_weights`.
    """
    v = perron_weights(mixing)
    flow = v[:, None] * mixing
    between = np.abs(flow - np.diag(np.diag(flow))).max()
    # Rounding of v grows as clients listen less to each other; for a symmetric matrix v is not needed.
    by_weight, by_flow = (np.abs(m - m.T).max() for m in (mixing, flow))
    largest = np.abs(mixing - np.diag(np.diag(mixing))).max()
    return bool(v.min() > 0 and (by_weight <= 1e-12 * largest or by_flow <= _ASYMMETRY * between))


def objective_weights_of(mixing: Mixing) -> Weights:
    """pi = M^T 1/N, the weight of each client's loss in Eq (1) with one common W.

    Source: chen2026, Eq (1), read as `theory.networks.objective_weights.objective_weights`. Units: dimensionless, sum
    1.
    Errors: none.
    """
    return mixing.mean(axis=0)
