"""Client covariances that differ by a known amount, for experiments on networks.

Every family is (1 - level) B + level S_i with B common and S_i a client's own, both positive semi-definite with trace
`feature_dim`: positive semi-definite at every level in [0, 1], the same for all clients at 0.
"""

import numpy as np
from jaxtyping import Bool, Float

from sims.class_shares import dirichlet_shares

Covariances = Float[np.ndarray, "clients dim dim"]
Adjacency = Bool[np.ndarray, "clients clients"]
# Own matrices have this many directions a client for each direction that is represented.
RANK_RATIO = 2
ALIKE = 1e-9  # eigenvalues and shares nearer than that, relatively, are equal but for rounding


def commuting(n_clients: int, dim: int, *, tau: float | None = None, mu: float | None = None) -> Covariances:
    """The diagonal matrices of the paper: client i has 1 at its own coordinate, tau^2 at the others', mu^2 everywhere.

    Defaults are the paper's tau = d^(1/5), mu = d^(-1/5). They share eigenvectors, so no network tilts the mean model.
    Source: chen2026, (12) and (18), without the factor 2p(1-p). Errors: ValueError unless 2 <= n_clients <= dim.
    """
    if not 2 <= n_clients <= dim:
        raise ValueError(f"Each client owns a coordinate: 2 <= n_clients <= dim={dim}; got n_clients={n_clients}.")
    offset = dim**0.2 if tau is None else tau
    noise = dim**-0.2 if mu is None else mu
    diagonal = np.full((n_clients, dim), noise**2)
    diagonal[:, :n_clients] += offset**2
    own = np.arange(n_clients)
    diagonal[own, own] += 1 - offset**2
    return np.einsum("nd,de->nde", diagonal, np.eye(dim))


def common(seed: int, dim: int, feature_dim: int) -> Float[np.ndarray, "dim dim"]:
    """B: eigenvalues from 2 down to 1 on `feature_dim` random directions, and from 1/2 down to 1/4 on the rest.

    Scaled to trace `feature_dim`. The gap after `feature_dim` makes the optimum of the loss well defined.
    """
    _check(dim, feature_dim, 0.0)
    values = np.concatenate([np.linspace(2, 1, feature_dim), np.linspace(0.5, 0.25, dim - feature_dim)])
    turn = np.linalg.qr(np.random.default_rng([seed, 0]).standard_normal((dim, dim)))[0]
    return (turn * (feature_dim * values / values.sum())) @ turn.T


def exchangeable(seed: int, n_clients: int, dim: int, feature_dim: int, level: float) -> Covariances:
    """S_i independent random matrices of one law: who is whose neighbour says nothing about how alike two clients are.

    S_i is G G^T of a normal G with twice `feature_dim` columns (or `dim`), scaled to its trace.
    """
    _check(dim, feature_dim, level)
    own = np.stack([_own(seed, i, dim, feature_dim) for i in range(n_clients)])
    return (1 - level) * common(seed, dim, feature_dim) + level * own


def homophily(seed: int, adjacency: Adjacency, dim: int, feature_dim: int, level: float) -> Covariances:
    """Clients between two types A and B, in proportion to the Fiedler vector: neighbours are as alike as can be.

    All X_i - mean are then along the slowest mode of the Laplacian, the worst place for agreement.
    Source: ledger. Errors: ValueError for a level outside [0, 1].
    """
    return _along(seed, _laplacian_vector(adjacency, 1), dim, feature_dim, level)


def alternating(seed: int, adjacency: Adjacency, dim: int, feature_dim: int, level: float) -> Covariances:
    """Clients between two types in proportion to the Laplacian's last vector: on an even ring A, B, A, B.

    Neighbours are as unlike as can be, which mixing averages best.
    Source: ledger. Errors: ValueError for a level outside [0, 1].
    """
    return _along(seed, _laplacian_vector(adjacency, -1), dim, feature_dim, level)


def label_skew(
    seed: int, n_clients: int, dim: int, feature_dim: int, concentration: float, *, n_classes: int = 10
) -> Covariances:
    """X_i = sum_c theta_ic S_c, theta_i from Dirichlet(concentration / n_classes x 1): classes of equal share overall.

    S_c is half B and half a matrix of the class's own. Small concentration is one class a client, large is no skew.
    Source: hsu2019, Section 3, for theta. Errors: ValueError for a concentration that is not positive and finite.
    """
    if not (np.isfinite(concentration) and concentration > 0):
        raise ValueError(f"The concentration is positive and finite; got {concentration}. Use 1e5 for no skew.")
    classes = exchangeable(seed, n_classes, dim, feature_dim, 0.5)
    uniform = np.full(n_classes, 1 / n_classes)
    shares = dirichlet_shares(int(np.random.default_rng([seed, 3]).integers(2**31)), uniform, n_clients, concentration)
    return np.einsum("nc,cab->nab", shares, classes, optimize=True)


def _along(seed: int, vector: np.ndarray, dim: int, feature_dim: int, level: float) -> Covariances:
    _check(dim, feature_dim, level)
    first, second = (_own(seed, k, dim, feature_dim) for k in range(2))
    share = (vector - vector.min()) / np.ptp(vector)
    own = share[:, None, None] * first + (1 - share)[:, None, None] * second
    return (1 - level) * common(seed, dim, feature_dim) + level * own


def _own(seed: int, number: int, dim: int, feature_dim: int) -> np.ndarray:
    g = np.random.default_rng([seed, 1, number]).standard_normal((dim, min(dim, RANK_RATIO * feature_dim)))
    s = g @ g.T
    return s * (feature_dim / np.trace(s))


def _laplacian_vector(adjacency: Adjacency, number: int) -> np.ndarray:
    a = np.asarray(adjacency, dtype=float)
    if a.ndim != 2 or len(a) < 2 or (a != a.T).any():
        raise ValueError(f"Two clients or more on an undirected network were wanted; got an adjacency {a.shape}.")
    values, vectors = np.linalg.eigh(np.diag(a.sum(axis=1)) - a)
    # An eigenvalue may be repeated, and then every library and machine returns vectors of its own. The projector onto
    # all of them is one: its column for the client that has most of it, the first of these, sign included.
    space = vectors[:, np.abs(values - values[number]) < ALIKE * values[-1]]
    projector = space @ space.T
    share = np.diagonal(projector)
    column = projector[:, np.flatnonzero(share > share.max() * (1 - ALIKE))[0]]
    return column / np.linalg.norm(column)


def _check(dim: int, feature_dim: int, level: float) -> None:
    if not 1 <= feature_dim < dim:
        raise ValueError(f"A gap after feature_dim needs 1 <= feature_dim < dim={dim}; got feature_dim={feature_dim}.")
    if not 0 <= level <= 1:
        raise ValueError(f"The level of heterogeneity lies in [0, 1]; got level={level}.")
