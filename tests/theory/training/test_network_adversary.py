"""Attempts to break what is said about networks, with loops of its own: odd graphs, covariances, units and steps."""

import itertools
import math
import pathlib
from typing import Any

import numpy as np
import pytest

from dssl.calculator.compute import compute
from dssl.simulation.linear import config_of, simulate
from dssl.simulation.made_clients import clients_of
from runtime.usage import UsageError
from sims.losses.adaptive_mmd import a_mmd
from theory.formula import OutOfDomainError
from theory.training.consensus_bounds import consensus_gap_bound
from theory.training.consensus_curvature import steady_states
from theory.training.consensus_noise import consensus_noise
from theory.training.effective_covariance import effective_covariance
from theory.training.participation import partial_participation_error
from theory.training.predictions import Case, gap_bound, predict
from theory.training.stationary_models import stationary_models
from theory.training.subspace_drift import subspace_drift

PROOFS = pathlib.Path(__file__).parents[3] / "docs" / "proofs"


def perron(mixing):
    """By squaring the lazy matrix, not by solving."""
    power = (mixing + np.eye(len(mixing))) / 2
    for _ in range(60):
        power = power @ power
        power /= power.sum(axis=1, keepdims=True)
    return power[0]


def literal_gradient(w, x):
    return 2 * (w @ w.T @ w - w @ x)


def literal_round(models, covariances, mixing, eta, steps, *, is_cta=False):
    """Client by client: the models after local steps and after mixing."""

    def mixed(ws):
        return [sum(mixing[i, j] * ws[j] for j in range(len(ws))) for i in range(len(ws))]

    def stepped(ws):
        out = []
        for w, x in zip(ws, covariances, strict=True):
            for _ in range(steps):
                w = w - eta * literal_gradient(w, x)
            out.append(w)
        return out

    if is_cta:
        after = mixed(models)
        return stepped(after), after
    before = stepped(models)
    return before, mixed(before)


def literal_variance(models):
    mean = sum(models) / len(models)
    return sum(float(np.sum((w - mean) ** 2)) for w in models) / len(models)


def projector(model):
    basis = np.linalg.qr(model.T)[0]
    return basis @ basis.T


def top(x, c):
    vectors = np.linalg.eigh(x)[1][:, -c:]
    return vectors @ vectors.T


def optimum(x, c):
    values, vectors = np.linalg.eigh(x)
    return np.sqrt(values[::-1][:c])[:, None] * vectors[:, ::-1][:, :c].T


def odd_clients(rng, n, d, c, kind):
    """Covariances around a common one with a gap: full rank, rank-deficient differences, no diagonal; in any unit."""
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    values = np.concatenate([np.linspace(2, 1, c), np.linspace(0.5, 0.1, d - c)])
    own = rng.standard_normal((n, d, d if kind != "low rank" else 1))
    own = own @ own.swapaxes(1, 2) / own.shape[2]
    if kind == "masked":
        own = own * (1 - np.eye(d))
    return (0.85 * (turn * values) @ turn.T + 0.15 * own) * {"huge": 1e6, "tiny": 1e-6}.get(kind, 1.0)


def odd_mixing(rng, n):
    """Row-stochastic, one-way, with weights of its own."""
    weights = (rng.random((n, n)) < 0.4) * rng.random((n, n)) + np.diag(rng.uniform(0.1, 1, n))
    weights += 0.2 * np.roll(np.eye(n), 1, axis=1)
    return weights / weights.sum(axis=1, keepdims=True)


# Exact: simulation.


@pytest.mark.parametrize(
    ("steps", "order", "start", "kind", "c"),
    [
        (2, "cta", "optimum", "tiny", 1),
        (5, "atc", "random", "masked", 2),
    ],
)
def test_simulations_are_what_a_loop_over_clients_makes_of_one_way_mixing(steps, order, start, kind, c):
    rng = np.random.default_rng(steps + c)
    x, mixing = odd_clients(rng, 5, 4, c, kind), odd_mixing(rng, 5)
    largest = np.abs(np.linalg.eigvalsh(x)).max()
    eta, v = 0.05 / largest, perron(mixing)
    target = np.einsum("i,iab->ab", v, x)
    run = {"feature_dim": c, "step_size": eta, "rounds": 9, "local_steps": steps, "order": order, "init": start}
    found = simulate(config_of(run | {"seed": 3}), x, mixing)

    w = np.random.default_rng(3).standard_normal((c, 4))
    w = optimum(target, c) if start == "optimum" else w * 0.1 * np.sqrt(largest) / np.linalg.norm(w, 2)
    last = [w] * 5
    for _ in range(9):
        before, after = literal_round(last, x, mixing, eta, steps, is_cta=order == "cta")
        last = after if order == "atc" else before
    mean, wanted = sum(v[i] * after[i] for i in range(5)), top(target, c)
    expected = {
        "consensus_pre_mix": literal_variance(before),
        "consensus_post_mix": literal_variance(after),
        "mean_model_subspace_error": np.linalg.norm(projector(mean) - wanted),
        "mean_local_subspace_error_squared": np.mean([np.linalg.norm(projector(w) - wanted) ** 2 for w in after]),
        "sensitivity": np.ptp(np.diag(projector(mean))[:4]),
    }
    for name, value in expected.items():
        # Relative to what is measured; projectors resolve 1e-14 of their own entries.
        assert found[name] == pytest.approx(value, rel=1e-8, abs=1e-12 if "consensus" not in name else 0), name


# Exact: input.


def test_a_share_of_one_is_all_clients_and_the_number_one_is_one():
    assert config_of({"feature_dim": 1, "step_size": 0.1, "rounds": 1, "participation": 1.0}).sampled(4) is None
    assert config_of({"feature_dim": 1, "step_size": 0.1, "rounds": 1, "participation": 1}).sampled(4) == 1
    assert config_of({"feature_dim": 1, "step_size": 0.1, "rounds": 1, "participation": 2.0}).sampled(4) == 2


@pytest.mark.parametrize("share", [math.inf, -math.inf, -0.5, 0, 5, 1.5])
def test_a_participation_that_is_no_number_of_clients_is_refused_in_words(share):
    with pytest.raises(UsageError, match="participation is a number of clients"):
        config_of({"feature_dim": 1, "step_size": 0.1, "rounds": 1, "participation": share}).sampled(4)


@pytest.mark.parametrize("seed", [-1, 2**63, 10**25])
def test_a_seed_that_no_generator_takes_is_refused_in_words(seed):
    with pytest.raises(UsageError, match="seed is a whole number"):
        config_of({"feature_dim": 1, "step_size": 0.1, "rounds": 1, "seed": seed})


@pytest.mark.parametrize(("n", "dim"), [(0, 4), (-3, 4), (10**9, 4), (4, 10**6)])
def test_made_clients_that_fit_no_machine_are_refused_in_words(n, dim):
    with pytest.raises(UsageError, match="n_clients"):
        clients_of(None, {"n_clients": n, "dim": dim}, 2, 0)


# Numeric: bounds.

TWO_CLIENTS = np.array(
    [[[1.0172, -0.02498], [-0.02498, 1.0848]], [[0.9828, 0.02498], [0.02498, 0.8928]]]
)  # what a random search left, rounded: both positive definite, differences as large as the gap of the mean


def test_the_gap_bound_fails_for_a_tilt_beyond_the_gap_and_is_then_not_given():
    """Nonnegative eigenvalues, one step, stable rest: the losses are not convex, and the tier says that it is void."""
    mixing = np.array([[0.8269, 0.1731], [0.1731, 0.8269]])
    case = Case(mixing, TWO_CLIENTS, 1, 0.3829)
    models = list(np.repeat(optimum(TWO_CLIENTS.mean(axis=0), 1)[None], 2, axis=0) + np.array([[[1e-3, -2e-3]]]))
    for _ in range(4000):
        models = literal_round(models, TWO_CLIENTS, mixing, 0.3829, 1)[1]
    assert literal_variance(models) > 2 * consensus_gap_bound(mixing, case.dissimilarity, 0.3829)
    tiers = predict(case)["consensus_post_mix"]
    assert tiers.values["fixed_point"] == pytest.approx(literal_variance(models), rel=1e-9)
    assert tiers.values["spectral_gap_bound"] is None
    assert "gradients rise" in tiers.reasons["spectral_gap_bound"]


@pytest.mark.parametrize(("draws", "least"), [(60, (6, 1, 0)), pytest.param(100, (21, 3, 1), marks=pytest.mark.slow)])
def test_no_gap_bound_that_is_given_is_exceeded(draws, least):
    """Clients that differ by 1 to 8 times the gap, two-sided networks, E = 3: violated where void, never if given."""
    rng = np.random.default_rng(1)
    given = violated = violated_at_three = 0
    for _ in range(draws):
        n = int(rng.choice([2, 4]))
        links = ~np.eye(n, dtype=bool)
        if n == 4 and rng.random() < 0.6:
            links[[0, 2, 1, 3], [2, 0, 3, 1]] = False
        largest = rng.choice([rng.uniform(0.02, 0.6), rng.uniform(0.02, 0.999)])
        mixing = np.eye(n) - (np.diag(links.sum(axis=1)) - links) / links.sum(axis=1).max() * largest
        c, gap = int(rng.integers(1, 3)), 10 ** rng.uniform(-2, -0.3)
        off = rng.standard_normal((n, 2, 2)) * gap * 10 ** rng.uniform(-0.3, 0.9)
        off = off + off.swapaxes(1, 2)
        x = np.diag([1, 1 - gap]) + off - off.mean(axis=0)
        case = Case(mixing, x, c, 10 ** rng.uniform(-2, 0) / 2, int(rng.choice([1, 3])))
        problem = (mixing, x, c, case.step_size, case.local_steps)
        try:
            with np.errstate(all="ignore"):
                rest = steady_states(*problem)
        except OutOfDomainError:
            continue
        try:
            bound = gap_bound(case)
        except OutOfDomainError:
            bound = None
        is_beyond = literal_variance(rest) > (1 + 1e-8) * consensus_gap_bound(
            mixing, case.dissimilarity, case.step_size, case.local_steps
        )
        given += bound is not None
        violated += is_beyond
        violated_at_three += is_beyond and case.local_steps == 3
        assert not (is_beyond and bound is not None)
    assert given >= least[0]
    assert violated >= least[1]
    assert violated_at_three >= least[2]


# Numeric: noise.


def test_noise_on_one_way_mixing_is_what_the_covariance_recursion_leads_to():
    mixing, eta, steps = odd_mixing(np.random.default_rng(5), 4), 0.3, 3
    centre, total = np.eye(4) - 1 / 4, 0.0
    curvatures = np.array([0.0, 0.4, 1.7])
    for h in curvatures:
        covariance = np.zeros((4, 4))
        for _ in range(600):
            for _ in range(steps):
                covariance = (1 - eta * h) ** 2 * covariance + eta**2 * np.eye(4)
            apart = np.eye(4) - perron(mixing)  # deviations alone: without curvature the mean walks away
            covariance = apart @ mixing @ covariance @ mixing.T @ apart.T
        total += np.trace(centre @ covariance) / 4
    assert consensus_noise(mixing, 1.0, eta, steps, curvatures=curvatures) == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("unit", [1e-13, 1e-6, 1e6])
def test_noise_does_not_depend_on_the_unit_of_the_data(unit):
    """eta h is what counts: curvatures of 1e-13 with steps of 1e13 are not flat."""
    mixing, h = np.full((3, 3), 0.2) + 0.4 * np.eye(3), np.array([0.1, 0.5, 1.0])
    scaled = consensus_noise(mixing, 1.0, 0.3 / unit, 2, curvatures=h * unit) * unit**2
    assert scaled == pytest.approx(consensus_noise(mixing, 1.0, 0.3, 2, curvatures=h), rel=1e-10)


def test_noise_that_never_settles_has_no_level():
    """On an even ring with Laplacian step 1/2 one mode changes sign for ever: its variance grows without end."""
    with pytest.raises(OutOfDomainError, match="settles"):
        consensus_noise(np.array([[0.0, 1], [1, 0]]), 1.0, 0.1, curvatures=np.zeros(1))
    query = {"topology": "ring", "n_clients": 4, "mixing": "laplacian", "step": 0.5}
    rest = {"gradient_dissimilarity": 1, "step_size": 0.1, "noise_std": 1, "n_parameters": 3}
    assert compute("consensus", query | rest)["status"] == "out_of_domain"
    # Curvature is enough to settle it.
    assert compute("consensus", query | rest | {"curvature": 0.5})["value"]["noise"] < 1


def test_noisy_gradients_have_no_subspace_tier():
    x = odd_clients(np.random.default_rng(1), 3, 4, 2, "usual")
    found = predict(Case(np.full((3, 3), 1 / 3), x, 2, 0.02, gradient_noise=0.1))
    for name in ("mean_model_subspace_error", "mean_local_subspace_error_squared"):
        assert set(found[name].values) == {"all"}
    assert found["consensus_post_mix"].values["fixed_point"] is not None


# Numeric: effective covariance.


@pytest.mark.parametrize("kind", ["usual", "low rank", "masked", "huge", "tiny"])
def test_the_effective_covariance_is_the_double_sum_over_clients_on_one_way_networks(kind):
    rng = np.random.default_rng(8)
    x, mixing, steps = odd_clients(rng, 4, 3, 1, kind), odd_mixing(rng, 4), 20
    eta, v = 1e-3 / np.abs(x).max(), perron(mixing)
    target = sum(v[i] * x[i] for i in range(4))
    off = x - target
    gains = sum((np.linalg.matrix_power(mixing, k) - v for k in range(1, 400)), np.zeros((4, 4)))  # Z, as the series
    expected = target + eta * (steps - 1) * sum(v[i] * off[i] @ off[i] for i in range(4))
    for i, j in itertools.product(range(4), repeat=2):
        expected = expected + 2 * eta * steps * v[i] * gains[i, j] * off[j] @ off[i]
    assert np.abs(effective_covariance(mixing, x, eta, steps) - expected).max() < 1e-12 * np.abs(x).max()


def test_the_first_order_can_vanish_where_the_drift_does_not():
    """Two dimensions, differences off the diagonal: D_j D_i is a multiple of I, and X_eff says nothing; rest drifts."""
    mixing = np.array([[0.7, 0.3, 0], [0.3, 0.4, 0.3], [0, 0.3, 0.7]])
    x = np.diag([2.0, 1.0]) + np.array([0.3, -0.1, -0.2])[:, None, None] * np.array([[0, 1.0], [1, 0]])
    assert subspace_drift(mixing, x, 1, 0.01) < 1e-14
    rest = stationary_models(mixing, x, 1, 0.01)
    again = np.array(literal_round(rest.post_mix, x, mixing, 0.01, 1)[1])
    assert np.abs(np.abs(again) - np.abs(rest.post_mix)).max() < 1e-13
    assert np.linalg.norm(projector(rest.post_mix.mean(axis=0)) - top(x.mean(axis=0), 1)) > 1e-7


def test_a_chord_of_a_four_ring_doubles_the_consensus_gain_at_a_large_step_as_the_proof_says():
    ring = np.array([[2.0, -1, 0, -1], [-1, 2, -1, 0], [0, -1, 2, -1], [-1, 0, -1, 2]])
    ends = np.array([1.0, 0, -1, 0])
    gains = []
    for laplacian in (ring, ring + np.outer(ends, ends)):
        values = np.linalg.eigvalsh(laplacian)[1:]
        gains.append(np.mean((1 / (1.99 / 4 * values) - 1) ** 2))
    text = " ".join((PROOFS / "effective_covariance.md").read_text(encoding="utf-8").split())
    assert f"eps = 1.99/4, {gains[0]:.3f} to {gains[1]:.3f}" in text


# Exact: the adaptive MMD, term by term.


@pytest.mark.parametrize("estimator", ["unbiased", "printed", "released"])
@pytest.mark.parametrize("bandwidth", ["mean", "median", 0.7])
@pytest.mark.parametrize("tokens", [None, 3])
def test_the_adaptive_mmd_is_the_sum_that_its_words_describe(estimator, bandwidth, tokens):
    rng = np.random.default_rng(4)
    shape = (2,) if tokens is None else (tokens, 2)
    x, y = rng.standard_normal((5, *shape)), rng.standard_normal((5, *shape)) + 0.5
    n, m, is_released = len(x), len(y), estimator == "released"
    if is_released and tokens:
        lengths = [np.linalg.norm(image[a] - image[b]) for image in x for a in range(tokens) for b in range(tokens)]
    elif is_released:
        lengths = [np.linalg.norm(a - b) for a in x for b in x]
    else:
        lengths = [np.linalg.norm(x[a] - x[b]) for a in range(n) for b in range(a)]
    lower_middle = sorted(lengths)[(len(lengths) - 1) // 2]
    median = lower_middle if is_released else np.median(lengths)
    widths: dict[str, Any] = {"mean": np.mean(lengths), "median": median}
    s = widths.get(bandwidth, bandwidth)

    def kernels(a, b):
        """One a feature for released tokens, else one."""
        if is_released and tokens:
            return [math.exp(-sum((a[t, f] - b[t, f]) ** 2 for t in range(tokens)) / (2 * s * s)) for f in range(2)]
        power = 1 if estimator == "printed" else 2
        return [math.exp(-(np.linalg.norm(a - b) ** power) / (2 * s * s))]

    def within(z):
        return sum(sum(kernels(a, b)) for i, a in enumerate(z) for j, b in enumerate(z) if is_released or i != j)

    across = np.mean([k for a in x for b in y for k in kernels(a, b)])
    expected = within(x) / (n * (n - 1)) + within(y) / (m * (m - 1)) - 2 * across
    assert float(a_mmd(x, y, bandwidth, estimator)) == pytest.approx(expected, abs=1e-12)


# Statistical.


def test_one_of_two_clients_a_round_is_as_far_off_as_predicted():
    """N = 2, C = 1, 4000 servers at once give the standard error."""
    x = np.array([[[2.0, 0.1], [0.1, 1.0]], [[2.0, -0.1], [-0.1, 1.0]]])
    eta, steps, rng = 0.01, 2, np.random.default_rng(0)
    w = np.repeat(optimum(x.mean(axis=0), 1)[None], 4000, axis=0)
    wanted = top(x.mean(axis=0), 1)
    for _ in range(300):
        chosen = x[rng.integers(0, 2, 4000)]
        for _ in range(steps):
            w = w - 2 * eta * (w @ w.swapaxes(1, 2) @ w - w @ chosen)
    unit = w / np.linalg.norm(w, axis=2, keepdims=True)
    errors = np.sum((unit.swapaxes(1, 2) @ unit - wanted) ** 2, axis=(1, 2))
    predicted = partial_participation_error(x, 1, 1, eta, steps)
    assert abs(errors.mean() - predicted) < 4 * errors.std() / math.sqrt(4000) + eta * steps * predicted
    assert partial_participation_error(x, 1, 2, eta, 1) < 1e-20
