"""The networks that the released code draws, against Section 6 and Table 3."""

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger.checks.kinds import ForAll, Identity
from ledger.statement import Claim, Evidence, Statement
from sims.rounds.released_network import released_network
from theory.formula import Source

CLIENTS = 20
BECAUSE_RECURSIVE = (
    "A client is first linked to a random earlier one, so early clients have more links and some trees cannot arise."
)


def tree_weights() -> dict[tuple, Fraction]:
    """The chance of every labelled tree on four clients under the released recipe."""
    chances = {}
    # Every labelled tree has a Prüfer code: those that the recipe cannot draw are listed with chance 0.
    for code in itertools.product(range(4), repeat=2):
        chances[_edges(nx.from_prufer_sequence(list(code)))] = Fraction(0)
    for parents in itertools.product(range(1), range(2), range(3)):
        chances[_edges(nx.Graph([(i + 1, parent) for i, parent in enumerate(parents)]))] += Fraction(1, 6)
    return chances


def _edges(graph: nx.Graph) -> tuple:
    return tuple(sorted((min(e), max(e)) for e in graph.edges))


def equally_likely(item: tuple[tuple, Fraction], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether a labelled tree on four clients is drawn with the chance that all sixteen have if alike."""
    edges, chance = item
    return chance == Fraction(1, 16), {"links": str(edges), "chance": str(chance), "if_uniform": "1/16"}


def mean_degrees() -> sp.Matrix:
    """The expected number of links of each of four clients, over the trees of the released recipe."""
    chances = tree_weights()
    return sp.Matrix(
        [sum(sp.Rational(c) * sum(i in e for e in edges) for edges, c in chances.items()) for i in range(4)]
    )


def recursive_degrees() -> sp.Matrix:
    """One link to an earlier client, and 1/j from every later client j."""
    return sp.Matrix([int(i > 0) + sum(sp.Rational(1, j) for j in range(i + 1, 4)) for i in range(4)])


def connectivities(nominal: int, is_uniform: bool, count: int) -> np.ndarray:
    """|A-bar|, the client included, of networks drawn for a nominal connectivity."""
    return np.array(
        [1 + released_network(s, CLIENTS, nominal, is_uniform=is_uniform).sum() / CLIENTS for s in range(count)]
    )


def has_nominal(case: tuple[int, bool], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is |A-bar| with the client, as the paper counts, the nominal one, to the code's own tolerance of 10%?"""
    found = connectivities(*case, 20)
    holds = bool((np.abs(found - case[0]) <= 0.1 * case[0]).all())
    return holds, {"nominal": case[0], "uniform": case[1], "mean_connectivity_found": float(found.mean())}


def one_more(nominal: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether 20 networks of the general case all have |A-bar|, the client included, one above the nominal one."""
    found = connectivities(nominal, False, 20)
    return bool((found == (nominal + 1) * spoil).all()), {"nominal": nominal, "found": sorted(set(found.tolist()))}


def all_alike(nominal: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether in 50 networks of the uniform case all clients have equally many neighbours."""
    degrees = [released_network(s, CLIENTS, nominal, is_uniform=True).sum(axis=1) for s in range(50)]
    alike = sum(len(set(d.tolist())) == 1 for d in degrees)
    return alike == len(degrees), {"nominal": nominal, "networks_with_equal_degrees": alike, "of": len(degrees)}


def no_fewer(nominal: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Everyone has the nominal number of neighbours (over `spoil`), and on average clients have more."""
    degrees = np.array([released_network(s, CLIENTS, nominal, is_uniform=True).sum(axis=1) for s in range(50)])
    holds = bool(degrees.min() >= nominal / spoil and degrees.mean() > nominal)
    return holds, {"nominal": nominal, "least": int(degrees.min()), "mean": float(degrees.mean())}


def fails_own_check(nominal: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Do nine networks of ten (all, spoiled) fail the code's test on reloading, |mean degree - nominal| <= 10%?"""
    # The code's test counts neighbours without the client.
    degrees = connectivities(nominal, True, 100) - 1
    failed = float((np.abs(degrees - nominal) > 0.1 * nominal).mean())
    return failed >= (0.9 if spoil == 1 else 1.01), {"nominal": nominal, "share_that_fails": failed}


def federated_as_connectivity(clients: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the recipe takes N as the connectivity of N clients."""
    try:
        released_network(0, clients, clients, is_uniform=True)
    except ValueError as error:
        return False, {"clients": clients, "connectivity": clients, "why": str(error)}
    return True, {}


def is_complete(clients: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is connectivity N - 1 of N clients the complete network? Spoiled, one less."""
    found = released_network(0, clients, clients - 1 - (spoil != 1), is_uniform=False)
    return bool(found.sum() == clients * (clients - 1)), {"clients": clients, "links": int(found.sum()) // 2}


CLAIM = Claim(
    id="sec-released-networks",
    title="The networks of the released code",
    items=("released-code",),
    source=Source("chen2026code", "`decentralized.py`, `main.py`, commit 699256c"),
    statements=(
        Statement(
            "code-graphs.equally-likely",
            "printed",
            "Networks are those of the Erdos-Renyi model: given their number of links, all connected ones alike.",
            ForAll(
                lambda context: sorted(tree_weights().items()), equally_likely, BECAUSE_RECURSIVE, Evidence.ENUMERATED
            ),
            reading="four clients, three links",
            instead=("code-graphs.mean-links",),
        ),
        Statement(
            "code-graphs.mean-links",
            "corrected",
            "Client i starts with 1/(i+1) + ... + 1/(N-1) links on average, and one more if i > 0.",
            Identity(recursive_degrees, mean_degrees, "All six recursive trees on four clients."),
            reading="four clients, three links",
        ),
        Statement(
            "code-graphs.average-connectivity",
            "printed",
            "A network drawn for average connectivity 3, 5 or 10 has it, the client itself included.",
            ForAll(
                lambda context: itertools.product((3, 5, 10), (False, True)),
                has_nominal,
                "The code counts neighbours only.",
                Evidence.SAMPLED,
            ),
            reading="20 clients",
            instead=("code-graphs.general-average", "code-graphs.uniform-least"),
        ),
        Statement(
            "code-graphs.general-average",
            "corrected",
            "In the general case the average connectivity is one more than asked: 4, 6 and 11.",
            ForAll(lambda context: (3, 5, 10), one_more, "The number of links is fixed.", Evidence.SAMPLED),
            reading="20 clients",
        ),
        Statement(
            "code-graphs.uniform-case",
            "printed",
            "In the uniform case all clients have the same connectivity.",
            ForAll(
                lambda context: (3, 5, 10),
                all_alike,
                "Clients are topped up one after the other, which adds links to those that have enough.",
                Evidence.SAMPLED,
            ),
            reading="20 clients",
            instead=("code-graphs.uniform-least",),
        ),
        Statement(
            "code-graphs.uniform-least",
            "corrected",
            "In the uniform case every client has at least the asked neighbours, and the average is larger.",
            ForAll(lambda context: (3, 5, 10), no_fewer, "Links are only added.", Evidence.SAMPLED),
            reading="20 clients",
        ),
        Statement(
            "code-graphs.federated-at-n",
            "printed",
            "Connectivity 20 of 20 clients gives the federated case.",
            ForAll(
                lambda context: (CLIENTS,),
                federated_as_connectivity,
                "Counted without the client, 19 is the most; the code refuses 20 unless a file is there.",
                Evidence.NUMERIC,
            ),
            reading="20 clients",
            instead=("code-graphs.complete-at-n-less-1",),
        ),
        Statement(
            "code-graphs.uniform-redrawn",
            "corrected",
            "Nine in ten networks of the uniform case or more fail the code's own check on loading and are drawn anew.",
            ForAll(
                lambda context: (3, 5, 10),
                fails_own_check,
                "Their average is off by more than its tolerance of 10%.",
                Evidence.SAMPLED,
            ),
            reading="20 clients",
        ),
        Statement(
            "code-graphs.complete-at-n-less-1",
            "corrected",
            "Connectivity N - 1 of N clients gives the complete network, the federated case.",
            ForAll(lambda context: (4, CLIENTS), is_complete, "All N(N - 1)/2 links.", Evidence.SAMPLED),
            reading="20 clients",
        ),
    ),
)
