"""A server that hears a few clients a round, simulated at rest: it never stops moving, so its distance is a mean.

Each round C of N clients are drawn, all alike and none twice. They take their local steps from the server's model, and
the server averages what comes back by the objective's weights of those who were drawn.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from dssl.advice.objectives import Objective
from sims.linear.objective import optimum, random_start
from theory.objectives import linear_alignment

CHAINS = 16  # independent trainings; the spread of their means gives the uncertainty
SETTLING = 15.0  # times the time in which a deviation falls e-fold
FIRST_BLOCK = 20.0  # the same units; doubled until the number is sharp
LOOKS = 8.0  # models looked at in that time
SHARP = 0.1  # relative uncertainty at which more rounds are not worth it
CONFIDENCE = 0.998  # of the interval that is called the uncertainty
MOST_ROUNDS = 100_000
OPERATIONS = 8e10  # multiplications for all chains: some twenty seconds
A_ROUND = 2e6  # operations that calls cost whatever the sizes


@dataclass(frozen=True)
class SampledServer:
    """The mean distance over rounds at rest, its uncertainty, and the rounds that all chains took together."""

    distance: float
    uncertainty: float
    rounds: int
    is_settled: bool


@dataclass(frozen=True)
class Sampling:
    """What such a server does: `n_sampled` clients a round, each with `local_steps` of `step_size`."""

    n_sampled: int
    step_size: float
    local_steps: int


def sampled_server(
    moments: Float[np.ndarray, "clients dim dim"],
    wanted: Objective,
    sampling: Sampling,
    *,
    rivals: list[tuple[float, float]],
    seed: int,
) -> SampledServer:
    """Distance of the server's model from the wanted subspace, over rounds at rest.

    Stops when the number is sharp, or when its interval is clear of all `rivals` (distance and uncertainty).

    Source: ledger. Units: as `Objective.distances`. Errors: none.
    """
    n, dim = moments.shape[:2]
    c, count = wanted.feature_dim, sampling.n_sampled
    rng = np.random.default_rng(seed)
    expected = np.mean([_draw(rng, wanted.weights, count, CHAINS)[1].mean(axis=0) for _ in range(200)], axis=0)
    centre = np.einsum("i,ijk->jk", expected, moments)
    values = np.linalg.eigvalsh(centre)[::-1]
    gap = max(float(values[c - 1] - values[c]), 1e-6 * float(values[0]))
    memory = 1 / (2 * sampling.step_size * sampling.local_steps * gap)
    models = np.repeat(optimum(centre, c)[None], CHAINS, axis=0)
    one_round = A_ROUND + CHAINS * (
        2.0 * n * dim**2 + 4.0 * c * dim**2
        if sampling.local_steps == 1
        else 2.0 * count * c * dim**2 * sampling.local_steps
    )
    left = int(max(50, min(MOST_ROUNDS, OPERATIONS / one_round)))
    spacing = max(1, int(memory / LOOKS))
    settling = int(min(SETTLING * memory, left / 3)) + 1
    if settling >= SETTLING * memory:  # time enough to settle from anywhere
        # Every other chain begins elsewhere: did the end depend on the start, the chains' spread would tell.
        models[::2] = np.concatenate([random_start(k, moments[:1], c) for k in range(CHAINS // 2)])

    def advance(models: np.ndarray, rounds: int) -> np.ndarray:
        for _ in range(rounds):
            models = drawn_round(rng, models, moments, wanted.weights, sampling)
        return models

    models = advance(models, settling)
    left, taken = left - settling, settling
    # Chains start where deviations average out; squares come in twice as fast as deviations.
    unsettled = float(np.exp(-2 * settling / memory))
    sums, looks, block = np.zeros(CHAINS), 0, max(1, int(FIRST_BLOCK * LOOKS))
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, CHAINS - 1))
    while True:
        for _ in range(max(1, min(block, left // spacing))):
            models = advance(models, spacing)
            sums += wanted.distances(models)
            left, taken, looks = left - spacing, taken + spacing, looks + 1
        means = sums / looks
        mean, error = float(means.mean()), float(means.std(ddof=1) / np.sqrt(CHAINS))
        reach = quantile * error + mean * unsettled / (1 - min(unsettled, 0.9))
        is_clear = all(abs(mean - other) > 1.2 * (reach + theirs) for other, theirs in rivals)
        if left < spacing or reach <= SHARP * mean or (is_clear and looks >= 2 * FIRST_BLOCK * LOOKS):
            break
        block = looks
    is_settled = unsettled < 0.01 and looks * spacing >= FIRST_BLOCK / 8 * memory
    if not is_settled:
        reach = max(reach, 0.5 * mean)
    return SampledServer(mean, reach, taken * CHAINS, is_settled)


def _draw(
    rng: np.random.Generator, weights: np.ndarray, count: int, chains: int
) -> tuple[np.ndarray, Float[np.ndarray, "chains clients"]]:
    """The clients drawn in every chain, and their shares in its average."""
    drawn = np.argsort(rng.random((chains, len(weights))), axis=1)[:, :count]
    shares = np.zeros((chains, len(weights)))
    np.put_along_axis(shares, drawn, weights[drawn], axis=1)
    return drawn, shares / shares.sum(axis=1, keepdims=True)


def drawn_round(
    rng: np.random.Generator,
    models: Float[np.ndarray, "chains feature dim"],
    moments: Float[np.ndarray, "clients dim dim"],
    weights: Float[np.ndarray, " clients"],
    sampling: Sampling,
) -> Float[np.ndarray, "chains feature dim"]:
    """The server's model after one more round, in every chain with clients of its own."""
    drawn, shares = _draw(rng, weights, sampling.n_sampled, len(models))
    if sampling.local_steps == 1:  # a step on the mean of those drawn
        mean = (shares @ moments.reshape(len(moments), -1)).reshape(len(models), *moments.shape[1:])
        return models - sampling.step_size * linear_alignment.gradient(models, mean)
    after = np.zeros_like(models)
    for k in range(drawn.shape[1]):
        own, local = moments[drawn[:, k]], models
        for _ in range(sampling.local_steps):
            local = local - sampling.step_size * linear_alignment.gradient(local, own)
        after += np.take_along_axis(shares, drawn[:, k : k + 1], axis=1)[:, :, None] * local
    return after
