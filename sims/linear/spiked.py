"""Clients whose matrices are multiples of the identity beyond a few coordinates, in the dimensions that training needs.

Let X_i be any symmetric matrix A_i on the first k coordinates, and lambda_i times the identity on the others. Split
every model as W_i = [S_i, T_i] in the same way. With G = S_i S_i^T + T_i T_i^T a gradient is 2 (G S_i - S_i A_i) on the
first coordinates and 2 (G - lambda_i I) T_i on the others. So if all clients start with T_i = L Q, L of c x m and Q of
m orthonormal rows, m = min(c, d - k), then T_i = L_i Q in every round, and L_i is trained as a model on lambda_i I of
size m. Training in d dimensions equals training in k + m. Nothing of size d is made: Q is never needed, since norms and
projections of models are those of [S_i, L_i].

A start with normal entries is drawn as such, too. T T^T has a Wishart law with d - k degrees of freedom, and its
Cholesky factor L has independent entries: normal ones below the diagonal, and the roots of chi-squared numbers with
d - k, d - k - 1, ... degrees of freedom on it (Bartlett's decomposition). Source: ledger.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from sims.linear import heterogeneity, objective


@dataclass(frozen=True)
class SpikedClients:
    """`signal` and `noise` are the A and lambda of each kind of client, `kinds` the kind of each client."""

    signal: Float[np.ndarray, "kinds signal signal"]
    noise: Float[np.ndarray, " kinds"]
    kinds: Int[np.ndarray, " clients"]
    dim: int

    @property
    def n_signal(self) -> int:
        """k, the coordinates on which matrices are anything."""
        return self.signal.shape[1]

    def in_fewer(self, feature_dim: int) -> Float[np.ndarray, "clients rank rank"]:
        """The matrices of all clients in the dimensions in which so many features are trained."""
        return self._matrices(self.n_signal + min(feature_dim, self.dim - self.n_signal))

    def whole(self) -> Float[np.ndarray, "clients dim dim"]:
        """The matrices in all dimensions."""
        return self._matrices(self.dim)

    def start(self, seed: int, feature_dim: int) -> Float[np.ndarray, "clients feature rank"]:
        """One random start for all clients, in law that of `objective.random_start` on the whole matrices."""
        rng, beyond = np.random.default_rng(seed), self.dim - self.n_signal
        factor = gram_factor(rng, feature_dim, beyond)
        w = np.concatenate([rng.standard_normal((feature_dim, self.n_signal)), factor], axis=1)
        return objective.common_start(w, self.in_fewer(feature_dim))

    def _matrices(self, size: int) -> np.ndarray:
        k = self.n_signal
        of_kinds = self.noise[:, None, None] * np.eye(size)
        of_kinds[:, :k, :k] = self.signal
        return of_kinds[self.kinds]


def gram_factor(rng: np.random.Generator, rows: int, columns: int) -> Float[np.ndarray, "rows rank"]:
    """L with L L^T = T T^T in law, T of independent standard normal entries: `rows` times min(rows, columns) numbers.

    Where T has fewer columns than rows it is drawn itself.
    """
    if columns < rows:
        return rng.standard_normal((rows, columns))
    factor = np.tril(rng.standard_normal((rows, rows)), -1)
    factor[np.diag_indices(rows)] = np.sqrt(rng.chisquare(columns - np.arange(rows)))
    return factor


def made(
    seed: int, n_clients: int, dim: int, n_signal: int, n_kinds: int, feature_dim: int, level: float
) -> SpikedClients:
    """Clients of `n_kinds` kinds, in turn: exchangeable signals, and noise that differs by the share `level`.

    The noise of a client lies around half the least eigenvalue that signals have in common.
    Errors: ValueError for sizes that do not fit, and a level outside [0, 1].
    """
    if not 1 <= n_kinds <= n_clients:
        raise ValueError(f"n_kinds lies between 1 and n_clients={n_clients}; got n_kinds={n_kinds}.")
    if not feature_dim <= n_signal <= dim:
        raise ValueError(f"n_signal lies between feature_dim={feature_dim} and dim={dim}; got n_signal={n_signal}.")
    signal = heterogeneity.exchangeable(seed, n_kinds, n_signal, feature_dim, level)
    least = float(np.linalg.eigvalsh(heterogeneity.common(seed, n_signal, feature_dim))[0])
    noise = least / 2 * (1 + level * np.random.default_rng([seed, 4]).uniform(-1, 1, n_kinds))
    return SpikedClients(signal, noise, np.arange(n_clients) % n_kinds, dim)
