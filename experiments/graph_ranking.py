"""Which number of a network predicts the outcome of training on it: rank correlations over some 200 networks.

`python -m experiments.graph_ranking` writes `results/graph_ranking.json`. Networks of sixteen clients from every family
are trained to rest under three mixing rules, the clients placed at random or next to those most like them.
"""

from functools import cache, lru_cache
from typing import Any

import networkx as nx
import numpy as np
from jaxtyping import Float
from scipy import stats

from experiments.real_images.record import rounded
from runtime import store
from sims.linear.heterogeneity import exchangeable, homophily
from sims.linear.resting_clients import Trained, at_rest
from theory.networks.graph_functionals import graph_functionals
from theory.networks.mixing import Mixing, mixing_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import Adjacency, topology

N_CLIENTS, DIM, FEATURE_DIM = 16, 8, 3
LEVEL, STEP_SIZE = 0.3, 0.002
LAPLACIAN_STEP = 1 / N_CLIENTS  # at most 1 over the largest eigenvalue of any network
RULES: tuple[Rule, ...] = ("uniform", "metropolis", "laplacian")
PLACEMENTS = ("random", "homophily")
MEASURES = ("consensus", "mean_model_error", "sensitivity_change")
ORDERS = 4  # random placements that a measurement is the mean of
RESAMPLES, CONFIDENCE = 2000, 0.95
RECORD = store.RESULTS / "graph_ranking.json"
SCHEMA = 1
FIXED = (
    *("ring", "path", "star", "torus:4x4", "torus:2x8", "hypercube", "exponential", "barbell"),
    *(f"two_cliques:{bridges}" for bridges in (2, 3, 4, 6)),
    *(f"circulant:{jumps}" for jumps in ("1,2", "1,3", "1,4", "1,2,3", "1,5", "2,3", "1,2,4", "1,2,3,4", "1,8")),
)
DRAWN = (
    *(f"er:{size}" for size in (4, 5, 6, 8)),
    *(f"er_p:{p}" for p in (0.2, 0.35, 0.5)),
    *(f"regular:{degree}" for degree in (3, 4, 5, 6)),
    *(f"geometric:{radius}" for radius in (0.4, 0.5)),
    *(f"small_world:4:{p}" for p in (0.1, 0.3)),
    *(f"ba:{links}" for links in (1, 2, 3)),
)
DRAWS = 12

Column = Float[np.ndarray, " networks"]
Columns = dict[str, dict[str, list[float]]]


def listed() -> list[tuple[str, int]]:
    """Every network by name and seed, without draws that come out disconnected, and each up to isomorphism once."""
    found: dict[bytes, list[nx.Graph]] = {}
    kept = []
    for name, seed in [(name, 0) for name in FIXED] + [(name, seed) for name in DRAWN for seed in range(DRAWS)]:
        try:
            adjacency = topology(name, N_CLIENTS, seed=seed)
        except ValueError:
            continue
        graph = nx.from_numpy_array(adjacency)
        alike = found.setdefault(np.sort(adjacency.sum(axis=1)).tobytes(), [])
        if not any(nx.faster_could_be_isomorphic(graph, g) and nx.is_isomorphic(graph, g) for g in alike):
            alike.append(graph)
            kept.append((name, seed))
    return kept


def mixing_under(rule: Rule, adjacency: Adjacency) -> Mixing:
    """The mixing matrix of a rule; steps along the Laplacian have one length on all networks."""
    return mixing_matrix(adjacency, rule, step=LAPLACIAN_STEP if rule == "laplacian" else None)


def trainings(name: str, seed: int, rule: Rule, placement: str) -> list[Trained]:
    """The clients on one network at rest, in each placement that a measurement averages."""
    adjacency = topology(name, N_CLIENTS, seed=seed)
    m = mixing_under(rule, adjacency)
    if placement == "homophily":
        covariances = [homophily(0, adjacency, DIM, FEATURE_DIM, LEVEL)]
    else:
        x = exchangeable(0, N_CLIENTS, DIM, FEATURE_DIM, LEVEL)
        # The same orders on every network: what differs is the network.
        covariances = [x[np.random.default_rng([1, k]).permutation(N_CLIENTS)] for k in range(ORDERS)]
    return [at_rest(m, x, STEP_SIZE, feature_dim=FEATURE_DIM) for x in covariances]


def measured(found: list[Trained]) -> dict[str, float]:
    """Consensus error, and of the averaged model: subspace error and |change of s| against the federated optimum."""
    changes = [abs(np.ptp(t.representability) - np.ptp(np.diag(t.wanted))) for t in found]
    return {
        "consensus": float(np.mean([t.consensus for t in found])),
        "mean_model_error": float(np.mean([t.error for t in found])),
        "sensitivity_change": float(np.mean(changes)),
    }


def rank_correlation(first: Column, second: Column) -> dict[str, float]:
    """Spearman's rho, and the bootstrap interval from networks drawn with repetition."""
    rho = stats.spearmanr(first, second).statistic
    low, high = np.quantile(_resampled(first, second), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return {"rho": float(rho), "low": float(low), "high": float(high)}


def difference_of_strengths(better: Column, worse: Column, outcome: Column) -> dict[str, float]:
    """|rho(better, outcome)| - |rho(worse, outcome)|, and its bootstrap interval, both from the same draws."""
    resampled = np.abs(_resampled(better, outcome)) - np.abs(_resampled(worse, outcome))
    low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    strengths = [abs(stats.spearmanr(column, outcome).statistic) for column in (better, worse)]
    return {"difference": float(strengths[0] - strengths[1]), "low": float(low), "high": float(high)}


def _resampled(first: Column, second: Column) -> Float[np.ndarray, " resamples"]:
    a, b = _resampled_ranks(tuple(first)), _resampled_ranks(tuple(second))
    return (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))


@lru_cache(maxsize=64)  # every functional is compared with every measurement, and all by the same draws
def _resampled_ranks(column: tuple[float, ...]) -> Float[np.ndarray, "resamples networks"]:
    """Ranks among the drawn networks, less their mean."""
    draws = np.random.default_rng(0).integers(len(column), size=(RESAMPLES, len(column)))
    ranks = stats.rankdata(np.array(column)[draws], axis=1)
    return ranks - ranks.mean(axis=1, keepdims=True)


def record() -> dict[str, Any]:
    """Networks, their functionals under every rule, what training came to, and all rank correlations."""
    networks = listed()
    functionals = {rule: _columns([functionals_of(*key, rule) for key in networks]) for rule in RULES}
    outcomes = {
        f"{rule}, {placement}": _columns([measured(trainings(*key, rule, placement)) for key in networks])
        for rule in RULES
        for placement in PLACEMENTS
    }
    # Rounded first: numbers that differ by round-off alone are ties, not ranks.
    functionals, outcomes = rounded(functionals), rounded(outcomes)
    return {
        "schema": SCHEMA,
        "n_clients": N_CLIENTS,
        "step_size": STEP_SIZE,
        "heterogeneity": LEVEL,
        "networks": [{"name": name, "seed": seed} for name, seed in networks],
        "functionals": functionals,
        "measured": outcomes,
        "rank_correlations": rank_correlations(functionals, outcomes),
    }


def rank_correlations(functionals: Columns, outcomes: Columns) -> dict[str, Any]:
    """Every functional's with every measurement; without those that are alike on all networks, as sum v^2 may be."""
    return {
        cell: {
            measure: {
                name: rank_correlation(np.array(values), np.array(outcome))
                for name, values in functionals[cell.split(",")[0]].items()
                if len(set(values)) > 1
            }
            for measure, outcome in columns.items()
        }
        for cell, columns in outcomes.items()
    }


def functionals_of(name: str, seed: int, rule: Rule) -> dict[str, float]:
    """Every graph functional by name, of the network of this name and seed under a rule."""
    adjacency = topology(name, N_CLIENTS, seed=seed)
    return graph_functionals(adjacency, mixing_under(rule, adjacency))


@cache
def recorded() -> dict[str, Any]:
    """The record as written."""
    return store.record(RECORD, SCHEMA)


def _columns(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    return {key: [row[key] for row in rows] for key in rows[0]}


if __name__ == "__main__":
    store.check_writable(out := store.HERE / RECORD.name)
    store.write(out, store.rows(rounded(record())))
