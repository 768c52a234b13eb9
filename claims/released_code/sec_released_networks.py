"""The networks that the released code draws, against Section 6 and Table 3."""

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.printed.found_witnesses import found
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from sims.rounds.released_network import released_network
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Whole
from theory.formula import Source

CLIENTS = 20
BECAUSE_RECURSIVE = (
    "Each client is first linked to a random earlier client. So early clients have more links, and some trees "
    "cannot arise."
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


CASES = ("general", "uniform")
ASKED = (
    Whole("n_clients", 3, 40),
    Whole("asked", 1, 39),
    DRAW,
)
FEASIBLE = Condition("asked at most n_clients - 1", r"k \le N - 1", lambda p: p["asked"] < p["n_clients"])
ENOUGH_LINKS = Condition(
    "links enough for a tree and a whole number of them: asked n_clients / 2 is whole and at least n_clients - 1",
    r"kN/2 \in \mathbb{Z},\ kN/2 \ge N - 1",
    lambda p: p["asked"] * p["n_clients"] % 2 == 0 and p["asked"] * p["n_clients"] // 2 >= p["n_clients"] - 1,
)
RECIPE = "Networks are drawn by the recipe of the released code for an asked number of neighbours, "
GENERAL = Domain(ASKED, (FEASIBLE, ENOUGH_LINKS), assumes=RECIPE + "general case.")
UNIFORM = Domain(ASKED, (FEASIBLE,), assumes=RECIPE + "uniform case.")
COMPLETE = Domain((Whole("n_clients", 2, 40), Choice("case", CASES), DRAW), assumes=RECIPE + "n_clients - 1.")
OWN_CHECK = Domain(
    (Choice("asked", (3, 5, 10)),),
    quantifier=Quantifier.WITH_PROBABILITY,
    assumes=RECIPE + f"uniform case, {CLIENTS} clients.",
    probability=0.9,
)
TOLERANCE = 0.1  # of the asked number: the code's own, on the mean number of neighbours without the client
ONE_LINK = 2 / CLIENTS  # what one link adds to that mean


def degrees(at: Point, *, is_uniform: bool) -> np.ndarray:
    """The number of neighbours of every client of the point's network, (N,)."""
    network = released_network(int(at["draw"]), int(at["n_clients"]), int(at["asked"]), is_uniform=is_uniform)
    return network.sum(axis=1)


def connectivity(at: Point, effort: Effort) -> Sample:
    """|A-bar| of the general case: the mean number of neighbours, the client included as the paper counts."""
    return Sample(np.array([1.0 + degrees(at, is_uniform=False).mean()]), 1e-12)


def neighbours(at: Point, effort: Effort) -> Sample:
    """How many neighbours each client has in the uniform case, (1, N)."""
    return Sample(degrees(at, is_uniform=True).astype(float)[None])


def asked_of_all(at: Point) -> np.ndarray:
    """The asked number of neighbours, once a client, (N,)."""
    return np.full(int(at["n_clients"]), float(at["asked"]))


def beyond_asked(at: Point, effort: Effort) -> Sample:
    """How far the mean number of neighbours lies from the asked one, over many networks of the uniform case."""
    asked = int(at["asked"])
    drawn = (released_network(effort.seed + i, CLIENTS, asked, is_uniform=True) for i in range(effort.trials))
    return Sample(np.array([abs(network.sum() / CLIENTS - asked) for network in drawn]), 1e-12)


def links_at_most_connected(at: Point, effort: Effort) -> Sample:
    """The links of a network drawn for N - 1 neighbours."""
    n = int(at["n_clients"])
    network = released_network(int(at["draw"]), n, n - 1, is_uniform=at["case"] == "uniform")
    return Sample(np.array([network.sum() / 2]))


def federated_as_connectivity(clients: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the recipe takes N as the connectivity of N clients."""
    try:
        released_network(0, clients, clients, is_uniform=True)
    except ValueError as error:
        return False, {"clients": clients, "connectivity": clients, "why": str(error)}
    return True, {}


CLAIM = Claim(
    id="sec-released-networks",
    title="The networks of the released code",
    items=("released-code",),
    source=Source("chen2026code", "`decentralized.py`, `main.py`, commit 699256c"),
    statements=(
        Statement(
            "code-graphs.equally-likely",
            "printed",
            "Networks are those of the Erdos-Renyi model: all connected networks with the same number of links "
            "are equally likely; tried with four clients and three links.",
            ForAll(
                lambda context: sorted(tree_weights().items()), equally_likely, BECAUSE_RECURSIVE, Evidence.ENUMERATED
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code-graphs.mean-links",),
        ),
        Statement(
            "code-graphs.mean-links",
            "corrected",
            "Client i starts with 1/(i+1) + ... + 1/(N-1) links on average, and one more if i > 0; tried with "
            "four clients, three links.",
            Identity(recursive_degrees, mean_degrees, "All six recursive trees on four clients are listed."),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code-graphs.average-connectivity",
            "printed",
            "A network drawn for an average connectivity, such as 3, 5 or 10, has this average connectivity, "
            "where a client counts itself.",
            OnDomain(
                GENERAL,
                Then("=", lambda at: float(at["asked"]), connectivity),
                "The code counts neighbours only, without the client itself.",
                Evidence.NUMERIC,
                named=found("code-graphs.average-connectivity"),
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code-graphs.general-average", "code-graphs.uniform-at-least"),
        ),
        Statement(
            "code-graphs.general-average",
            "corrected",
            "In the general case the average connectivity, the client included, is one more than asked.",
            OnDomain(
                GENERAL,
                Then("=", lambda at: at["asked"] + 1.0, connectivity),
                "Links are drawn until their number is half the number of clients times the asked number.",
                Evidence.NUMERIC,
                named=[{"n_clients": CLIENTS, "asked": k, "draw": 1} for k in (3, 5, 10)],
            ),
        ),
        Statement(
            "code-graphs.uniform-case",
            "printed",
            "In the uniform case all clients have the same connectivity.",
            OnDomain(
                UNIFORM,
                Then("=", asked_of_all, neighbours),
                "Clients with too few neighbours get links one after the other. This adds links to others that "
                "have enough.",
                Evidence.NUMERIC,
                named=found("code-graphs.uniform-case"),
            ),
            instead=("code-graphs.uniform-at-least",),
        ),
        Statement(
            "code-graphs.uniform-at-least",
            "corrected",
            "In the uniform case every client has at least the asked number of neighbours.",
            OnDomain(
                UNIFORM,
                Then(">=", asked_of_all, neighbours),
                "Each client gets links until it has the asked number, and links are never removed.",
                Evidence.NUMERIC,
                named=[{"n_clients": CLIENTS, "asked": k, "draw": 1} for k in (3, 5, 10)],
            ),
            spoil=1.1,
            replaces=("code-graphs.uniform-least",),
        ),
        Statement(
            "code-graphs.federated-at-n",
            "printed",
            "Connectivity 20 of 20 clients gives the federated case.",
            ForAll(
                lambda context: (CLIENTS,),
                federated_as_connectivity,
                "The code counts neighbours only, so 19 is the most. It refuses 20 unless it finds a file of the "
                "network.",
                Evidence.NUMERIC,
            ),
            instead=("code-graphs.complete-at-n-less-1",),
        ),
        Statement(
            "code-graphs.uniform-redrawn",
            "corrected",
            "With the paper's 20 clients, at least nine in ten networks of the uniform case fail the code's own "
            "check on loading and are drawn anew. Their mean number of neighbours is off by more than 10%.",
            OnDomain(
                OWN_CHECK,
                Then(">=", lambda at: TOLERANCE * at["asked"] + ONE_LINK, beyond_asked),
                "Linking clients that have too few neighbours adds links to others that have enough.",
                Evidence.SAMPLED,
                points=(0, 0),
                trials=(150, 2000),
            ),
            spoil=1.5,
        ),
        Statement(
            "code-graphs.complete-at-n-less-1",
            "corrected",
            "With N clients, asking for connectivity N - 1 gives the complete network, which is the federated case.",
            OnDomain(
                COMPLETE,
                Then("=", lambda at: at["n_clients"] * (at["n_clients"] - 1) / 2, links_at_most_connected),
                "The network then has all N(N - 1)/2 links.",
                Evidence.NUMERIC,
            ),
        ),
    ),
)
