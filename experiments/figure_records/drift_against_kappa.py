"""Drift of the averaged model's subspace, against kappa of the network's modes."""

from typing import Any

import numpy as np

from runtime.effort import Tier
from sims.linear import heterogeneity, metrics
from sims.linear.figure_networks import FAMILIES, N_CLIENTS, mixing_of, trained
from theory.objectives.curvature import top_projector
from theory.training.effective_covariance import kappa
from theory.training.predictions import Case
from theory.training.subspace_drift import placement_mean_kappa, subspace_drift, subspace_drift_bound

CLAIMS = ("thm-effective-covariance", "thm-federated-training")
SEED, DIM, FEATURE_DIM, LEVEL = 1707, 16, 3, 0.3
# Rounds enough for the slowest mode of the loss to settle at this step size.
STEP_SIZE, LOCAL_STEPS, STEPS_IN_ALL = 3e-3, (1, 5), 20_000
NETWORKS = ("complete", "exponential", "torus 4x4", "random 4-regular", "ring", "barbell", "path", "star")
PLACEMENTS = 3


def record(tier: Tier) -> dict[str, Any]:
    """One row a network, number of local steps and placement of the same clients, and the line of X_eff.

    The line is the drift of the mean of X_eff over placements, X + step_size kappa-bar mean D_i^2.
    """
    x = heterogeneity.exchangeable(SEED, N_CLIENTS, DIM, FEATURE_DIM, LEVEL)
    everything = [(label, steps, p) for steps in LOCAL_STEPS for label in NETWORKS for p in range(PLACEMENTS)]
    rows = [
        _row(x, *point)
        for point in (everything if tier == "full" else [("exponential", 1, 0), ("ring", 1, 1)])
        if point[:2] != ("complete", 1)  # kappa is 0 there, and the drift round-off
    ]
    mean = x.mean(axis=0)
    power = np.mean((x - mean) @ (x - mean), axis=0)
    line = np.geomspace(min(r["mean_kappa"] for r in rows), max(r["mean_kappa"] for r in rows), 40)
    return {
        "claims": list(CLAIMS),
        "n_clients": N_CLIENTS,
        "dim": DIM,
        "feature_dim": FEATURE_DIM,
        "level": LEVEL,
        "step_size": STEP_SIZE,
        "placements": PLACEMENTS,
        "rows": rows,
        "line": {"mean_kappa": line.tolist(), "drift": [_drift(mean + STEP_SIZE * k * power, mean) for k in line]},
    }


def _row(x: np.ndarray, label: str, steps: int, placement: int) -> dict[str, Any]:
    placed = x[np.random.default_rng([SEED, placement]).permutation(N_CLIENTS)]
    case = Case(mixing_of(FAMILIES[label]), placed, FEATURE_DIM, STEP_SIZE, steps)
    problem = (case.mixing, placed, FEATURE_DIM, STEP_SIZE, steps)
    run = trained(case, STEPS_IN_ALL // steps)
    return {
        "network": label,
        "local_steps": steps,
        "placement": placement,
        "mean_kappa": placement_mean_kappa(case.mixing, steps),
        "max_kappa": float(np.abs(kappa(case.mixing, steps)).max()),
        "simulated": float(metrics.subspace_error(run.mean_model, top_projector(case.target, FEATURE_DIM))),
        "effective_covariance": subspace_drift(*problem),
        "bound": subspace_drift_bound(*problem),
    }


def _drift(covariance: np.ndarray, target: np.ndarray) -> float:
    return float(np.linalg.norm(top_projector(covariance, FEATURE_DIM) - top_projector(target, FEATURE_DIM)))
