"""Sampled representability under client weights."""

import numpy as np
import pytest

from sims.samplers.montecarlo import sample_representability
from sims.samplers.weighted import weighted_deficits, weighted_representability
from sims.stats import standard_errors_allowed
from theory.readings import Objective, Reading
from theory.setting import Setting

SETTING = Setting.paper(24, n_clients=3, samples_per_client=200)


def test_equal_weights_agree_with_the_federated_sampler():
    r = weighted_representability(
        5, SETTING, [[1 / 3] * 3], objective=Objective.CL, reading=Reading(draws=1), trials=150
    )[:, 0]
    other = sample_representability(
        6, SETTING, objective=Objective.CL, reading=Reading(draws=1), trials=400, method="literal"
    ).r
    a, b = 1 - r.mean(axis=1), 1 - other.mean(axis=1)
    error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    assert abs(a.mean() - b.mean()) <= standard_errors_allowed() * error


def test_a_client_of_weight_zero_leaves_no_trace():
    reading = Reading()
    alone = weighted_representability(
        7, SETTING, [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], objective=Objective.MIM, reading=reading, trials=3
    )
    assert alone.shape == (3, 2, 3)
    assert np.all(alone <= 1 + 1e-12)
    assert not np.allclose(alone[:, 0], alone[:, 1])


def test_matrices_from_their_law_have_the_deficit_of_drawn_samples():
    s, weights = Setting.paper(12, n_clients=3, samples_per_client=60, tau=1.5, mu=0.5), [0.5, 0.3, 0.2]
    by_law = weighted_deficits(0, s, weights, 600)
    drawn = weighted_representability(1, s, [weights], objective=Objective.MIM, reading=Reading(), trials=600)
    by_samples = 1 - drawn[:, 0].mean(axis=1)
    error = np.sqrt(by_law.var(ddof=1) / 600 + by_samples.var(ddof=1) / 600)
    assert abs(by_law.mean() - by_samples.mean()) <= standard_errors_allowed() * error
    assert standard_errors_allowed() * error < 0.2 * by_samples.mean()


def test_too_few_samples_for_the_law_are_refused():
    with pytest.raises(ValueError, match="samples a client"):
        weighted_deficits(0, Setting.paper(12, n_clients=3, samples_per_client=10), [0.5, 0.3, 0.2], 1)
