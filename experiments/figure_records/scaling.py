"""Deficit and sensitivity against d at beta = 1.5: closed form, proved bounds, Monte Carlo."""

from typing import Any

from runtime.effort import Tier
from sims.samplers import montecarlo
from theory.deficits.closed_forms import deficit, expected_sensitivity
from theory.deficits.finite_sample import deficit_bound
from theory.readings import EXPECTED, Objective, Reading, Scope
from theory.setting import Setting

CLAIMS = ("thm-representability-mim", "thm-representability-cl", "thm-critical-noise")
SEED = 1702
N_CLIENTS, BETA, DELTA = 3, 1.5, 0.05
DIMS = tuple(2**k for k in range(6, 31, 2))
SAMPLED = {"quick": (64, 256), "full": tuple(4**k for k in range(3, 13))}


def record(tier: Tier) -> dict[str, Any]:
    """One draw of the augmentations for CL, masks averaged exactly for MIM, averages over clients."""
    trials = 200 if tier == "quick" else 400
    return {
        "claims": list(CLAIMS),
        "n_clients": N_CLIENTS,
        "beta": BETA,
        "delta": DELTA,
        "augmentation_std": 1.0,
        "series": {o.value: _series(o, tier, trials) for o in (Objective.CL, Objective.MIM)},
    }


def _series(objective: Objective, tier: Tier, trials: int) -> dict[str, Any]:
    draws = 1 if objective is Objective.CL else EXPECTED
    settings = [Setting.paper(d, BETA, n_clients=N_CLIENTS) for d in DIMS]
    samples = {
        d: montecarlo.sample_representability(
            SEED,
            Setting.paper(d, BETA, n_clients=N_CLIENTS),
            objective=objective,
            reading=Reading(draws=draws),
            trials=trials,
        )
        for d in SAMPLED[tier]
    }
    estimates = {
        "deficit": {d: r.deficit() for d, r in samples.items()},
        "sensitivity": {d: r.sensitivity() for d, r in samples.items()},
    }
    closed = {
        "deficit": [deficit(s, objective, Scope.FL, draws) for s in settings],
        "sensitivity": [expected_sensitivity(s, objective, Scope.FL, draws) for s in settings],
    }
    return {
        "dim": list(DIMS),
        **{side: [deficit_bound(s, objective, Scope.FL, DELTA, side).value for s in settings] for side in SIDES},
        **{
            quantity: {
                "closed_form": closed[quantity],
                "sampled": {
                    "dim": list(values),
                    "mean": [e.mean for e in values.values()],
                    "standard_error": [e.standard_error for e in values.values()],
                },
            }
            for quantity, values in estimates.items()
        },
    }


SIDES = ("lower", "upper")
