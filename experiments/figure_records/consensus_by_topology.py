"""Consensus error at rest on every family of networks: simulated, and by every prediction."""

from collections.abc import Callable
from typing import Any

from runtime.effort import Tier
from sims.linear import heterogeneity
from sims.linear.figure_networks import FAMILIES, N_CLIENTS, mixing_of, trained
from theory.formula import OutOfDomainError
from theory.networks.graph_functionals import spectral_gap
from theory.training import consensus_curvature
from theory.training.consensus import consensus_first_order
from theory.training.consensus_bounds import consensus_gap_bound
from theory.training.predictions import Case

CLAIMS = ("thm-consensus-error", "cor-connectivity-training")
SEED, DIM, FEATURE_DIM, LEVEL = 1706, 16, 3, 0.3
STEP_SIZE, LOCAL_STEPS, ROUNDS = 0.02, (1, 5), 4000
QUICK = ("star", "ring")


def record(tier: Tier) -> dict[str, Any]:
    """One row a network and number of local steps; a tier outside its domain is None."""
    # The complete network agrees exactly: nothing to predict but round-off.
    labels = [name for name in FAMILIES if name != "complete"] if tier == "full" else QUICK
    x = heterogeneity.exchangeable(SEED, N_CLIENTS, DIM, FEATURE_DIM, LEVEL)
    return {
        "claims": list(CLAIMS),
        "n_clients": N_CLIENTS,
        "dim": DIM,
        "feature_dim": FEATURE_DIM,
        "level": LEVEL,
        "step_size": STEP_SIZE,
        "rounds": ROUNDS,
        "rows": [
            _row(label, Case(mixing_of(FAMILIES[label]), x, FEATURE_DIM, STEP_SIZE, steps))
            for steps in (LOCAL_STEPS if tier == "full" else LOCAL_STEPS[:1])
            for label in labels
        ],
    }


def _row(label: str, case: Case) -> dict[str, Any]:
    m, eta, steps = case.mixing, case.step_size, case.local_steps
    problem = (m, case.covariances, case.feature_dim, eta, steps)
    return {
        "network": label,
        "local_steps": steps,
        "gap": spectral_gap(m),
        "simulated": float(trained(case, ROUNDS).consensus_post_mix[-1]),
        "fixed_point": consensus_curvature.consensus_fixed_point(*problem),
        "resummed": _inside(lambda: consensus_curvature.consensus_resummed(*problem)),
        "first_order": consensus_first_order(m, case.gradients_at_optimum, eta, steps),
        "gap_bound": _inside(lambda: consensus_gap_bound(m, case.dissimilarity, eta, steps)),
    }


def _inside(predict: Callable[[], float]) -> float | None:
    try:
        return predict()
    except OutOfDomainError:
        return None
