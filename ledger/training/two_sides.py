"""Networks of two sides: n clients of one kind, each linked to all n clients of another kind."""

import networkx as nx
import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.statement import Evidence
from ledger.training.small_steps import CLEAR_GAP, CLIENTS, FEATURES, SMALL_STEPS, limit_at_rest, matrices_at
from sims.linear.resting_clients import federated, mixing_of
from theory.domain import Condition, Domain, Point, Quantifier, Real, Whole


def bipartite_ratio(at: Point) -> float:
    """Of two sides of n clients and E local steps: |kappa| between the sides, E/n - 1, over a server's E - 1."""
    return abs(at["local_steps"] / at["clients_a_side"] - 1) / (at["local_steps"] - 1)


def bipartite_measured(at: Point, effort: Effort) -> Sample:
    """The network's distance from the federated optimum over the server's, in the limit of small steps."""
    n = int(at["clients_a_side"])
    x = matrices_at(at, 2)[[0] * n + [1] * n]
    networks = mixing_of(nx.complete_bipartite_graph(n, n), "uniform"), federated(2 * n)
    (dec, dec_error), (fed, fed_error) = (limit_at_rest(lambda t: t.error, m, x, at, 1) for m in networks)
    return Sample(np.atleast_1d(dec / fed), float((dec_error + fed_error * dec / fed) / (fed - fed_error)))


def two_kinds_apart(at: Point) -> bool:
    """The mean of the two kinds has a gap after feature_dim."""
    if not FEATURES.holds(at):
        return False
    values = np.linalg.eigvalsh(matrices_at(at, 2).mean(axis=0))[::-1]
    c = int(at["feature_dim"])
    return bool(values[c - 1] - values[c] >= CLEAR_GAP * values[0])


BIPARTITE = OnDomain(
    Domain(
        (
            Whole("clients_a_side", 1, 6),
            *(Whole("dim", 3, 6), Whole("feature_dim", 1, 5), Whole("local_steps", 2, 8)),
            *(Real("level", 0.0, 1.0, "(]", reach=(0.02, 1.0), is_log=True), DRAW),
        ),
        (
            FEATURES,
            Condition(
                f"the mean of the two kinds' matrices has a gap after feature_dim of {CLEAR_GAP:g} of its largest "
                "eigenvalue",
                rf"\theta_c - \theta_{{c+1}} \ge {CLEAR_GAP:g}\,\theta_1",
                two_kinds_apart,
            ),
        ),
        Quantifier.IN_THE_LIMIT,
        CLIENTS,
        limit=SMALL_STEPS,
    ),
    Then("=", bipartite_ratio, bipartite_measured),
    "The clients differ along one mode only, the one between the two sides. Its eigenvalue is (1 - n)/(1 + n), "
    "which gives kappa = E/n - 1.",
    Evidence.NUMERIC,
    points=(8, 100),
    named=[
        {"clients_a_side": n, "dim": 4, "feature_dim": 2, "local_steps": e, "level": 0.5, "draw": 1}
        for n, e in ((3, 3), (2, 6))
    ],
)
