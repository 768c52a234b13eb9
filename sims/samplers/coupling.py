"""Distance of the alignment matrix from its mean, block by block, drawn at any d and any n.

Given the signal part, the rows that couple it to noise are Gaussian with one N x N covariance, so a triangular factor
stands for all d - N of them. The coupling block bounds the norm of X - E X from below and, where concentration fails,
is what fails.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sims.samplers.signal_rows import SignalRows, signal_rows
from sims.samplers.wishart import bartlett, square_root
from theory.data.moments import second_moment
from theory.readings import Objective, Reading
from theory.setting import Setting


@dataclass(frozen=True)
class Deviation:
    """Spectral norms of X - E X for every trial: on S, between S and the rest; `noise` bounds the mean of the rest's.

    The norm of all of X - E X is at least `coupling` and at most signal + coupling + noise.
    """

    signal: np.ndarray
    coupling: np.ndarray
    noise: float


def deviation(
    seed: int, s: Setting, *, objective: Objective, scope: Literal["fl", "local"] = "local", trials: int
) -> Deviation:
    """The blocks of X - E X for `trials` data sets, client 0 when local.

    MIM with independent masks in expectation, over p(1-p); CL with similar views, one draw a sample. Cost independent
    of d and n.

    Source: ledger, from chen2026 (17) and (43); the noise part by davidson2001. Units: squared data units.
    Errors: those of `signal_rows`; ValueError with fewer samples than signal coordinates.
    """
    rows = signal_rows(s, Reading(), scope, 0)
    n, total = s.n_clients, rows.n_rows
    if total <= n:
        raise ValueError(f"More samples than signal coordinates are needed; got {total} for N = {n}.")
    rng = np.random.default_rng(seed)
    half = float(s.augmentation_std) ** 2 / 2 if objective is Objective.CL else 0.0
    power = float(s.mu) ** 2 + half
    # X = mean of y y^T - z z^T, y and z half sum and half difference of the views; z = 0 for MIM.
    block = _signal_gram(rng, rows, s, np.sqrt(power), trials) / total
    covariance = power * block
    if half > 0:
        difference = half * _gram(bartlett(rng, trials, total, n)) / total
        block = block - difference
        covariance = covariance + half * difference
    factor = bartlett(rng, trials, s.dim - n, n) @ np.swapaxes(square_root(covariance), -1, -2)
    mean = second_moment(s, scope=scope).corner
    # E s_max <= sqrt(n) + sqrt(d), and a singular value's variance is at most 1.
    stretch = (1 + np.sqrt((s.dim - n) / total)) ** 2 - 1 + 1 / total
    return Deviation(
        signal=np.linalg.norm(block - mean, 2, axis=(1, 2)),
        coupling=np.linalg.norm(factor, 2, axis=(1, 2)) / np.sqrt(total),
        noise=float((power + half) * stretch),
    )


def _signal_gram(rng: np.random.Generator, rows: SignalRows, s: Setting, noise_std: float, trials: int) -> np.ndarray:
    """Gram matrix of clean rows plus noise on S: turned, N rows R + noise over a Bartlett factor of the rest."""
    n = s.n_clients
    top = square_root(rows.grams(rng, trials)) + noise_std * rng.standard_normal((trials, n, n))
    return _gram(top) + noise_std**2 * _gram(bartlett(rng, trials, rows.n_rows - n, n))


def _gram(factor: np.ndarray) -> np.ndarray:
    return np.swapaxes(factor, -1, -2) @ factor
