"""In the paper's own model the clients' matrices share eigenvectors: then no network tilts what training represents.

(18) makes every client's matrix diagonal. Training on any network then leaves the averaged model in the span of the
same coordinates, and with c = N every client's coordinate is represented whole. Their order can change.
"""

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import networkx as nx
import numpy as np

from ledger.checks.kinds import ForAll
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.heterogeneity import commuting
from sims.linear.objective import random_start
from sims.linear.trained_networks import mixing_of, projector
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.networks.mixing import mixing_matrix
from theory.networks.rule import Rule
from theory.objectives.curvature import top_projector
from theory.training.effective_covariance import effective_covariance, training_mean

PROOF = "docs/proofs/effective_covariance.md, 9"
Seen = tuple[bool, Mapping[str, Any]]
NOISE_COORDINATES = 2
ROUND_OFF = 1e-12
ROUNDS = 1500
RULES = ("uniform", "metropolis")
COMMON, SWING = (3.0, 2.0, 1.9, 0.5), 1.5  # diagonal of the mean; how far clients differ in its third entry


def paper_clients(n_clients: int) -> np.ndarray:
    """The paper's diagonal matrices at population, with tau and mu of d = N + 2."""
    return commuting(n_clients, n_clients + NOISE_COORDINATES)


def adjacency(graph: nx.Graph) -> np.ndarray:
    """Which clients are linked, (clients, clients), clients in the order of their numbers."""
    return nx.to_numpy_array(graph, nodelist=range(graph.number_of_nodes()), dtype=np.dtype(bool))


def averaged(mixing: np.ndarray, x: np.ndarray, feature_dim: int, step_size: float, local_steps: int) -> np.ndarray:
    """Projector of the averaged model after training from one random start, simulated."""
    start = random_start(1, x, feature_dim)
    run = train(
        start, x, mixing, TrainingOptions(step_size=step_size, local_steps=local_steps, rounds=ROUNDS, collapse=False)
    )
    return projector(np.asarray(run.mean_model))


def small_networks(context: Context) -> list[tuple[nx.Graph, Rule, int, float]]:
    """Every small network x averaging rule x E x step size.

    N and E are compiled, and the complete network as a server apart: the quick tier takes both networks of three with
    one local step, and those of four that lack a link with five.
    """
    steps = (0.01, 0.05)
    if context.tier == "full":
        return list(product(networks.connected_networks(3, 5), RULES, (1, 2, 5), steps))
    four = [graph for graph in networks.connected_networks(4, 4) if nx.density(graph) < 1]
    return [*product(networks.connected_networks(3, 3), RULES, (1,), steps), *product(four, RULES, (5,), steps)]


def represented_whole(point: tuple[nx.Graph, Rule, int, float], spoil: float) -> Seen:
    """r_k = 1 for every client's coordinate. Spoiled: client 0's matrix is turned a little in one plane."""
    graph, rule, local_steps, step_size = point
    n = graph.number_of_nodes()
    x = paper_clients(n)
    angle = 1 - spoil
    turn = np.eye(x.shape[-1])
    turn[np.ix_((0, n), (0, n))] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    x[0] = turn @ x[0] @ turn.T
    r = np.diag(averaged(mixing_matrix(adjacency(graph), rule), x, n, step_size, local_steps))[:n]
    details = {"network": networks.name(graph), "mixing": rule, "local_steps": local_steps, "step_size": step_size}
    return float(np.abs(r - 1).max()) <= ROUND_OFF, {**details, "r": r.tolist()}


def swinging() -> np.ndarray:
    """Eight clients with one diagonal mean; half have a third entry above it, half below."""
    x = np.repeat(np.diag(COMMON)[None], 8, axis=0)
    x[:, 2, 2] += SWING * np.repeat([1.0, -1.0], 4)
    return x


def step_sizes(context: Context) -> tuple[float, ...]:
    """One step size at which the third coordinate's entry of X_eff is below the second's, and two where it is above."""
    return (0.002, 0.012, 0.02)


def keeps_target(step_size: float, spoil: float) -> Seen:
    """Does training from a random start end at the top coordinates of the averaged objective?"""
    share, effective = share_of_third(step_size)
    return share < 0.5, {"step_size": step_size, "share_of_coordinate_outside": share, "its_effective_entry": effective}


def follows_effective_order(step_size: float, spoil: float) -> Seen:
    """The third coordinate is represented exactly when its entry of X_eff exceeds the second one's."""
    share, effective = share_of_third(step_size)
    return (share > 0.5) == (spoil * effective > COMMON[1]), {"step_size": step_size, "share": share}


@cache
def share_of_third(step_size: float) -> tuple[float, float]:
    """How much of the third coordinate the averaged model represents, and its entry of X_eff."""
    x, mixing = swinging(), mixing_of("ring", "metropolis", 8)
    rng = np.random.default_rng(1)
    start = random_start(1, x, 2) + 0.01 * rng.standard_normal((8, 2, 4))
    run = train(start, x, mixing, TrainingOptions(step_size=step_size, rounds=120_000))
    effective = effective_covariance(mixing, x, step_size)
    assert np.allclose(top_projector(training_mean(mixing, x), 2), np.diag([1.0, 1, 0, 0])), "the target: the first two"
    return float(projector(np.asarray(run.mean_model))[2, 2]), float(effective[2, 2])


CLAIM = Claim(
    id="thm-shared-eigenvectors",
    title="Networks and the paper's diagonal model",
    items=("network-shared-eigenvectors",),
    source=Source("chen2026", f"Section 3.1 and A.6.2, before Eq (19); against {PROOF}"),
    statements=(
        Statement(
            "shared.represented-whole",
            "corrected",
            "Granted (18) and c = N, r_k = 1 for every client's coordinate on every network and for every E, where "
            "training comes to rest at a model of rank N.",
            ForAll(
                small_networks,
                represented_whole,
                "Every small network, simulated from a random start, uniform and Metropolis averaging.",
                Evidence.NUMERIC,
            ),
            reading="simulated, granted (18), population, c = N",
        ),
        Statement(
            "shared.averaged-objective-order",
            "printed",
            "Where clients share eigenvectors, training represents those of the averaged objective's top eigenvalues.",
            ForAll(
                step_sizes,
                keeps_target,
                "Differences between clients add to the entries of X_eff: a coordinate outside can overtake.",
                Evidence.NUMERIC,
            ),
            reading="simulated, diagonal matrices, large differences",
            instead=("shared.effective-order",),
        ),
        Statement(
            "shared.effective-order",
            "corrected",
            "Shared eigenvectors stay, but X_eff orders them: one outside the target is represented for more than half "
            "once its entry of X_eff is the larger.",
            ForAll(
                step_sizes,
                follows_effective_order,
                "Ring of eight, step sizes on both sides of the crossing, simulated from a random start.",
                Evidence.NUMERIC,
            ),
            reading="simulated, diagonal matrices, large differences",
        ),
    ),
)
