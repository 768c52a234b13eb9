"""Proved bounds over the simulated mean deficit, and how often a trial crosses them."""

from typing import Any

import numpy as np

from runtime.effort import Tier
from sims.samplers import montecarlo
from theory.deficits.finite_sample import davis_kahan, deficit_bound
from theory.readings import EXPECTED, Objective, Reading, Scope
from theory.setting import Setting

CLAIMS = ("thm-representability-mim", "thm-representability-cl", "ref-sample-sizes")
SEED = 1705
DELTA = 0.05
DIMS = (64, 256, 1024)
RATIOS = (4, 16, 64, 256)


def record(tier: Tier) -> dict[str, Any]:
    """For each size and objective: bounds at 95%, the mean over trials, and how many trials cross one."""
    trials = 50 if tier == "quick" else 2000
    dims, ratios = (DIMS, RATIOS) if tier == "full" else (DIMS[:1], RATIOS[2:3])
    return {
        "claims": list(CLAIMS),
        "delta": DELTA,
        "rows": [_row(o, d, ratio, trials) for o in (Objective.CL, Objective.MIM) for d in dims for ratio in ratios],
    }


def _row(objective: Objective, dim: int, ratio: int, trials: int) -> dict[str, Any]:
    s = Setting.paper(dim, n_clients=4, samples_per_client=ratio * dim)
    reading = Reading(draws=1 if objective is Objective.CL else EXPECTED)
    sample = montecarlo.sample_representability(SEED, s, objective=objective, reading=reading, trials=trials)
    upper = deficit_bound(s, objective, Scope.FL, DELTA, "upper").value
    lower = deficit_bound(s, objective, Scope.FL, DELTA, "lower").value
    # Each bound speaks of one fixed coordinate with probability 1 - delta; coordinate 1 stands for them, by symmetry.
    first = 1 - sample.r[:, 0]
    crossed = (first > (np.inf if upper is None else upper)) | (first < (-np.inf if lower is None else lower))
    return {
        "objective": objective.value,
        "dim": dim,
        "samples_per_client": s.samples_per_client,
        "mean": sample.deficit().mean,
        "standard_error": sample.deficit().standard_error,
        "upper": upper,
        "lower": lower,
        "davis_kahan": davis_kahan(s, objective, Scope.FL, DELTA),
        "trials": trials,
        "violations": int(np.sum(crossed)),
    }
