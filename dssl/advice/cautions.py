"""Sentences on what a user may not have meant: means that dominate, clients far larger than the rest, weak optima."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dssl.advice.objectives import IN_WORDS, Objective
from dssl.user_files.client_data import ClientData

OUTLIER = 10.0  # times the median mean square of the other clients
DOMINATES = 10.0  # times the second eigenvalue, where means are not known
CLOSE = 1.05  # ratio of the last eigenvalue kept to the first left out
ROUNDS = 1e6  # in which a deviation falls e-fold: longer than most training
_SHOWN = 10  # clients
SAMPLES = 0.05  # distance between the optima of samples and distributions


def cautions(
    data: ClientData, wanted: Objective, step_size: float, local_steps: int, by_samples: float | None
) -> list[str]:
    """What to mind in these data, a sentence or two each; empty where nothing stands out.

    Source: ledger. Units: none. Errors: none.
    """
    found = [*_means(data, wanted), *_outliers(data, wanted)]
    c, values = wanted.feature_dim, wanted.values
    if values[c - 1] < CLOSE * values[c]:
        found.append(
            f"Eigenvalues {c} and {c + 1} of the objective's matrix are close, {values[c - 1]:.4g} and "
            f"{values[c]:.4g}: the wanted subspace is hardly better than others. Another --feature-dim may be meant."
        )
    if by_samples is not None and by_samples > SAMPLES:
        found.append(
            f"The optimum of these samples lies about {by_samples:.2g} from that of the distributions behind them "
            "(first order). What is said here is for these samples; smaller differences may be otherwise on new ones."
        )
    memory = 1 / (2 * step_size * local_steps * max(float(values[c - 1] - values[c]), np.finfo(float).tiny))
    if memory > ROUNDS:
        found.append(
            f"Distances are for models at rest, and deviations take about {memory:.2g} rounds to fall e-fold at this "
            "step size: training will hardly get there."
        )
    if data.unused:
        found.append(f"Not used from the archive: {', '.join(data.unused)}.")
    return found


def who_is_who(labels: Sequence[Any], names: Sequence[str] | None) -> list[str]:
    """A sentence on which client of the data is which of the network, where only one of them names its clients.

    `labels` are those of the network's clients, and `names` those of the data's. Source: ledger. Units: none. Errors:
    none.
    """
    is_numbered = tuple(labels) == tuple(range(len(labels)))
    if is_numbered == (names is None):
        return []
    told = "The network numbers the clients and the data name them, in alphabetical order"
    if names is None:
        told = "The data number the clients and the network names them, in the network's order"
    shown = list(labels if names is None else names)[:_SHOWN]
    pairs = ", ".join(f"client {k} is {name}" for k, name in enumerate(shown))
    more = ", and so on" if len(labels) > _SHOWN else ""
    return [f"{told}: {pairs}{more}."]


def _means(data: ClientData, wanted: Objective) -> list[str]:
    remedy = "The first feature then only tells the mean."
    if data.means is not None:
        outer = np.einsum("i,ij,ik->jk", wanted.weights, data.means, data.means)
        of_means = float(np.linalg.eigvalsh(outer)[-1])
        within = float(np.linalg.eigvalsh(wanted.matrix - outer)[-1])
        if of_means > within:
            return [
                f"Second moments are not centred, and the mean dominates them: {of_means:.4g} along the mean, "
                f"{within:.4g} along the direction that varies most. {remedy} With --center every client's own mean is "
                "taken off."
            ]
        return []
    first, second = float(wanted.values[0]), float(wanted.values[1])
    if first > DOMINATES * max(second, 0.0):
        return [
            f"One direction holds {first / max(float(wanted.values.sum()), np.finfo(float).tiny):.0%} of the second "
            f"moment. Second moments are not centred: if it is the mean, give means beside them and --center. {remedy}"
        ]
    return []


def _outliers(data: ClientData, wanted: Objective) -> list[str]:
    size = np.trace(data.moments, axis1=1, axis2=2)
    shares = wanted.weights * size / np.sum(wanted.weights * size)
    found = []
    for client in np.flatnonzero(
        [s > OUTLIER * np.median(np.delete(size, i)) for i, s in enumerate(size)] if len(size) > 1 else []
    ):
        i = int(client)
        found.append(
            f"{data.who(i, begins=True)} stands out: its mean square is {size[i] / np.median(np.delete(size, i)):.3g} "
            f"times the median of the others, and it makes {shares[i]:.0%} of the matrix that counts when "
            f"{IN_WORDS[wanted.name]}. Step sizes are limited by it, too. If its units differ, rescale it."
        )
    for client in np.flatnonzero(wanted.weights > 0.5) if len(size) > 2 else []:
        found.append(
            f"{data.who(int(client), begins=True)} holds {wanted.weights[client]:.0%} of all samples, and so of the "
            "objective. With --objective equal-clients every client counts the same."
        )
    return found
