"""Representability with unequal client weights: every sample or matrix is drawn and formed, without closed forms."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from sims.samplers.literal import literal_moments
from sims.samplers.signal_rows import signal_rows
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


def weighted_deficits(
    seed: int, s: Setting, weights: Sequence[Fraction | float], trials: int
) -> Float[np.ndarray, " trials"]:
    """The mean of 1 - r_k over the signal, masks averaged: matrices from their exact law, for any number of samples.

    With clean rows B = Q R of a client and noise mu Z, the Gram matrix of B + mu Z is F^T F + mu^2 W: F is R + mu G
    with G normal of N rows, and W of the law of Wishart with the rows that are left.

    Source: chen2026, Section 3.2 and Definition 4.1; the law of rotated normals. Units: dimensionless, in [0, 1].
    Errors: ValueError for fewer than dim + N samples a client.
    """
    n, d, mu = s.n_clients, s.dim, float(s.mu)
    left = s.samples_per_client - n
    if left < d:
        raise ValueError(f"At least dim + N = {d + n} samples a client were wanted; got {s.samples_per_client}.")
    rng = np.random.default_rng(seed)
    sums = np.zeros((trials, d, d))
    for client, weight in enumerate(weights):
        clean = signal_rows(s, Reading(), "local", client).grams(rng, trials)
        values, vectors = np.linalg.eigh(clean)
        upper = mu * rng.standard_normal((trials, n, d))
        upper[:, :, :n] += np.sqrt(np.maximum(values, 0))[:, :, None] * vectors.mT
        lower = np.tril(rng.standard_normal((trials, d, d)), -1)
        lower[:, range(d), range(d)] = np.sqrt(rng.chisquare(left - np.arange(d), (trials, d)))
        sums += float(weight) / s.samples_per_client * (upper.mT @ upper + mu**2 * lower @ lower.mT)
    leading = np.linalg.eigh(sums)[1][:, :, -s.feature_dim :]
    return 1 - np.mean(np.sum(leading[:, :n] ** 2, axis=2), axis=1)
