"""The noise part of consensus: against a covariance carried round by round, and against noisy training."""

import numpy as np
import pytest
import sympy as sp

from theory.formula import OutOfDomainError
from theory.networks.mixing import metropolis, perron_weights, uniform
from theory.networks.topologies import topology
from theory.training import consensus as cs
from theory.training import consensus_noise as cn
from theory.training.consensus_curvature import LinearTraining, consensus_fixed_point


def settled(mixing, curvatures, step_size, local_steps):
    """Mean over clients of the squared deviations' variance per unit noise, carried round by round."""
    n, total = len(mixing), 0.0
    centre = np.eye(n) - perron_weights(mixing)
    about_mean = np.eye(n) - 1 / n
    for h in curvatures:
        deviation = np.zeros((n, n))
        for _ in range(3000):
            for _ in range(local_steps):
                deviation = (1 - step_size * h) ** 2 * deviation + step_size**2 * np.eye(n)
            # Without curvature the mean's variance grows for ever; only the deviations are carried.
            deviation = centre @ mixing @ deviation @ mixing.T @ centre.T
        total += np.trace(about_mean @ deviation @ about_mean.T) / n
    return total


CURVATURES = np.array([0.0, 0.7, 4.0, 0.7])


@pytest.mark.parametrize(("name", "rule"), [("path", metropolis), ("star", uniform), ("directed_ring", uniform)])
@pytest.mark.parametrize("local_steps", [1, 3])
def test_the_formula_is_where_the_covariance_settles(name, rule, local_steps):
    mixing = rule(topology(name, 6))
    found = cn.consensus_noise(mixing, 0.3, 0.1, local_steps, curvatures=CURVATURES)
    np.testing.assert_allclose(found, 0.09 * settled(mixing, CURVATURES, 0.1, local_steps), rtol=1e-10)


@pytest.mark.parametrize("local_steps", [1, 3])
def test_a_matrix_that_is_nearly_symmetric_is_not_taken_for_symmetric(local_steps):
    onwards = np.roll(np.eye(6), 1, axis=1)
    mixing = 0.5 * np.eye(6) + 0.27 * onwards + 0.23 * onwards.T
    found = cn.consensus_noise(mixing, 1.0, 0.1, local_steps, curvatures=CURVATURES)
    np.testing.assert_allclose(found, settled(mixing, CURVATURES, 0.1, local_steps), rtol=1e-8)


def test_a_mode_that_keeps_all_of_its_noise_is_refused():
    mixing = np.array([[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(OutOfDomainError, match="keeps 1 of itself"):
        cn.consensus_noise(mixing, 1.0, 0.1, curvatures=np.zeros(3))
    assert cn.consensus_noise(mixing, 1.0, 0.1, curvatures=np.ones(3)) > 0


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_curved_noise_gain_tends_to_the_flat_one(steps):
    curved = cn.CURVED_NOISE_GAIN.expr.subs(cs.local_steps, steps)
    flat = cn.FLAT_NOISE_GAIN.expr.subs(cs.local_steps, steps)
    assert sp.simplify(sp.limit(curved, cs.curvature, 0) - flat) == 0


def test_noise_adds_to_the_deterministic_consensus_error_of_noisy_training():
    mixing, rng = metropolis(topology("ring", 6)), np.random.default_rng(7)
    noise = rng.normal(size=(6, 4, 4)) / 2
    x = np.diag([2.0, 1.5, 0.4, 0.2]) + 0.2 * (noise + np.swapaxes(noise, 1, 2)) / 2
    step_size, noise_std, steps = 0.02, 0.3, 2
    training = LinearTraining(mixing, x, 2, step_size, steps)
    w, blocks = training.start, []
    for _ in range(40):
        errors = []
        for _ in range(500):
            for _ in range(steps):
                w = w - step_size * (training.gradient(w) + noise_std * rng.normal(size=w.shape))
            w = np.einsum("ij,jcd->icd", mixing, w)
            errors.append(cs.client_variance(w))
        blocks.append(np.mean(errors))
    # Blocks of 500 rounds are independent: the slowest deviation fades in about ten.
    measured, error = np.mean(blocks[1:]), np.std(blocks[1:], ddof=1) / np.sqrt(39)
    predicted = consensus_fixed_point(mixing, x, 2, step_size, steps)
    added = cn.consensus_noise(mixing, noise_std, step_size, steps, curvatures=training.hessian_spectrum)
    assert added > 10 * error
    # The noise's own second order (its variance shifts the Hessian) is of relative size noise^2 eta / x, under 0.5%.
    assert abs(measured - predicted - added) < 4 * error + 0.005 * added


@pytest.mark.parametrize(
    ("noise_std", "step_size", "words"),
    [(-1.0, 0.1, "noise_std"), (float("nan"), 0.1, "noise_std"), (1.0, 5.0, "Lower")],
)
def test_bad_input_is_refused_in_a_sentence(noise_std, step_size, words):
    with pytest.raises(ValueError, match=words):
        cn.consensus_noise(metropolis(topology("ring", 6)), noise_std, step_size, curvatures=np.array([0.1, 1.0]))
