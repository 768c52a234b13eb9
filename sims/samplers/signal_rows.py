"""The noise-free part of the data: it has few distinct rows, so its Gram matrix is drawn by counting.

Client i has two classes of n_i (1 - rho) / 2 samples, +-e_i - tau sum_{k != i} q_k e_k, and rho n_i samples of its rare
class e_h. On the signal that is 2^(N-1) patterns a class, whatever the number of samples.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from theory.data.moments import rare_positions
from theory.readings import Offsets, Reading
from theory.setting import Setting

# A binomial of a multinomial costs about as much as this many operations on words of 64 bits.
WORDS_A_BINOMIAL = 60
WORDS_A_BLOCK = 500_000


@dataclass(frozen=True)
class SignalRows:
    """The clean rows of the clients in `members`, on the `width` coordinates that they can touch.

    Those are the signal 0 to N - 1 and then, one each in ascending order, the rare coordinates outside it.
    """

    n_clients: int
    tau: float
    offsets: Offsets
    members: tuple[int, ...]
    rare_at: tuple[int | None, ...]
    class_sizes: tuple[int, int]
    n_rare: int

    @cached_property
    def width(self) -> int:
        """Number of coordinates that a clean row can touch."""
        return self.n_clients + len({h for h in self.rare_at if h is not None and h >= self.n_clients})

    @property
    def n_rows(self) -> int:
        """Samples over all members."""
        return len(self.members) * (sum(self.class_sizes) + self.n_rare)

    @property
    def rare_columns(self) -> tuple[int, ...]:
        """Columns outside the signal that a rare class points to."""
        return tuple(range(self.n_clients, self.width))

    def _others(self, client: int) -> np.ndarray:
        return np.delete(np.arange(self.n_clients), client)

    def rows(self, rng: np.random.Generator, client: int, label: int, size: int) -> Float[np.ndarray, "size width"]:
        """`size` clean rows of the class of `client` with sign `label`, offsets drawn for every sample."""
        b = np.zeros((size, self.width))
        b[:, self._others(client)] = -self.tau * rng.integers(0, 2, (size, self.n_clients - 1), dtype=np.int8)
        b[:, client] = label
        return b

    def classes(self) -> list[tuple[int, int, int]]:
        """(client, label, size) of every main class."""
        return [(i, sign, size) for i in self.members for sign, size in zip((1, -1), self.class_sizes, strict=True)]

    def rare_gram(self) -> Float[np.ndarray, "width width"]:
        """Gram matrix of all rare rows; it is not random."""
        gram = np.zeros((self.width, self.width))
        for h in self.rare_at:
            if h is not None:
                gram[h, h] += self.n_rare
        return gram

    def grams(self, rng: np.random.Generator, trials: int) -> Float[np.ndarray, "trials width width"]:
        """B^T B of all clean rows B, for every trial, from its exact law.

        Source: ledger, from chen2026 Section 3.2. Units: squared data units, summed over samples.
        """
        total = np.repeat(self.rare_gram()[None], trials, axis=0)
        for client, label, size in self.classes():
            if size == 0:
                continue
            if self.offsets is Offsets.PER_CLASS:
                row = self.rows(rng, client, label, trials)
                total += size * row[:, :, None] * row[:, None, :]
            elif 2 ** (self.n_clients - 1) * WORDS_A_BINOMIAL < size / 64 * self.n_clients**2 / 2:
                total += self._counted_grams(rng, client, label, size, trials)
            else:
                total += self._bit_grams(rng, client, label, size, trials)
        return total

    def _bit_grams(
        self, rng: np.random.Generator, client: int, label: int, size: int, trials: int
    ) -> Float[np.ndarray, "trials width width"]:
        """For few samples: an offset of 64 samples is one random word, a sum of products counts the common bits."""
        others, grams = self._others(client), np.zeros((trials, self.width, self.width))
        n_words, k = -(-size // 64), len(others)
        at_once = max(1, WORDS_A_BLOCK // (n_words * k))
        for start in range(0, trials, at_once):
            n = min(at_once, trials - start)
            bits = rng.integers(0, 2**64, (n_words, k, n), dtype=np.uint64)
            if size % 64:
                bits[-1] &= np.uint64(2 ** (size % 64) - 1)
            for a in range(k):
                common = np.bitwise_count(bits[:, a : a + 1] & bits[:, a:]).sum(axis=0, dtype=np.int64).T
                grams[start : start + n, others[a], others[a:]] = self.tau**2 * common
                grams[start : start + n, others[a:], others[a]] = self.tau**2 * common
                grams[start : start + n, [others[a], client], [client, others[a]]] = -label * self.tau * common[:, :1]
        grams[:, client, client] = size
        return grams

    def _counted_grams(
        self, rng: np.random.Generator, client: int, label: int, size: int, trials: int
    ) -> Float[np.ndarray, "trials width width"]:
        n_offsets = self.n_clients - 1
        n_patterns = 2**n_offsets
        b = np.zeros((n_patterns, self.width))
        b[:, self._others(client)] = -self.tau * ((np.arange(n_patterns)[:, None] >> np.arange(n_offsets)) & 1)
        b[:, client] = label
        outer = (b[:, :, None] * b[:, None, :]).reshape(n_patterns, -1)
        counts = rng.multinomial(size, np.full(n_patterns, 1 / n_patterns), size=trials).astype(float)
        return (counts @ outer).reshape(trials, self.width, self.width)


def signal_rows(s: Setting, reading: Reading, scope: Literal["fl", "local"] = "fl", client: int = 0) -> SignalRows:
    """The clean rows of one client (`local`) or of all of them (`fl`), under a reading.

    Classes of a client are equal in size, an odd sample going to the first; the rare class has round(rho n_i) samples.

    Source: chen2026, Section 3.2.
    Errors: ValueError for an unknown scope or client.
    """
    if scope not in ("fl", "local"):
        raise ValueError(f'scope must be "fl" or "local"; got scope={scope!r}.')
    if not 0 <= client < s.n_clients:
        raise ValueError(f"Clients are counted from 0 to {s.n_clients - 1}; got client={client}.")
    members = (client,) if scope == "local" else tuple(range(s.n_clients))
    rare_at = tuple(rare_positions(s, reading.rare, members, None))
    n_rare = round(float(s.rare_fraction) * s.samples_per_client) if rare_at[0] is not None else 0
    main = s.samples_per_client - n_rare
    return SignalRows(
        s.n_clients, float(s.tau), reading.offsets, members, rare_at, (main - main // 2, main // 2), n_rare
    )
