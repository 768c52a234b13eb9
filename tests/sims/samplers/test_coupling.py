"""The blocks of X - E X drawn from their law against those of matrices made from drawn data."""

import functools

import numpy as np
import pytest

from sims.samplers.coupling import Deviation, deviation
from sims.samplers.literal import literal_moments
from sims.stats import estimate, same_distribution, standard_errors_allowed
from theory.data.moments import Site, second_moment
from theory.readings import Objective, Reading
from theory.setting import Setting

# Augmentations strong enough that both Gram matrices of CL carry weight.
S = Setting.paper(48, n_clients=4, samples_per_client=60, augmentation_std=3.0)
TRIALS = 300
CASES = [(objective, scope) for objective in Objective for scope in ("local", "fl")]


@functools.cache
def drawn(objective: Objective, scope: Site) -> Deviation:
    return deviation(3, S, objective=objective, scope=scope, trials=TRIALS)


@functools.cache
def literal(objective: Objective, scope: Site) -> np.ndarray:
    """Norms of the signal, coupling, noise block and of the whole of X - E X, one row a trial."""
    rng = np.random.default_rng(7)
    reading = Reading(draws=1) if objective is Objective.CL else Reading()
    scale = float(S.mask_ratio) * (1 - float(S.mask_ratio)) if objective is Objective.MIM else 1.0
    mean, n = second_moment(S, scope=scope).dense(), S.n_clients
    norms = []
    for _ in range(TRIALS):
        x = literal_moments(rng, S, ((objective, reading),), scope=scope, client=0)[0].alignment() / scale - mean
        norms.append([np.linalg.norm(part, 2) for part in (x[:n, :n], x[n:, :n], x[n:, n:], x)])
    return np.array(norms)


@pytest.mark.parametrize(("objective", "scope"), CASES)
@pytest.mark.parametrize(("part", "column"), [("signal", 0), ("coupling", 1)])
def test_block_follows_the_law_of_literal_data(objective, scope, part, column):
    ours, theirs = getattr(drawn(objective, scope), part), literal(objective, scope)[:, column]
    assert same_distribution(ours, theirs)
    noise = np.hypot(estimate(ours).standard_error, estimate(theirs).standard_error)
    assert abs(estimate(ours).mean - estimate(theirs).mean) <= standard_errors_allowed() * noise


@pytest.mark.parametrize(("objective", "scope"), CASES)
def test_noise_part_bounds_the_mean_norm_of_the_noise_block(objective, scope):
    measured = estimate(literal(objective, scope)[:, 2])
    assert measured.mean <= drawn(objective, scope).noise
    assert drawn(objective, scope).noise <= 2.5 * measured.mean


@pytest.mark.parametrize(("objective", "scope"), CASES)
def test_blocks_enclose_the_norm_of_the_whole(objective, scope):
    parts = literal(objective, scope)
    assert np.all(parts[:, 1] <= parts[:, 3] * (1 + 1e-12))
    assert np.all(parts[:, 3] <= parts[:, :3].sum(axis=1) * (1 + 1e-12))


def test_same_seed_gives_the_same_norms():
    first, second = (deviation(5, S, objective=Objective.CL, trials=4) for _ in range(2))
    assert np.array_equal(first.coupling, second.coupling)
    assert np.array_equal(first.signal, second.signal)


def test_too_few_samples_are_refused():
    tiny = Setting.paper(48, n_clients=4, samples_per_client=4)
    with pytest.raises(ValueError, match="More samples"):
        deviation(0, tiny, objective=Objective.MIM, trials=1)
