"""Linear encoders: the optimum, stability, and cross moments of views."""

import jax
import numpy as np
import pytest

from sims.linear import objective
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from sims.samplers.literal import expected_moments
from sims.stats import estimate, standard_errors_allowed
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology
from theory.objectives import linear_alignment
from theory.readings import Mask, Objective, Reading
from theory.setting import Setting


def covariances(seed: int, n: int, d: int) -> np.ndarray:
    g = np.random.default_rng(seed).standard_normal((n, d, 2 * d))
    return g @ g.transpose(0, 2, 1) / (2 * d)


def test_gradient_vanishes_at_the_optimum_and_no_random_model_has_less_loss():
    x = covariances(2, 1, 7)[0]
    w = objective.optimum(x, 3)
    assert np.abs(linear_alignment.gradient(w, x)).max() < 1e-13
    others = np.random.default_rng(3).standard_normal((500, 3, 7))
    assert linear_alignment.loss(w, x) < linear_alignment.loss(others, x).min()
    # The value is minus half the squared top eigenvalues: nothing of rank 3 does better (Eckart-Young).
    np.testing.assert_allclose(linear_alignment.loss(w, x), -np.sum(np.linalg.eigvalsh(x)[-3:] ** 2) / 2, rtol=1e-12)


def test_optimum_drops_eigenvalues_that_are_not_positive():
    w = objective.optimum(np.diag([3.0, -1.0, -2.0]), 2)
    np.testing.assert_allclose(w.T @ w, np.diag([3.0, 0.0, 0.0]), atol=1e-15)


def test_optimum_asks_for_a_possible_size():
    with pytest.raises(ValueError, match="between 1 and dim=3; got feature_dim=4"):
        objective.optimum(np.eye(3), 4)


@pytest.mark.parametrize("indefinite", [False, True])
def test_the_safe_step_never_leaves_its_ball(indefinite):
    # Against the proof in the docstring: worst starts on the ball's surface, any mixing, matrices of either sign.
    rng = np.random.default_rng(5)
    x = covariances(4, 5, 6)
    if indefinite:
        x = x - 1.5 * np.eye(6)
    radius = np.sqrt(objective.spectral_norms(x).max())
    mixing, step = rng.dirichlet(np.full(5, 0.3), 5), objective.stable_step_size(x)
    w = rng.standard_normal((5, 3, 6))
    w *= radius / np.linalg.norm(w, 2, axis=(1, 2), keepdims=True)
    for _ in range(300):
        w = np.einsum("ij,jcd->icd", mixing, w - step * linear_alignment.gradient(w, x))
        assert np.linalg.norm(w, 2, axis=(1, 2)).max() <= radius * (1 + 1e-12)


def test_the_safe_step_keeps_the_worst_aligned_start_in_the_ball():
    # Alone and along the largest eigenvector the step overshoots first, from a start well inside the ball.
    x = covariances(4, 5, 6)
    largest = x[np.argmax(objective.spectral_norms(x))]
    value, vector = np.linalg.eigh(largest)[0][-1], np.linalg.eigh(largest)[1][:, -1]
    step = objective.stable_step_size(x)
    for share in np.linspace(0, 1, 101):
        w = share * np.sqrt(value) * vector[None]
        assert np.linalg.norm(w - step * linear_alignment.gradient(w, largest)) <= np.sqrt(value) * (1 + 1e-12)


def test_the_safe_step_is_the_largest_that_its_proof_allows():
    x = np.random.default_rng(3).normal(size=(4, 5, 5))
    x = x + x.swapaxes(1, 2)
    largest = max(np.linalg.norm(one, 2) for one in x)

    def one_step(step: float) -> float:
        """The most that a step makes of models of norm sqrt(lambda), in units of it; a loop over singular values."""
        share = step * largest
        return max(s * (1 - 2 * share * s**2) for s in np.linspace(0, 1, 2001)) + 2 * share

    step = objective.stable_step_size(x)
    assert one_step(step) == pytest.approx(1, abs=1e-12)
    assert one_step(1.02 * step) > 1 + 1e-5
    assert one_step(0.98 * step) <= 1 + 1e-12


def test_a_random_start_is_one_small_model_for_all_clients():
    x = np.random.default_rng(4).normal(size=(3, 6, 6))
    x = 50 * (x + x.swapaxes(1, 2))
    w = objective.random_start(7, x, 2)
    assert w.shape == (3, 2, 6)
    assert (w == w[0]).all()
    assert np.linalg.norm(w[0], 2) ** 2 == pytest.approx(max(np.linalg.norm(one, 2) for one in x) / 100)


def test_twelve_times_the_safe_step_diverges_and_the_safe_step_converges():
    x = covariances(6, 4, 5)
    start, m = objective.random_start(0, x, 2), mixing_matrix(topology("ring", 4))
    safe = objective.stable_step_size(x)
    assert train(start, x, m, TrainingOptions(step_size=12 * safe, rounds=2000)).diverged
    settled = train(start, x, m, TrainingOptions(step_size=safe, rounds=4000))
    assert settled.converged
    assert not settled.diverged


def test_a_problem_without_data_has_no_largest_step():
    assert objective.stable_step_size(np.zeros((2, 3, 3))) == np.inf


def test_contrastive_moments_are_the_symmetric_mean_of_products():
    rng = np.random.default_rng(7)
    a, b = rng.standard_normal((2, 3, 11, 4))
    slow = np.zeros((3, 4, 4))
    for i in range(3):
        for n in range(11):
            slow[i] += np.outer(a[i, n], b[i, n]) / 22 + np.outer(b[i, n], a[i, n]) / 22
    np.testing.assert_allclose(objective.contrastive_moments(a, b), slow, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("mask", [Mask.COMPLEMENTARY, Mask.INDEPENDENT])
def test_masked_moments_are_those_of_the_sampler(mask):
    samples = np.random.default_rng(8).standard_normal((9, 4))
    setting = Setting.paper(4, n_clients=2, samples_per_client=9)
    wanted = expected_moments(samples.T @ samples / 9, setting, Objective.MIM, Reading(mask=mask)).alignment()
    found = objective.masked_moments(samples, float(setting.mask_ratio), complementary=mask is Mask.COMPLEMENTARY)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-16)


def test_views_average_to_the_expected_moments():
    samples = np.random.default_rng(9).standard_normal((50, 3))
    keys = jax.random.split(jax.random.key(0), 400)

    def moments(views, amount):
        one = jax.jit(jax.vmap(lambda key: objective.contrastive_moments(*views(key, samples, amount))))
        return np.asarray(one(keys))

    masked, noisy = moments(objective.masked_views, 0.3), moments(objective.augmented_views, 0.5)
    for drawn, wanted in ((masked, objective.masked_moments(samples, 0.3)), (noisy, samples.T @ samples / 50)):
        for i in range(3):
            for j in range(i if drawn is noisy else i + 1, 3):
                found = estimate(drawn[:, i, j])
                assert abs(found.distance_from(float(wanted[i, j]))) < standard_errors_allowed()
    assert np.abs(masked[:, range(3), range(3)]).max() == 0  # nothing is both kept and hidden
