"""What the averaged model of a network solves: algebra against plain sums, predictions against models at rest."""

import numpy as np
import pytest

from theory.formula import OutOfDomainError
from theory.networks.mixing import mixing_matrix, perron_weights, ratio_matrix
from theory.networks.rule_names import Rule
from theory.networks.topologies import topology
from theory.objectives.curvature import top_projector
from theory.training.effective_covariance import (
    KAPPA,
    effective_covariance,
    federated_effective_covariance,
    is_reversible,
    kappa,
    largest_tilt,
    local_projectors,
    represented_basis,
    stiffness,
    training_mean,
)
from theory.training.stationary_models import stationary_models

N, D, C = 8, 10, 3
SIZES = [1, 5, 2, 2, 9, 1, 3, 4]


def covariances(dissimilarity: float, n: int = N, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(D, D)))[0]
    common = basis @ np.diag(np.r_[np.linspace(3, 2, C), np.linspace(1, 0.2, D - C)]) @ basis.T
    own = rng.normal(size=(n, D, D)) / np.sqrt(D)
    return common + dissimilarity * (own + np.swapaxes(own, 1, 2)) / 2


def mixing_of(name: str, rule: Rule, n: int = N) -> np.ndarray:
    return mixing_matrix(topology(name, n), rule, sizes=SIZES if rule == "data_size" else None)


def one_way() -> np.ndarray:
    """Row-stochastic on a directed ring with one shortcut: unequal weights, not reversible."""
    mixing = (np.eye(N) + np.roll(np.eye(N), 1, axis=1)) / 2
    mixing[0] = np.eye(N)[[0, 1, 4]].mean(axis=0)
    return mixing


def at_rest(mixing: np.ndarray, x: np.ndarray, step_size: float, local_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The projector of the averaged model, and every client's, solved for exactly."""
    post_mix = stationary_models(mixing, x, C, step_size, local_steps).post_mix
    mean = np.einsum("i,icd->cd", perron_weights(mixing), post_mix)
    return top_projector(mean.T @ mean, C), np.stack([top_projector(w.T @ w, C) for w in post_mix])


def predicted(mixing: np.ndarray, x: np.ndarray, step_size: float, local_steps: int) -> np.ndarray:
    basis = represented_basis(effective_covariance(mixing, x, step_size, local_steps), C)
    return basis @ basis.T


# Exact algebra (numeric: round-off of a few matrix products, rtol 1e-12).


@pytest.mark.parametrize("local_steps", [1, 2, 5])
@pytest.mark.parametrize("name", ["ring", "torus:2x4", "complete"])
def test_symmetric_mixing_gives_the_sum_over_network_modes(name, local_steps):
    mixing, x = mixing_of(name, "metropolis"), covariances(0.5)
    values, modes = np.linalg.eigh(mixing)
    off = x - x.mean(axis=0)
    drift: np.ndarray = np.zeros((D, D))
    for l in range(N - 1):  # the last mode is the mean
        delta = np.asarray(sum(modes[i, l] * off[i] for i in range(N)))
        drift += (local_steps * (1 + values[l]) / (1 - values[l]) - 1) * delta @ delta / N
    np.testing.assert_allclose(
        effective_covariance(mixing, x, 1e-3, local_steps), x.mean(axis=0) + 1e-3 * drift, atol=1e-14
    )


def test_federated_averaging_is_the_complete_network():
    mixing, x = np.full((N, N), 1 / N), covariances(0.5)
    np.testing.assert_allclose(
        effective_covariance(mixing, x, 1e-3, 4), federated_effective_covariance(x, 1e-3, 4), atol=1e-14
    )
    np.testing.assert_allclose(kappa(mixing, 4), 3, atol=1e-12)


@pytest.mark.parametrize("rule", ["uniform", "metropolis", "lazy", "laplacian", "data_size", "sinkhorn"])
def test_undirected_networks_have_a_symmetric_effective_covariance(rule):
    mixing = mixing_of("star", rule)
    assert is_reversible(mixing)
    x = covariances(0.5)
    v, off = perron_weights(mixing), x - training_mean(mixing, x)
    z = np.linalg.inv(np.eye(N) - mixing + v) - np.eye(N)
    drift = np.asarray(sum(v[i] * z[i, j] * off[j] @ off[i] for i in range(N) for j in range(N)))
    np.testing.assert_allclose(drift, drift.T, atol=1e-13)


def test_one_way_mixing_leaves_a_skew_part():
    assert not is_reversible(one_way())
    effective = effective_covariance(one_way(), covariances(0.5), 1e-2)
    assert np.abs(effective - effective.T).max() > 1e-5


def test_kappa_of_the_ring_by_its_eigenvalues():
    values = np.sort(1 / 3 + 2 / 3 * np.cos(2 * np.pi * np.arange(1, 12) / 12))[::-1]
    expected = [float(KAPPA.value(eigenvalue=float(v), local_steps=3)) for v in values]
    np.testing.assert_allclose(kappa(mixing_of("ring", "metropolis", 12), 3), expected, rtol=1e-12)


def test_kappa_vanishes_between_the_sides_of_a_complete_bipartite_network():
    """K_{n,n} with E = n: uniform mixing has eigenvalue (1 - n)/(1 + n), and kappa 0, where federated has n - 1."""
    for n in (2, 3, 5):
        sides = np.repeat([True, False], n)
        mixing = mixing_matrix(np.logical_xor.outer(sides, sides), "uniform")
        assert kappa(mixing, n)[-1] == pytest.approx(0, abs=1e-12)
        x = covariances(0.5)[np.where(sides, 0, 1)]
        drift = effective_covariance(mixing, x, 1e-3, n) - x.mean(axis=0)
        np.testing.assert_allclose(drift, 0, atol=1e-15)
        assert np.abs(federated_effective_covariance(x, 1e-3, n) - x.mean(axis=0)).max() > 1e-5


def test_where_kappa_vanishes_federated_averaging_drifts_ever_more_than_the_network():
    """C4, clients alternating, E = 2: the network's drift is one order higher, so halving steps doubles the ratio."""
    sides = np.array([True, False, True, False])
    network, everyone = mixing_matrix(np.logical_xor.outer(sides, sides), "uniform"), np.full((4, 4), 1 / 4)
    x = covariances(0.5)[np.where(sides, 0, 1)]
    target, ratios = top_projector(x.mean(axis=0), C), []
    for step_size in (2e-3, 1e-3):
        federated, decentralised = (at_rest(m, x, step_size, 2)[0] - target for m in (everyone, network))
        ratios.append(np.linalg.norm(federated) / np.linalg.norm(decentralised))
    assert ratios[0] > 10
    assert np.log2(ratios[1] / ratios[0]) == pytest.approx(1, abs=0.1)


def test_kappa_of_one_way_mixing_is_turned_away():
    with pytest.raises(ValueError, match="real if"):
        kappa(one_way())


# Against models at rest.


# All clients together with one local step have no drift at all: `test_one_local_step_of_everyone_is_central_training`.
NETWORKS = (("ring", "metropolis"), ("star", "uniform"), ("star", "data_size"), ("complete", "lazy"), ("one-way", ""))
CASES = [(*network, e) for network in NETWORKS for e in (1, 2, 5)] + [("complete", "uniform", e) for e in (2, 5)]


@pytest.mark.parametrize(("name", "rule", "local_steps"), CASES)
def test_the_averaged_model_follows_within_five_percent_where_steps_are_not_stiff(name, rule, local_steps):
    mixing = one_way() if name == "one-way" else mixing_of(name, rule)
    for dissimilarity in (0.1, 0.5, 1.0):
        x = covariances(dissimilarity)
        step_size = 0.04 / stiffness(mixing, x, C, 1.0, local_steps)
        exact, _ = at_rest(mixing, x, step_size, local_steps)
        drift = np.linalg.norm(exact - top_projector(training_mean(mixing, x), C))
        error = np.linalg.norm(predicted(mixing, x, step_size, local_steps) - exact)
        assert error < 0.05 * drift
        # Of use as well as true: the domain is not chosen so small that any formula passes.
        assert error > 0.002 * drift


@pytest.mark.parametrize("local_steps", [1, 3])
def test_what_is_left_out_falls_fourfold_when_steps_are_halved(local_steps):
    mixing, x = mixing_of("ring", "metropolis"), covariances(0.5)
    first = 0.02 / stiffness(mixing, x, C, 1.0, local_steps)
    errors = [
        np.linalg.norm(predicted(mixing, x, eta, local_steps) - at_rest(mixing, x, eta, local_steps)[0])
        for eta in (first, first / 2, first / 4)
    ]
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([2, 2], abs=0.1)


@pytest.mark.parametrize("pre_mix", [False, True])
def test_each_client_s_own_subspace_is_predicted(pre_mix):
    mixing, x = mixing_of("star", "uniform"), covariances(0.5)
    step_size = 0.01 / stiffness(mixing, x, C, 1.0, 2)
    rest = stationary_models(mixing, x, C, step_size, 2)
    own = np.stack([top_projector(w.T @ w, C) for w in (rest.pre_mix if pre_mix else rest.post_mix)])
    target = top_projector(training_mean(mixing, x), C)
    errors = np.linalg.norm(local_projectors(mixing, x, C, step_size, 2, pre_mix=pre_mix) - own, axis=(1, 2))
    assert (errors < 0.03 * np.linalg.norm(own - target, axis=(1, 2))).all()


def test_push_sum_aims_at_equal_weights_where_row_averaging_does_not():
    """On one directed network, plain push-sum rounds: x <- C (x - eta g(z)), w <- C w, z = x / w."""
    adjacency = one_way() - np.diag(np.diag(one_way())) > 0
    x, eta = covariances(0.5), 1e-3
    column, row = mixing_matrix(adjacency, "push_sum"), mixing_matrix(adjacency, "uniform")
    r = perron_weights(ratio_matrix(column))
    np.testing.assert_allclose(r / (N * r), 1 / N, rtol=1e-12)
    np.testing.assert_allclose(column @ r, r, atol=1e-14)
    wide, start = top_projector(x.mean(axis=0), C), np.linalg.eigh(x.mean(axis=0))
    models: np.ndarray = np.repeat((np.sqrt(start[0][-C:])[:, None] * start[1][:, -C:].T)[None], N, axis=0)
    mass: np.ndarray = np.ones(N)
    numerators: np.ndarray = models.copy()
    for _ in range(12_000):
        slopes = 2 * (models @ (np.swapaxes(models, 1, 2) @ models) - models @ x)
        numerators = np.einsum("ij,jcd->icd", column, numerators - eta * slopes)
        mass = column @ mass
        models = numerators / mass[:, None, None]
    mean = numerators.mean(axis=0)
    push = np.linalg.norm(top_projector(mean.T @ mean, C) - wide)
    plain = np.linalg.norm(at_rest(row, x, eta, 1)[0] - wide)
    assert push < 0.05 * plain


# Where all clients share eigenvectors.


def shared(spread: float) -> np.ndarray:
    signs = np.repeat([1.0, -1.0], N // 2)
    x = np.repeat(np.diag([3.0, 2.0, 1.9, 0.5])[None], N, axis=0)
    x[:, 2, 2] += spread * signs
    x[:, 0, 0] += spread * signs[::-1]
    return x


def test_shared_eigenvectors_leave_no_tilt_on_any_network():
    x = shared(0.3)
    for mixing, steps in ((mixing_of("ring", "metropolis"), 1), (mixing_of("star", "uniform"), 3), (one_way(), 2)):
        rest = stationary_models(mixing, x, 2, 0.01, steps)
        for w in rest.post_mix:
            # Rest is reached inside the shared subspace: zeros stay zeros.
            np.testing.assert_allclose(w[:, 2:], 0, atol=1e-14)


def test_shared_eigenvectors_do_not_keep_the_order_of_directions():
    """A larger X_eff eigenvalue wins: with much dissimilarity a direction outside the target takes over."""
    x, mixing = shared(1.5), mixing_of("ring", "metropolis")
    rng = np.random.default_rng(1)
    start = 0.3 * rng.normal(size=(1, 2, 4)).repeat(N, axis=0) + 0.01 * rng.normal(size=(N, 2, 4))
    shares = {}
    for step_size in (1e-3, 2e-2):
        models: np.ndarray = start
        for _ in range(int(100 / step_size)):
            models = models - 2 * step_size * (models @ (np.swapaxes(models, 1, 2) @ models - x))
            models = np.einsum("ij,jcd->icd", mixing, models)
        mean = models.mean(axis=0)
        shares[step_size] = top_projector(mean.T @ mean, 2)[2, 2]
    assert effective_covariance(mixing, x, 1e-3)[2, 2] < 2.0 < effective_covariance(mixing, x, 2e-2)[2, 2]
    assert shares[1e-3] < 1e-6
    assert shares[2e-2] > 0.5


# Refusals.


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mixing": np.eye(3)}, "8 x 8 mixing"),
        ({"mixing": 2 * np.eye(N)}, "sum to 1"),
        ({"covariances": np.zeros((N, 3))}, "clients, dim, dim"),
        ({"covariances": np.full((N, 3, 3), np.nan)}, "client 0"),
        ({"covariances": np.triu(np.ones((N, 3, 3)))}, "symmetric"),
        ({"step_size": -1.0}, "step_size"),
        ({"local_steps": 0}, "local_steps"),
        ({"mixing": np.eye(N)}, "Connect"),
    ],
    ids=lambda case: "-".join(case) if isinstance(case, dict) else "",
)
def test_bad_input_is_turned_away_in_one_sentence(change, message):
    good = {"mixing": np.full((N, N), 1 / N), "covariances": covariances(0.1), "step_size": 0.1, "local_steps": 1}
    with pytest.raises(ValueError, match=message):
        effective_covariance(**{**good, **change})


def test_a_left_invariant_subspace_with_a_tie_is_turned_away():
    skew = np.array([[0, 1.0, 0], [-1, 0, 0], [0, 0, 0]])
    with pytest.raises(OutOfDomainError, match="unique only"):
        represented_basis(np.eye(3) + skew, 1)


def test_the_tilt_is_the_largest_difference_that_the_double_sum_squares():
    """Summed client by client: v_i T_i D_i over all clients is what X_eff adds to X_v."""
    mixing, x, eta = one_way(), covariances(0.5), 1e-2
    v, off = perron_weights(mixing), x - training_mean(mixing, x)
    z = np.linalg.inv(np.eye(N) - mixing + v) - np.eye(N)
    tilts = [eta * (6 * sum(z[i, j] * off[j] for j in range(N)) + 2 * off[i]) for i in range(N)]
    added = sum(v[i] * tilts[i] @ off[i] for i in range(N))
    np.testing.assert_allclose(training_mean(mixing, x) + added, effective_covariance(mixing, x, eta, 3), atol=1e-14)
    np.testing.assert_allclose(largest_tilt(mixing, x, eta, 3), max(np.linalg.norm(t, 2) for t in tilts), rtol=1e-12)


@pytest.mark.parametrize("local_steps", [1, 3])
def test_a_client_that_hardly_counts_but_is_huge_makes_steps_stiff(local_steps):
    """X_v does not see it: at 0.03 by X_v's curvature the error would pass 10% of the drift."""
    mixing = np.full((N, N), 1e-4)
    mixing[:-1, :-1] = (1 - 1e-4) * mixing_of("ring", "metropolis", N - 1)
    mixing[-1] = np.eye(N)[[0, -1]].mean(axis=0)
    x, own = covariances(0.1), np.random.default_rng(3).normal(size=D)
    x[-1] += 100 * np.outer(own, own) / (own @ own)
    largest = np.linalg.eigvalsh(training_mean(mixing, x))[-1]
    by_curvature = 4 * local_steps * largest / np.sort(np.abs(1 - np.linalg.eigvals(mixing)))[1]
    ratios = []
    for eta in (0.03 / by_curvature, 0.03 / stiffness(mixing, x, C, 1.0, local_steps)):
        exact, _ = at_rest(mixing, x, eta, local_steps)
        drift = np.linalg.norm(exact - top_projector(training_mean(mixing, x), C))
        ratios.append(np.linalg.norm(predicted(mixing, x, eta, local_steps) - exact) / drift)
    assert ratios[0] > 0.1
    assert ratios[1] < 0.05
