"""Algorithm 2 (DecMAR): line 10 as typed throws local training away, and starts from models that are not given."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from ledger.checks.kinds import Empty, ForAll, Identity
from ledger.statement import Claim, Context, Evidence, Statement, Status
from sims.linear.mar_training import MarOptions, dec_mar
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.small_networks import uniform
from theory.networks.topologies import topology
from theory.objectives import linear_alignment

ROUNDS = 3
BECAUSE_LOST = (
    "Line 10 averages the models with index 0, those from before the local steps, so no local step ever reaches "
    "the next "
    "round; the output is one local pass from averaged initial models."
)
BECAUSE_KEPT = "With index E each update of round t reaches the output through T - 1 - t mixings."
BECAUSE_START = "In round 0 line 10 asks for the models W_{j,0}^{-1}; the input provides W_{i,E}^{-1} only."


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


def training_reaches_output(mixed_index: str):
    """Whether the update of every client in every round enters W^T when line 10 mixes `mixed_index`."""

    def predicate(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        n = graph.number_of_nodes()
        last = ROUNDS - (1 if spoil == 1 else 0)
        # Spoiled: a round after the last must reach the output as well.
        total = output(graph, mixed_index=mixed_index)
        reached = {t: all(total.coeff(u) != 0 for u in update(t, n)) for t in range(last + 1)}
        return all(reached.values()), {"network": networks.name(graph), "round_reaches_output": str(reached)}

    return predicate


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


def rounds_are_lost(rounds: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is the output of Algorithm 2, weight 0, that of the local steps alone? Spoiled, with models that are mixed."""
    rng = np.random.default_rng(3)
    views = rng.standard_normal((4, 1, 6, 3))
    moments = np.einsum("nbsd,nbse->nde", views, views) / 6
    models = np.broadcast_to(rng.standard_normal((2, 3)) / 2, (4, 2, 3))
    variant = "printed" if spoil == 1 else "corrected"
    options = MarOptions(step_size=0.02, rounds=rounds, weight_max=0.0, weight_min=0.0, variant=variant, bandwidth=1.0)
    found = dec_mar(models, moments, views, topology("star", 4), options).output
    alone = np.mean(models - options.step_size * linear_alignment.gradient(models, moments), axis=0)
    gap = float(np.abs(found - alone).max())
    return gap < 1e-12, {"rounds": rounds, "distance_to_one_local_pass": gap}


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
            ForAll(small_networks, training_reaches_output("0"), BECAUSE_LOST, Evidence.ENUMERATED),
            reading="line 10 as typed, index 0",
            instead=("decmar.output-index-0",),
        ),
        Statement(
            "decmar.round-0-models",
            "printed",
            "The models that round 0 averages are those of the input.",
            Empty(Status.ILL_FORMED, BECAUSE_START, asks_for_missing_models),
            reading="line 10 as typed, index 0",
            instead=("decmar.output-index-e",),
        ),
        Statement(
            "decmar.all-rounds-index-e",
            "printed",
            "The local training of every round enters the output.",
            ForAll(small_networks, training_reaches_output("E"), BECAUSE_KEPT, Evidence.SEARCHED),
            reading="line 10 with index E",
        ),
        Statement(
            "decmar.output-index-e",
            "corrected",
            "With index E the output is the mean over clients of M^T W + sum over rounds t of M^(T-1-t) u_t: W "
            "the input models, u_t the updates of round t.",
            Identity(star_closed_form, star_output, "Star of four clients, three rounds."),
            reading="line 10 with index E",
        ),
        Statement(
            "decmar.output-index-0",
            "corrected",
            "As typed the output is the mean over clients of M^T W plus the last round's updates: one local pass "
            "after T mixings.",
            Identity(
                last_pass, lambda: output(nx.star_graph(3), mixed_index="0"), "Star of four clients, three rounds."
            ),
            reading="line 10 as typed, index 0",
        ),
        Statement(
            "decmar.output-alike-starts",
            "corrected",
            "As typed, clients that start alike end where one local pass takes them, after one round or ten.",
            ForAll(lambda context: (1, 10), rounds_are_lost, BECAUSE_LOST, Evidence.NUMERIC),
            reading="line 10 as typed, index 0, linear encoders",
        ),
    ),
)
