"""The coupling block drawn from its law against the same block of matrices made from drawn data."""

import numpy as np
import pytest

from sims.coupling import coupling_norms
from sims.sampler import literal_moments
from sims.stats import estimate, same_distribution, standard_errors_allowed
from theory.readings import Objective, Reading
from theory.setting import Setting

# Augmentations strong enough that both Gram matrices of CL carry weight.
S = Setting.paper(48, n_clients=4, samples_per_client=60, augmentation_std=3.0)
TRIALS = 300


def literal_norms(objective: Objective, scope: str) -> np.ndarray:
    rng = np.random.default_rng(7)
    reading = Reading(draws=1) if objective is Objective.CL else Reading()
    scale = float(S.mask_ratio) * (1 - float(S.mask_ratio)) if objective is Objective.MIM else 1.0
    norms = []
    for _ in range(TRIALS):
        x = literal_moments(rng, S, ((objective, reading),), scope=scope, client=0)[0].alignment()
        norms.append(np.linalg.norm(x[S.n_clients :, : S.n_clients], 2) / scale)
    return np.array(norms)


@pytest.mark.parametrize("scope", ["local", "fl"])
@pytest.mark.parametrize("objective", list(Objective))
def test_coupling_block_follows_the_law_of_literal_data(objective, scope):
    drawn = coupling_norms(3, S, objective=objective, scope=scope, trials=TRIALS)
    literal = literal_norms(objective, scope)
    assert same_distribution(drawn, literal)
    gap = estimate(drawn).mean - estimate(literal).mean
    noise = np.hypot(estimate(drawn).standard_error, estimate(literal).standard_error)
    assert abs(gap) <= standard_errors_allowed() * noise


def test_same_seed_gives_the_same_norms():
    first = coupling_norms(5, S, objective=Objective.CL, trials=4)
    assert np.array_equal(first, coupling_norms(5, S, objective=Objective.CL, trials=4))


def test_too_few_samples_are_refused():
    tiny = Setting.paper(48, n_clients=4, samples_per_client=4)
    with pytest.raises(ValueError, match="More samples"):
        coupling_norms(0, tiny, objective=Objective.MIM, trials=1)
