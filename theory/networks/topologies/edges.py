"""Any network, link by link: `0-1,1-2` for links that go both ways, `0>1` where client 1 receives from client 0."""

import re

import numpy as np

from theory.networks.topologies._graphs import Adjacency, from_edges

_LINK = re.compile(r"\s*(\d{1,9})\s*([->])\s*(\d{1,9})\s*", re.ASCII)


def size(links: str) -> int:
    """One more than the highest client named. Source: ledger. Errors: those of `adjacency`."""
    return 1 + max(max(a, b) for a, _, b in _parsed(links))


def adjacency(n_clients: int, links: str) -> Adjacency:
    """The network of the links written.

    Source: ledger. Units: none. Errors: ValueError for text that is not a list of links, and as `from_edges`.
    """
    parsed = _parsed(links)
    both = [(a, b) for a, kind, b in parsed if kind == "-"]
    one_way = [(a, b) for a, kind, b in parsed if kind == ">"]
    network = np.zeros((n_clients, n_clients), dtype=bool)
    for pairs, is_directed in ((both, False), (one_way, True)):
        if pairs:
            network |= from_edges(pairs, n_clients, is_directed=is_directed)
    return network


def _parsed(links: str) -> list[tuple[int, str, int]]:
    found = []
    for text in links.split(","):
        match = _LINK.fullmatch(text)
        if not match:
            raise ValueError(f"Links are written 0-1,1-2 (or 0>1 for one way); {text.strip()!r} cannot be read.")
        found.append((int(match[1]), match[2], int(match[3])))
    return found
