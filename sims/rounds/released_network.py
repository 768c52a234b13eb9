"""Networks as the released code draws them: a random recursive tree, then random links on top."""

import numpy as np

from theory.networks.topologies import Adjacency


def released_network(seed: int, n_clients: int, connectivity: float, *, is_uniform: bool) -> Adjacency:
    """Client i >= 1 is linked to a random earlier one; then random pairs are linked, or each client is topped up.

    `connectivity` counts neighbours without the client itself. Not uniform: random pairs until there are
    floor(connectivity N / 2) links. Uniform: one client after the other gets random new neighbours until it has the
    whole part of `connectivity`; those of earlier ones then have more.

    Source: chen2026code, `decentralized.generate_adj_matrix_avg`.
    Errors: ValueError for a connectivity outside [1, N - 1], as there.
    """
    if not 1 <= connectivity <= n_clients - 1:
        raise ValueError(f"The connectivity lies between 1 and {n_clients - 1}; got {connectivity}.")
    rng, linked = np.random.default_rng(seed), np.zeros((n_clients, n_clients), dtype=bool)

    def link(a: int, b: int) -> None:
        linked[a, b] = linked[b, a] = True

    for i in range(1, n_clients):
        link(int(rng.integers(i)), i)
    if is_uniform:
        for i in range(n_clients):
            while linked[i].sum() < int(connectivity):
                strangers = np.flatnonzero(~linked[i] & (np.arange(n_clients) != i))
                link(i, int(rng.choice(strangers)))
    else:
        while linked.sum() // 2 < connectivity * n_clients // 2:
            a, b = rng.choice(n_clients, 2, replace=False)
            link(int(a), int(b))
    return linked
