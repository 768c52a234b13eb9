"""Table 6: decentralised accuracy under four consensus rules, and the conclusion drawn from it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import networkx as nx
import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import (
    DRAW,
    OWN_WEIGHTS,
    OWN_WEIGHTS_WORDS,
    SYMMETRIC,
    mixing_at,
    network_parameters,
)
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory.domain import Domain, Point
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.objective_weights import objective_weights
from theory.networks.small_networks import degree_normalised, metropolis, uniform

ROUND_OFF = 1e-10  # of weights that an iteration makes doubly stochastic
# Source: chen2026, Table 6: accuracy in percent at average connectivity about 5 and about 10.
FEDERATED = (Decimal("52.72"), Decimal("52.72"))
RULES = {
    "data size": (Decimal("46.62"), Decimal("52.28")),
    "degree normalised": (Decimal("45.34"), Decimal("52.08")),
    "doubly stochastic": (Decimal("45.22"), Decimal("52.18")),
    "push-sum": (Decimal("45.19"), Decimal("52.22")),
}


def below_federated(item: tuple[str, tuple[Decimal, Decimal]], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether a rule ends below federated learning at both connectivities."""
    rule, accuracies = item
    holds = all(a < f * Decimal(str(spoil)) for a, f in zip(accuracies, FEDERATED, strict=True))
    return holds, {"rule": rule, "accuracies": list(map(str, accuracies)), "federated": str(FEDERATED[0])}


def rises(item: tuple[str, tuple[Decimal, Decimal]], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether a rule is more accurate at connectivity 10 than at 5."""
    rule, (sparse, dense) = item
    return sparse < dense * Decimal(str(spoil)), {"rule": rule, "sparse": str(sparse), "dense": str(dense)}


def rule_matters_less(column: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The spread over rules is below the smallest loss against federated learning."""
    accuracies = [a[column] for a in RULES.values()]
    between_rules, loss = max(accuracies) - min(accuracies), FEDERATED[column] - max(accuracies)
    return between_rules < loss * Decimal(str(spoil)), {
        "spread_over_rules": str(between_rules),
        "smallest_loss": str(loss),
    }


def same_target(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Do the three rules weigh the clients' losses alike?"""
    weights = {
        rule.__name__: [str(w) for w in objective_weights(rule(graph))]
        for rule in (uniform, degree_normalised, metropolis)
    }
    return len({tuple(w) for w in weights.values()}) == 1, {"network": networks.name(graph), "weights": weights}


def weights_in_objective(at: Point, effort: Effort) -> Sample:
    """The weight of each client's loss in (1/N) sum_i sum_j M_ij L_j, one client after another."""
    mixing, n = mixing_at(at), int(at["n_clients"])
    found = [sum(float(mixing[i, j]) for i in range(n)) / n for j in range(n)]
    return Sample(np.array([found]), ROUND_OFF)


def small_networks(context: Context) -> list[nx.Graph]:
    """Every connected network of three to five clients, or to six in the full tier."""
    return list(networks.connected_networks(3, 5 if context.tier == "quick" else 6))


NUMBERS = "the printed numbers"
CLAIM = Claim(
    id="tab-consensus-matrices",
    title="Table 6: the consensus rule and decentralised accuracy",
    items=("table-6",),
    source=Source("chen2026", "Table 6, A.3.2"),
    statements=(
        Statement(
            "tab6.below-federated",
            "printed",
            "No decentralised variant surpasses federated learning.",
            ForAll(
                lambda context: RULES.items(),
                below_federated,
                "All eight numbers are below 52.72, that of federated learning.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
        ),
        Statement(
            "tab6.higher-connectivity",
            "printed",
            "Every variant is more accurate at the higher connectivity.",
            ForAll(lambda context: RULES.items(), rises, "Four pairs of numbers are compared.", Evidence.ENUMERATED),
            reading=read_as(parts.PRINTED_NUMBERS),
            spoil=0.8,
        ),
        Statement(
            "tab6.spread-over-rules",
            "printed",
            "At low connectivity the rules differ little in accuracy, compared with what all of them lose against "
            "federated learning.",
            ForAll(
                lambda context: (0,),
                rule_matters_less,
                "The rules differ by 1.43 points. The loss against federated learning is 6.10 points.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PRINTED_NUMBERS),
            spoil=0.2,
        ),
        Statement(
            "tab6.objective-over-rules",
            "printed",
            "The choice of consensus matrix changes constants of the mixing only.",
            ForAll(
                small_networks,
                same_target,
                "The choice changes the objective itself: how much each client's loss counts.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.OBJECTIVE),
            instead=(
                "tab6.objective-metropolis",
                "eq1.objective-by-weights",
            ),
        ),
        Statement(
            "tab6.objective-metropolis",
            "corrected",
            "A symmetric doubly stochastic rule keeps the federated objective on every network: each client's loss has "
            "the weight 1/N.",
            OnDomain(
                Domain((*network_parameters(64, rules=(*SYMMETRIC, OWN_WEIGHTS)), DRAW), assumes=OWN_WEIGHTS_WORDS),
                Then("=", lambda at: np.full(int(at["n_clients"]), 1 / at["n_clients"]), weights_in_objective),
                "The weights are the column means of M, and its columns sum to 1.",
                Evidence.NUMERIC,
                points=(12, 300),
            ),
            reading=read_as(parts.OBJECTIVE),
        ),
    ),
)
