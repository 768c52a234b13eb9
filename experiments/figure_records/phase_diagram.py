"""Which objective has the smaller deficit, over augmentation noise and samples per dimension, one draw each."""

from typing import Any

import numpy as np

from runtime.effort import Tier
from sims.samplers import montecarlo
from theory.deficits.critical_noise import sigma_star
from theory.readings import Objective, Reading
from theory.setting import Setting

CLAIMS = ("thm-critical-noise",)
SEED = 1703
N_CLIENTS, DIM = 4, 64
RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
NOISES = tuple(float(v) for v in np.round(np.geomspace(0.2, 2.0, 11), 4))


def record(tier: Tier) -> dict[str, Any]:
    """Mean deficits; MIM (independent masks) does not know sigma, so it is sampled once a row."""
    trials = 20 if tier == "quick" else 150
    ratios, noises = (RATIOS, NOISES) if tier == "full" else (RATIOS[3:5], NOISES[::5])
    cl = [[_deficit(Objective.CL, ratio, noise, trials) for noise in noises] for ratio in ratios]
    mim = [_deficit(Objective.MIM, ratio, 1.0, trials) for ratio in ratios]
    s = Setting.paper(DIM, n_clients=N_CLIENTS)
    return {
        "claims": list(CLAIMS),
        "n_clients": N_CLIENTS,
        "dim": DIM,
        "mask_ratio": s.mask_ratio,
        "trials": trials,
        "samples_per_dim": list(ratios),
        "augmentation_std": list(noises),
        "cl": cl,
        "mim": mim,
        "sigma_star": sigma_star(N_CLIENTS, DIM, 0.75),
    }


def _deficit(objective: Objective, ratio: float, noise: float, trials: int) -> float:
    s = Setting.paper(DIM, n_clients=N_CLIENTS, samples_per_client=int(ratio * DIM), augmentation_std=noise)
    sample = montecarlo.sample_representability(SEED, s, objective=objective, reading=Reading(draws=1), trials=trials)
    return sample.deficit().mean
