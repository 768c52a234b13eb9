"""The conclusion drawn from Table 6: the consensus matrix changes constant factors only, and FL stays the most robust.

It changes what training is after. Uniform averaging on an irregular network listens more to clients with many
neighbours; no step size makes up for that. Doubly stochastic rules share the federated target, and differ by a factor.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import networkx as nx
import numpy as np

from ledger.checks.kinds import Bound, Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.resting_clients import (
    FEATURE_DIM,
    Trained,
    at_rest,
    clients,
    federated,
    mixing_of,
    projector,
    simulated,
)
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.formula import Source
from theory.networks import small_networks
from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.rule import Rule
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.consensus import consensus_exchangeable

NUMERIC = Evidence.NUMERIC
STEP_SIZE = 0.01
SMALL = STEP_SIZE / 8
N_CLIENTS = 16
DOUBLY_STOCHASTIC = ("metropolis", "lazy", "sinkhorn")


@cache
def named(name: str, rule: Rule, step_size: float = STEP_SIZE) -> Trained:
    """Sixteen clients on a network by name, at rest."""
    return at_rest(mixing_matrix(topology(name, N_CLIENTS), rule), clients(N_CLIENTS), step_size)


def trained(graph: nx.Graph, rule: Rule, step_size: float) -> Trained:
    """Clients of one law on a network, one for each node, at rest."""
    return at_rest(mixing_of(graph, rule), clients(graph.number_of_nodes()), step_size)


def is_irregular(graph: nx.Graph) -> bool:
    """Whether the clients differ in the size of their neighbourhoods."""
    return len(set(small_networks.sizes(graph))) > 1


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


def star_over_ring(context: Context) -> list[Finding]:
    """How many times the ring's averaged model the star's is off, at half a step over that at the whole."""
    networks, findings = [mixing_matrix(topology(name, N_CLIENTS), "uniform") for name in ("star", "ring")], []
    for seed in range(context.trials(3, 40)):
        x, ratios = clients(N_CLIENTS, seed=seed), []
        for eta in (STEP_SIZE / 20, STEP_SIZE / 40):
            star, ring = (at_rest(m, x, eta) for m in networks)
            ratios.append(star.error / ring.error)
        findings.append(Finding({"seed": seed, "ratio": ratios[0]}, 2.0, ratios[1] / ratios[0]))
    return findings


def ring_over_star_apart(context: Context) -> list[Finding]:
    """First-order consensus error at equal dissimilarity, the mean over placements: fifty times the star's, ring."""
    ring, star = (
        consensus_exchangeable(mixing_matrix(topology(name, N_CLIENTS), "uniform"), 1.0, 1.0)
        for name in ("ring", "star")
    )
    return [Finding({"n_clients": N_CLIENTS}, 50.0, ring / star)]


def irregular(context: Context) -> list[nx.Graph]:
    """Every connected network of three or four clients, in the full tier also of five, that is irregular."""
    return [g for g in small_networks.connected_networks(3, 4 if context.tier == "quick" else 5) if is_irregular(g)]


def bias_of_target(context: Context) -> list[Finding]:
    """Distance between the optima for training weights and for equal ones, and the averaged model's error at rest."""
    findings = []
    for graph in irregular(context):
        x, m = clients(graph.number_of_nodes()), mixing_of(graph, "uniform")
        weighted = np.einsum("i,ijk->jk", perron_weights(m), x)
        claimed = np.linalg.norm(top_projector(weighted, FEATURE_DIM) - top_projector(x.mean(axis=0), FEATURE_DIM))
        findings.append(Finding({"network": small_networks.name(graph)}, float(claimed), at_rest(m, x, 1e-4).error))
    return findings


def fades_with_steps(context: Context) -> list[Finding]:
    """The factor by which the averaged model's error falls when steps are halved, doubly stochastic rules."""
    findings, eta = [], 5e-4
    for graph in irregular(context):
        for rule in DOUBLY_STOCHASTIC:
            errors = [trained(graph, rule, step).error for step in (eta, eta / 2)]
            findings.append(
                Finding({"network": small_networks.name(graph), "mixing": rule}, 2.0, errors[0] / errors[1])
            )
    return findings


def same_rule(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Uniform and Metropolis weights are one matrix where all have as many neighbours; spoiled, everywhere."""
    applies = not is_irregular(graph) or spoil != 1.0
    difference = float(np.abs(mixing_of(graph, "uniform") - mixing_of(graph, "metropolis")).max())
    return not applies or difference < 1e-12, {"network": small_networks.name(graph), "largest_difference": difference}


def push_sum_on_star(context: Context) -> list[Finding]:
    """The averaged model's error under push-sum on the star of four, simulated, and a tenth of uniform averaging's."""
    star, x = nx.star_graph(3), clients(4)
    uniform = trained(star, "uniform", STEP_SIZE)
    run = train(
        uniform.problem.start,
        x,
        mixing_of(star, "push_sum"),
        TrainingOptions(step_size=STEP_SIZE, rounds=9000, push_sum=True),
    )
    found = float(np.linalg.norm(projector(run.mean_model) - uniform.wanted))
    return [Finding({"network": small_networks.name(star)}, uniform.error / 10, found)]


def by_rounds(context: Context) -> list[Finding]:
    """The averaged model's error on the star of four, uniform averaging: after rounds of training, and at rest."""
    problem = (mixing_of(nx.star_graph(3), "uniform"), clients(4), STEP_SIZE)
    return [Finding({"network": "star of four"}, at_rest(*problem).error, simulated(*problem, rounds=9000).error)]


CONSTANTS = "The choice of consensus matrix changes the averaged model's error by a constant factor."
BECAUSE_TARGET = "Uniform averaging minimises sum |A_i| f_i: another problem wherever the clients' degrees differ."
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
            reading="averaged model against the federated optimum, as steps become small",
            instead=("tab6-linear.uniform-small-steps", "tab6-linear.doubly-stochastic-step-size"),
        ),
        Statement(
            "tab6-linear.agreement-and-accuracy",
            "expected",
            "Where the models of a network agree more, their average is more accurate.",
            ForAll(lambda context: (("star", "ring"),), nearer_together_is_nearer, BECAUSE_TARGET, NUMERIC),
            reading="uniform averaging, sixteen clients",
            instead=("tab6-linear.star-ring-order", "tab6-linear.star-ring-apart"),
        ),
        *(
            Statement(
                f"tab6-linear.fl-over-{rule}",
                "expected",
                "The server's model is at least as near to the federated optimum as a network's averaged model.",
                ForAll(
                    lambda context: small_networks.connected_networks(3, 4),
                    is_no_worse_than_federated(rule),
                    "One local step: the server's model is at the optimum itself.",
                    NUMERIC,
                ),
                reading=f"{rule} averaging, one local step, clients of no special kind",
            )
            for rule in ("uniform", "metropolis")
        ),
        Statement(
            "tab6-linear.star-ring-order",
            "corrected",
            "Under uniform averaging the star's averaged model stays off the federated optimum as steps become small, "
            "the ring's does not: the one error over the other grows like 1 over the step size.",
            Prediction(star_over_ring, f"{BECAUSE_TARGET} It doubles when the step halves.", 0.1, NUMERIC),
            reading="sixteen clients of random second moments, models at rest, small steps",
            spoil=0.8,
            replaces=("tab6-linear.star-against-ring",),
        ),
        Statement(
            "tab6-linear.star-ring-apart",
            "corrected",
            "At equal gradient dissimilarity the models of sixteen clients have over 50 times the consensus error on "
            "the ring that they have on the star, under uniform averaging.",
            Bound(ring_over_star_apart, "52.4 times, by the mean squared gains.", upper=False, evidence=NUMERIC),
            reading="sixteen clients, mean over placements, first order in the step size",
            replaces=("tab6-linear.star-against-ring",),
        ),
        Statement(
            "tab6-linear.uniform-small-steps",
            "corrected",
            "As steps become small the averaged model's error under uniform averaging becomes the distance between the "
            "optima for weights |A_i| and for equal weights.",
            Prediction(bias_of_target, "Irregular small networks, models at rest.", rtol=0.01, evidence=NUMERIC),
            reading="uniform averaging, irregular networks",
        ),
        Statement(
            "tab6-linear.doubly-stochastic-step-size",
            "corrected",
            "Under doubly stochastic rules the averaged model's error is in proportion to the step size.",
            Prediction(fades_with_steps, "Metropolis, lazy and Sinkhorn weights.", rtol=0.05, evidence=NUMERIC),
            reading="doubly stochastic rules, irregular networks",
        ),
        Statement(
            "tab6-linear.regular-networks",
            "corrected",
            "Uniform and Metropolis weights are the same matrix where all clients have as many neighbours.",
            ForAll(
                lambda context: small_networks.connected_networks(3, 6), same_rule, "No choice is left there.", NUMERIC
            ),
            reading="regular networks",
        ),
        Statement(
            "tab6-linear.push-sum-on-star",
            "corrected",
            "Push-sum ends within a tenth of uniform averaging's error on the star: it restores the federated target.",
            Bound(push_sum_on_star, "Its weight channel undoes unequal weights.", evidence=NUMERIC),
            reading="push-sum, star of four, simulated rounds",
        ),
        Statement(
            "tab6-linear.simulated-at-rest",
            "corrected",
            "Simulated training on the star of four ends where the models at rest are.",
            Prediction(by_rounds, "Star of four, uniform averaging.", rtol=1e-6, evidence=NUMERIC),
            reading="simulated rounds",
        ),
    ),
)
