"""An exact shortcut: clients that are equal and stand in equal positions train alike, so one stands for all of them.

Let a partition of the clients into classes be equitable: clients of one class have equal data and equal starts, and
give equal total weight to every class. Then they hold equal models in every round. By induction: they hold equal
models, so their equal losses have equal gradients, so they hold equal models after their local steps; and the mean
that a client takes, sum_j M_ij W_j = sum_b (sum_{j in b} M_ij) W_b, depends on the class of i alone. So the training
equals that of one client for each class under the quotient matrix, whose entry ab is sum_{j in b} M_ij for any i in a.

The coarsest such partition is found by colour refinement. Source: ledger; McKay and Piperno (2014) for the refinement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int, Shaped

# Sums of weights that differ by less are one sum, added in another order.
_DIGITS = 13


@dataclass(frozen=True)
class Quotient:
    """One client for each class. `labels` gives every client its class, `members` each class one of its clients."""

    labels: Int[np.ndarray, " clients"]
    members: Int[np.ndarray, " classes"]
    mixing: Float[np.ndarray, "period classes classes"]

    @property
    def shares(self) -> Float[np.ndarray, " classes"]:
        """The share of the clients that each class has."""
        return np.bincount(self.labels) / len(self.labels)


def quotient(
    mixing: Sequence[Float[np.ndarray, "clients clients"] | sp.sparray],
    own: Sequence[Shaped[np.ndarray, "clients ..."]],
    most: int | None = None,
) -> Quotient | None:
    """The coarsest equitable partition of clients under matrices that mix them in turn.

    `own` are arrays of numbers that lead with clients, such as data and starting models: clients of one class have
    equal entries. None where there are more than `most` classes (one less than clients, if not given): then little is
    saved.
    """
    n = len(own[0])
    most = n - 1 if most is None else most
    labels = _equal_rows(np.concatenate([np.reshape(array, (n, -1)).astype(float) for array in own], axis=1))
    n_classes, sums = 0, []
    while n_classes < labels.max() + 1 <= most:
        n_classes = int(labels.max()) + 1
        sums = [_sums(matrix, labels, n_classes) for matrix in mixing]
        rounded = [np.round(total, _DIGITS) + 0.0 for total in sums]  # no -0.0
        labels = _equal_rows(np.concatenate([labels[:, None], *rounded], axis=1))
    if labels.max() + 1 > most:
        return None
    members = np.unique(labels, return_index=True)[1]
    # The mean over a class, so that a rounding of one member is not taken for the weight of all.
    sizes = np.bincount(labels)
    return Quotient(labels, members, np.stack([_means(total, labels, sizes) for total in sums]))


def _sums(matrix, labels: Int[np.ndarray, " clients"], n_classes: int) -> Float[np.ndarray, "clients classes"]:
    """Each client's total weight on each class."""
    n = len(labels)
    member_of = sp.csr_array((np.ones(n), (np.arange(n), labels)), shape=(n, n_classes))
    total = matrix @ member_of
    return total.toarray() if sp.issparse(total) else np.asarray(total)


def _means(rows: np.ndarray, labels: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    total = np.zeros((len(sizes), rows.shape[1]))
    np.add.at(total, labels, rows)
    return total / sizes[:, None]


def _equal_rows(rows: Float[np.ndarray, "clients entries"]) -> Int[np.ndarray, " clients"]:
    """Numbers from 0, equal for equal rows, in the order in which the rows first appear."""
    whole = np.ascontiguousarray(rows, dtype=float) + 0.0
    keys = whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1])))[:, 0]
    _, first, found = np.unique(keys, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=int)
    order[np.argsort(first)] = np.arange(len(first))
    return order[found]
