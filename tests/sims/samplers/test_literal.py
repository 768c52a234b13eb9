"""The literal data have the moments that theory derives, and never need more memory than a few matrices."""

import tracemalloc

import numpy as np
import pytest

from sims.samplers.literal import data_blocks, expected_moments, literal_moments, views
from sims.samplers.signal_rows import signal_rows
from sims.stats import standard_errors_allowed
from theory.data.moments import alignment_matrix
from theory.readings import Mask, Objective, Offsets, Rare, Reading
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


@pytest.mark.parametrize("offsets", Offsets)
def test_blocks_cover_every_sample_once(offsets):
    s = Setting.paper(4, n_clients=3, samples_per_client=51, rare_fraction=0.2)
    rows = signal_rows(s, Reading(rare=Rare.INSIDE, offsets=offsets))
    blocks = list(data_blocks(np.random.default_rng(0), rows, s, 7))
    assert sum(map(len, blocks)) == rows.n_rows == 3 * 51
    assert max(map(len, blocks)) == 7


@pytest.mark.parametrize("mask", [Mask.INDEPENDENT, Mask.COMPLEMENTARY, Mask.FIXED_COUNT])
def test_expected_moments_are_the_mean_over_masks(mask):
    s = Setting.paper(6, n_clients=2, samples_per_client=40, mask_ratio=0.7)
    rng, n_draws = np.random.default_rng(1), 3_000
    x = rng.standard_normal((40, 6))
    expected = expected_moments(x.T @ x / 40, s, Objective.MIM, Reading(mask=mask))
    draws = [views(rng, x, s, Objective.MIM, mask) for _ in range(n_draws)]
    for truth, found in (
        (expected.cross, np.array([a.T @ b / 40 for a, b in draws])),
        (expected.within, np.array([a.T @ a / 40 for a, _ in draws])),
    ):
        error = found.std(axis=0, ddof=1) / np.sqrt(n_draws)
        assert np.all(np.abs(found.mean(axis=0) - truth) <= standard_errors_allowed() * error + 1e-12)


@pytest.mark.parametrize("draws", ["expected", 1])
def test_a_transformation_acts_on_the_second_view(draws):
    s, h = Setting.paper(5, n_clients=2, samples_per_client=60), np.roll(np.eye(5), 1, axis=0)
    task = ((Objective.CL, Reading(draws=draws)),)
    sums = [literal_moments(g, s, task, transformation=h)[0].cross for g in np.random.default_rng(2).spawn(400)]
    truth = alignment_matrix(s, Objective.CL).dense() @ h.T
    error = np.std(sums, axis=0, ddof=1) / np.sqrt(400)
    assert np.all(np.abs(np.mean(sums, axis=0) - truth) <= standard_errors_allowed() * error + 1e-12)
