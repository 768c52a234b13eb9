"""Published bounds of the consensus error, and ours, divided by the measured error: of gradients and of noise."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from runtime.effort import Tier
from sims.linear import heterogeneity, objective
from sims.linear.figure_networks import FAMILIES, N_CLIENTS, mixing_of, trained
from sims.linear.training import Trajectory, train
from sims.linear.training_options import TrainingOptions
from theory.networks.graph_functionals import spectral_gap
from theory.networks.topologies import is_undirected, topology
from theory.objectives import linear_alignment
from theory.training.consensus import consensus_first_order
from theory.training.consensus_bounds import consensus_gap_bound
from theory.training.consensus_curvature import LinearTraining
from theory.training.consensus_noise import consensus_noise
from theory.training.dissimilarity import zeta_squared
from theory.training.predictions import Case
from theory.training.published_bounds import published_bounds

CLAIMS = ("ref-published-bounds",)
SEED, DIM, FEATURE_DIM, LEVEL = 1710, 16, 3, 0.3
STEP_SIZE, ROUNDS = 0.02, 4000
NOISE_STD, NOISY_ROUNDS, BLOCKS = 0.05, 6000, 20
QUICK = ("star", "ring")


def record(tier: Tier) -> dict[str, Any]:
    """One row a network and part, one local step a round, Metropolis weights."""
    known = [
        name
        for name, word in FAMILIES.items()
        if name != "complete" and is_undirected(topology(word, N_CLIENTS, seed=1))
    ]
    parts: dict[str, Callable[[Any], dict[str, Any]]] = {"heterogeneity": _heterogeneity, "noise": _noise}
    return {
        "claims": list(CLAIMS),
        "n_clients": N_CLIENTS,
        "dim": DIM,
        "feature_dim": FEATURE_DIM,
        "step_size": STEP_SIZE,
        "noise_std": NOISE_STD,
        "rows": [
            {"network": name, "part": part, "gap": spectral_gap(m), **row(m)}
            for part, row in parts.items()
            for name in (known if tier == "full" else QUICK)
            for m in (mixing_of(FAMILIES[name]),)
        ],
    }


def _heterogeneity(mixing: np.ndarray) -> dict[str, Any]:
    """Exact gradients of unlike clients. The bounds get the largest dissimilarity and gradients that the run saw."""
    x = heterogeneity.exchangeable(SEED, N_CLIENTS, DIM, FEATURE_DIM, LEVEL)
    case = Case(mixing, x, FEATURE_DIM, STEP_SIZE)
    run = trained(case, ROUNDS)
    seen = max(case.dissimilarity, *(zeta_squared(w, x) for w in run.mean_models[:: len(run.mean_models) // 20 or 1]))
    norm = max(case.dissimilarity, _gradient_norm(run, x))
    return {
        "simulated": float(run.consensus_post_mix[-1]),
        "standard_error": 0.0,
        **_published(mixing, seen, gradient_norm=norm),
        "ledger_bound": consensus_gap_bound(mixing, case.dissimilarity, STEP_SIZE),
        "ledger_prediction": consensus_first_order(mixing, case.gradients_at_optimum, STEP_SIZE),
    }


def _noise(mixing: np.ndarray) -> dict[str, Any]:
    """Noisy gradients of clients that are all alike: the later three quarters of a run, in blocks."""
    x = heterogeneity.exchangeable(SEED, N_CLIENTS, DIM, FEATURE_DIM, 0.0)
    start = np.repeat(objective.optimum(x[0], FEATURE_DIM)[None], N_CLIENTS, axis=0)
    run = train(
        start,
        x,
        mixing,
        TrainingOptions(step_size=STEP_SIZE, rounds=NOISY_ROUNDS, gradient_noise=NOISE_STD, record_every=5),
        key=jax.random.key(SEED),
    )
    later = np.asarray(run.consensus_post_mix)[len(run.consensus_post_mix) // 4 :]
    blocks = np.array([block.mean() for block in np.array_split(later, BLOCKS)])
    shape = LinearTraining(mixing, x, FEATURE_DIM, STEP_SIZE)
    return {
        "simulated": float(blocks.mean()),
        "standard_error": float(blocks.std(ddof=1) / np.sqrt(BLOCKS)),
        **_published(mixing, 0.0, noise_variance=NOISE_STD**2 * FEATURE_DIM * DIM),
        "ledger_bound": consensus_noise(mixing, NOISE_STD, STEP_SIZE, curvatures=np.zeros(FEATURE_DIM * DIM)),
        "ledger_prediction": consensus_noise(mixing, NOISE_STD, STEP_SIZE, curvatures=shape.hessian_spectrum),
    }


def _published(mixing: np.ndarray, dissimilarity: float, **more: Any) -> dict[str, float]:
    found = published_bounds(mixing, dissimilarity, STEP_SIZE, **more)
    return {name: bound.value for name, bound in found.items()}


def _gradient_norm(run: Trajectory, covariances: np.ndarray) -> float:
    gradients = linear_alignment.gradient(np.asarray(run.before), covariances)
    return float(np.sum(gradients**2) / len(gradients))
