"""Training weights in closed form, and what they make of the paper's diagonal matrices.

`theory.networks.mixing.perron_weights` solves for the weights of any mixing matrix; here are those rules whose weights
can be written down.
"""

import numpy as np
import sympy as sp

from theory.formula import Formula, Source
from theory.networks.mixing import Weights
from theory.networks.topologies import Adjacency
from theory.symbols import mask_ratio, n_clients, tau

PROOF = Source("ledger", "docs/proofs/effective_covariance.md, 1: detailed balance")
PAIR = 2 * mask_ratio * (1 - mask_ratio)

MEAN_ENTRY = Formula(
    name="mean_entry",
    title="Mean signal entry of the matrix that training sees, if client i's matrix is as (18) has it",
    expr=PAIR * (tau**2 - (tau**2 - 1) / n_clients),
    domain=(mask_ratio < 1, n_clients >= 2),
    units="squared data",
    source=Source("ledger", "chen2026, (17) and (18): client k lowers entry k by its weight, and weights sum to 1"),
)


def uniform_weights(adjacency: Adjacency) -> Weights:
    """v_i = |A_i| / sum_j |A_j|, A_i client i and its neighbours: uniform averaging on an undirected network.

    Source: ledger, docs/proofs/effective_covariance.md, 1. Units: dimensionless, sum 1. Errors: none.
    """
    return data_size_weights(adjacency, np.ones(len(adjacency)))


def data_size_weights(adjacency: Adjacency, sizes: np.ndarray) -> Weights:
    """v_i in proportion to n_i sum_{k in A_i} n_k: averaging by numbers of samples on an undirected network.

    Source: ledger, docs/proofs/effective_covariance.md, 1. Units: dimensionless, sum 1. Errors: none.
    """
    shares = sizes * (sizes + adjacency @ sizes)
    return shares / shares.sum()


def entry_spread(adjacency: Adjacency, tau: float, mask_ratio: float) -> float:
    """Largest minus smallest signal entry of the matrix that training with uniform averaging sees, granted (18).

    2p(1-p) |tau^2 - 1| (max |A_i| - min |A_i|)/sum |A_j|.

    Source: ledger: client k lowers entry k by v_k (tau^2 - 1). Units: squared data. Errors: none.
    """
    pair = float(PAIR.subs({sp.Symbol("mask_ratio", positive=True): mask_ratio}))
    return pair * abs(tau**2 - 1) * float(np.ptp(uniform_weights(adjacency)))
