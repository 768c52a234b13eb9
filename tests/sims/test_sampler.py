"""The literal data have the moments that theory derives, and never need more memory than a few matrices."""

import tracemalloc

import numpy as np
import pytest

from sims.sampler import literal_moments
from sims.stats import standard_errors_allowed
from theory.moments import alignment_matrix
from theory.readings import Mask, Objective, Rare, Reading
from theory.setting import Setting


@pytest.mark.parametrize(
    ("objective", "reading"),
    [
        (Objective.CL, Reading(draws=1)),
        (Objective.MIM, Reading(draws=1)),
        (Objective.MIM, Reading(mask=Mask.COMPLEMENTARY, draws=2)),
        (Objective.MIM, Reading(mask=Mask.FIXED_COUNT, draws=1)),
        (Objective.MIM, Reading(mask=Mask.FIXED_COUNT)),
        (Objective.MIM, Reading(rare=Rare.INSIDE)),
        (Objective.MIM, Reading(rare=Rare.OUTSIDE, draws=1)),
    ],
)
@pytest.mark.parametrize("scope", ["fl", "local"])
def test_cross_moments_have_the_population_mean(objective, reading, scope):
    s = Setting.paper(8, n_clients=3, samples_per_client=500, rare_fraction=0.2)
    rngs = np.random.default_rng(5).spawn(60)
    xs = np.array([literal_moments(g, s, ((objective, reading),), scope=scope)[0].alignment() for g in rngs])
    truth = alignment_matrix(s, objective, reading.mask, scope=scope, rare=reading.rare).dense()
    error = xs.std(axis=0, ddof=1) / np.sqrt(len(xs))
    # 60 samples: a t quantile is wider than the normal one, by a fifth at this level.
    assert np.all(np.abs(xs.mean(axis=0) - truth) <= 1.3 * standard_errors_allowed() * error + 1e-12)


def test_blocks_keep_memory_at_a_few_matrices():
    s = Setting.paper(256, n_clients=2, samples_per_client=3_000)
    tracemalloc.start()
    literal_moments(np.random.default_rng(0), s, ((Objective.CL, Reading(draws=1)),), entries_a_block=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * (6 * 256**2 + 8 * 100_000)
