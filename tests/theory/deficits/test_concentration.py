"""The orders of the blocks of X - EX, against drawn blocks, and the thresholds that follow."""

import math

import numpy as np
import pytest
import sympy as sp

from theory.deficits.concentration import (
    COUPLING_MEAN_SQUARE,
    Block,
    concentration_threshold,
    coupling_rate,
    coupling_rate_error,
    slowest_block,
    squared_orders,
)
from theory.readings import Objective, Scope
from theory.scaling import NGrowth
from theory.setting import Setting
from theory.symbols import augmentation_std, dim, mu, n_clients, samples, tau

PARTS = [Block.SIGNAL, Block.COUPLING, Block.NOISE]


def _order(block: Block, objective: Objective, **values) -> float:
    at = {tau: 1.5, mu: 0.5, augmentation_std: 0.7, sp.Symbol("draws", integer=True, positive=True): 1}
    at |= {n_clients: values["n"], dim: values["d"], samples: values["count"]}
    squares = squared_orders(objective, block, Scope.LOCAL_OTHER, is_expected=objective is Objective.MIM)
    return sum(math.sqrt(float(square.subs(at))) for square in squares)


def _norms(objective: Objective, n: int, d: int, count: int, trials: int = 12) -> dict[Block, float]:
    """Mean operator norms of the blocks of X - EX for one client, data drawn."""
    rng = np.random.default_rng(20260703)
    mean = 1.5**2 / 4 * (np.eye(n) + 1)
    mean[0, :] = mean[:, 0] = 0
    mean[0, 0] = 1
    expected = np.zeros((d, d))
    expected[:n, :n] = mean
    expected += 0.25 * np.eye(d)
    norms: dict[Block, list[float]] = {b: [] for b in PARTS}
    for _ in range(trials):
        x = 0.5 * rng.standard_normal((count, d))
        x[:, 1:n] -= 1.5 * rng.integers(0, 2, (count, n - 1))
        x[:, 0] += rng.choice([-1.0, 1.0], count)
        noise = 0.7 if objective is Objective.CL else 0.0
        a, b = (x + noise * rng.standard_normal(x.shape) for _ in range(2))
        error = (a.T @ b + b.T @ a) / (2 * count) - expected
        norms[Block.SIGNAL].append(float(np.linalg.norm(error[:n, :n], 2)))
        norms[Block.COUPLING].append(float(np.linalg.norm(error[n:, :n], 2)))
        norms[Block.NOISE].append(float(np.linalg.norm(error[n:, n:], 2)))
    return {block: float(np.mean(values)) for block, values in norms.items()}


@pytest.mark.parametrize("objective", list(Objective))
def test_every_block_scales_with_clients_dimension_and_samples_as_its_order(objective):
    """From a small to a larger cell every ratio of norm to order stays put: Theta, both sides."""
    cells = [{"n": 6, "d": 80, "count": 500}, {"n": 24, "d": 320, "count": 4000}]
    ratios = []
    for cell in cells:
        measured = _norms(objective, **cell)
        ratios.append({block: measured[block] / _order(block, objective, **cell) for block in PARTS})
    for block in PARTS:
        # N grows fourfold: the rival order sqrt(N) for the signal block would move its ratio by a factor of 2.
        assert 0.75 < ratios[1][block] / ratios[0][block] < 1.35, (block, ratios)
        assert 0.2 < ratios[0][block] < 5


@pytest.mark.parametrize("is_expected", [True, False])
@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("n_growth", list(NGrowth))
def test_the_coupling_block_is_the_slowest(objective, is_expected, n_growth):
    for scope in (Scope.FL, Scope.LOCAL_OTHER):
        reading = {"is_expected": is_expected, "n_growth": n_growth, "scope": scope}
        assert slowest_block(objective, **reading) is Block.COUPLING


def test_beta_of_one_is_far_from_enough():
    for objective in Objective:
        for n_growth in NGrowth:
            assert concentration_threshold(objective, is_expected=True, n_growth=n_growth) > sp.Rational(13, 10)


def test_averaging_over_growing_clients_undoes_their_cost():
    for objective in Objective:
        paper = concentration_threshold(objective, is_expected=False, n_growth=NGrowth.PAPER, scope=Scope.FL)
        assert paper == concentration_threshold(objective, is_expected=False, n_growth=NGrowth.FIXED)


def test_the_mean_of_the_coupling_block_counts_every_pair_of_coordinates():
    """N = 2, without augmentation: (d - 2)/n mu^2 times the trace 1 + tau^2/2 + 2 mu^2."""
    found = COUPLING_MEAN_SQUARE.value(n_clients=2, dim=5, samples_per_client=4, tau=2.0, mu=0.5, augmentation_std=0.0)
    assert found == pytest.approx(3 / 4 * 0.25 * (1 + 2 + 0.5))


@pytest.mark.parametrize("objective", list(Objective))
def test_the_slope_of_the_coupling_block_is_off_by_less_the_larger_the_dimension(objective):
    errors = []
    for first in (10**5, 10**7):
        pair = [Setting.paper(d, 1.5, n_clients=4) for d in (first, 1000 * first)]
        errors.append(coupling_rate_error(objective, Scope.FL, *pair))
    assert 0 < errors[1] < errors[0] < 0.03
    assert coupling_rate(objective, 1.0) == (0.2 if objective is Objective.CL else 0.0)
