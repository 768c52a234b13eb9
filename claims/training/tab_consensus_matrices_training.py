"""The conclusion drawn from Table 6: the consensus matrix changes constant factors only, and FL stays the most robust.

It changes what training is after. Uniform averaging on an irregular network listens more to clients with many
neighbours; no step size makes up for that. Doubly stochastic rules share the federated target, and differ by a factor.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import networkx as nx
import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import (
    DRAW,
    NETWORKS,
    OWN_WEIGHTS,
    SYMMETRIC,
    mixing_at,
    network_at,
    network_parameters,
)
from ledger.reading import Part, read_as
from ledger.statement import Claim, Evidence, Statement
from ledger.training.settled_training import settled_check
from ledger.training.small_steps import (
    CLIENTS,
    FEATURES,
    SMALL_STEPS,
    a_gap,
    client_parameters,
    drifting,
    first_order_tilt,
    limit_at_rest,
    matrices_at,
    measured_at_rest,
    one,
    resolved,
    steps_at,
    trained_domain,
)
from sims.linear.resting_clients import Trained, at_rest, clients, federated, mixing_of
from sims.linear.small_steps import limit_of, mean_projectors, push_sum_at_rest, small_step
from theory.domain import Condition, Domain, Point, Quantifier, Whole
from theory.formula import Source
from theory.networks import small_networks
from theory.networks.mixing import mixing_matrix, perron_weights, ratio_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.effective_covariance import effective_covariance
from theory.training.push_sum import push_sum_effective_covariance

NUMERIC = Evidence.NUMERIC
STEP_SIZE = 0.01
SMALL = STEP_SIZE / 8
N_CLIENTS = 16
ROUNDED = 1e-10  # relative, of matrices that are inverted


@cache
def named(name: str, rule: Rule, step_size: float = STEP_SIZE) -> Trained:
    """Sixteen clients on a network by name, at rest."""
    return at_rest(mixing_matrix(topology(name, N_CLIENTS), rule), clients(N_CLIENTS), step_size)


def trained(graph: nx.Graph, rule: Rule, step_size: float) -> Trained:
    """Clients of one law on a network, one for each node, at rest."""
    return at_rest(mixing_of(graph, rule), clients(graph.number_of_nodes()), step_size)


def fades_alike(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Steps an eighth as long divide the averaged model's error by about eight under both rules, or under neither."""
    rules: tuple[Rule, ...] = ("uniform", "metropolis")
    gains = {rule: trained(graph, rule, STEP_SIZE).error / trained(graph, rule, SMALL).error for rule in rules}
    holds = max(gains.values()) <= 2 * min(gains.values())
    return holds, {
        "network": small_networks.name(graph),
        "step_sizes": [STEP_SIZE, SMALL],
        "error_falls_by_a_factor_of": gains,
        "error_at_the_smaller_step": {rule: trained(graph, rule, SMALL).error for rule in rules},
    }


def is_no_worse_than_federated(rule: Rule) -> Callable[[nx.Graph, float], tuple[bool, Mapping[str, Any]]]:
    """Federated error at most that of the network under this rule, one local step; spoiled, at most that less 0.1."""

    def predicate(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        x = clients(graph.number_of_nodes())
        fed = at_rest(federated(len(x)), x, STEP_SIZE).error
        dec = trained(graph, rule, STEP_SIZE).error
        at = {"network": small_networks.name(graph), "mixing": rule, "federated": fed, "decentralised": dec}
        return fed <= dec + 1e-9 - (1 - spoil), at

    return predicate


def nearer_together_is_nearer(pair: tuple[str, str], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Of two networks the one whose models agree more has the more accurate average."""
    first, second = (named(name, "uniform") for name in pair)
    details = {
        "networks": list(pair),
        "consensus_error": [first.consensus, second.consensus],
        "mean_model_error": [first.error, second.error],
        "mean_model_error_against_own_target": [first.drift, second.drift],
    }
    return (first.consensus <= second.consensus) == (first.error <= second.error), details


def mean_of(weights: np.ndarray, at: Point) -> np.ndarray:
    """The clients' mean matrix under these weights, (d, d)."""
    return np.einsum("i,ikl->kl", weights / weights.sum(), matrices_at(at))


def bias_of_target(at: Point) -> float:
    """Distance between the optimum for weights |A_i| and the one for equal weights."""
    sizes = network_at(at).sum(axis=1) + 1.0
    c = int(at["feature_dim"])
    projectors = (top_projector(mean_of(weights, at), c) for weights in (sizes, np.ones_like(sizes)))
    return float(np.linalg.norm(next(projectors) - next(projectors)))


def first_order_error(at: Point) -> float:
    """|P - P*|_F over the step size for small steps, from X_eff; weights that training gives alike to all clients."""
    x, m = matrices_at(at), mixing_at(at)
    added = effective_covariance(m, x, 1.0, steps_at(at)) - x.mean(axis=0)
    return first_order_tilt(x.mean(axis=0), added, int(at["feature_dim"]))


def star_over_ring(at: Point) -> float:
    """Step size times the star's error over the ring's, small steps: the star's bias over the ring's tilt."""
    ring = {**at, "network": "ring", "mixing": "metropolis"}  # which on a ring is uniform averaging
    return bias_of_target({**at, "network": "star"}) / first_order_error(ring)


def star_over_ring_trained(at: Point, effort: Effort) -> Sample:
    """The same from models at rest."""
    x, n = matrices_at(at), int(at["n_clients"])
    star, ring = (
        limit_at_rest(lambda t: t.error, mixing_matrix(topology(name, n), "uniform"), x, at, power)
        for name, power in (("star", 0), ("ring", 1))
    )
    ratio = float(star[0] / ring[0])
    return one((ratio, (star[1] + ratio * ring[1]) / float(ring[0] - ring[1])))


def ring_over_star_apart(at: Point) -> float:
    """The mean squared gains of ring and star under uniform averaging: sums of 1/(1 - cos) and of its square.

    The star has N - 2 modes among leaves, of gain 1, and one between hub and leaves, of eigenvalue 1/N - 1/2.
    """
    n = int(at["n_clients"])
    ring = (n**2 - 1) * (n**2 + 11) / 80 - (n**2 - 1) / 2 + n - 1
    return ring / (n - 2 + ((n - 2) / (3 * n - 2)) ** 2)


def ring_over_star_measured(at: Point, effort: Effort) -> Sample:
    """|(I - J) Z|_F^2 of the ring over that of the star, Z summed up power by power of M - 1 v^T."""
    found = []
    for name in ("ring", "star"):
        m = mixing_matrix(topology(name, int(at["n_clients"])), "uniform")
        response = np.linalg.inv(np.eye(len(m)) - m + perron_weights(m)) - np.eye(len(m))
        found.append(float(np.sum((response - response.mean(axis=0)) ** 2)))
    return one((found[0] / found[1], ROUNDED * found[0] / found[1]))


def link_difference(at: Point) -> np.ndarray:
    """|1/|A_i| - 1/|A_j|| where i and j are linked and i has fewer neighbours, else 0; the diagonal is left out."""
    links = network_at(at)
    sizes = links.sum(axis=1) + 1.0
    return links * np.maximum(1 / sizes[:, None] - 1 / sizes[None, :], 0)


def rules_apart(at: Point, effort: Effort) -> Sample:
    """Uniform minus Metropolis weights, off the diagonal."""
    apart = mixing_at({**at, "mixing": "uniform"}) - mixing_at({**at, "mixing": "metropolis"})
    return one((apart - np.diag(np.diag(apart)), ROUNDED))


def push_sum_error(at: Point) -> float:
    """|P - P*|_F over the step size under push-sum, small steps, from its X_eff; P* for equal weights."""
    x = matrices_at(at)
    effective = push_sum_effective_covariance(mixing_at(at, "push_sum"), x, 1.0, steps_at(at))
    symmetric = (effective + effective.T) / 2  # two-way links: it is but for rounding
    return first_order_tilt(x.mean(axis=0), symmetric - x.mean(axis=0), int(at["feature_dim"]))


def push_sum_trained(at: Point, effort: Effort) -> Sample:
    """The same from push-sum's models at rest."""
    x, c, steps, m = matrices_at(at), int(at["feature_dim"]), steps_at(at), mixing_at(at, "push_sum")
    wanted = top_projector(x.mean(axis=0), c)
    first = small_step(ratio_matrix(m), x, c, steps)

    def error(eta: float) -> np.ndarray:
        return np.asarray(np.linalg.norm(mean_projectors(push_sum_at_rest(m, x, c, eta, steps)) - wanted) / eta)

    return one(resolved(*limit_of(error, first), first, 1))


STAR_AND_RING = Domain(
    (Whole("n_clients", 4, 12), *client_parameters(local_steps=1, least_dim=3)),
    (FEATURES, a_gap(network="star", rule="uniform"), a_gap(network="ring")),
    Quantifier.IN_THE_LIMIT,
    f"{CLIENTS} They take one local step.",
    limit=SMALL_STEPS,
)
IRREGULAR = Condition(
    "clients with neighbourhoods of different sizes",
    r"|A_i| \ne |A_j| \text{ for some } i, j",
    lambda at: len(set(network_at(at).sum(axis=1))) > 1,
)
WIDE_ENOUGH = Condition(
    "five clients or more for the circulant network",
    r"N \ge 5",
    lambda at: at["network"] != "circulant:1,2" or at["n_clients"] >= 5,
)
UNIFORMLY = "Each averages its neighbourhood uniformly."


EITHER_RULE: tuple[tuple[Rule, Part], ...] = (("uniform", parts.UNIFORM), ("metropolis", parts.METROPOLIS))
CONSTANTS = (
    "The choice of consensus matrix changes the averaged model's error against the federated optimum by a constant "
    "factor."
)
BECAUSE_TARGET = (
    "Uniform averaging minimises sum |A_i| f_i. This is another problem than the federated one if clients have "
    "different numbers of neighbours."
)
CLAIM = Claim(
    id="tab-consensus-matrices-training",
    title="Consensus matrices in training: which target, and how far from it",
    items=("table-6-training",),
    source=Source("chen2026", "A.3.2, conclusion from Table 6"),
    statements=(
        Statement(
            "tab6-linear.constant-factor",
            "expected",
            CONSTANTS,
            ForAll(lambda context: small_networks.connected_networks(3, 4), fades_alike, BECAUSE_TARGET, NUMERIC),
            reading=read_as(parts.SMALL_STEPS),
            instead=("tab6-linear.uniform-small-steps", "tab6-linear.doubly-stochastic-step-size"),
        ),
        Statement(
            "tab6-linear.agreement-and-accuracy",
            "expected",
            "The smaller the consensus error on a network of sixteen clients, the smaller the error of their "
            "averaged model.",
            ForAll(lambda context: (("star", "ring"),), nearer_together_is_nearer, BECAUSE_TARGET, NUMERIC),
            reading=read_as(parts.UNIFORM),
            instead=("tab6-linear.star-ring-order", "tab6-linear.star-ring-apart"),
        ),
        *(
            Statement(
                f"tab6-linear.fl-over-{rule}",
                "expected",
                "With clients of no special kind and one local step a round, a server's model is at least as near "
                "to the federated optimum as the averaged model of a network.",
                ForAll(
                    lambda context: small_networks.connected_networks(3, 4),
                    is_no_worse_than_federated(rule),
                    "With one local step a round, a server's model is at the optimum itself.",
                    NUMERIC,
                ),
                reading=read_as(mixing),
            )
            for rule, mixing in EITHER_RULE
        ),
        Statement(
            "tab6-linear.star-ring-order",
            "corrected",
            "Under uniform averaging, as steps become small, the averaged model tends to the federated optimum on "
            "the ring, but not on the star. The star's error over the ring's, times the step size, tends to a "
            "limit. This limit is the distance between the optima for weights |A_i| and for equal weights, over "
            "the ring's first-order tilt.",
            OnDomain(
                STAR_AND_RING,
                Then("=", star_over_ring, star_over_ring_trained),
                BECAUSE_TARGET,
                NUMERIC,
                points=(5, 200),
            ),
            replaces=("tab6-linear.star-against-ring",),
        ),
        Statement(
            "tab6-linear.star-ring-apart",
            "corrected",
            "Under uniform averaging, at equal gradient dissimilarity, the consensus error on the ring of N "
            "clients is ((N^2 - 1)(N^2 + 11)/80 - (N^2 - 1)/2 + N - 1) / (N - 2 + ((N - 2)/(3N - 2))^2) times "
            "that on the star. The factor is 52 for sixteen clients, and grows like N^3/80.",
            OnDomain(
                Domain((Whole("n_clients", 4, 64),)),
                Then("=", ring_over_star_apart, ring_over_star_measured),
                "The factor is the ratio of the sums of the modes' squared gains.",
                NUMERIC,
                named=[{"n_clients": 16}],
            ),
            reading=read_as(parts.SMALL_STEPS, parts.OVER_PLACEMENTS),
            replaces=("tab6-linear.star-against-ring",),
        ),
        Statement(
            "tab6-linear.uniform-small-steps",
            "corrected",
            "As steps become small the averaged model's error under uniform averaging becomes the distance between the "
            "optima for weights |A_i| and for equal weights.",
            OnDomain(
                trained_domain(
                    8, rules=("uniform",), least_dim=3, further=(IRREGULAR, a_gap()), assumes=f"{CLIENTS} {UNIFORMLY}"
                ),
                Then("=", bias_of_target, measured_at_rest(lambda t: t.error, 0, "uniform")),
                BECAUSE_TARGET,
                NUMERIC,
                points=(6, 200),
                named=[
                    {"n_clients": 4, "network": "path", "dim": 3, "feature_dim": 1, "local_steps": 3, "level": 0.385}
                    | {"draw": 3124},
                ],
            ),
        ),
        Statement(
            "tab6-linear.doubly-stochastic-step-size",
            "corrected",
            "Under rules that give all clients the same weight, the error of the averaged model is in proportion "
            "to the step size. The factor is the first-order tilt that X_eff gives.",
            OnDomain(
                trained_domain(8, rules=(*SYMMETRIC, OWN_WEIGHTS), least_dim=3, further=(drifting(),)),
                Then("=", first_order_error, measured_at_rest(lambda t: t.error, 1)),
                "The training weights are 1/N, so that the target is the federated one.",
                NUMERIC,
                points=(6, 200),
            ),
        ),
        Statement(
            "tab6-linear.regular-networks",
            "corrected",
            "On a link, the client with fewer neighbours has a uniform weight that exceeds the Metropolis weight "
            "by the difference of 1/|A_i| and 1/|A_j|. All other weights on links agree. So the two matrices are "
            "the same exactly if all clients have equally many neighbours.",
            OnDomain(
                Domain((*network_parameters(32, networks=(*NETWORKS, "circulant:1,2")), DRAW), (WIDE_ENOUGH,)),
                Then("=", link_difference, rules_apart),
                "A Metropolis weight is 1 over the size of the larger of the two neighbourhoods. On regular "
                "networks both have the same size.",
                NUMERIC,
                points=(20, 300),
            ),
        ),
        Statement(
            "tab6-linear.push-sum-small-steps",
            "corrected",
            "On every network push-sum has the federated optimum as its target. The error of its averaged model "
            "is in proportion to the step size, and the factor is the first-order tilt of push-sum's own X_eff.",
            OnDomain(
                trained_domain(8, rules=("push_sum",), least_dim=3, further=(drifting("push_sum"),)),
                Then("=", push_sum_error, push_sum_trained),
                "The weights that push-sum passes on undo the unequal weights of averaging. Models at rest are "
                "those of rounds after these weights have settled.",
                NUMERIC,
                points=(6, 200),
            ),
            replaces=("tab6-linear.push-sum-on-star",),
        ),
        Statement(
            "tab6-linear.simulated-at-rest",
            "corrected",
            "Simulated training under uniform averaging ends where the models at rest are.",
            settled_check(("uniform",), "Rounds are simulated from the common optimum for weights |A_i|."),
        ),
    ),
)
