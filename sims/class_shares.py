"""Class shares of Dirichlet clients, drawn as the literature and as the released code do, and their heterogeneity."""

import numpy as np
from jaxtyping import Float

Shares = Float[np.ndarray, "clients classes"]
LABELS = 1  # the second word of the seed of labels; shares are drawn with one word


def dirichlet_shares(
    seed: int, probabilities: Float[np.ndarray, " classes"], n_clients: int, concentration: float
) -> Shares:
    """One Dirichlet(concentration x probabilities) draw a client.

    Source: hsu2019, Section 3. Units: rows sum to 1.
    """
    return np.random.default_rng(seed).dirichlet(concentration * np.asarray(probabilities), size=n_clients)


def released_shares(seed: int, n_classes: int, n_clients: int, concentration: float, sweeps: int = 100) -> Shares:
    """Class shares of each client under `released_joint_shares`, whatever its size.

    Source: chen2026, released code, `get_unsuper_datasets`. Units: rows sum to 1.
    Errors: ValueError as `released_joint_shares`.
    """
    shares = released_joint_shares(seed, n_classes, n_clients, concentration, sweeps)
    return shares / shares.sum(axis=1, keepdims=True)


def released_joint_shares(seed: int, n_classes: int, n_clients: int, concentration: float, sweeps: int = 100) -> Shares:
    """Every class draws Dirichlet(concentration 1_N) over clients, then `sweeps` divisions by row and column sums.

    Both sums of a sweep are taken before either division, so every other sweep the total is N C in place of 1, and
    `sweeps` must be even. At a small concentration a hundred sweeps leave clients of unequal size.

    Source: chen2026, released code, `get_unsuper_datasets`. Units: shares of all data; they sum to 1.
    Errors: ValueError for odd sweeps, or when a client got nothing at all (round-off to 0, where the code makes NaN).
    """
    if sweeps % 2:
        raise ValueError(f"After an odd number of sweeps the shares sum to N C; got sweeps={sweeps}. Use an even one.")
    shares = np.random.default_rng(seed).dirichlet(np.full(n_clients, concentration), size=n_classes).T
    shares = shares / shares.sum()
    if (shares.sum(axis=1) == 0).any():
        raise ValueError(
            f"{int((shares.sum(axis=1) == 0).sum())} clients got no class at all, for concentration={concentration} "
            "rounds shares to 0. Raise it."
        )
    for _ in range(sweeps):
        columns, rows = shares.sum(axis=0, keepdims=True), shares.sum(axis=1, keepdims=True)
        shares = shares / columns / rows
    return shares


def heterogeneity(shares: Shares, probabilities: Float[np.ndarray, " classes"]) -> float:
    """Mean over clients of |q_i - p|^2, over its value 1 - |p|^2 when every client has one class drawn from p.

    Source: ledger. Units: dimensionless, in [0, 1] in the mean.
    """
    p = np.asarray(probabilities)
    return float(np.mean(np.sum((shares - p) ** 2, axis=1)) / (1 - p @ p))


def sampled_shares(seed: int, shares: Shares, samples: int) -> Shares:
    """The shares of `samples` labels that every client draws from its own.

    The stream of random numbers is another than that of `dirichlet_shares` with the same seed: the labels drawn must
    not depend on how the shares were drawn.
    Units: rows sum to 1.
    """
    return np.random.default_rng([seed, LABELS]).multinomial(samples, shares) / samples
