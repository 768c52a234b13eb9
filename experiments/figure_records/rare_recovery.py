"""Representability of a rare class's axis against the share of the rare class: limit and Monte Carlo."""

from dataclasses import replace
from typing import Any

import numpy as np

from runtime.effort import Tier
from sims.samplers import montecarlo
from sims.stats import estimate
from theory.deficits.rare_recovery import rare_recovery
from theory.readings import EXPECTED, Objective, Rare, Reading
from theory.setting import Setting

CLAIMS = ("thm-rare-classes",)
SEED = 1704
# Sizes at which both thresholds lie inside the picture: MIM near a share of 0.05, CL near 0.34.
BASE = Setting.paper(300, n_clients=4, feature_dim=8, samples_per_client=6000)
SHARES = tuple(float(v) for v in np.round(np.linspace(0.01, 0.9, 90), 3))
SAMPLED = {"quick": (0.1, 0.6), "full": (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.75, 0.9)}


def record(tier: Tier) -> dict[str, Any]:
    """One rare axis a client, all outside the signal; the mean over them and over trials."""
    trials = 4 if tier == "quick" else 40
    series: dict[str, Any] = {}
    for objective in (Objective.MIM, Objective.CL):
        reading = Reading(draws=1 if objective is Objective.CL else EXPECTED, rare=Rare.OUTSIDE)
        estimates = [
            estimate(
                montecarlo.sample_representability(
                    SEED, replace(BASE, rare_fraction=share), objective=objective, reading=reading, trials=trials
                ).extra.mean(axis=1)
            )
            for share in SAMPLED[tier]
        ]
        series[objective.value] = {
            "rare_fraction": list(SHARES),
            "limit": [rare_recovery(replace(BASE, rare_fraction=share), objective) for share in SHARES],
            "sampled": {
                "rare_fraction": list(SAMPLED[tier]),
                "mean": [e.mean for e in estimates],
                "standard_error": [e.standard_error for e in estimates],
            },
        }
    return {
        "claims": list(CLAIMS),
        "n_clients": BASE.n_clients,
        "dim": BASE.dim,
        "samples_per_client": BASE.samples_per_client,
        "augmentation_std": BASE.augmentation_std,
        "trials": trials,
        "series": series,
    }
