"""Rank correlations between numbers of a network and the outcome of training on it: see `graph_ranking`."""

from typing import Any

from experiments import graph_ranking
from runtime.effort import Tier

CLAIMS = ("sec-graph-functionals",)


def record(tier: Tier) -> dict[str, Any]:
    """One row a mixing rule, placement of clients, measured quantity and functional; quick is one rule alone."""
    found = graph_ranking.recorded()
    rows = [
        {"rule": rule, "placement": placement, "measure": measure, "functional": functional, **correlation}
        for cell, measures in found["rank_correlations"].items()
        for rule, placement in (cell.split(", "),)
        for measure, functionals in measures.items()
        for functional, correlation in functionals.items()
        if tier == "full" or rule == "metropolis"
    ]
    return {
        "claims": list(CLAIMS),
        "n_clients": found["n_clients"],
        "n_networks": len(found["networks"]),
        "step_size": found["step_size"],
        "level": found["heterogeneity"],
        "confidence": graph_ranking.CONFIDENCE,
        "rows": rows,
    }
