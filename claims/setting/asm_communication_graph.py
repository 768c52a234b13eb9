"""Assumption A.1 and Remark A.2: connected graphs, closed neighbourhoods, federated learning as the complete graph."""

from collections.abc import Mapping
from typing import Any

import networkx as nx

from ledger.checks.kinds import ForAll
from ledger.statement import Claim, Context, Evidence, Statement
from theory.formula import Source
from theory.networks import small_networks as networks


def small_networks(context: Context) -> list[nx.Graph]:
    """Every connected network of two to six clients (full: seven)."""
    return list(networks.connected_networks(2, 6 if context.tier == "quick" else 7))


def sizes_in_range(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """2 <= |A_i| <= N, the upper end times `spoil`."""
    sizes = networks.sizes(graph)
    n = graph.number_of_nodes()
    return all(2 <= size <= spoil * n for size in sizes), {"network": networks.name(graph), "sizes": sizes}


CLAIM = Claim(
    id="asm-communication-graph",
    title="The communication graph, with federated learning as its complete case",
    items=("assumption-A.1",),
    source=Source("chen2026", "Assumption A.1, Remark A.2, A.6.1"),
    statements=(
        Statement(
            "a1.neighbourhood-sizes",
            "printed",
            "On a connected graph every closed neighbourhood has between 2 and N members.",
            ForAll(small_networks, sizes_in_range, "Every connected graph of that many clients.", Evidence.SEARCHED),
            reading="Assumption A.1",
        ),
    ),
)
