"""Remainders of the first order bound what is left out at rest, and are themselves of second order."""

import numpy as np
import pytest

from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.consensus import client_variance, consensus_first_order
from theory.training.effective_covariance import local_projectors, training_mean
from theory.training.small_steps import LIPSCHITZ, SmallSteps, response_norm
from theory.training.subspace_drift import subspace_drift_bound

N, D, C = 5, 4, 2


def clients(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(N, D, D)) * 0.2
    return np.diag([2.0, 1.5, 0.6, 0.3]) + own @ np.swapaxes(own, 1, 2)


def problem(stiffness: float, seed: int = 1) -> SmallSteps:
    mixing, x = mixing_matrix(topology("star", N), "uniform"), clients(seed)
    step = stiffness / (LIPSCHITZ * float(np.linalg.eigvalsh(x).max()) * response_norm(mixing))
    return SmallSteps(mixing, x, C, step)


def at_rest(p: SmallSteps) -> np.ndarray:
    """Plain rounds until nothing moves."""
    target = training_mean(p.mixing, p.covariances)
    values, vectors = np.linalg.eigh(target)
    w = np.repeat((np.sqrt(values[-C:]) * vectors[:, -C:]).T[None], N, axis=0)
    for _ in range(int(30 / (0.9 * p.step_size))):
        w = np.tensordot(p.mixing, w - p.step_size * 2 * w @ (np.swapaxes(w, 1, 2) @ w - p.covariances), 1)
    return w


def projector(w: np.ndarray) -> np.ndarray:
    rows = np.linalg.svd(w, full_matrices=False)[2]
    return rows.T @ rows


@pytest.mark.parametrize("stiffness", [0.05, 0.5])
def test_models_at_rest_are_within_every_remainder(stiffness):
    p = problem(stiffness)
    w, v = at_rest(p), perron_weights(p.mixing)
    mean = np.tensordot(v, w, 1)
    target = top_projector(training_mean(p.mixing, p.covariances), C)
    effective = top_projector(p.effective, C)
    predicted = local_projectors(p.mixing, p.covariances, C, p.step_size)
    assert np.linalg.norm(w, 2, axis=(1, 2)).max() ** 2 <= p.largest
    assert np.sqrt(v @ np.sum((w - mean) ** 2, axis=(1, 2))) <= p.spread
    assert np.linalg.norm(mean @ (mean.T @ mean - p.effective)) <= p.residual(effective=True)
    assert np.linalg.norm(projector(mean) - effective) <= p.off_effective(mean)
    assert np.linalg.norm(projector(mean) - target) <= p.off_target(mean)
    bound = subspace_drift_bound(p.mixing, p.covariances, C, p.step_size) + p.beyond_first_order(mean)
    assert np.linalg.norm(projector(mean) - target) <= bound
    off = [np.linalg.norm(projector(one) - said) for one, said in zip(w, predicted, strict=True)]
    assert max(off) <= p.off_local(w)


def test_the_first_order_of_the_spread_is_within_its_remainder():
    p = problem(0.05)
    w, v = at_rest(p), perron_weights(p.mixing)
    values, vectors = np.linalg.eigh(training_mean(p.mixing, p.covariances))
    optimum = (np.sqrt(values[::-1][:C]) * vectors[:, ::-1][:, :C]).T
    mean = np.tensordot(v, w, 1)
    left, _, right = np.linalg.svd(optimum @ mean.T)
    gradients = -2 * optimum @ p.differences
    first = np.sqrt(consensus_first_order(p.mixing, gradients, p.step_size))
    assert abs(np.sqrt(client_variance(w)) - first) <= p.off_spread(left @ right @ mean)


def test_remainders_fall_fourfold_where_the_step_is_halved():
    small, half = problem(1e-3), problem(5e-4)
    assert small.residual(effective=True) / half.residual(effective=True) == pytest.approx(4, rel=0.01)
    assert small.residual(effective=False) / half.residual(effective=False) == pytest.approx(2, rel=0.01)


def test_there_is_no_remainder_from_a_stiffness_of_one_on():
    assert problem(1 + 1e-9).spread == np.inf  # at 1 itself rounding decides
    assert problem(0.999).spread < np.inf
