"""Assumption A.1 and Remark A.2: connected graphs, closed neighbourhoods, federated learning as the complete graph."""

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, RINGS_ARE_WIDE, network_at, network_parameters
from ledger.statement import Claim, Evidence, Statement
from theory.domain import Domain, Point
from theory.formula import Source

CONNECTED = Domain(
    (*network_parameters(64, least=2), DRAW), (RINGS_ARE_WIDE,), assumes="The network is connected and undirected."
)


def _ends(at: Point) -> np.ndarray:
    """N, and 2 with its sign changed: both are upper ends."""
    return np.array([float(at["n_clients"]), -2.0])


def _sizes(at: Point, _: Effort) -> Sample:
    """The largest |A_i|, and the smallest with its sign changed, counted link by link."""
    sizes = [1 + sum(map(bool, row)) for row in network_at(at)]
    return Sample(np.array([[max(sizes), -min(sizes)]], dtype=float))


CLAIM = Claim(
    id="asm-communication-graph",
    title="The communication graph, with federated learning as its complete case",
    items=("assumption-A.1",),
    source=Source("chen2026", "Assumption A.1, Remark A.2, A.6.1"),
    statements=(
        Statement(
            "a1.neighbourhood-sizes",
            "printed",
            "On a connected network every neighbourhood, the client itself included, has between 2 and N members.",
            OnDomain(
                CONNECTED,
                Then("<=", _ends, _sizes),
                "On a connected network every client has a neighbour, and there are only N clients.",
                Evidence.NUMERIC,
                points=(16, 400),
                named=[{"n_clients": 5, "network": network, "draw": 1} for network in ("star", "complete")],
            ),
        ),
    ),
)
