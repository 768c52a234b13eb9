"""Whose losses training on a network minimises: the Perron weights v of the mixing matrix, not the weights of Eq (1).

Eq (1) averages once; training averages every round, and settles on v with v^T M = v^T. With uniform averaging v_i is
proportional to |A_i|. Sums (25) to (32) with these weights in place of one averaging step are asked here as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import networkx as nx
import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import (
    DRAW,
    SYMMETRIC,
    mixing_at,
    network_at,
    network_parameters,
    one_way_at,
    sizes_at,
)
from ledger.drawn.drawn_trainings import (
    BETWEEN,
    CLIENTS,
    averaged,
    client_parameters,
    clients_near,
    measurement,
    problem_at,
    rest_at,
    resting,
    row_projector,
    solved_to,
    target_at,
)
from ledger.printed.found_witnesses import found
from ledger.printed.printed_networks import one_average_decides
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.objective import optimum
from sims.linear.resting_clients import projector
from sims.linear.trained_networks import DIM, FEATURE_DIM, Training, clients_of
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.domain import Choice, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.mixing import mixing_matrix, objective_weights_of, perron_weights
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology
from theory.networks.training_weights import MEAN_ENTRY, data_size_weights, entry_spread, uniform_weights
from theory.objectives.curvature import top_projector
from theory.training.small_steps import LIPSCHITZ, SmallSteps
from theory.training.subspace_drift import deviation_bound

PROOF = "docs/proofs/effective_covariance.md, 1"
Exact = list[list[Fraction]]
Seen = tuple[bool, Mapping[str, Any]]
ROUND_OFF = 1e-12
PUSH_SUM_ROUNDS = 2000
DOUBLINGS = 40  # 10^12 rounds of mixing
MIXED = 1e-9  # relative: how far rounding takes weights that settle slowly
SQUARED_OFFSET = Fraction(4)  # tau^2 in (18); the shares of it that follow are the same for any tau > 1


def small_networks(context: Context) -> Iterator[nx.Graph]:
    """Every connected network of two to five clients, or to six in the full tier."""
    return networks.connected_networks(2, 5 if context.tier == "quick" else 6)


def listened_to(graph: nx.Graph) -> list[set[int]]:
    """A_i of every client."""
    return [{i, *graph.neighbors(i)} for i in range(graph.number_of_nodes())]


def uniform(graph: nx.Graph) -> Exact:
    """M of uniform averaging: 1/|A_i| for every client that client i hears, itself included."""
    members = listened_to(graph)
    return [[Fraction(int(j in row), len(row)) for j in range(len(members))] for row in members]


def perron(mixing: Exact) -> list[Fraction]:
    """v^T M = v^T, sum 1, in exact fractions: Gauss-Jordan on (I - M^T + 1 1^T) v = 1."""
    n = len(mixing)
    rows = [[Fraction(int(i == j)) - mixing[j][i] + 1 for j in range(n)] + [Fraction(1)] for i in range(n)]
    for k in range(n):
        pivot = next(r for r in range(k, n) if rows[r][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for r in range(n):
            if r != k:
                rows[r] = [a - rows[r][k] * b for a, b in zip(rows[r], rows[k], strict=True)]
    return [row[-1] for row in rows]


def shown(weights: Iterable[Fraction]) -> list[str]:
    """Fractions such as 1/3 as text, for a witness."""
    return [str(w) for w in weights]


def off(model: np.ndarray, covariances: np.ndarray, weights: np.ndarray) -> float:
    """Distance of the model's subspace from the optimum of the weighted objective."""
    wanted = top_projector(np.einsum("i,ijk->jk", weights, covariances), FEATURE_DIM)
    return float(np.linalg.norm(projector(model) - wanted))


def trained_for_eq_1(training: Training, spoil: float) -> Seen:
    """Does simulated training end nearer the optimum of Eq (1) than that of the training weights?"""
    run = training.run(10_000)
    assert run.converged, run.message
    mean, x = np.asarray(run.mean_model), training.covariances
    to_objective, to_training = (
        off(mean, x, weights) for weights in (objective_weights_of(training.mixing), perron_weights(training.mixing))
    )
    details = {**training.at, "distance_to_optimum_of_eq_1": to_objective, "to_training_weighted": to_training}
    return to_objective <= to_training, details


def lines(context: Context) -> list[Training]:
    """Three clients in line are the smallest network of unequal neighbourhoods."""
    return [Training("path", "uniform", level=0.4, n_clients=n, step_size=0.02) for n in (3, 4)]


def one_way_clients() -> tuple[np.ndarray, np.ndarray]:
    """Six clients on a one-way ring with a shortcut, and their matrices."""
    links = topology("directed_ring", 6).copy()
    links[0, 3] = True
    return links, clients_of("exchangeable", "ring", 6, 0.4, 1)


def simulated(links: np.ndarray, x: np.ndarray, step_size: float, *, push_sum: bool) -> np.ndarray:
    """The averaged model after training; rounds in proportion to 1/step."""
    start = np.repeat(optimum(x.mean(axis=0), FEATURE_DIM)[None], len(x), axis=0)
    mixing = mixing_matrix(links, "push_sum" if push_sum else "uniform")
    run = train(start, x, mixing, TrainingOptions(step_size=step_size, rounds=12_000, push_sum=push_sum))
    return np.asarray(run.mean_model)


def row_averaging_aims_at_equal(step_size: float, spoil: float) -> Seen:
    """Does averaging rows on the same one-way network end near the optimum of equal weights?"""
    links, x = one_way_clients()
    equal = np.full(6, 1 / 6)
    rows, push = (off(simulated(links, x, step_size, push_sum=p), x, equal) for p in (False, True))
    details = {"step_size": step_size, "row_averaging": rows, "push_sum": push, "dim": DIM, "feature_dim": FEATURE_DIM}
    return rows <= 2 * push, details


def entries(weights: list[Fraction]) -> list[Fraction]:
    """Signal entries of sum_i v_i X_i, granted (18), over 2p(1-p): client i has 1 in place of tau^2 at its own."""
    return [(1 - w) * SQUARED_OFFSET + w for w in weights]


def printed_entry(graph: nx.Graph, spoil: float) -> Seen:
    """(29)-(32) with training weights: is every entry (1 - 1/|A-bar|) tau^2 + 1/|A-bar|?"""
    share = 1 / networks.mean_size(graph)
    said, found = (1 - share) * SQUARED_OFFSET + share, entries(perron(uniform(graph)))
    details = {"network": networks.name(graph), "tau^2": str(SQUARED_OFFSET), "said": str(said), "found": shown(found)}
    return all(entry == spoil * said for entry in found), details


def one_entry(graph: nx.Graph, spoil: float) -> Seen:
    """(31)-(32) with training weights: are all entries equal?"""
    found = entries(perron(uniform(graph)))
    return len(set(found)) == 1, {"network": networks.name(graph), "entries_at_tau^2=4": shown(found)}


UNDIRECTED = (*network_parameters(24, least=2), DRAW)
OWN_SAMPLES = "Client i holds n_i samples, from 1 to 1000 at random."
PAPER_MATRIX = (
    "Granted (18): client i's matrix is diagonal, 2p(1-p) times 1 at its own coordinate and times tau^2 at the other "
    "clients'."
)
RULE = "Mixing is uniform averaging over closed neighbourhoods."


def on_networks(claimed: Any, measured: Any, because: str, assumes: str, *more: Parameter, **options: Any) -> OnDomain:
    """A number or an array of every undirected network, without randomness."""
    domain = Domain((*UNDIRECTED, *more), assumes=assumes)
    return OnDomain(domain, Then("=", claimed, measured, **options), because, Evidence.NUMERIC, points=(12, 400))


def settled(mixing: np.ndarray) -> np.ndarray:
    """What endless mixing gives client 0 of everyone, (N,): the weights of training, by repeated squaring."""
    power = mixing
    for _ in range(DOUBLINGS):
        power = power @ power
        power /= power.sum(axis=1, keepdims=True)  # rounding would add up
    return power[0]


def settled_under(rule: Rule) -> Callable[[Point, Effort], Sample]:
    """The weights of training under a rule, (1, N)."""
    return lambda at, effort: measurement(settled(mixing_at(at, rule)))


def equal_shares(at: Point) -> np.ndarray:
    """1/N for every client, (N,)."""
    return np.full(int(at["n_clients"]), 1 / int(at["n_clients"]))


def push_sum_pull(at: Point, effort: Effort) -> Sample:
    """How far one more round moves client 0's model for a unit gradient of each client, over the step size, (1, N).

    A gradient of client i's changes the numerators by -eta e_i before they mix; the weights have mixed for long.
    """
    column = mixing_matrix(one_way_at(at), "push_sum")
    n = len(column)
    power = column
    for _ in range(DOUBLINGS):
        power = power @ power
        power /= power.sum(axis=0)  # rounding would add up
    return measurement(power[0] / (power[0] @ np.ones(n)))


def entries_of(at: Point) -> np.ndarray:
    """Signal entries of the matrix that training sees, granted (18), summed client by client, (N,)."""
    p, squared = float(at["mask_ratio"]), float(at["tau"]) ** 2
    n = int(at["n_clients"])
    each = np.where(np.eye(n, dtype=bool), 1.0, squared)
    return 2 * p * (1 - p) * np.tensordot(settled(mixing_at(at, "uniform")), each, 1)


MODEL = (Real("tau", 0.0, np.inf, "()", reach=(0.5, 6.0), is_log=True), Real("mask_ratio", 0.0, 1.0, "()"))


def mean_entry(at: Point) -> float:
    """The closed form of the mean entry."""
    values = {name: float(at[name]) for name in ("tau", "mask_ratio")}
    return MEAN_ENTRY.value(n_clients=int(at["n_clients"]), **values)


def represented(at: Point, effort: Effort) -> Sample:
    """The projector on what the averaged model at rest represents, (1, d, d)."""
    trained = rest_at(at)
    return measurement(row_projector(averaged(trained)), solved_to(trained))


def off_weighted_target(at: Point) -> float:
    """How far that can be from the optimum of the weighted objective: of first order in the step size."""
    p = problem_at(at)
    return SmallSteps(p.mixing, p.covariances, p.feature_dim, p.step_size).off_target(averaged(rest_at(at)))


PUSH_SUM = Domain(
    (
        Whole("n_clients", 2, 6),
        *client_parameters(6, 3),
        Real("stiffness", 0.0, 1.0, "()", reach=(0.02, 0.5), is_log=True),
        DRAW,
    ),
    (BETWEEN,),
    Quantifier.IN_THE_LIMIT,
    f"{CLIENTS} Links are one-way and strongly connected. Push-sum trains with one local step a round; the step size "
    f"is stiffness/(6 x) times the smallest of the settled weights N r_i. {PUSH_SUM_ROUNDS} rounds are simulated from "
    "the optimum of equal weights.",
    limit="of small steps, stiffness to 0",
)


@lru_cache(maxsize=32)
def push_sum_models(items: tuple[tuple[str, Any], ...]) -> tuple[np.ndarray, np.ndarray]:
    """The clients' models after push-sum's rounds, (N, c, d), and the clients' matrices, by a plain loop."""
    at = dict(items)
    x, c = clients_near(at), int(at["feature_dim"])
    column = mixing_matrix(one_way_at(at), "push_sum")
    least = float((np.linalg.matrix_power(column, 4096) @ np.ones(len(x))).min())
    step = float(at["stiffness"]) / (LIPSCHITZ * float(np.linalg.eigvalsh(x).max())) * least
    numerators = np.repeat(optimum(x.mean(axis=0), c)[None], len(x), axis=0)
    weights = np.ones(len(x))
    models = numerators
    for _ in range(PUSH_SUM_ROUNDS):
        gradients = 2 * models @ (np.swapaxes(models, 1, 2) @ models - x)
        numerators = np.tensordot(column, numerators - step * gradients, 1)
        weights = column @ weights
        models = numerators / weights[:, None, None]
    return models, x


def push_sum_run(at: Point) -> tuple[np.ndarray, np.ndarray]:
    """The same for a point."""
    return push_sum_models(tuple(sorted(at.items())))


def equal_target(at: Point) -> np.ndarray:
    """The projector on what the optimum of equal weights represents, (d, d)."""
    return top_projector(clients_near(at).mean(axis=0), int(at["feature_dim"]))


def push_sum_represented(at: Point, effort: Effort) -> Sample:
    """The projector on the rows of the plain mean of the models, (1, d, d)."""
    return measurement(row_projector(push_sum_run(at)[0].mean(axis=0)), 1e-11)


def push_sum_spread(at: Point) -> float:
    """How far it can be from that: by the spread of the models and the mean gradient that is left."""
    models, x = push_sum_run(at)
    return deviation_bound(models, x, equal_shares(at))


CLAIM = Claim(
    id="thm-training-weights",
    title="Whose losses training on a network minimises",
    items=("network-training-weights", "eq-1-training", "eqs-25-33-training"),
    source=Source("chen2026", f"Section 3.1 and Eqs (1), (25)-(32), against {PROOF}"),
    statements=(
        Statement(
            "weights.eq1-training",
            "printed",
            "Decentralised training with uniform averaging (Algorithm 2) minimises the objective of Eq (1), as "
            "Section 3.1 says of training in general.",
            one_average_decides(
                "Averaging in every round adds up: what counts are the weights v that averaging leaves as they "
                "are, v^T M = v^T.",
                found("weights.eq1-training"),
            ),
            reading=read_as(parts.TRAINING),
            instead=("weights.uniform-averaging", "weights.small-step-target"),
        ),
        Statement(
            "weights.eq1-simulated",
            "expected",
            "Simulated training with uniform averaging ends nearer to the optimum of Eq (1) than to that of the "
            "training weights.",
            ForAll(
                lines,
                trained_for_eq_1,
                "Training ends nearer to the optimum of the training weights.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.SIMULATED),
            instead=("weights.small-step-target", "weights.uniform-averaging"),
        ),
        Statement(
            "weights.uniform-averaging",
            "corrected",
            "Training with uniform averaging gives client i the weight v_i = |A_i| / sum |A_j|, where A_i is "
            "client i with its neighbours.",
            on_networks(
                lambda at: uniform_weights(network_at(at)),
                settled_under("uniform"),
                "Detailed balance: |A_i| M_ij is symmetric. The weights are measured by averaging many times.",
                RULE,
                within=MIXED,
            ),
            latex=r"v_i = \frac{|A_i|}{\sum_j |A_j|}",
            spoil=0.99,
        ),
        Statement(
            "weights.data-sizes",
            "corrected",
            "Training that averages by numbers of samples, as the released code does, gives client i a weight in "
            "proportion to n_i times the number of samples of client i and its neighbours together.",
            on_networks(
                lambda at: data_size_weights(network_at(at), sizes_at(at)),
                settled_under("data_size"),
                "Detailed balance: n_i (sum over A_i of n_k) M_ij is symmetric. The weights are measured by "
                "averaging many times.",
                OWN_SAMPLES,
                within=MIXED,
            ),
            latex=r"v_i \propto n_i \sum_{k\in A_i} n_k",
            spoil=0.99,
            replaces=("code.training-weights",),
        ),
        Statement(
            "weights.doubly-stochastic",
            "corrected",
            "Training with Metropolis, lazy, Laplacian or other doubly stochastic weights gives every client the "
            "weight 1/N.",
            on_networks(
                equal_shares,
                settled_under("metropolis"),
                "The columns of the mixing matrix sum to 1. The weights are measured by averaging many times.",
                "",
                Choice("mixing", SYMMETRIC),
                within=MIXED,
            ),
            spoil=0.99,
        ),
        Statement(
            "weights.push-sum",
            "corrected",
            "Push-sum gives every client the weight 1/N, on every strongly connected one-way network.",
            OnDomain(
                Domain((Whole("n_clients", 2, 16), DRAW), assumes="Links are one-way and strongly connected."),
                Then("=", equal_shares, push_sum_pull, within=MIXED),
                "The weight r_i of client i in the ratio matrix is cancelled by its step 1/(N r_i). The weights "
                "are measured by how far a unit gradient moves the mean.",
                Evidence.NUMERIC,
                points=(12, 400),
            ),
            latex=r"z' = B(z - \eta R^{-1} g),\quad B = R^{-1} C R,\quad "
            r"r^\top B = r^\top,\quad R = N\,\mathrm{diag}(r)",
            spoil=0.99,
        ),
        Statement(
            "weights.small-step-target",
            "corrected",
            "As the step size tends to 0, the averaged model tends to the optimum of the objective in which "
            "client i counts with its training weight v_i. Its projector differs by a remainder of first order in "
            "the step size.",
            resting(
                Then("=", target_at, represented, remainder=off_weighted_target),
                "At rest the distances between the clients' models are of first order. They bound how far the "
                "mean model is from the optimum.",
                named=[
                    {"n_clients": n, "network": g, "mixing": m, "draw": 1, "stiffness": 1e-3}
                    | {"dim": 4, "feature_dim": 2, "gap": 0.5, "difference": 0.5}
                    for n, g, m in ((5, "star", "uniform"), (4, "path", "data_size"), (5, "star", "metropolis"))
                ],
            ),
            spoil=0.99,
        ),
        Statement(
            "weights.push-sum-distance",
            "corrected",
            "Under push-sum the plain mean of the models tends to the optimum of equal weights. The distance of "
            "its projector is bounded by the models' distances from each other, which are of first order in the "
            "step size, and by the mean gradient that is left.",
            OnDomain(
                PUSH_SUM,
                Then("=", equal_target, push_sum_represented, remainder=push_sum_spread),
                "Push-sum is simulated together with the weights that it passes on.",
                Evidence.NUMERIC,
                points=(3, 60),
                corners=(1, 16),
                named=[
                    {"n_clients": 4, "dim": 3, "feature_dim": 1, "gap": 0.5, "difference": 0.1, "draw": 1}
                    | {"stiffness": 0.02}
                ],
            ),
        ),
        Statement(
            "weights.row-stochastic-one-way",
            "expected",
            "On a one-way network, too, any weights that satisfy A.3 (rows that sum to 1) train the federated "
            "objective.",
            ForAll(
                lambda context: [0.01],
                row_averaging_aims_at_equal,
                "On this one-way network such averaging trains towards the optimum of unequal weights.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.SIMULATED),
            instead=(
                "a3.training-doubly-stochastic",
                "weights.push-sum",
            ),
        ),
        Statement(
            "weights.eq25-30-entries",
            "printed",
            "(25)-(30), granted (18): in the matrix that training minimises for, every signal entry is 2p(1-p) "
            "times (1 - 1/|A-bar|) tau^2 + 1/|A-bar|.",
            ForAll(
                small_networks,
                printed_entry,
                "Client k lowers the entry of its own coordinate in proportion to its weight v_k, and these "
                "weights sum to 1.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.TRAINING),
            instead=("weights.mean-entry", "weights.entry-spread"),
        ),
        Statement(
            "weights.eq31-32-one-entry",
            "printed",
            "(31)-(32), granted (18): in the matrix that training minimises for, all signal entries are one "
            "number up to O(d^(-2/5)).",
            ForAll(small_networks, one_entry, "v_k is proportional to |A_k|.", Evidence.ENUMERATED),
            reading=read_as(parts.TRAINING),
            instead=("weights.entry-spread",),
        ),
        Statement(
            "weights.mean-entry",
            "corrected",
            "In the matrix that training minimises for, the mean signal entry is 2p(1-p) (tau^2 - (tau^2 - 1)/N) "
            "on every network.",
            on_networks(
                mean_entry,
                # 1 - p has the round-off of 1.
                lambda at, effort: measurement(entries_of(at).mean(), 1e-15 * (1 + float(at["tau"]) ** 2)),
                "Client k lowers entry k by its weight, and weights sum to 1.",
                f"{PAPER_MATRIX} {RULE}",
                *MODEL,
                within=MIXED,
            ),
            latex=rf"\tfrac1N\sum_k (X_v)_{{kk}} = {MEAN_ENTRY.latex}",
            spoil=0.99,
        ),
        Statement(
            "weights.entry-spread",
            "corrected",
            "In the matrix that training minimises for, the largest minus the smallest signal entry is 2p(1-p) "
            "|tau^2 - 1| (max |A_i| - min |A_i|)/sum |A_j|. A_i is client i with its neighbours.",
            on_networks(
                lambda at: entry_spread(network_at(at), float(at["tau"]), float(at["mask_ratio"])),
                lambda at, effort: measurement(np.ptp(entries_of(at)), MIXED * (1 + float(at["tau"]) ** 2)),
                "Client k lowers entry k by v_k (tau^2 - 1), and v_k is in proportion to |A_k|.",
                f"{PAPER_MATRIX} {RULE}",
                *MODEL,
            ),
            spoil=0.99,
        ),
    ),
)
