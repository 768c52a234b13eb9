"""Deficits under unequal client weights: equal weights give the known form, and a slow sum gives the same."""

import numpy as np
import pytest

from theory.deficits.closed_forms import deficit
from theory.deficits.weighted import weighted_deficit
from theory.readings import Objective
from theory.setting import Setting

SETTING = Setting.paper(64, n_clients=4, samples_per_client=1000, augmentation_std=0.7)


@pytest.mark.parametrize(("objective", "draws"), [(Objective.MIM, "expected"), (Objective.CL, 1), (Objective.CL, 3)])
def test_equal_weights_give_the_federated_deficit(objective, draws):
    # Two routes of a few matrix products: round-off near 1e-14.
    expected = deficit(SETTING, objective, draws=draws)
    np.testing.assert_allclose(weighted_deficit(SETTING, [0.25] * 4, objective, draws), expected, rtol=1e-12)


def test_a_slow_sum_over_clients_agrees():
    weights, n, mu2 = [0.4, 0.3, 0.2, 0.1], 4, SETTING.mu**2
    blocks = []
    for i in range(n):
        block = np.zeros((n, n))
        for k in range(n):
            for l in range(n):
                if i not in (k, l):
                    block[k, l] = SETTING.tau**2 / 4 * (2 if k == l else 1)
        block[i, i] = 1
        blocks.append(block)
    inverse = np.linalg.inv(sum(w * b for w, b in zip(weights, blocks, strict=True)))
    noise = sum(w**2 * mu2 * (b + mu2 * np.eye(n)) for w, b in zip(weights, blocks, strict=True))
    expected = (SETTING.dim - n) / SETTING.samples_per_client * np.diag(inverse @ noise @ inverse)
    np.testing.assert_allclose(weighted_deficit(SETTING, weights), expected, rtol=1e-12)


@pytest.mark.parametrize("weights", [[0.5, 0.5], [0.3, 0.3, 0.3, 0.3]])
def test_weights_that_are_none_are_turned_away(weights):
    with pytest.raises(ValueError, match="sum 1"):
        weighted_deficit(SETTING, weights)


def test_sampled_masks_are_turned_away():
    with pytest.raises(ValueError, match="averaged exactly"):
        weighted_deficit(SETTING, [0.25] * 4, Objective.MIM, 1)
