"""The block of the alignment matrix that couples signal and noise coordinates: its norm, drawn at any d and any n.

Given the signal part, its rows are Gaussian with one N x N covariance, so a triangular factor stands for all d - N of
them. It bounds the norm of X - E X from below and, where concentration fails, is what fails.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

from sims.signal_rows import SignalRows, signal_rows
from sims.wishart import bartlett, square_root
from theory.readings import Objective, Reading
from theory.setting import Setting


def coupling_norms(
    seed: int, s: Setting, *, objective: Objective, scope: Literal["fl", "local"] = "local", trials: int
) -> Float[np.ndarray, " trials"]:
    """Spectral norm of the signal-by-noise block of X for `trials` data sets, client 0 when local.

    MIM with independent masks in expectation, over p(1-p); CL with similar views, one draw a sample. Cost independent
    of d and n.

    Source: ledger, from chen2026 (17) and (43). Units: squared data units.
    Errors: those of `signal_rows`; ValueError with fewer samples than signal coordinates.
    """
    rows = signal_rows(s, Reading(), scope, 0)
    if rows.n_rows <= s.n_clients:
        raise ValueError(f"More samples than signal coordinates are needed; got {rows.n_rows} for N = {s.n_clients}.")
    rng = np.random.default_rng(seed)
    half = float(s.augmentation_std) ** 2 / 2 if objective is Objective.CL else 0.0
    power = float(s.mu) ** 2 + half
    # One row is N(0, M / n), M = power Gram(y_S) + half Gram(z_S); y, z: half sum and half difference of the views.
    covariance = power * _signal_gram(rng, rows, s, np.sqrt(power), trials) / rows.n_rows
    if half > 0:
        covariance += half**2 * _gram(bartlett(rng, trials, rows.n_rows, s.n_clients)) / rows.n_rows
    noise = bartlett(rng, trials, s.dim - s.n_clients, s.n_clients)
    block = noise @ np.swapaxes(square_root(covariance), -1, -2)
    return np.linalg.norm(block, 2, axis=(1, 2)) / np.sqrt(rows.n_rows)


def _signal_gram(rng: np.random.Generator, rows: SignalRows, s: Setting, noise_std: float, trials: int) -> np.ndarray:
    """Gram matrix of clean rows plus noise on S: turned, N rows R + noise over a Bartlett factor of the rest."""
    n = s.n_clients
    top = square_root(rows.grams(rng, trials)) + noise_std * rng.standard_normal((trials, n, n))
    return _gram(top) + noise_std**2 * _gram(bartlett(rng, trials, rows.n_rows - n, n))


def _gram(factor: np.ndarray) -> np.ndarray:
    return np.swapaxes(factor, -1, -2) @ factor
