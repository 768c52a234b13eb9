"""Partitions of images over clients: equal shares, label pairs (Section 3.2), Dirichlet by client or by class.

Feature non-IID clients hold equal shares at random too; what differs is `sims.images.feature_skew`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, Integer

from sims.class_shares import released_joint_shares


@dataclass(frozen=True)
class Partition:
    """Each image at one client at most: `indices[i]` are client i's, ascending; `table[i, c]` its count of class c.

    Errors: ValueError when a client is empty or an image is held twice.
    """

    indices: tuple[Int64[np.ndarray, "_"], ...]
    table: Int64[np.ndarray, "n_clients n_classes"]

    def __post_init__(self) -> None:
        empty = [i for i, held in enumerate(self.indices) if len(held) == 0]
        if empty:
            raise ValueError(f"Each client needs an image; clients {empty} of {len(self.indices)} got none. Use fewer.")
        held = np.concatenate(self.indices)
        if len(np.unique(held)) != len(held):
            raise ValueError(f"Each image belongs to one client; {len(held) - len(np.unique(held))} came twice.")

    @property
    def weights(self) -> Float64[np.ndarray, " n_clients"]:
        """Each client's share of all images held."""
        sizes = self.table.sum(axis=1)
        return sizes / sizes.sum()


def iid(labels: Integer[np.ndarray, " n"], n_clients: int, seed: int) -> Partition:
    """Equal shares (to within one image) of the shuffled data.

    Images are sorted by class before they are shuffled, so that the table does not depend on their order.
    Errors: ValueError for fewer images than clients.
    """
    _check(labels, n_clients)
    by_class = np.argsort(labels, kind="stable")
    shuffled = by_class[np.random.default_rng([seed, 0]).permutation(len(labels))]
    return _partition(labels, np.array_split(shuffled, n_clients))


def label_pairs(
    labels: Integer[np.ndarray, " n"],
    seed: int,
    rare_fraction: float = 0.0,
    rare_classes: Sequence[int] | None = None,
) -> Partition:
    """Client i holds classes 2i and 2i + 1 (counted from 0), and `rare_fraction` as many images of a rare class.

    They are lent by the class's owner, so that each image still has one client; where classes have one size and each
    client lends as many as it borrows, the fraction is their share of what it holds. `rare_classes[i]` defaults to the
    first class of the next client. Source: chen2026, Section 3.2 (classes 2i-1 and 2i, counted from 1).
    Errors: ValueError for an odd number of classes, a fraction outside [0, 1/2], or a rare class of the client's own.
    """
    n_classes = _check(labels, 1)
    if n_classes % 2 or n_classes < 4:
        raise ValueError(f"Label pairs need an even number of classes, at least 4; got {n_classes}. Drop a class.")
    if not 0 <= rare_fraction <= 0.5:
        raise ValueError(f"The rare class is the smaller part, in [0, 0.5]; got rare_fraction={rare_fraction}.")
    n_clients = n_classes // 2
    rare = [2 * (i + 1) % n_classes for i in range(n_clients)] if rare_classes is None else list(rare_classes)
    own = [h for i, h in enumerate(rare) if not 0 <= h < n_classes or h // 2 == i]
    if len(rare) != n_clients or own:
        raise ValueError(
            f"One rare class of another client was wanted for each of {n_clients} clients; got rare_classes={rare}."
        )
    pools = [_shuffled_class(labels, c, seed).tolist() for c in range(n_classes)]
    lent: list[list[int]] = []
    for i in range(n_clients):
        own_images = int(np.sum((labels == 2 * i) | (labels == 2 * i + 1)))
        count = round(rare_fraction * own_images)
        if count > len(pools[rare[i]]):
            raise ValueError(
                f"Class {rare[i]} has too few images to lend {count}. Lower rare_fraction={rare_fraction}."
            )
        lent.append([pools[rare[i]].pop() for _ in range(count)])
    return _partition(labels, [pools[2 * i] + pools[2 * i + 1] + lent[i] for i in range(n_clients)])


def dirichlet(
    labels: Integer[np.ndarray, " n"], n_clients: int, concentration: float, seed: int, min_size: int = 1
) -> Partition:
    """Equal shares whose class proportions are a Dirichlet(concentration x class shares) draw for each client.

    Source: hsu2019, Section 3: one draw per client, images without replacement, classes that ran out dropped and the
    rest scaled up. Here clients take turns, one image each in a fresh random order a round, so that no client is last
    to choose. The table depends on the class counts and the seed, not on the order of the images.
    Units: concentration > 0; small is one class a client, large is IID.
    Errors: ValueError for a bad concentration, or fewer than `min_size` images a client.
    """
    n_classes = _check(labels, n_clients)
    _check_concentration(concentration)
    if len(labels) // n_clients < min_size:
        raise ValueError(
            f"{len(labels)} images give {n_clients} clients {len(labels) // n_clients} each; got min_size={min_size}. "
            "Use fewer clients."
        )
    counts = np.bincount(labels, minlength=n_classes)
    table = _take_turns(counts, class_proportions(counts, n_clients, concentration, seed), seed)
    return _hand_out(labels, table, seed)


def dirichlet_balanced(
    labels: Integer[np.ndarray, " n"], n_clients: int, concentration: float, seed: int, sweeps: int = 100
) -> Partition:
    """Every class split by a Dirichlet(concentration 1_N) draw, then clients and classes brought near one size.

    Numbers are rounded down: up to one image for each client and class is nobody's. Source: chen2026, released code,
    `get_unsuper_datasets`. There a class that is asked for more than it has runs dry and the last clients go short;
    here all its shares are scaled down alike, so that clients are exchangeable. The table depends on the class counts
    and the seed, not on the order of the images.
    Units: concentration > 0; small is few clients a class, large is IID.
    Errors: ValueError for a bad concentration, odd sweeps, or a client without an image (the code then trains on none).
    """
    n_classes = _check(labels, n_clients)
    _check_concentration(concentration)
    counts = np.bincount(labels, minlength=n_classes)
    wanted = released_joint_shares(seed, n_classes, n_clients, concentration, sweeps) * len(labels)
    wanted = wanted * np.minimum(1.0, counts / wanted.sum(axis=0))
    # Round-off may leave a whole number just below itself; N times the allowance stays below one image.
    table = np.floor(wanted + 1e-9).astype(np.int64)
    return _hand_out(labels, table, seed)


def class_proportions(
    counts: Integer[np.ndarray, " n_classes"], n_clients: int, concentration: float, seed: int
) -> Float64[np.ndarray, "n_clients n_classes"]:
    """Each client's wanted class proportions; client i's draw does not depend on how many others there are.

    Source: hsu2019, Section 3. Units: rows sum to 1.
    """
    prior = counts / counts.sum()
    present = prior > 0
    wanted = np.zeros((n_clients, len(counts)))
    for i in range(n_clients):
        wanted[i, present] = np.random.default_rng([seed, 1, i]).dirichlet(concentration * prior[present])
    return wanted


def _take_turns(counts: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
    n_clients, n_classes = wanted.shape
    rng = np.random.default_rng([seed, 2])
    left, prior = counts.astype(np.int64).copy(), counts / counts.sum()
    table = np.zeros((n_clients, n_classes), np.int64)
    for turn in range(-(-int(counts.sum()) // n_clients)):
        room = int(counts.sum()) - turn * n_clients  # in the last round some clients go without
        order, uniform = rng.permutation(n_clients), rng.random(n_clients)
        for i, u in zip(order[:room], uniform[:room], strict=True):
            share = np.where(left > 0, wanted[i], 0.0)
            if share.sum() <= 0:  # every class this client wanted ran out
                share = np.where(left > 0, prior, 0.0)
            # Among numbers below the least normal one a product with u < 1 may round up to the last edge; a power of
            # two changes nothing else.
            edges = np.cumsum(np.ldexp(share, -np.frexp(share.max())[1]))
            c = int(np.searchsorted(edges, u * edges[-1], side="right"))
            table[i, c] += 1
            left[c] -= 1
    return table


def _hand_out(labels: np.ndarray, table: np.ndarray, seed: int) -> Partition:
    """The first `table[0, c]` of the shuffled class c to client 0, the next to client 1, and so on."""
    n_clients, n_classes = table.shape
    pools = [_shuffled_class(labels, c, seed) for c in range(n_classes)]
    starts = np.vstack([np.zeros(n_classes, np.int64), np.cumsum(table, axis=0)])
    held = [
        np.concatenate([pools[c][starts[i, c] : starts[i + 1, c]] for c in range(n_classes)]) for i in range(n_clients)
    ]
    return _partition(labels, held)


def _shuffled_class(labels: np.ndarray, c: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, 3, c]).permutation(np.flatnonzero(labels == c))


def _check(labels: np.ndarray, n_clients: int) -> int:
    if n_clients < 1 or len(labels) < n_clients:
        raise ValueError(
            f"Between 1 and {len(labels)} clients, one image each, were wanted; got n_clients={n_clients}."
        )
    if labels.min() < 0:
        raise ValueError(f"Labels count from 0; got {int(labels.min())}.")
    return int(labels.max()) + 1


def _check_concentration(concentration: float) -> None:
    if not (np.isfinite(concentration) and concentration > 0):
        raise ValueError(f"The concentration must be positive and finite; got {concentration}. Use 1e5 for IID.")


def _partition(labels: np.ndarray, held: Sequence[np.ndarray | list[int]]) -> Partition:
    indices = tuple(np.sort(np.asarray(h, dtype=np.int64)) for h in held)
    n_classes = int(labels.max()) + 1
    table = np.stack([np.bincount(labels[h], minlength=n_classes) for h in indices]).astype(np.int64)
    return Partition(indices, table)
