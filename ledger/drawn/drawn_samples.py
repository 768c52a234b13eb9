"""Samples of the paper's data model drawn one by one, in plain NumPy, for measurements on many small data sets at once.

`sims.samplers.literal` draws one large data set in blocks; here a whole batch of small ones is one array.
"""

import numpy as np

from ledger.drawn.listed_moments import FL
from theory.domain import Point


def members_of(at: Point) -> range:
    """The clients whose samples enter the matrix of a point: all of them, or the first."""
    return range(int(at["n_clients"]) if at["scope"] == FL else 1)


def drawn_samples(rng: np.random.Generator, at: Point, client: int, n_sets: int) -> np.ndarray:
    """`n_sets` data sets of one client, (n_sets, samples, d): label, offsets and pixel noise drawn for every sample."""
    n, d, size = int(at["n_clients"]), int(at["dim"]), (n_sets, int(at["samples_per_client"]))
    x = float(at["mu"]) * rng.standard_normal((*size, d))
    x[:, :, :n] -= float(at["tau"]) * rng.integers(0, 2, (*size, n)) * (np.arange(n) != client)
    x[:, :, client] += rng.choice([-1.0, 1.0], size)
    return x
