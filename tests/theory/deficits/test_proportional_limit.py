"""The closed limit against the fixed point it solves, against its special cases, and against sampled matrices."""

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq

from theory.deficits.closed_forms import deficit
from theory.deficits.proportional_limit import (
    aspect,
    bulk_pull,
    deficit_limit,
    deficit_limit_formula,
    spike_deficit,
    spike_represented,
)
from theory.formula import OutOfDomainError
from theory.readings import Objective, Scope
from theory.setting import Setting
from theory.symbols import augmentation_std, gamma, mu

GAP, M = sp.symbols("l m", positive=True)


def fixed_point(gap: float, mu2: float, s2: float, ratio: float) -> float:
    """r by root search on the fixed-point equations, with numerical care but no algebra: the independent twin."""
    nu2 = mu2 + s2

    def x_of(a):
        return nu2 / (1 - nu2 * a) - s2 / (1 + s2 * a) + ratio / a

    def k_of(a):
        return (gap + mu2 + s2) / (1 - nu2 * a) - s2 / (1 + s2 * a)

    def slope(a):
        return ratio / a**2 - nu2**2 / (1 - nu2 * a) ** 2 - s2**2 / (1 + s2 * a) ** 2

    tiny = 1e-9 / nu2
    edge = brentq(slope, tiny, 1 / nu2 - tiny, xtol=1e-16, rtol=1e-14)
    if k_of(edge) <= x_of(edge):
        return 0.0
    a = brentq(lambda a: k_of(a) - x_of(a), tiny, edge, xtol=1e-16, rtol=1e-14)
    k_slope = -(gap + mu2 + s2) * nu2 / (1 - nu2 * a) ** 2 - s2**2 / (1 + s2 * a) ** 2
    return slope(a) / (slope(a) - k_slope)


@pytest.mark.parametrize("ratio", [0.02, 0.2, 0.8, 3.0, 20.0])
@pytest.mark.parametrize("std", [0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("gap", [0.05, 0.7, 3.0, 40.0])
def test_the_closed_limit_is_the_fixed_point(gap, std, ratio):
    values = {GAP: gap, mu: 0.4, augmentation_std: std, gamma: ratio}
    closed = float(spike_represented(GAP, Objective.CL).subs(values))
    # Root search leaves about 1e-13 of the slope at the root, more beside the edge.
    assert closed == pytest.approx(fixed_point(gap, 0.16, std**2 / 2, ratio), rel=1e-7, abs=1e-9)
    assert closed + float(spike_deficit(GAP, Objective.CL).subs(values)) == pytest.approx(1, rel=1e-12)


def test_steps_three_and_four_of_the_derivation_hold_exactly():
    s2 = augmentation_std**2 / 2
    nu2 = mu**2 + s2
    x = nu2 / (1 + nu2 * M) - s2 / (1 - s2 * M) - gamma / M
    k = (GAP + mu**2 + s2) / (1 + nu2 * M) - s2 / (1 - s2 * M)
    root = -gamma / (GAP + gamma * nu2)
    assert sp.simplify((k - x).subs(M, root)) == 0
    slope_x, slope_k = sp.diff(x, M).subs(M, root), sp.diff(k, M).subs(M, root)
    closed = (1 - bulk_pull(GAP, Objective.CL)) / (1 + gamma * nu2 / GAP)
    assert sp.simplify(slope_x / (slope_x - slope_k) - closed) == 0
    # x' > 0 at the root is the condition that the spike leaves the bulk.
    assert sp.simplify(slope_x * gamma / (GAP + gamma * nu2) ** 2 - (1 - bulk_pull(GAP, Objective.CL))) == 0


def test_contrast_without_augmentation_is_masks_in_expectation():
    for scope in Scope:
        cl, mim = (deficit_limit_formula(o, scope).expr for o in (Objective.CL, Objective.MIM))
        assert sp.simplify(cl.subs(augmentation_std, 0) - mim) == 0


def test_masks_give_the_spiked_covariance_limit():
    snr = GAP / mu**2
    classical = (1 - gamma / snr**2) / (1 + gamma / snr)
    inside = (1 - bulk_pull(GAP, Objective.MIM)) / (1 + gamma * mu**2 / GAP)
    assert sp.simplify(inside - classical) == 0


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("objective", list(Objective))
def test_many_samples_give_the_second_order_deficit(objective, scope):
    s = Setting.paper(60, n_clients=3, samples_per_client=10**9)
    draws = 1 if objective is Objective.CL else "expected"
    assert deficit_limit(s, objective, scope) == pytest.approx(deficit(s, objective, scope, draws), rel=1e-5)


def test_a_swallowed_direction_is_lost_whole():
    s = Setting.paper(200, n_clients=4, samples_per_client=250)
    assert deficit_limit(s, Objective.CL, Scope.LOCAL_OWN, gamma=50.0) == 1.0


def test_dimension_beyond_memory_is_evaluated():
    s = Setting.paper(10**12, n_clients=3)
    assert 0 < deficit_limit(s, Objective.MIM) < deficit_limit(s, Objective.CL) < 1


def test_bad_input_is_refused():
    s = Setting.paper(200, n_clients=4)
    with pytest.raises(ValueError, match="gamma=-1"):
        deficit_limit(s, Objective.CL, gamma=-1.0)
    with pytest.raises(OutOfDomainError, match="feature_dim=2"):
        deficit_limit(Setting.paper(200, n_clients=4, feature_dim=2), Objective.CL)


def sampled_deficit(s: Setting, objective: Objective, trials: int, seed: int) -> np.ndarray:
    """Mean of 1 - r_k over the signal, a trial each: views drawn literally, eigenvectors by linear algebra."""
    rng = np.random.default_rng(seed)
    n, d, n_i = s.n_clients, s.dim, s.samples_per_client
    out = np.empty(trials)
    for trial in range(trials):
        x = s.mu * rng.standard_normal((n * n_i, d))
        for i in range(n):
            rows = slice(i * n_i, (i + 1) * n_i)
            b = -s.tau * rng.integers(0, 2, (n_i, n))
            b[:, i] = rng.choice([-1.0, 1.0], n_i)
            x[rows, :n] += b
        if objective is Objective.CL:
            first, second = (x + s.augmentation_std * rng.standard_normal(x.shape) for _ in range(2))
            matrix = first.T @ second
            matrix = matrix + matrix.T
        else:
            matrix = x.T @ x
        values, vectors = np.linalg.eigh(matrix)
        top = vectors[:, -s.feature_dim :][:, values[-s.feature_dim :] > 1e-9]
        out[trial] = 1 - (top[:n] ** 2).sum() / n
    return out


@pytest.mark.parametrize("objective", list(Objective))
def test_sampled_matrices_meet_the_limit_within_two_percent_where_second_order_fails(objective):
    """n_i = d. Second order is off by more than its own allowance there; the limit is not."""
    s = Setting.paper(100, n_clients=2)
    r = sampled_deficit(s, objective, 100, seed=20)
    error = r.std(ddof=1) / np.sqrt(len(r))
    assert abs(r.mean() - deficit_limit(s, objective)) <= 0.02 * r.mean() + 3 * error
    if objective is Objective.CL:
        assert abs(deficit(s, objective, Scope.FL, 1) - r.mean()) > 0.1 * r.mean() + 3 * error
    assert error < 0.02 * r.mean()
    assert aspect(s) == 98 / 200


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("n_i", [10**5, 10**7, 10**11])
def test_spare_features_leave_their_share_of_a_small_deficit(objective, n_i):
    """Second order has (d - c)/(d - N) of the deficit at c = N; the limit tends to it as n grows."""
    plain, wide = (Setting.paper(200, n_clients=3, feature_dim=c, samples_per_client=n_i) for c in (3, 80))
    share = 120 / 197
    # The largest noise eigenvalues are nearer to the signal, by about their spread sqrt(gamma) over the gap.
    assert deficit_limit(wide, objective) / deficit_limit(plain, objective) == pytest.approx(share, rel=0.02)


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize(("n_i", "c"), [(20, 22), (20, 120), (200, 60)])
def test_sampled_matrices_meet_the_limit_with_spare_features(objective, n_i, c):
    s = Setting.paper(200, n_clients=3, samples_per_client=n_i, feature_dim=c)
    r = sampled_deficit(s, objective, 15, seed=c)
    error = r.std(ddof=1) / np.sqrt(len(r))
    # N of the samples, and of the coordinates, are the signal's own.
    allowed = 3 / s.total_samples * r.mean()
    assert abs(r.mean() - deficit_limit(s, objective)) <= allowed + 3 * error
    assert error < 0.05 * r.mean()
    # The limit without them is further off than that.
    alone = deficit_limit(Setting.paper(200, n_clients=3, samples_per_client=n_i), objective)
    assert alone > r.mean() + 2 * error


def test_more_features_than_positive_eigenvalues_change_nothing():
    few, many = (Setting.paper(200, n_clients=3, samples_per_client=20, feature_dim=c) for c in (70, 190))
    assert deficit_limit(few, Objective.MIM) == pytest.approx(deficit_limit(many, Objective.MIM), rel=1e-3)
