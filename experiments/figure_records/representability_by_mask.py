"""The representability vector under each mask reading: population value and Monte Carlo."""

from typing import Any

import numpy as np

from runtime.effort import Tier
from sims.samplers import montecarlo
from theory.data.moments import alignment_matrix
from theory.objectives.representability import representability
from theory.readings import EXPECTED, Mask, Objective, Reading
from theory.setting import Setting

CLAIMS = ("thm-representability-mim", "thm-representability-cl")
SEED = 1701


def record(tier: Tier) -> dict[str, Any]:
    """Population and mean sampled r_k for CL and every mask, for the average over clients and for client 0."""
    s = Setting.paper(96, n_clients=6, samples_per_client=4096)
    trials = 24 if tier == "quick" else 200
    rows = []
    for objective, mask in [(Objective.CL, Mask.INDEPENDENT), *((Objective.MIM, m) for m in Mask)]:
        for scope in ("fl", "local"):
            population, _ = representability(
                alignment_matrix(s, objective, mask, scope=scope), s.feature_dim, s.n_clients
            )
            draws = 1 if objective is Objective.CL else EXPECTED
            sample = montecarlo.sample_representability(
                SEED, s, objective=objective, scope=scope, reading=Reading(mask=mask, draws=draws), trials=trials
            ).r[:, : s.n_clients]
            rows.append(
                {
                    "reading": "cl" if objective is Objective.CL else f"mim {mask}",
                    "scope": scope,
                    "population": [float(v) for v in population],
                    "mean": np.mean(sample, axis=0).tolist(),
                    "standard_error": (np.std(sample, axis=0, ddof=1) / np.sqrt(trials)).tolist(),
                }
            )
    return {
        "claims": list(CLAIMS),
        "n_clients": s.n_clients,
        "dim": s.dim,
        "samples_per_client": s.samples_per_client,
        "feature_dim": s.feature_dim,
        "trials": trials,
        "rows": rows,
    }
