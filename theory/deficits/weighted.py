"""Deficits 1 - r_k when clients' losses have unequal weights, as on networks whose neighbourhoods differ in size.

With X = sum_i w_i X_i only the signal block and the noise that couples to it change: the gap is that of the weighted
mean, and the noise adds up with squared weights.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from theory.data.moments import signal_second_moment
from theory.deficits.closed_forms import is_expected
from theory.readings import EXPECTED, Objective
from theory.setting import Setting

Weights = Sequence[Fraction | float]


def weighted_deficit(
    s: Setting, weights: Weights, objective: Objective = Objective.MIM, draws: int | str = EXPECTED
) -> Float[np.ndarray, " n_clients"]:
    """E(1 - r_k) of every signal coordinate, second order, for client weights w: CL, or independent masks expected.

    (d - c)/n_i [G M G]_kk with G the inverse of sum_i w_i Sigma_i on the signal, mu^2 removed, and M = sum_i w_i^2 M_i
    the coupling noise of the clients.

    Source: ledger; equal weights give `theory.deficits.closed_forms.deficit`. Units: dimensionless, meant where small
    against 1.
    Errors: ValueError for weights that are not N in number or do not sum to 1, or for sampled masks.
    """
    shares = np.array([float(w) for w in weights])
    n = s.n_clients
    if len(shares) != n or not np.isclose(shares.sum(), 1.0):
        raise ValueError(f"One weight a client was wanted, with sum 1; got {[str(w) for w in weights]} for N = {n}.")
    if objective is Objective.MIM and not is_expected(draws):
        raise ValueError(f'Masks are averaged exactly here; got draws={draws!r}. Use draws="{EXPECTED}".')
    mu2, sigma2 = float(s.mu) ** 2, float(s.augmentation_std) ** 2
    blocks = np.stack([signal_second_moment(n, float(s.tau), i) for i in range(n)])
    inverse = np.linalg.inv(np.einsum("i,ikl->kl", shares, blocks))
    with_noise = blocks + mu2 * np.eye(n)
    power = mu2 * with_noise
    if not is_expected(draws):
        power = power + (sigma2 * (with_noise + mu2 * np.eye(n)) + sigma2**2 * np.eye(n)) / (2 * int(draws))
    noise = np.einsum("i,ikl->kl", shares**2, power)
    return (s.dim - s.feature_dim) / s.samples_per_client * np.diag(inverse @ noise @ inverse)
