"""A rare class on real inputs: clients with a few images of another class, and the axis that only this class needs.

In the model of Section 3.2 a rare class adds one coordinate, inside the signal or outside it. A photograph's class has
a second moment of its own; beyond the leading axes of what the clients own, its leading axis is the rare coordinate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

from sims.real_inputs.representability import Population

Points = Float64[np.ndarray, "_ dim"]


@dataclass(frozen=True)
class ForeignAxis:
    """The unit vector beyond the own axes along which a foreign class varies most, and its mean square there."""

    axis: Float64[np.ndarray, " dim"]
    power: float


def own_axes(own: Sequence[Points], n_signal: int) -> tuple[Float64[np.ndarray, "dim c"], float]:
    """The `n_signal` leading axes of the clients' average second moment, and the eigenvalue after them.

    Errors: ValueError when they are not fewer than the dimension.
    """
    moment = Population(tuple(own), np.zeros((own[0].shape[1], 0))).moment()
    d = len(moment)
    if not 1 <= n_signal < d:
        raise ValueError(f"Between 1 and {d - 1} signal axes were wanted; got n_signal={n_signal}.")
    values, vectors = scipy.linalg.eigh(moment, subset_by_index=(d - n_signal - 1, d - 1))
    return vectors[:, :0:-1].copy(), float(values[0])


def foreign_axis(axes: Float64[np.ndarray, "dim c"], foreign: Points) -> ForeignAxis:
    """Where the foreign class is largest beyond the span of `axes`.

    Units: power in squared data units; the class enters a mixture with its share of this.
    """
    beyond = foreign - (foreign @ axes) @ axes.T
    moment = beyond.T @ beyond / len(beyond)
    d = len(moment)
    values, vectors = scipy.linalg.eigh(moment, subset_by_index=(d - 1, d - 1))
    return ForeignAxis(vectors[:, 0], float(values[0]))


def rare_population(own: Sequence[Points], foreign: Points, rare_fraction: float, n_signal: int) -> Population:
    """Clients of whose points a share `rare_fraction` is foreign, judged by their own axes and then the foreign one.

    Every client borrows other points, in the order given. The axes do not depend on the fraction, so that 0 shows what
    is seen of the rare axis when the class is absent.
    Source: chen2026, Section 3.2 (the rare class h_i). Errors: ValueError for a fraction outside [0, 1/2] or more
    foreign points than there are; those of `own_axes`.
    """
    if not 0 <= rare_fraction <= 0.5:
        raise ValueError(f"The rare class is the smaller part, in [0, 0.5]; got rare_fraction={rare_fraction}.")
    borrowed = [round(rare_fraction / (1 - rare_fraction) * len(x)) for x in own]
    if sum(borrowed) > len(foreign):
        raise ValueError(
            f"The foreign class has {len(foreign)} points; got rare_fraction={rare_fraction}, which needs "
            f"{sum(borrowed)}. Lower it."
        )
    axes, _ = own_axes(own, n_signal)
    ends = np.cumsum([0, *borrowed])
    clients = [np.concatenate([x, foreign[a:b]]) for x, a, b in zip(own, ends[:-1], ends[1:], strict=True)]
    return Population(tuple(clients), np.column_stack([axes, foreign_axis(axes, foreign).axis]))
