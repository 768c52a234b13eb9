"""Clients on a ring under a growing weight of the MAR term: tilt, rotation and shrinkage of their encoders."""

from typing import Any

import numpy as np

from experiments.paper._printed import TABLE_8
from runtime.effort import Tier
from sims.linear import heterogeneity, metrics, objective
from sims.linear.mar_training import population_mar, split_by_subspace
from theory.alignment_term.gaussian_mmd import mean_distance
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector

CLAIMS = ("sec-mar-drift", "tab-weight-schedules")
SEED, N_CLIENTS, DIM, FEATURE_DIM = 1711, 8, 10, 3
STEP_SIZE, ROUNDS = 0.03, 3000
WEIGHTS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
LEVELS = {"pooled": (0.3, 0.15), "averaged": (0.3,)}


def record(tier: Tier) -> dict[str, Any]:
    """One row a reading of z-bar, level of heterogeneity and weight; Gaussian embeddings, nothing sampled."""
    everything = [(reading, level, w) for reading, levels in LEVELS.items() for level in levels for w in WEIGHTS]
    points = everything if tier == "full" else [("pooled", 0.3, 0.0), ("pooled", 0.3, 10.0)]
    return {
        "claims": list(CLAIMS),
        "n_clients": N_CLIENTS,
        "dim": DIM,
        "feature_dim": FEATURE_DIM,
        "step_size": STEP_SIZE,
        "largest_weight_tried": max(map(float, TABLE_8)),
        "rows": [_row(*point) for point in points],
    }


def _row(reading: Any, level: float, weight: float) -> dict[str, Any]:
    x = heterogeneity.exchangeable(SEED, N_CLIENTS, DIM, FEATURE_DIM, level)
    target = top_projector(x.mean(axis=0), FEATURE_DIM)
    start = objective.optimum(x.mean(axis=0), FEATURE_DIM)
    run = population_mar(
        np.repeat(start[None], N_CLIENTS, axis=0),
        x,
        x,
        mixing_matrix(topology("ring", N_CLIENTS), "uniform"),
        step_size=STEP_SIZE,
        rounds=ROUNDS,
        weight=weight,
        # The paper's bandwidth, the mean distance of two embeddings, at the optimum and held there.
        bandwidth=mean_distance(start @ x.mean(axis=0) @ start.T),
        reading=reading,
    )
    tilt, turn = split_by_subspace(run.post_mix, target)
    return {
        "reading": reading,
        "level": level,
        "weight": weight,
        "tilt": tilt,
        "in_row": turn,
        "size": float(np.sum(run.output**2)),
        "drift": float(metrics.subspace_error(run.output, target)),
        # How much the consensus error still moved over the last tenth of the run.
        "settled": float(abs(run.consensus_post_mix[-1] / run.consensus_post_mix[-ROUNDS // 10] - 1)),
    }
