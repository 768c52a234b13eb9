"""Whose losses training on a network minimises: the Perron weights v of the mixing matrix, not the weights of Eq (1).

Eq (1) averages once; training averages every round, and settles on v with v^T M = v^T. With uniform averaging v_i is
proportional to |A_i|. Sums (25) to (32) with these weights in place of one averaging step are asked here as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np

from ledger.checks.found_witnesses import found
from ledger.checks.kinds import Finding, ForAll, Prediction
from ledger.checks.printed_networks import one_average_decides
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.objective import optimum
from sims.linear.trained_networks import DIM, FEATURE_DIM, Training, clients_of, projector
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.mixing import mixing_matrix, objective_weights_of, perron_weights, ratio_matrix
from theory.networks.rule import Rule
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.effective_covariance import stiffness

PROOF = "docs/proofs/effective_covariance.md, 1"
Exact = list[list[Fraction]]
Seen = tuple[bool, Mapping[str, Any]]
ROUND_OFF = 1e-12
STIFF = 0.02
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


def by_data_size(graph: nx.Graph) -> Exact:
    """Client i holds i + 1 samples; averaging by samples over A_i, as in the released code."""
    members = listened_to(graph)
    totals = [sum(j + 1 for j in row) for row in members]
    return [
        [Fraction((j + 1) * int(j in row), total) for j in range(len(members))]
        for row, total in zip(members, totals, strict=True)
    ]


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


def proportional(shares: Callable[[nx.Graph], list[int]], mixing: Callable[[nx.Graph], Exact]) -> Callable[..., Seen]:
    """Whether the training weights under `mixing` are `shares` over their sum, in exact fractions."""

    def predicate(graph: nx.Graph, spoil: float) -> Seen:
        said = shares(graph)
        weights = [Fraction(str(spoil)) * Fraction(share, sum(said)) for share in said]
        return weights == perron(mixing(graph)), {"network": networks.name(graph), "said": shown(weights)}

    return predicate


def samples_times_neighbourhood(graph: nx.Graph) -> list[int]:
    """n_i times the number of samples in A_i, where client i holds i + 1 samples."""
    return [(i + 1) * sum(j + 1 for j in row) for i, row in enumerate(listened_to(graph))]


def equal_weights(graph: nx.Graph, spoil: float) -> Seen:
    """Metropolis, lazy, Laplacian and doubly stochastic averaging weigh all alike."""
    n = graph.number_of_nodes()
    adjacency = nx.to_numpy_array(graph, nodelist=range(n), dtype=np.dtype(bool))
    for rule in ("metropolis", "lazy", "laplacian", "sinkhorn"):
        off = float(np.abs(perron_weights(mixing_matrix(adjacency, rule)) - spoil / n).max())
        if off > ROUND_OFF:
            return False, {"network": networks.name(graph), "mixing": rule, "off_by": off}
    return True, {}


def one_way_networks(context: Context) -> Iterator[nx.DiGraph]:
    """Strongly connected one-way networks: a ring, and every set of up to two links across it."""
    for n in (3, 4) if context.tier == "quick" else (3, 4, 5):
        ring = nx.cycle_graph(n, create_using=nx.DiGraph)
        yield ring
        chords = list(nx.non_edges(ring))
        for k, first in enumerate(chords):
            for second in (None, *chords[k + 1 :]):
                yield nx.DiGraph([*ring.edges, *(link for link in (first, second) if link)])


def push_sum_is_equal(graph: nx.DiGraph, spoil: float) -> Seen:
    """Weight of client i's gradient under push-sum: r_i of the ratio matrix, times the step 1/(N r_i)."""
    n = graph.number_of_nodes()
    column = mixing_matrix(nx.to_numpy_array(graph, nodelist=range(n), dtype=np.dtype(bool)), "push_sum")
    r = perron_weights(column.T)
    weights = perron_weights(ratio_matrix(column)) / (n * r)
    row_weights = perron_weights(
        mixing_matrix(nx.to_numpy_array(graph, nodelist=range(n), dtype=np.dtype(bool)), "uniform")
    )
    details = {"links": str(sorted(graph.edges)), "push_sum": weights.tolist(), "row_averaging": row_weights.tolist()}
    return float(np.abs(weights - spoil / n).max()) <= ROUND_OFF, details


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


def target_findings(context: Context) -> list[Finding]:
    """Distance from the training-weighted optimum at a small step size over that at half of it."""
    findings = []
    trainings: tuple[tuple[str, Rule], ...] = (
        ("star", "uniform"),
        ("path", "data_size"),
        ("star", "metropolis"),
        ("star", "sinkhorn"),
    )
    for network, rule in trainings:
        t = Training(network, rule, level=0.4)
        t = t.with_steps(STIFF / stiffness(t.mixing, t.covariances, FEATURE_DIM, 1.0, 1))
        moved = [float(np.linalg.norm(s.represented() - s.target)) for s in (t, t.with_steps(t.step_size / 2))]
        findings.append(Finding(t.at, 2.0, moved[0] / moved[1]))
    return findings


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


def push_sum_findings(context: Context) -> list[Finding]:
    """Push-sum's distance from the optimum of equal weights at a step size over that at half of it."""
    links, x = one_way_clients()
    equal = np.full(6, 1 / 6)
    moved = [off(simulated(links, x, eta, push_sum=True), x, equal) for eta in (0.01, 0.005)]
    return [Finding({"network": "one-way ring of 6, one shortcut", "step_size": 0.01}, 2.0, moved[0] / moved[1])]


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


def mean_deficit(graph: nx.Graph, spoil: float) -> Seen:
    """Is the mean loss against tau^2 (tau^2 - 1)/N?"""
    found = entries(perron(uniform(graph)))
    n = len(found)
    loss = SQUARED_OFFSET - sum(found, Fraction(0)) / n
    return loss == Fraction(str(spoil)) * (SQUARED_OFFSET - 1) / n, {"network": networks.name(graph), "loss": str(loss)}


def range_of_entries(graph: nx.Graph, spoil: float) -> Seen:
    """Largest minus smallest entry: (tau^2 - 1)(max |A_i| - min |A_i|)/sum |A_j|."""
    found, sizes = entries(perron(uniform(graph))), networks.sizes(graph)
    said = Fraction(str(spoil)) * (SQUARED_OFFSET - 1) * Fraction(max(sizes) - min(sizes), sum(sizes))
    return max(found) - min(found) == said, {"network": networks.name(graph)}


def irregular(context: Context) -> Iterator[nx.Graph]:
    """The small networks on which clients differ in their numbers of neighbours."""
    return (graph for graph in small_networks(context) if not nx.is_regular(graph))


CLAIM = Claim(
    id="thm-training-weights",
    title="Whose losses training on a network minimises",
    items=("network-training-weights", "eq-1-training", "eqs-25-33-training"),
    source=Source("chen2026", f"Section 3.1 and Eqs (1), (25)-(32), against {PROOF}"),
    statements=(
        Statement(
            "weights.eq1-training",
            "printed",
            "Algorithm 2 with uniform averaging minimises the objective of Eq (1): training weighs clients as one "
            "averaging step does.",
            one_average_decides(
                "Averaging every round compounds: the weights that it leaves as they are have v^T M = v^T.",
                found("weights.eq1-training"),
            ),
            reading="Eq (1), training",
            instead=("weights.uniform-averaging", "weights.small-step-target"),
        ),
        Statement(
            "weights.eq1-simulated",
            "printed",
            "Simulated training with uniform averaging ends nearer the optimum of Eq (1) than that of other weights.",
            ForAll(
                lines,
                trained_for_eq_1,
                "It ends nearer the optimum of the Perron weights.",
                Evidence.NUMERIC,
            ),
            reading="Eq (1), simulated",
            instead=("weights.small-step-target", "weights.uniform-averaging"),
        ),
        Statement(
            "weights.uniform-averaging",
            "corrected",
            "Uniform averaging over closed neighbourhoods: v_i = |A_i| / sum |A_j|.",
            ForAll(small_networks, proportional(networks.sizes, uniform), "Exact fractions, every small network."),
            reading="uniform averaging",
            latex=r"v_i = \frac{|A_i|}{\sum_j |A_j|}",
        ),
        Statement(
            "weights.data-sizes",
            "corrected",
            "Averaging by numbers of samples, as released: v_i is proportional to n_i times the samples in A_i.",
            ForAll(
                small_networks,
                proportional(samples_times_neighbourhood, by_data_size),
                "Exact fractions, every small network, client i with i + 1 samples.",
            ),
            reading="data sizes",
            latex=r"v_i \propto n_i \sum_{k\in A_i} n_k",
            replaces=("code.training-weights",),
        ),
        Statement(
            "weights.doubly-stochastic",
            "corrected",
            "Metropolis, lazy, Laplacian and doubly stochastic averaging: v_i = 1/N on every connected network.",
            ForAll(small_networks, equal_weights, "Columns sum to 1.", Evidence.NUMERIC),
            reading="symmetric and doubly stochastic rules",
        ),
        Statement(
            "weights.push-sum",
            "corrected",
            "Push-sum weighs every client 1/N on any strongly connected one-way network.",
            ForAll(
                one_way_networks,
                push_sum_is_equal,
                "r_i from the ratio matrix meets a step 1/(N r_i); one-way rings with up to two chords.",
                Evidence.NUMERIC,
            ),
            reading="push-sum",
            latex=r"z' = B(z - \eta R^{-1} g),\quad B = R^{-1} C R,\quad "
            r"r^\top B = r^\top,\quad R = N\,\mathrm{diag}(r)",
        ),
        Statement(
            "weights.small-step-target",
            "corrected",
            "The averaged model tends to the optimum of the v-weighted objective: its distance halves with the step.",
            Prediction(
                target_findings,
                "Models at rest under four rules, the star and the path.",
                rtol=0.1,
                evidence=Evidence.NUMERIC,
            ),
            reading="training, small steps",
            spoil=0.8,
        ),
        Statement(
            "weights.push-sum-distance",
            "corrected",
            "Under push-sum on a one-way network the distance from the optimum of equal weights halves with the step.",
            Prediction(
                push_sum_findings,
                "Simulated: a one-way ring of six with one shortcut.",
                rtol=0.1,
                evidence=Evidence.NUMERIC,
            ),
            reading="push-sum, simulated",
            spoil=0.8,
        ),
        Statement(
            "weights.row-stochastic-one-way",
            "expected",
            "Any row-stochastic weights (A.3) train the federated objective as well.",
            ForAll(
                lambda context: [0.01],
                row_averaging_aims_at_equal,
                "On the same one-way network averaging rows aims at the optimum of unequal weights.",
                Evidence.NUMERIC,
            ),
            reading="A.3, one-way network, simulated",
            instead=(
                "a3.training-doubly-stochastic",
                "weights.push-sum",
            ),
        ),
        Statement(
            "weights.eq25-30-entries",
            "printed",
            "(25)-(30): every signal entry of the matrix that training sees is (1 - 1/|A-bar|) tau^2 + 1/|A-bar|, "
            "granted (18).",
            ForAll(
                small_networks,
                printed_entry,
                "Client k lowers its own coordinate by v_k, and the v_k sum to 1.",
                Evidence.ENUMERATED,
            ),
            reading="training weights",
            instead=("weights.mean-entry", "weights.entry-spread"),
        ),
        Statement(
            "weights.eq31-32-one-entry",
            "printed",
            "(31)-(32): all signal entries of the matrix that training sees are one number, granted (18).",
            ForAll(small_networks, one_entry, "v_k is proportional to |A_k|.", Evidence.ENUMERATED),
            reading="training weights",
            instead=("weights.entry-spread",),
        ),
        Statement(
            "weights.mean-entry",
            "corrected",
            "The mean signal entry of the matrix that training sees is tau^2 - (tau^2 - 1)/N for every network, "
            "granted (18).",
            ForAll(small_networks, mean_deficit, "Exact fractions at tau^2 = 4; entries are linear in tau^2."),
            reading="training weights",
            latex=r"\frac1N\sum_k (X_v)_{kk} = 2p(1-p)\Big(\tau^2 - \frac{\tau^2-1}{N}\Big)",
        ),
        Statement(
            "weights.entry-spread",
            "corrected",
            "Largest minus smallest signal entry of the matrix that training sees is (tau^2 - 1)(max |A_i| - min "
            "|A_i|)/sum |A_j|, granted (18).",
            ForAll(irregular, range_of_entries, "Exact fractions at tau^2 = 4; entries are linear in tau^2."),
            reading="training weights, uniform averaging",
        ),
    ),
)
