"""Second moments of the data model with every label, offset and mask of a client listed, in floating point.

Nothing here knows a closed form: `theory.data.moments` is what it is held against. A point names the setting by
`n_clients`, `dim`, `tau`, `mu`, and where it matters by `mask_ratio` and by `scope`, one client or the average of all.
"""

from itertools import product

import numpy as np

from theory.domain import Choice, Condition, Parameter, Point, Real, Whole
from theory.readings import Mask

FL, LOCAL = "fl", "local"
LARGEST_LISTED = 10  # clients: 2^N outcomes; of more clients three stand for all, for an entry has two coordinates
SCOPE = Choice("scope", (FL, LOCAL))
MASK_RATIO = Real("mask_ratio", 0.0, 1.0, "()")
WIDE = Condition("dim at least n_clients", r"N \le d", lambda p: p["n_clients"] <= p["dim"])
MODEL = "Data follow the paper's model without rare classes: offsets drawn for every sample and coordinate."


def signal_parameters(reach: int = 8, *, least: int = 2, widest: int | None = None) -> tuple[Parameter, ...]:
    """The clients, the width of the data if `widest` is given, the size of the offsets, the level of the noise."""
    width: tuple[Parameter, ...] = () if widest is None else (Whole("dim", least, widest),)
    tau = Real("tau", 0.0, np.inf, "()", reach=(0.3, 20.0), is_log=True)
    return Whole("n_clients", least, reach), *width, tau, Real("mu", 0.0, np.inf, "[)", reach=(0.0, 1.0))


def listed_block(n_clients: int, tau: float, client: int) -> np.ndarray:
    """E[x x^T] of one client on the signal (N, N), without pixel noise: the mean over 2^N labels and offsets."""
    if n_clients > LARGEST_LISTED:
        few = listed_block(3, tau, 0)
        block = np.where(np.eye(n_clients, dtype=bool), few[1, 1], few[1, 2])
        block[client], block[:, client] = few[0, 1], few[1, 0]
        block[client, client] = few[0, 0]
        return block
    bits = (np.arange(2**n_clients)[:, None] >> np.arange(n_clients)) & 1
    x = -tau * bits.astype(float)
    x[:, client] = 2.0 * bits[:, client] - 1
    return x.T @ x / len(x)


def listed_moment(at: Point, client: int = 0) -> np.ndarray:
    """E[x x^T] of a point (d, d), pixel noise included: of one client, or the mean over clients for the scope "fl"."""
    n, d = int(at["n_clients"]), int(at.get("dim", at["n_clients"]))
    members = range(n) if at.get("scope", LOCAL) == FL else [client]
    full = float(at["mu"]) ** 2 * np.eye(d)
    for i in members:
        full[:n, :n] += listed_block(n, float(at["tau"]), i) / len(members)
    return full


def masked(moment: np.ndarray, mask_ratio: float, mask: Mask) -> np.ndarray:
    """Half of E[b a^T + a b^T], a and b the two masked views: the masks of two pixels are listed, with their chance."""
    hide, keep = mask_ratio, 1 - mask_ratio
    same = other = 0.0
    for first, second in product(product((0, 1), repeat=2), repeat=2):
        chance = np.prod([keep if m else hide for m in (*first, *second)])
        # The second view shows what its mask hides: its own mask, or the first one again.
        seen = [1 - m for m in (second if mask is Mask.INDEPENDENT else first)]
        same += chance * first[0] * seen[0]
        other += chance * (first[0] * seen[1] + first[1] * seen[0]) / 2
    diagonal = np.diag(np.diag(moment))
    return same * diagonal + other * (moment - diagonal)
