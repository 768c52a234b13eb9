"""Representability with unequal client weights: every sample is drawn and every matrix formed, without closed forms."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from sims.samplers.literal import literal_moments
from theory.readings import Objective, Reading
from theory.setting import Setting


def weighted_representability(
    seed: int,
    s: Setting,
    weightings: Sequence[Sequence[Fraction | float]],
    *,
    objective: Objective,
    reading: Reading,
    trials: int,
) -> Float[np.ndarray, "trials weightings n_clients"]:
    """r_k over the signal for every weighting of the clients, all from the same data in each trial.

    Source: chen2026, Eq (1) with one common W and Definition 4.1. Units: dimensionless, each in [0, 1].
    """
    rng = np.random.default_rng(seed)
    shares = np.array([[float(w) for w in weights] for weights in weightings])
    r = np.empty((trials, len(shares), s.n_clients))
    for trial in range(trials):
        locals_ = np.stack(
            [
                literal_moments(rng, s, ((objective, reading),), scope="local", client=i)[0].alignment()
                for i in range(s.n_clients)
            ]
        )
        for j, x in enumerate(np.einsum("ji,ikl->jkl", shares, locals_)):
            leading = np.linalg.eigh(x)[1][:, -s.feature_dim :]
            r[trial, j] = np.sum(leading[: s.n_clients] ** 2, axis=1)
    return r
