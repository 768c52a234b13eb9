"""Algorithm 2 (DecMAR): line 10 as typed throws local training away, and starts from models that are not given."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Empty, ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, clients_at, mixing_at, network_parameters
from ledger.printed.found_witnesses import found
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement, Status
from theory.domain import Domain, Point, Whole
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.small_networks import uniform

ROUNDS = 3
BECAUSE_LOST = (
    "Line 10 averages the models with index 0, which are those before the local steps. So no local step reaches "
    "the next round. The output is one round of local steps from averaged initial models."
)
BECAUSE_KEPT = "With index E each update of round t reaches the output, after T - 1 - t averagings."
BECAUSE_START = "In round 0, line 10 asks for the models W_{j,0}^{-1}. But the input only provides W_{i,E}^{-1}."


def start(index: str, n: int) -> sp.Matrix:
    """One symbol a client for its model of this index from before round 0."""
    return sp.Matrix([sp.Symbol(f"W_{j}_{index}_before") for j in range(n)])


def update(round_: int, n: int) -> sp.Matrix:
    """What the E local steps of a round add to each client's model."""
    return sp.Matrix([sp.Symbol(f"u_{j}_{round_}") for j in range(n)])


def output(graph: nx.Graph, *, mixed_index: str) -> sp.Expr:
    """W^T of Algorithm 2 when line 10 mixes the models with index `mixed_index` ("0" as typed, or "E")."""
    n = graph.number_of_nodes()
    mixing = sp.Matrix(uniform(graph))
    previous = start(mixed_index, n)
    trained = previous
    for t in range(ROUNDS):
        fresh = mixing * previous
        trained = fresh + update(t, n)
        previous = fresh if mixed_index == "0" else trained
    return sp.expand(sum(trained) / n)


def small_networks(context: Context) -> list[nx.Graph]:
    """Every connected network of two to four clients, or to five in the full tier."""
    return list(networks.connected_networks(2, 4 if context.tier == "quick" else 5))


def training_reaches_output(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the update of every client in every round enters W^T when line 10 mixes the models with index E."""
    n = graph.number_of_nodes()
    last = ROUNDS - (1 if spoil == 1 else 0)
    # Spoiled: a round after the last must reach the output as well.
    total = output(graph, mixed_index="E")
    reached = {t: all(total.coeff(u) != 0 for u in update(t, n)) for t in range(last + 1)}
    return all(reached.values()), {"network": networks.name(graph), "round_reaches_output": str(reached)}


def asks_for_missing_models(spoil: float) -> bool:
    """Does the output depend on models that are not in the input? Spoiled: with the index of the input."""
    index = "0" if spoil == 1 else "E"
    graph = nx.path_graph(2)
    return not output(graph, mixed_index=index).free_symbols & set(start("E", 2))


def star_output() -> sp.Expr:
    """W^T of Algorithm 2 on the star of four clients, line 10 with index E."""
    return output(nx.star_graph(3), mixed_index="E")


def star_closed_form() -> sp.Expr:
    """The mean of M^(T-t) applied to every update, and of M^T applied to the start."""
    graph = nx.star_graph(3)
    mixing, n = sp.Matrix(uniform(graph)), 4
    total = mixing**ROUNDS * start("E", n)
    for t in range(ROUNDS):
        total += mixing ** (ROUNDS - 1 - t) * update(t, n)
    return sp.expand(sum(total) / n)


def last_pass() -> sp.Expr:
    """The mean over the star's four clients of M^T times the input models plus the last round's updates."""
    graph = nx.star_graph(3)
    total = sp.Matrix(uniform(graph)) ** ROUNDS * start("0", 4) + update(ROUNDS - 1, 4)
    return sp.expand(sum(total) / 4)


ALIKE = Domain(
    (
        *network_parameters(12, least=2, networks=("random", "tree", "path", "star", "complete"), rules=("uniform",)),
        Whole("dim", 2, 8),
        Whole("local_steps", 1, 4),
        Whole("rounds", 1, 10),
        DRAW,
    ),
    assumes="Linear encoders of half as many features as dimensions, without the alignment term; all clients start "
    "from one model, and neighbours are averaged with 1/|A_i|.",
)
STEP_SIZE = 0.02
VISIBLE = 1e-9  # a distance that round-off cannot make


def start_of(at: Point) -> np.ndarray:
    """The one model that all clients start from, (c, d)."""
    dim = int(at["dim"])
    return np.random.default_rng((int(at["draw"]), 4)).standard_normal((dim // 2, dim)) / 2


def trained_locally(model: np.ndarray, matrix: np.ndarray, steps: int) -> np.ndarray:
    """Descent on -tr(W X W^T) + |W^T W|^2 / 2 of one client, (c, d)."""
    for _ in range(steps):
        model = model - STEP_SIZE * 2 * (model @ model.T @ model - model @ matrix)
    return model


def one_local_pass(at: Point) -> np.ndarray:
    """The mean over clients of the start after one round's local steps."""
    start, steps = start_of(at), int(at["local_steps"])
    return np.mean([trained_locally(start, x, steps) for x in clients_at(at)], axis=0)


def as_typed(at: Point, idle_rounds: int = 0) -> np.ndarray:
    """W^T of Algorithm 2, line by line: line 10 mixes the models with index 0, those from before the local steps.

    In the first `idle_rounds` no client takes its local steps.
    """
    matrices, mixing, n = clients_at(at), mixing_at(at, "uniform"), int(at["n_clients"])
    before = trained = np.broadcast_to(start_of(at), (n, *start_of(at).shape))
    for t in range(int(at["rounds"])):
        before = np.einsum("ij,jcd->icd", mixing, before)
        steps = int(at["local_steps"]) if t >= idle_rounds else 0
        trained = np.stack([trained_locally(w, x, steps) for w, x in zip(before, matrices, strict=True)])
    return trained.mean(axis=0)


def run_as_typed(at: Point, effort: Effort) -> Sample:
    """The output of the algorithm as typed."""
    return Sample(as_typed(at)[None], 1e-13)


def trace_of_first_round(at: Point, effort: Effort) -> Sample:
    """How far the output moves when nobody trains in the first round."""
    return Sample(np.array([np.linalg.norm(as_typed(at) - as_typed(at, 1))]), 1e-13)


CLAIM = Claim(
    id="alg-decmar",
    title="Algorithm 2, DecMAR",
    items=("algorithm-2", "section-5"),
    source=Source("chen2026", "Algorithm 2, A.1"),
    statements=(
        Statement(
            "decmar.all-rounds-index-0",
            "printed",
            "The local training of every round enters the output.",
            OnDomain(
                ALIKE,
                Then(">=", lambda at: VISIBLE, trace_of_first_round),
                BECAUSE_LOST,
                Evidence.NUMERIC,
                named=found("decmar.all-rounds-index-0"),
            ),
            reading=read_as(parts.AS_TYPED),
            instead=("decmar.output-index-0",),
        ),
        Statement(
            "decmar.round-0-models",
            "printed",
            "The models that round 0 averages are those of the input (line 10, index 0).",
            Empty(Status.ILL_FORMED, BECAUSE_START, asks_for_missing_models),
            reading=read_as(parts.AS_TYPED),
            instead=("decmar.output-index-e",),
        ),
        Statement(
            "decmar.all-rounds-index-e",
            "printed",
            "The local training of every round enters the output.",
            ForAll(small_networks, training_reaches_output, BECAUSE_KEPT, Evidence.SEARCHED),
            reading=read_as(parts.INDEX_E),
        ),
        Statement(
            "decmar.output-index-e",
            "corrected",
            "With index E the output is the mean over clients of M^T W plus the sum over rounds t of M^(T-1-t) "
            "u_t. W are the input models, u_t the updates of round t.",
            Identity(star_closed_form, star_output, "Computed for a star of four clients and three rounds."),
            reading=read_as(parts.INDEX_E),
        ),
        Statement(
            "decmar.output-index-0",
            "corrected",
            "As typed the output is the mean over clients of M^T W plus the updates of the last round, with T "
            "rounds and input models W. That is T averagings and one round of local steps.",
            Identity(
                last_pass,
                lambda: output(nx.star_graph(3), mixed_index="0"),
                "Computed for a star of four clients and three rounds.",
            ),
            reading=read_as(parts.AS_TYPED),
        ),
        Statement(
            "decmar.output-alike-starts",
            "corrected",
            "As typed, clients that start with the same model end, after any number of rounds, where one round of "
            "local steps takes them.",
            OnDomain(
                ALIKE,
                Then("=", one_local_pass, run_as_typed),
                BECAUSE_LOST,
                Evidence.NUMERIC,
                named=[
                    {"n_clients": 4, "network": "star", "dim": 4, "local_steps": 1, "rounds": t, "draw": 1}
                    for t in (1, 10)
                ],
            ),
            reading=read_as(parts.AS_TYPED),
        ),
    ),
)
