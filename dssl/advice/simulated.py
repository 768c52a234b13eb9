"""Every option trained, round by round from a small random start, to hold against what was predicted."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dssl.advice.at_rest import Training
from dssl.advice.objectives import Objective
from dssl.advice.options import NAMES
from dssl.advice.sampled_server import Sampling, drawn_round
from sims.linear.objective import random_start

SETTLED = 0.02  # relative change of a distance over the last tenth of the rounds


def simulated(
    training: Training,
    wanted: Objective,
    sampling: Sampling,
    rounds: int,
    seed: int,
    advance: Callable[[str, int], None],
) -> dict[str, dict[str, Any]]:
    """The distance of every option after `rounds` rounds; of the sampled server, its mean over the later half.

    None for an option that diverges.

    `advance` is told the option and the rounds done.

    Source: ledger. Units: as `Objective.distances`. Errors: none.
    """
    n = len(training.moments)
    common = (training.feature_dim, training.step_size, training.local_steps)
    server = Training(np.repeat(wanted.weights[None], n, axis=0), training.moments, *common, np.ones(n))
    alone = Training(np.eye(n), training.moments, *common, np.ones(n))
    steps: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "server": server.round,
        "network": training.round,
        "alone": alone.round,
    }
    start = random_start(seed, training.moments, training.feature_dim)
    rng = np.random.default_rng(seed)
    found: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        models, sampled = start, name == "server-sampled"
        models = models[:1] if sampled else models
        seen = []
        for k in range(1, rounds + 1):
            with np.errstate(all="ignore"):  # an option that diverges is told below
                models = (
                    drawn_round(rng, models, training.moments, wanted.weights, sampling)
                    if sampled
                    else steps[name](models)
                )
            if k % max(1, rounds // 400) == 0 or k == rounds:
                if not np.isfinite(models).all():
                    break
                seen.append(float(wanted.distances(models).mean()))
                advance(name, k)
        if not np.isfinite(models).all():
            found[name] = {"distance": None, "is_settled": False}
        elif sampled:
            late = seen[len(seen) // 2 :]
            half = len(late) // 2
            first, last = (float(np.mean(part or late)) for part in (late[:half], late[half:]))
            found[name] = {"distance": float(np.mean(late)), "is_settled": abs(last - first) <= 0.2 * max(first, last)}
        else:
            before = seen[-1 - len(seen) // 10]
            found[name] = {"distance": seen[-1], "is_settled": abs(seen[-1] - before) <= SETTLED * seen[-1] + 1e-9}
    return found
