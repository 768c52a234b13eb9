"""Bounds of the consensus error: never exceeded where they are proved, and attained by the worst client placement."""

import numpy as np
import pytest

from theory.formula import OutOfDomainError
from theory.networks.mixing import lazy, metropolis, perron_weights, uniform
from theory.networks.topologies import topology
from theory.training import consensus_bounds as cb
from theory.training.consensus import client_variance, consensus_identity, consensus_trajectory, deviation_response
from theory.training.consensus_curvature import LinearTraining, consensus_fixed_point

BIPARTITE = "edges:" + ",".join(f"{i}-{j}" for i in range(4) for j in range(4, 8))
NETWORKS = ("ring", "path", "star", "barbell", "hypercube", BIPARTITE)


def covariances(n_clients, seed, heterogeneity, sides=False):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n_clients, 5, 5)) / np.sqrt(5)
    if sides:
        noise = np.where(np.arange(n_clients)[:, None, None] < n_clients / 2, 1, -1) * noise[:1]
    return np.diag([2.0, 1.5, 0.5, 0.3, 0.1]) + heterogeneity * (noise + np.swapaxes(noise, 1, 2)) / 2


def at_rest(mixing, x, step_size, local_steps):
    training = LinearTraining(mixing, x, 2, step_size, local_steps)
    return consensus_fixed_point(mixing, x, 2, step_size, local_steps), client_variance(
        training.gradient(training.start)
    )


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("rule", [uniform, metropolis, lazy])
def test_the_gap_bound_is_never_exceeded(name, rule):
    mixing = rule(topology(name, 8))
    for heterogeneity in (0.05, 0.5, 1.0):
        for sides in (False, True):
            x = covariances(8, 1, heterogeneity, sides)
            for step_size, local_steps in ((0.005, 1), (0.06, 1), (0.02, 5)):
                measured, dissimilarity = at_rest(mixing, x, step_size, local_steps)
                assert measured <= cb.consensus_gap_bound(mixing, dissimilarity, step_size, local_steps)


def test_the_largest_flat_gain_alone_is_exceeded_on_a_bipartite_network():
    mixing = metropolis(topology(BIPARTITE, 8))
    x = covariances(8, 0, 0.05, sides=True)
    eigenvalues = np.linalg.eigvalsh(mixing)[:-1]
    measured, dissimilarity = at_rest(mixing, x, 0.1, 1)
    flat = 0.1**2 * dissimilarity * np.max((eigenvalues / (1 - eigenvalues)) ** 2)
    assert measured > 1.3 * flat
    assert measured <= cb.consensus_gap_bound(mixing, dissimilarity, 0.1)


@pytest.mark.parametrize(("name", "rule"), [("ring", metropolis), ("path", uniform), (BIPARTITE, uniform)])
def test_the_inequality_of_the_proof_holds_for_unequal_hessians(name, rule):
    mixing, rng = rule(topology(name, 8)), np.random.default_rng(5)
    v, n, d = perron_weights(mixing), 8, 3
    ratios = []
    for trial in range(200):
        bases = np.linalg.qr(rng.normal(size=(n, d, d)))[0]
        # (I - eta H_i) anywhere in [0, 1], at its ends in every third trial.
        kept = rng.random((n, d)) if trial % 3 else rng.integers(0, 2, (n, d)).astype(float)
        blocks = np.einsum("iab,ib,icb->iac", bases, kept, bases)
        g = rng.normal(size=(n, d))
        g -= v @ g
        system = np.eye(n * d) - np.einsum("ij,jab->iajb", mixing, blocks).reshape(n * d, n * d)
        w = np.linalg.lstsq(system, -(mixing @ g).ravel(), rcond=None)[0].reshape(n, d)
        ratios.append(client_variance(w) / cb.consensus_gap_bound(mixing, client_variance(g), 1.0))
    assert max(ratios) <= 1


@pytest.mark.parametrize("name", ["ring", "path", BIPARTITE])
def test_models_meet_the_inequality_exactly_when_local_steps_stretch_no_mode_too_far(name):
    """Along one mode <m + p - q, after> <= |m + p|^2 says after <= now above lambda = 0, and after >= 0 below it."""
    mixing = uniform(topology(name, 8))
    root = np.sqrt(perron_weights(mixing))
    eigenvalues, modes = np.linalg.eigh(root[:, None] * mixing / root)
    assert eigenvalues[0] < 0 < eigenvalues[-2]
    for eigenvalue, mode in zip(eigenvalues, modes.T, strict=True):
        now = (mode / root)[:, None] * np.ones(3)
        for factor in (-0.5, -0.01, 0.01, 0.5, 0.99, 1.01, 2.0):
            meets = factor <= 1 if eigenvalue >= 0 else factor >= 0
            assert cb.gap_bound_holds(mixing, now, factor * now) == meets
    both = sum((modes[:, [i]] / root[:, None] for i in (0, -2)), np.zeros((8, 1)))
    # One mode may make up for the other: -q.after + p.after <= p^2.
    assert cb.gap_bound_holds(mixing, both, both)
    assert not cb.gap_bound_holds(mixing, both, 1.5 * both - 2 * modes[:, [0]] / root[:, None])


@pytest.mark.parametrize(("name", "mode", "step_size", "least"), [("ring", -2, 1e-4, 0.99), (BIPARTITE, 0, 1.0, 0.99)])
def test_the_gap_bound_is_attained(name, mode, step_size, least):
    # A positive mode attains it without curvature; a negative one where eta h = 1, for then the local steps forget.
    mixing = metropolis(topology(name, 8))
    values, vectors = np.linalg.eigh(mixing)
    keep = 1.0 if values[mode] > 0 else 0.0
    g = vectors[:, mode : mode + 1]
    measured = step_size**2 * client_variance(deviation_response(mixing, contraction=keep) @ g)
    assert measured >= least * cb.consensus_gap_bound(mixing, client_variance(g), step_size)


def test_unequal_training_weights_enter_the_bound():
    # The star's hub weighs more than a leaf: (3 x 3 entries) v = (n, 2, ..., 2)/(3n - 2) for n clients.
    mixing = uniform(topology("star", 8))
    v, eigenvalues = cb.reversible_spectrum(mixing)
    np.testing.assert_allclose(v.max() / v.min(), 4, rtol=1e-12)
    np.testing.assert_allclose(np.sort(eigenvalues), np.sort(np.linalg.eigvals(mixing).real), atol=1e-12)
    gain = max(eigenvalues[1] / (1 - eigenvalues[1]), -eigenvalues[-1])
    np.testing.assert_allclose(cb.consensus_gap_bound(mixing, 2.0, 0.1, 3), 4 * 2 * (0.3 * gain) ** 2, rtol=1e-12)


@pytest.mark.parametrize(("name", "rule"), [("path", metropolis), ("star", uniform), ("directed_ring", uniform)])
def test_the_recorded_bound_holds_for_any_gradients_and_is_attained(name, rule):
    mixing, rng = rule(topology(name, 6)), np.random.default_rng(6)
    v = perron_weights(mixing)
    for _ in range(100):
        g = rng.normal(size=(6, 4))
        g -= v @ g
        assert consensus_identity(mixing, g, 0.1) <= cb.consensus_recorded_bound(mixing, g, 0.1)
    response = deviation_response(mixing)
    worst = np.linalg.svd(response - response.mean(axis=0))[2][0][:, None]
    worst = worst - v @ worst
    ratio = consensus_identity(mixing, worst, 0.1) / cb.consensus_recorded_bound(mixing, worst, 0.1)
    np.testing.assert_allclose(ratio, 1, rtol=1e-9)


@pytest.mark.parametrize(("name", "rule"), [("path", metropolis), ("star", uniform), ("directed_ring", uniform)])
@pytest.mark.parametrize("rounds", [1, 7, 400])
def test_the_transient_bound_holds_for_any_gradients(name, rule, rounds):
    mixing, rng = rule(topology(name, 6)), np.random.default_rng(8)
    slow = rng.normal(size=(1, 6, 2))
    for varying in (0.0, 1.0):
        g = slow + varying * rng.normal(size=(rounds, 6, 2))
        worst = max(client_variance(one) for one in g)
        measured = consensus_trajectory(mixing, g, 0.1)[-1]
        # The gradients here are sums over 3 local steps: their mean is a third.
        assert measured <= cb.consensus_transient_bound(mixing, worst / 9, 0.1, 3, rounds=rounds) * (1 + 1e-12)


def test_the_transient_bound_is_attained_by_the_slowest_mode_at_every_round():
    mixing = metropolis(topology("path", 6))
    slowest = np.linalg.eigh(mixing)[1][:, -2:-1]
    for rounds in (1, 5, 300):
        measured = consensus_trajectory(mixing, np.repeat(slowest[None], rounds, axis=0), 0.1)[-1]
        bound = cb.consensus_transient_bound(mixing, client_variance(slowest), 0.1, rounds=rounds)
        np.testing.assert_allclose(measured, bound, rtol=1e-9)


def test_long_sums_of_powers_are_bounded_by_blocks():
    # Slow enough that the second and third block of 256 powers carry a tenth of the sum.
    mixing = uniform(topology("path", 24))
    centred, power, total, early = mixing - mixing.mean(axis=0), np.eye(24), 0.0, 0.0
    for k in range(700):
        power = power @ centred
        total += np.linalg.norm(power, 2)
        early = total if k == 255 else early
    bound = np.sqrt(cb.consensus_transient_bound(mixing, 1.0, 1.0, rounds=700))
    assert early < 0.9 * total
    assert total * (1 - 1e-12) <= bound <= 1.1 * total


def test_audited_shares_of_the_steady_gain_after_25_rounds():
    shares = []
    for name in ("ring", "barbell", "regular:4"):
        mixing = metropolis(topology(name, 20))
        short, long = (cb.consensus_transient_bound(mixing, 1.0, 1.0, rounds=t) for t in (25, 100_000))
        shares.append(np.sqrt(short / long))
    assert shares[1] < shares[0] < 0.6 < 0.95 < shares[2]


def test_directed_mixing_is_outside_the_gap_bound():
    with pytest.raises(OutOfDomainError, match="reversible"):
        cb.consensus_gap_bound(uniform(topology("directed_ring", 6)), 1.0, 0.1)


def test_a_single_client_has_no_consensus_error_and_bad_numbers_are_refused():
    assert cb.consensus_gap_bound(np.ones((1, 1)), 1.0, 0.1) == 0
    ring = metropolis(topology("ring", 6))
    for call in (
        lambda: cb.consensus_gap_bound(ring, -1.0, 0.1),
        lambda: cb.consensus_transient_bound(ring, 1.0, 0.1, rounds=0),
        lambda: cb.consensus_transient_bound(ring, float("nan"), 0.1, rounds=3),
    ):
        with pytest.raises(ValueError, match="got"):
            call()


@pytest.mark.wrong_types
@pytest.mark.parametrize("count", [1.5, float("nan")])
def test_fractions_of_steps_and_rounds_are_refused(count):
    with pytest.raises(ValueError, match="local_steps is a whole number"):
        cb.consensus_gap_bound(np.full((2, 2), 0.5), 1.0, 0.1, count)
    with pytest.raises(ValueError, match="rounds is a whole number"):
        cb.consensus_transient_bound(np.full((2, 2), 0.5), 1.0, 0.1, rounds=count)
