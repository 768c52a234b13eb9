"""Tiers of predictions: numbers where theory speaks, and the reason where it does not."""

import numpy as np
import pytest

from dssl.calculator.compute import compute
from dssl.simulation.linear import Config, network, simulate
from theory.networks.mixing import metropolis
from theory.networks.topologies import topology
from theory.training.predictions import Case, predict

N, DIM, FEATURE_DIM = 6, 5, 2


def clients(extra: float) -> tuple[np.ndarray, np.ndarray]:
    """Five clients alike; the sixth, hardly heard by them, differs by `extra` along one direction."""
    mixing = np.full((N, N), 1e-4)
    mixing[:-1, :-1] = (1 - 1e-4) * metropolis(topology("ring", N - 1))
    mixing[-1] = np.eye(N)[[0, -1]].mean(axis=0)
    own = np.random.default_rng(0).normal(size=(N, DIM, DIM)) / 50
    x = np.diag([3.0, 2.0, 0.8, 0.5, 0.3]) + own + np.swapaxes(own, 1, 2)
    along = np.array([1.0, 1.0, 1.0, -1.0, 1.0])
    x[-1] += extra * np.outer(along, along) / DIM
    return mixing, x


def test_no_rest_is_predicted_that_training_leaves():
    mixing, x = clients(150.0)
    tiers = predict(Case(mixing, x, FEATURE_DIM, 0.012, 1))
    for quantity, tier in (
        ("consensus_post_mix", "fixed_point"),
        ("consensus_pre_mix", "fixed_point"),
        ("mean_model_subspace_error", "fixed_point"),
        ("mean_local_subspace_error_squared", "fixed_point"),
    ):
        assert tiers[quantity].values[tier] is None
        assert "Training leaves" in tiers[quantity].reasons[tier]
    assert tiers["consensus_post_mix"].values["curvature_resummed"] is None


def test_where_training_stays_every_tier_has_its_number():
    mixing, x = clients(1.0)
    tiers = predict(Case(mixing, x, FEATURE_DIM, 0.008, 1))
    rest, resummed = (tiers["consensus_post_mix"].values[t] for t in ("fixed_point", "curvature_resummed"))
    assert rest is not None
    assert resummed == pytest.approx(rest, rel=0.02)
    assert tiers["mean_model_subspace_error"].values["fixed_point"] is not None


@pytest.mark.parametrize(("step_size", "stays"), [(0.005, True), (0.02, False)])
def test_the_calculator_gives_no_drift_of_models_that_another_branch_draws_away(step_size, stays):
    """Shared eigenvectors: the target is always at rest, but at the larger step X_eff puts another direction first."""
    x = np.repeat(np.diag([3.0, 2.0, 1.9, 0.5])[None], 8, axis=0)
    x[:, 2, 2] += np.repeat([1.5, -1.5], 4)
    found = compute(
        "effective_covariance",
        {
            "topology": "ring",
            "mixing": "metropolis",
            "feature_dim": 2,
            "step_size": step_size,
            "covariances": x.tolist(),
        },
    )
    assert found["value"]["drift_at_rest"] == (0.0 if stays else None)


def test_push_sum_has_its_averaged_model_predicted():
    config = Config(feature_dim=FEATURE_DIM, step_size=0.003, rounds=2000, topology="star", mixing="push_sum")
    _, x = clients(0.5)
    found = simulate(config, x, network(config, N))
    assert found["ratios"]["mean_model_subspace_error"]["effective_covariance"] == pytest.approx(1, abs=0.05)
    assert found["predictions"]["consensus_post_mix"] == {"all": None}


def test_dissimilarity_is_the_variance_over_clients_of_gradients_at_the_optimum_of_the_weighted_mean():
    mixing, x = clients(0.3)
    weights = np.linalg.matrix_power(mixing, 200_000)[0]
    target = np.einsum("i,ijk->jk", weights, x)
    values, vectors = np.linalg.eigh(target)
    optimum = np.sqrt(values[-FEATURE_DIM:])[:, None] * vectors[:, -FEATURE_DIM:].T
    gradients = [2 * optimum @ (optimum.T @ optimum - own) for own in x]
    mean = sum(gradients) / N
    wanted = sum(np.linalg.norm(g - mean) ** 2 for g in gradients) / N
    assert Case(mixing, x, FEATURE_DIM, 0.012, 1).dissimilarity == pytest.approx(wanted, rel=1e-8)


def test_a_feature_dimension_and_a_signal_may_be_one_and_all():
    mixing, x = metropolis(topology("ring", N)), clients(0.0)[1]
    for size in (1, DIM):
        found = simulate(Config(feature_dim=size, n_signal=size, rounds=3, step_size=0.01), x, mixing)
        assert not found["diverged"]


def test_resummed_is_never_further_from_rest_than_it_may_be():
    rng, given = np.random.default_rng(0), 0
    for _ in range(30):
        n = int(rng.integers(3, 6))
        x = np.eye(4) * np.array([3.0, 2.0, 1.0, 0.5]) + rng.uniform(0, 1.2) * _noise(rng, n)
        m = 0.8 * np.eye(n) + 0.2 / n
        values = predict(Case(m, x, 2, float(rng.uniform(0.002, 0.05))))["consensus_post_mix"].values
        if values["curvature_resummed"] is not None:
            given += 1
            assert values["curvature_resummed"] == pytest.approx(values["fixed_point"], rel=0.02)
    assert given


def _noise(rng, n):
    x = rng.standard_normal((n, 4, 4))
    return (x + np.swapaxes(x, 1, 2)) / 2


def test_rounds_from_another_start_or_order_are_refused():
    case = Case(np.full((3, 3), 1 / 3), np.stack([np.diag([3.0, 2, 1])] * 3), 1, 0.01, rounds=5, outside_rounds="Why.")
    tiers = predict(case)["consensus_post_mix"]
    assert tiers.values["first_order_after_these_rounds"] is None
    assert tiers.reasons["first_order_after_these_rounds"] == "Why."
