"""A server that samples clients against a network: stationary errors by other algebra, by rounds, and their order."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.topologies import topology
from theory.objectives.curvature import curvature, top_projector
from theory.training.effective_covariance import federated_effective_covariance, represented_basis, training_mean
from theory.training.participation import (
    SAMPLED_MODE_GAIN,
    SAMPLING_FACTOR,
    crossover_step_size,
    decentralised_errors,
    partial_participation_error,
)
from theory.training.stationary_models import stationary_models

N, D, C = 5, 6, 2


def covariances(dissimilarity: float = 0.4, seed: int = 0, n: int = N, d: int = D) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    common = basis @ np.diag(np.r_[3.0, 2.2, np.linspace(0.9, 0.3, d - 2)]) @ basis.T
    own = rng.normal(size=(n, d, d)) / np.sqrt(d)
    return common + dissimilarity * (own + np.swapaxes(own, 1, 2)) / 2


# Exact.


@pytest.mark.parametrize("n_sampled", range(1, N + 1))
def test_the_sampling_factor_is_the_variance_over_all_samples(n_sampled):
    values = np.random.default_rng(0).normal(size=N)
    means = [np.mean(values[list(chosen)]) for chosen in itertools.combinations(range(N), n_sampled)]
    factor = float(SAMPLING_FACTOR.exact(n_clients=N, n_sampled=n_sampled))
    np.testing.assert_allclose(np.var(means), factor * np.var(values), atol=1e-15)


def test_the_mode_gain_solves_its_recursion():
    """x <- rho x - b xi with b = (1 - rho)/h the weight of a constant gradient over E steps."""
    eta, h, steps = 0.01, 4.0, 3
    rho = (1 - eta * h) ** steps
    weight = sum(eta * (1 - eta * h) ** k for k in range(steps))
    gain = SAMPLED_MODE_GAIN.value(curvature=h, step_size=eta, local_steps=steps)
    assert gain == pytest.approx(rho**2 * gain + weight**2, rel=1e-12)


# Numeric.


def test_one_local_step_agrees_with_the_lyapunov_equation_of_all_weights():
    """The full (c d) x (c d) discrete Lyapunov equation with the Hessian by differentiation; no eigenbasis of modes."""
    x, eta, n_sampled = covariances(), 5e-3, 2
    mean = x.mean(axis=0)
    w = curvature(mean, C).optimum
    hessian = np.asarray(
        jax.jacobian(lambda u: (2 * (u.reshape(C, D) @ (u.reshape(C, D).T @ u.reshape(C, D) - mean))).ravel())(
            jnp.asarray(w.ravel())
        )
    )
    gradients = np.stack([(-2 * w @ (x_i - mean)).ravel() for x_i in x])
    noise = float(SAMPLING_FACTOR.exact(n_clients=N, n_sampled=n_sampled)) * gradients.T @ gradients / N
    # Rotations of the embedding never settle: they are left out of noise and state.
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    kept = vectors[:, values > 1e-9]
    step = np.eye(kept.shape[1]) - eta * np.diag(values[values > 1e-9])
    spread = kept @ scipy.linalg.solve_discrete_lyapunov(step, eta**2 * kept.T @ noise @ kept) @ kept.T
    # ||P - P*||_F^2 to second order is 2 ||A^-1/2 delta (I - P*)||^2, A = W W^T.
    tilt = np.kron(scipy.linalg.sqrtm(np.linalg.inv(w @ w.T)), np.eye(D) - top_projector(mean, C))
    expected = 2 * np.trace(tilt @ spread @ tilt.T)
    assert partial_participation_error(x, C, n_sampled, eta) == pytest.approx(expected, rel=1e-9)


def test_with_everyone_only_the_drift_of_local_steps_is_left():
    x = covariances()
    assert partial_participation_error(x, C, N, 1e-3, 1) == 0
    for eta in (1e-4, 5e-5):
        basis = represented_basis(federated_effective_covariance(x, eta, 3), C)
        drift = np.linalg.norm(basis @ basis.T - top_projector(x.mean(axis=0), C)) ** 2
        assert partial_participation_error(x, C, N, eta, 3) == pytest.approx(drift, rel=0.01)


def test_the_error_is_of_first_order_in_the_step_and_the_network_s_of_second():
    x, mixing = covariances(), mixing_matrix(topology("ring", N), "metropolis")
    server = [partial_participation_error(x, C, 2, eta, 2) for eta in (2e-5, 1e-5)]
    network = [decentralised_errors(mixing, x, C, eta, 2) for eta in (2e-5, 1e-5)]
    assert np.log2(server[0] / server[1]) == pytest.approx(1, abs=0.01)
    assert np.log2(network[0].local / network[1].local) == pytest.approx(2, abs=1e-9)
    assert np.log2(network[0].mean_model / network[1].mean_model) == pytest.approx(2, abs=1e-9)


@pytest.mark.parametrize("pre_mix", [False, True])
@pytest.mark.parametrize(("name", "rule"), [("ring", "metropolis"), ("star", "uniform")])
def test_network_errors_match_models_at_rest(name, rule, pre_mix):
    x, mixing, eta = covariances(), mixing_matrix(topology(name, N), rule), 2e-4
    rest = stationary_models(mixing, x, C, eta, 2)
    target = top_projector(training_mean(mixing, x), C)
    models = rest.pre_mix if pre_mix else rest.post_mix
    local = np.mean([np.linalg.norm(top_projector(w.T @ w, C) - target) ** 2 for w in models])
    mean = np.einsum("i,icd->cd", perron_weights(mixing), models)
    averaged = np.linalg.norm(top_projector(mean.T @ mean, C) - target) ** 2
    claimed = decentralised_errors(mixing, x, C, eta, 2, pre_mix=pre_mix)
    # First order at a stiffness of about 0.01.
    assert claimed.local == pytest.approx(local, rel=0.05)
    assert claimed.mean_model == pytest.approx(averaged, rel=0.05)


@pytest.mark.parametrize("local_steps", [1, 3])
def test_at_the_crossover_the_two_errors_meet(local_steps):
    x, mixing = covariances(0.05), mixing_matrix(topology("ring", N), "metropolis")
    eta, tiny = crossover_step_size(mixing, x, C, 2, local_steps), 1e-8
    # Leading orders, taken at a tiny step: the crossover may lie where they no longer hold.
    first = (partial_participation_error(x, C, 2, tiny, local_steps)) / tiny
    second = partial_participation_error(x, C, N, tiny, local_steps) / tiny**2
    network = decentralised_errors(mixing, x, C, tiny, local_steps).local / tiny**2
    assert network * eta**2 == pytest.approx(first * eta + second * eta**2, rel=1e-5)
    assert network * (0.9 * eta) ** 2 < first * 0.9 * eta + second * (0.9 * eta) ** 2


def test_a_network_that_is_the_complete_one_wins_at_every_step():
    assert crossover_step_size(np.full((N, N), 1 / N), covariances(), C, 2) == np.inf


# Statistical.


@pytest.mark.parametrize(("n_sampled", "local_steps", "step_size"), [(2, 1, 0.01), (3, 2, 0.005), (1, 4, 0.0025)])
def test_rounds_with_sampled_clients_have_the_predicted_error(n_sampled, local_steps, step_size):
    """Independent chains of plain rounds; what first order leaves out is below 2% here, a tenth of a rival factor."""
    x, chains, rng = covariances(0.3), 300, np.random.default_rng(11 * n_sampled + local_steps)
    shape = curvature(x.mean(axis=0), C)
    target = top_projector(x.mean(axis=0), C)
    models = np.repeat(shape.optimum[None], chains, axis=0)
    settle = int(3 / (step_size * local_steps * 2 * shape.gap)) + 1
    errors = []
    for number in range(5 * settle):
        chosen = np.argsort(rng.random((chains, N)), axis=1)[:, :n_sampled]
        local = np.repeat(models[:, None], n_sampled, axis=1)
        for _ in range(local_steps):
            local = local - 2 * step_size * (local @ (np.swapaxes(local, -1, -2) @ local) - local @ x[chosen])
        models = local.mean(axis=1)
        if number >= 2 * settle and number % max(1, settle // 10) == 0:
            basis = np.linalg.qr(np.swapaxes(models, 1, 2))[0]
            off = basis @ np.swapaxes(basis, 1, 2) - target
            errors.append(np.sum(off**2, axis=(1, 2)))
    means = np.mean(errors, axis=0)
    standard_error = means.std(ddof=1) / np.sqrt(chains)
    claimed = partial_participation_error(x, C, n_sampled, step_size, local_steps)
    assert standard_error < 0.03 * claimed
    assert abs(means.mean() - claimed) < 5 * standard_error + 0.02 * claimed


# Refusals.


@pytest.mark.parametrize("n_sampled", [0, N + 1])
def test_more_clients_than_there_are_is_turned_away(n_sampled):
    with pytest.raises(ValueError, match="between 1 and all 5"):
        partial_participation_error(covariances(), C, n_sampled, 1e-3)


def test_a_step_beyond_stability_is_turned_away():
    with pytest.raises(ValueError, match="Lower it"):
        partial_participation_error(covariances(), C, 2, 10.0)
