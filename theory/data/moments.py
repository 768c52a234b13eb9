"""Second moments of the data, and the alignment matrices of the losses, without forming a d x d matrix.

Outside the N signal coordinates (and the few that rare classes point to) every matrix is a multiple of the identity, so
a small corner and one number carry all of it.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.readings import Mask, Objective, Rare
from theory.setting import Setting
from theory.symbols import mu, rare_fraction, tau

Site = Literal["fl", "local"]
# Eigenvalues closer than this, relative to the largest, are one: eigvalsh resolves about 1e-15 of it.
SAME_EIGENVALUE = 1e-12
LARGEST_DENSE_DIM = 20_000


@dataclass(frozen=True)
class CornerMatrix:
    """diag(corner, bulk I): symmetric, `dim` wide; the corner's first N rows are the signal S, 0 to N - 1.

    Coordinates outside S that a rare class points to follow it in the corner, in ascending order.
    Errors: ValueError for a corner that is not square or is wider than `dim`.
    """

    corner: np.ndarray
    bulk: float
    dim: int

    def __post_init__(self) -> None:
        if self.corner.ndim != 2 or self.corner.shape[0] != self.corner.shape[1]:
            raise ValueError(f"The corner must be a square matrix; got shape {self.corner.shape}.")
        if self.corner.shape[0] > self.dim:
            raise ValueError(f"The corner must fit in dim={self.dim}; got {self.corner.shape[0]} rows. Raise dim.")

    @property
    def n_bulk(self) -> int:
        """How many coordinates lie outside the corner."""
        return self.dim - self.corner.shape[0]

    def dense(self) -> Float[np.ndarray, "dim dim"]:
        """The whole matrix, for small `dim`. Errors: ValueError when it would not fit in memory."""
        if self.dim > LARGEST_DENSE_DIM:
            raise ValueError(f"A dense matrix needs dim <= {LARGEST_DENSE_DIM}; got dim={self.dim}. Use the corner.")
        full = np.diag(np.full(self.dim, float(self.bulk)))
        m = self.corner.shape[0]
        full[:m, :m] = self.corner
        return full

    def spectrum(self) -> list[tuple[float, int]]:
        """(eigenvalue, multiplicity), descending; eigenvalues equal up to round-off are one."""
        values = [(float(v), 1) for v in np.linalg.eigvalsh(self.corner)]
        if self.n_bulk:
            values.append((float(self.bulk), self.n_bulk))
        return grouped(values)

    def scaled(self, factor: float) -> "CornerMatrix":
        """The matrix times a number."""
        return CornerMatrix(factor * self.corner, factor * self.bulk, self.dim)

    def diagonal_part(self) -> "CornerMatrix":
        """The matrix with everything off the diagonal removed."""
        return CornerMatrix(np.diag(np.diag(self.corner)), self.bulk, self.dim)

    def off_diagonal(self) -> "CornerMatrix":
        """The matrix with its diagonal removed."""
        return CornerMatrix(self.corner - np.diag(np.diag(self.corner)), 0.0, self.dim)


def grouped(values: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """(value, multiplicity) pairs, descending, with values equal up to round-off joined (the bulk's digits kept)."""
    ordered = sorted(values, reverse=True)
    scale = max((abs(v) for v, _ in ordered), default=0.0)
    joined: list[list[tuple[float, int]]] = []
    for value, count in ordered:
        if joined and joined[-1][-1][0] - value <= SAME_EIGENVALUE * scale:
            joined[-1].append((value, count))
        else:
            joined.append([(value, count)])
    return [(max(group, key=lambda g: g[1])[0], sum(count for _, count in group)) for group in joined]


def second_moment(
    s: Setting,
    *,
    scope: Site = "fl",
    client: int = 0,
    rare: Rare = Rare.ABSENT,
    rare_coordinates: Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
) -> CornerMatrix:
    """E[x x^T], uncentred: of one client (`local`), or the mean over clients by `weights` (`fl`, default uniform).

    `rare_coordinates` gives the coordinate h_i, from 0, for every client (one number suffices for `local`). Without it
    h_i is the next client's coordinate (`inside`) or one outside S of its own, N + i (`outside`).

    Source: ledger, from chen2026 Section 3.2; the paper's (18) and (36) differ.
    Units: squared data units.
    Errors: ValueError for a client, coordinate or weights outside the model.
    """
    n = s.n_clients
    if scope not in ("fl", "local"):
        raise ValueError(f'scope must be "fl" or "local"; got scope={scope!r}.')
    if not 0 <= client < n:
        raise ValueError(f"Clients are counted from 0 to {n - 1}; got client={client}.")
    if scope == "local" and weights is not None:
        raise ValueError(f'Client weights belong to scope "fl"; got weights={list(weights)} with scope "local".')
    members = [client] if scope == "local" else list(range(n))
    shares = [1.0] if scope == "local" else client_weights(n, weights)
    rare_at = rare_positions(s, rare, members, rare_coordinates)
    outside = sorted({h for h in rare_at if h is not None and h >= n})
    place = {h: h for h in range(n)} | {h: n + j for j, h in enumerate(outside)}
    size = n + len(outside)
    share_rare = 0.0 if rare is Rare.ABSENT else float(s.rare_fraction)
    corner = float(s.mu) ** 2 * np.eye(size)
    for i, weight, h in zip(members, shares, rare_at, strict=True):
        corner[:n, :n] += weight * (1 - share_rare) * signal_second_moment(n, float(s.tau), i)
        if h is not None:
            corner[place[h], place[h]] += weight * share_rare
    return CornerMatrix(corner, float(s.mu) ** 2, s.dim)


def signal_second_moment(n_clients: int, tau: float, client: int) -> Float[np.ndarray, "n n"]:
    """Client `client`'s E[x x^T] on S, noise and rare class left out: 1 at (i, i), (tau^2/4)(I + J) on S without i."""
    block = tau**2 / 4 * (np.eye(n_clients) + np.ones((n_clients, n_clients)))
    block[client, :] = block[:, client] = 0.0
    block[client, client] = 1.0
    return block


def alignment_matrix(
    s: Setting,
    objective: Objective,
    mask: Mask = Mask.INDEPENDENT,
    *,
    scope: Site = "fl",
    client: int = 0,
    rare: Rare = Rare.ABSENT,
    rare_coordinates: Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
) -> CornerMatrix:
    """The population matrix X that the loss compares with W^T W: 0.5 |X - W^T W|^2 is the loss up to a constant.

    CL with similar views: E[x x^T] itself. MIM, pi = p(1-p): independent masks pi E[x x^T]; complementary masks leave
    no diagonal; a fixed count of p d masked entries the same times d/(d-1); `printed` is what (17) prints.

    Source: ledger, from chen2026 (2), (4), (17) and (44).
    Errors: those of `second_moment`.
    """
    sigma = second_moment(s, scope=scope, client=client, rare=rare, rare_coordinates=rare_coordinates, weights=weights)
    return sigma if objective is Objective.CL else masked_alignment(sigma, float(s.mask_ratio), mask)


def masked_alignment(sigma: CornerMatrix, mask_ratio: float, mask: Mask) -> CornerMatrix:
    """The mean over masks of the symmetrised product of the two masked views, given E[x x^T] = `sigma`.

    Source: ledger, from chen2026 (17).
    """
    pi = mask_ratio * (1 - mask_ratio)
    if mask is Mask.INDEPENDENT:
        return sigma.scaled(pi)
    if mask is Mask.PRINTED:
        return sigma.diagonal_part().scaled(2 * pi)
    if mask is Mask.FIXED_COUNT:
        return sigma.off_diagonal().scaled(pi * sigma.dim / (sigma.dim - 1))
    return sigma.off_diagonal().scaled(pi)


def dissimilar_alignment(h: Float[np.ndarray, "dim dim"], sigma: CornerMatrix) -> Float[np.ndarray, "dim dim"]:
    """sym(H E[x x^T]): the alignment matrix of CL when one view is H x.

    Source: ledger, from chen2026 (54) and (55); the printed (56) has tr(H) in its place.
    Errors: ValueError when H is not `dim` wide.
    """
    if h.shape != (sigma.dim, sigma.dim):
        raise ValueError(f"H must be {sigma.dim} x {sigma.dim}, the size of the data; got shape {h.shape}.")
    m = sigma.corner.shape[0]
    product = sigma.bulk * h.astype(float)
    product[:, :m] = h[:, :m] @ sigma.corner
    return (product + product.T) / 2


def client_weights(n_clients: int, weights: Sequence[float] | None) -> list[float]:
    """`weights` as floats, uniform when None. Errors: ValueError unless they are N, not negative, and sum to 1."""
    if weights is None:
        return [1 / n_clients] * n_clients
    if len(weights) != n_clients:
        raise ValueError(f"One weight a client is wanted, n_clients={n_clients}; got {len(weights)}: {list(weights)}.")
    if any(not w >= 0 for w in weights) or not abs(sum(weights) - 1) <= 1e-9:
        raise ValueError(
            f"Client weights must not be negative and must sum to 1; got {list(weights)}. Divide by their sum."
        )
    return [float(w) for w in weights]


def rare_positions(
    s: Setting, rare: Rare, members: Sequence[int], coordinates: Sequence[int] | None
) -> list[int | None]:
    """The coordinate of the rare class of every client in `members`, from 0; None where it is absent.

    Errors: ValueError for coordinates that contradict `rare`, or lie outside the data.
    """
    n = s.n_clients
    if rare is Rare.ABSENT:
        if coordinates is not None:
            raise ValueError(f'Rare coordinates need rare="inside" or "outside"; got {list(coordinates)}.')
        return [None for _ in members]
    if coordinates is None:
        if rare is Rare.OUTSIDE and s.dim < n + len(members):
            raise ValueError(
                f"Rare classes outside the signal need dim >= {n + len(members)}; got dim={s.dim}. Raise dim."
            )
        if rare is Rare.OUTSIDE:
            # Only that they differ matters; a single client's may be the first beyond S.
            return [n + j for j, _ in enumerate(members)]
        return [(i + 1) % n for i in members]
    if len(coordinates) not in (n, len(members)):
        raise ValueError(f"One rare coordinate a client is wanted; got {len(coordinates)}: {list(coordinates)}.")
    low, high = (0, n) if rare is Rare.INSIDE else (n, s.dim)
    bad = [h for h in coordinates if not low <= h < high]
    if bad:
        raise ValueError(
            f"With rare={rare.value} the coordinates lie from {low} to {high - 1}; got {bad[0]}. Count from 0."
        )
    return list(coordinates) if len(coordinates) == len(members) else [coordinates[i] for i in members]


def symbolic_local_block(n: int, client: int = 0, rare_coordinate: int | None = None) -> sp.Matrix:
    """E[x x^T] on S as sympy, by enumerating the two labels and every q in {0, 1}^(N-1).

    Source: ledger, from chen2026 Section 3.2. The twin of `second_moment`; in tau, mu and rare_fraction.
    """
    others = [k for k in range(n) if k != client]
    outcomes = list(itertools.product((1, -1), itertools.product((0, 1), repeat=n - 1)))
    common = sp.zeros(n, n)
    for label, q in outcomes:
        x = sp.zeros(n, 1)
        x[client] = label
        for k, offset in zip(others, q, strict=True):
            x[k] = -tau * offset
        common += x * x.T / len(outcomes)
    noise = mu**2 * sp.eye(n)
    if rare_coordinate is None:
        return (common + noise).applyfunc(sp.expand)
    rare = sp.zeros(n, n)
    rare[rare_coordinate, rare_coordinate] = rare_fraction
    return ((1 - rare_fraction) * common + rare + noise).applyfunc(sp.expand)


def symbolic_fl_block(n: int) -> sp.Matrix:
    """The uniform mean of the clients' blocks on S, as sympy. Source: ledger, from chen2026 (36), which differs."""
    total = sum((symbolic_local_block(n, i) for i in range(n)), sp.zeros(n, n))
    return (total / n).applyfunc(sp.expand)
