"""Theorem 4.6 for trained models: is what federated learning reaches never worse than what a network reaches?

With one local step and all clients, federated averaging is descent on the mean objective and ends at its optimum. With
more steps clients drift, and a network can cancel the drift that a server keeps; with few clients a round the server
never rests. What holds is an average over where the clients sit.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import networkx as nx
import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.checks.sampled_order import SampledOrder
from ledger.drawn.drawn_networks import (
    DRAW,
    OWN_WEIGHTS,
    OWN_WEIGHTS_WORDS,
    SYMMETRIC,
    mixing_at,
    network_parameters,
)
from ledger.printed.found_witnesses import found
from ledger.printed.printed_training import distance, server_is_no_worse
from ledger.printed.printed_training import sensitivity as sensitivity_of_model
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from ledger.training.sampling_on_domain import all_clients_check, ratio_check, server_check
from ledger.training.sampling_server import no_better_than_few_clients, rounds_of, step_sizes
from ledger.training.settled_training import settled_check
from ledger.training.small_steps import (
    drifting,
    first_order_tilt,
    limit_over_placements,
    matrices_at,
    mean_squared_error,
    measured_at_rest,
    one,
    steps_at,
    trained_domain,
)
from ledger.training.two_sides import BIPARTITE
from sims.linear.resting_clients import Trained, at_rest, clients, federated, mixing_of
from sims.samplers.weighted import weighted_representability
from sims.stats import sensitivity
from theory.domain import Condition, Domain, Point, Whole
from theory.formula import Source
from theory.networks import small_networks
from theory.networks.mixing import perron_weights
from theory.networks.rule_names import Rule
from theory.objectives.curvature import top_projector
from theory.readings import Objective, Reading
from theory.setting import Setting
from theory.training.effective_covariance import effective_covariance
from theory.training.participation import decentralised_errors

NUMERIC = Evidence.NUMERIC
STEP_SIZE = 0.02
ROUND_OFF = 1e-9  # of a subspace error at rest
VISIBLE = 1e-6  # relative; a network that acts as a server does on these clients ties with it
RULES: tuple[Rule, ...] = ("uniform", "metropolis")
PAPER = Setting.paper(32, n_clients=4, samples_per_client=200)
STAR = nx.star_graph(3)

Coloured = tuple[nx.Graph, Rule, tuple[int, ...]]


def two_kinds(context: Context) -> Iterator[Coloured]:
    """Networks whose clients are of two kinds, in every arrangement, smallest first, fewest links first."""
    for graph in small_networks.connected_networks(3, 4):
        for rule, rest in product(RULES, product((0, 1), repeat=graph.number_of_nodes() - 1)):
            if any(rest):
                yield graph, rule, (0, *rest)


def no_better(steps: int):
    """The averaged model of the network is at least as far from the federated optimum as that of the server."""

    def predicate(point: Coloured, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        graph, rule, kinds = point
        x = clients(2, level=0.5)[list(kinds)]
        dec = at_rest(mixing_of(graph, rule), x, STEP_SIZE, steps).error
        fed = at_rest(federated(len(x)), x, STEP_SIZE, steps).error
        details = {
            "network": small_networks.name(graph),
            "mixing": rule,
            "kinds_of_clients": list(kinds),
            "local_steps": steps,
            "decentralised_error": dec,
            "federated_error": fed,
            "federated_over_decentralised": fed / dec if dec > ROUND_OFF else "infinite",
        }
        return dec >= (1 - VISIBLE) * fed - ROUND_OFF + (1 - spoil), details

    return predicate


WEIGHED_ALIKE = (*SYMMETRIC, OWN_WEIGHTS)
KEEPS_ITS_OWN = Condition(
    "a mixing matrix whose trace is 1 or more",
    r"\mathrm{tr}\,M \ge 1",
    lambda at: float(np.trace(mixing_at(at))) >= 1 - 1e-12,
)


def mean_kappa(mixing: np.ndarray, local_steps: int) -> float:
    """The mean of kappa over the modes, from the trace of (I - M + 11^T/N)^-1: no eigenvalue is taken."""
    n = len(mixing)
    response = float(np.trace(np.linalg.inv(np.eye(n) - mixing + 1 / n))) - n
    return 2 * local_steps * response / (n - 1) + local_steps - 1


def without_own_weight(n_clients: int) -> np.ndarray:
    """Everyone averages all others: (11^T - I)/(N - 1)."""
    return (1 - np.eye(n_clients)) / (n_clients - 1)


def over_placements(at: Point, effort: Effort) -> Sample:
    """Squared distance over the squared step in the limit of small steps, the mean over all placements."""
    x = matrices_at(at)
    wanted = top_projector(x.mean(axis=0), int(at["feature_dim"]))
    return one(limit_over_placements(mean_squared_error(wanted), mixing_at(at), x, at, 2))


def of_the_server(at: Point) -> float:
    """The same of a server: the squared tilt by (E - 1) mean D_i^2."""
    x = matrices_at(at)
    off = x - x.mean(axis=0)
    return (
        first_order_tilt(x.mean(axis=0), (steps_at(at) - 1) * np.mean(off @ off, axis=0), int(at["feature_dim"])) ** 2
    )


def of_any_model(at: Point) -> float:
    """sqrt 2 times the first-order distance of the averaged model from the optimum, over the step size."""
    x, c, steps = matrices_at(at), int(at["feature_dim"]), steps_at(at)
    added = effective_covariance(mixing_at(at), x, 1.0, steps) - x.mean(axis=0)
    return math.sqrt(2) * first_order_tilt(x.mean(axis=0), added, c)


def change_of_sensitivity(trained: Trained) -> float:
    """How far max r_k - min r_k of the averaged model is from that of the federated optimum."""
    return abs(float(np.ptp(trained.representability)) - float(np.ptp(np.diag(trained.wanted))))


def own_models(at: Point) -> float:
    """The mean squared first-order distance of the clients' own models from the optimum, over the squared step."""
    return decentralised_errors(mixing_at(at), matrices_at(at), int(at["feature_dim"]), 1.0, steps_at(at)).local


EXAMPLE = {"n_clients": 4, "dim": 4, "feature_dim": 2, "level": 0.5, "draw": 1}


def star_and_server(context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Sampled s of the paper's data at the weights that training has on the star, and at equal weights."""
    r = weighted_representability(
        context.seed,
        PAPER,
        [perron_weights(mixing_of(STAR, "uniform")).tolist(), [0.25] * 4],
        objective=Objective.MIM,
        reading=Reading(draws="expected"),
        # The difference is 3.6(4) e-4 and 1.16e-3 a trial: six standard errors, where three are asked for.
        trials=context.trials(480, 2400),
    )
    return sensitivity(r[:, 0]), sensitivity(r[:, 1])


# Client matrices of which the sensitivity moves nearly as much as it can.
TIGHT = {**EXAMPLE, "dim": 3, "feature_dim": 1, "draw": 35, "network": "path", "mixing": "metropolis", "local_steps": 1}
NO_WORSE = (
    "Let clients be of two kinds, all take part in every round, and take {steps} a round. Then the averaged model of a "
    "network is no nearer to the federated optimum than a server's model."
)
NO_LESS = "The sensitivity of a network's averaged model is at least that of a server's model."
BECAUSE_MODES = (
    "With E local steps a round, the distance of a server's model from the optimum grows like E - 1. The distance "
    "of a network's is smaller if clients differ along a mode with a negative eigenvalue."
)
CLAIM = Claim(
    id="thm-federated-training",
    title="Federated against decentralised learning: the models that training reaches",
    items=("theorem-4.6-training",),
    source=Source("chen2026", "Theorem 4.6, A.6.5"),
    statements=(
        Statement(
            "thm46-trained.one-step-distance",
            "expected",
            NO_WORSE.format(steps="one local step"),
            ForAll(
                two_kinds,
                no_better(1),
                (
                    "With one local step, a server's round is one gradient step on the mean loss. So a server's model "
                    "has no drift."
                ),
                NUMERIC,
            ),
        ),
        Statement(
            "thm46-trained.two-step-distance",
            "expected",
            NO_WORSE.format(steps="two local steps"),
            server_is_no_worse(
                distance, BECAUSE_MODES, found("thm46-trained.two-step-distance"), local_steps=2, two_kinds=True
            ),
            instead=("thm46-trained.placements-first-order", "thm46-trained.bipartite-ratio"),
        ),
        Statement(
            "thm46-trained.one-step-sensitivity",
            "expected",
            NO_LESS,
            server_is_no_worse(
                sensitivity_of_model,
                "Drift can raise or lower the sensitivity: a subspace further from the optimum can represent the "
                "coordinates more evenly.",
                found("thm46-trained.one-step-sensitivity"),
                local_steps=1,
                two_kinds=False,
            ),
            instead=("xeff.entries-and-spread",),
        ),
        Statement(
            "thm46-trained.sampled-clients-distance",
            "expected",
            "Let eight clients take one local step a round. Their own models on a network are no nearer to the "
            "optimum than the model of a server that samples two of them a round.",
            ForAll(
                lambda context: (("torus:2x4", eta, rounds_of(context)) for eta in step_sizes()),
                no_better_than_few_clients,
                "The model of a server that samples clients never comes to rest. Its squared error is of order "
                "eta, that of a network's models of order eta^2.",
                Evidence.SAMPLED,
            ),
            instead=("thm46-trained.sampling-ratio-least", "thm46-trained.sampling-ratio-most"),
        ),
        Statement(
            "thm46-trained.star-independent",
            "printed",
            "For the paper's data on the star with uniform averaging the trained model's sensitivity exceeds "
            "the federated one.",
            SampledOrder(
                star_and_server,
                "Training gives the hub more weight than a leaf.",
                {
                    "network": small_networks.name(STAR),
                    "dim": PAPER.dim,
                    "samples_per_client": PAPER.samples_per_client,
                },
            ),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED, parts.SMALL_STEPS),
            spoil=0.8,
        ),
        Statement(
            "thm46-trained.equal-weights-change",
            "corrected",
            "If training gives all clients the same weight, the sensitivity of the averaged model tends to that "
            "of the federated optimum. To first order they differ by at most sqrt(2) times the step size times "
            "the first-order distance that X_eff gives.",
            OnDomain(
                trained_domain(8, rules=WEIGHED_ALIKE, least_dim=3, further=(drifting(),)),
                Then("<=", of_any_model, measured_at_rest(change_of_sensitivity, 1)),
                "Each r_k is a diagonal entry of the projector onto the represented subspace. This projector "
                "tends to the optimum's. The eigenvalues of the difference come in pairs of opposite sign.",
                NUMERIC,
                points=(8, 200),
                named=[TIGHT],
            ),
            replaces=("thm46-trained.equal-weights-contrast",),
            spoil=0.75,
        ),
        Statement(
            "thm46-trained.bipartite-ratio",
            "corrected",
            "Let n clients of one kind each be linked to all n clients of another kind. They average uniformly, "
            "with E local steps a round. Then the distance of the averaged model from the federated optimum is "
            "|E/n - 1|/(E - 1) times that of a server's model. It is 0 for E = n.",
            BIPARTITE,
            replaces=("thm46-trained.bipartite-order",),
        ),
        Statement(
            "thm46-trained.placements-kappa",
            "corrected",
            "If the mixing matrix M is symmetric with trace 1 or more, kappa averaged over placements is at least "
            "E - 1, which is its value for a server.",
            OnDomain(
                Domain(
                    (*network_parameters(16, rules=WEIGHED_ALIKE), Whole("local_steps", 1, 20), DRAW),
                    (KEEPS_ITS_OWN,),
                    assumes="X_eff is the matrix whose leading directions the averaged model represents; kappa is how "
                    "much a mode of the network adds to it, for each squared difference of clients along the mode. "
                    f"{OWN_WEIGHTS_WORDS}",
                ),
                Then(
                    ">=",
                    lambda at: at["local_steps"] - 1.0,
                    lambda at, effort: Sample(
                        np.atleast_1d(mean_kappa(mixing_at(at), int(at["local_steps"]))), 1e-10 * at["local_steps"]
                    ),
                ),
                "kappa rises with the eigenvalue and is convex in it, and the mean eigenvalue is at least 0 "
                "(Jensen). For M = 11^T/N the two are equal.",
                Evidence.SEARCHED,
                points=(20, 400),
                named=[{"n_clients": 5, "network": "complete", "mixing": "metropolis", "local_steps": 3, "draw": 1}],
            ),
            spoil=1.01,
        ),
        Statement(
            "thm46-trained.placements-no-own-weight",
            "corrected",
            "If every client averages all others and leaves itself out, kappa averaged over placements is E - 1 - "
            "2E/N. That is below E - 1, its value for a server.",
            OnDomain(
                Domain((Whole("n_clients", 3, 64), Whole("local_steps", 1, 20))),
                Then(
                    "=",
                    lambda at: at["local_steps"] * (1 - 2 / at["n_clients"]) - 1,
                    lambda at, effort: Sample(
                        np.atleast_1d(mean_kappa(without_own_weight(int(at["n_clients"])), int(at["local_steps"]))),
                        1e-10 * at["local_steps"],
                    ),
                ),
                "The mixing matrix has trace 0, and all its eigenvalues but the 1 are -1/(N - 1).",
                NUMERIC,
            ),
        ),
        Statement(
            "thm46-trained.placements-first-order",
            "corrected",
            "Let the mixing matrix M be symmetric, with trace 1 or more. To first order in the step size, "
            "averaged over all ways to place the clients on the network, the squared distance of the averaged "
            "model from the federated optimum is at least that of a server's model.",
            OnDomain(
                trained_domain(5, rules=WEIGHED_ALIKE, further=(KEEPS_ITS_OWN,)),
                Then(">=", of_the_server, over_placements),
                "A mean of squares is at least the square of the mean. Averaging over placements puts the mean "
                "kappa in the place of every kappa, and the mean kappa is at least E - 1, its value for a server.",
                Evidence.SEARCHED,
                points=(5, 60),
                corners=(2, 16),
                named=[{**EXAMPLE, "network": "complete", "mixing": "metropolis", "local_steps": 3}],
            ),
            spoil=1.01,
        ),
        Statement(
            "thm46-trained.sampling-server-error",
            "corrected",
            "The squared subspace error of a server that samples C of N clients is the one predicted, which is "
            "proportional to (N - C)/(C (N - 1)).",
            server_check(
                "The prediction adds up what sampling leaves in the mean gradient, over every direction that "
                "tilts the subspace."
            ),
            spoil=0.75,
        ),
        Statement(
            "thm46-trained.all-clients-error",
            "corrected",
            "Let a server train with all clients in each round, with E > 1 local steps. Its squared subspace "
            "error is of second order in the step size, and equals that of its drift towards the mean of the "
            "clients' squared deviations. Both are divided by the largest drift that deviations of this size "
            "allow.",
            all_clients_check(
                "To first order, E steps on a client's matrix add a multiple of the square of that matrix's "
                "deviation from the mean."
            ),
            spoil=3.0,
        ),
        Statement(
            "thm46-trained.own-models-square",
            "corrected",
            "The squared subspace error of the clients' own models on a network is of second order in the step "
            "size. Divided by the squared step size it tends to the mean of the clients' squared first-order "
            "tilts.",
            OnDomain(
                trained_domain(8, rules=WEIGHED_ALIKE, further=(drifting(),)),
                Then("=", own_models, measured_at_rest(lambda t: t.local_error_squared, 2)),
                "This is unlike a server that samples clients: its squared subspace error is of first order "
                "(thm46-trained.sampling-server-error).",
                NUMERIC,
                points=(6, 200),
            ),
            replaces=("thm46-trained.sampling-exponents",),
        ),
        Statement(
            "thm46-trained.sampling-ratio-least",
            "corrected",
            "The squared error of a server that samples clients is at least eta*/eta times that of the clients' "
            "own models on a network. eta* is the step size at which the two leading orders are equal. Below eta* "
            "the network is nearer to the optimum.",
            ratio_check(
                ">=",
                (
                    "If no eigenvalue of the network is negative, curvature can only lower its response. And "
                    "curvature can only raise the noise of the server."
                ),
            ),
            replaces=("thm46-trained.sampling-crossing",),
            spoil=1.4,
        ),
        Statement(
            "thm46-trained.sampling-ratio-most",
            "corrected",
            "The squared error of a server that samples clients is at most eta*/eta (1 + eta h g)^2/(1 - eta h/2) "
            "times that of the clients' own models on a network. eta* is the step size at which the two leading "
            "orders are equal, h the largest curvature that tilts, and g = lambda_2/(1 - lambda_2).",
            ratio_check(
                "<=",
                (
                    "The factor says by how much curvature can lower the response of the network and raise the noise "
                    "of the server."
                ),
            ),
            spoil=0.75,
        ),
        Statement(
            "thm46-trained.simulated-rounds",
            "corrected",
            "Simulated training ends at the models at rest that we compute, for a server and for networks that "
            "give all clients the same weight.",
            settled_check(
                ("metropolis", "lazy", "laplacian"),
                (
                    "In each simulated round the clients take their steps and then average. On the complete "
                    "network this is what a server does."
                ),
            ),
        ),
    ),
)
