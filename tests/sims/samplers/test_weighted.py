"""Sampled representability under client weights."""

import numpy as np

from sims.samplers.montecarlo import sample_representability
from sims.samplers.weighted import weighted_representability
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
