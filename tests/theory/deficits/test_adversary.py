"""Attempts to break the bounds, the limit and the second order where they are tightest, smallest or oddest."""

import numpy as np
import pytest
from scipy import stats

from sims.samplers.montecarlo import sample_representability
from theory.deficits.closed_forms import deficit
from theory.deficits.finite_sample import deficit_bound
from theory.deficits.order_probability import order_probability
from theory.deficits.proportional_limit import deficit_limit
from theory.deficits.rare_recovery import rare_recovery
from theory.deficits.tails import chernoff_above, chernoff_below, entropy
from theory.formula import OutOfDomainError
from theory.readings import EXPECTED, Objective, Reading, Scope
from theory.setting import Setting

K_OF = {Scope.FL: 0, Scope.LOCAL_OWN: 0, Scope.LOCAL_OTHER: 1}


def literal_matrix(rng: np.random.Generator, s: Setting, objective: Objective, clients: range, n_rare: int = 0):
    """X of one data set drawn row by row: a loop over clients, two views of every row for contrast."""
    n, big_n = s.samples_per_client, s.n_clients
    total = np.zeros((s.dim, s.dim))
    for i in clients:
        signal = np.zeros((n, s.dim))
        signal[:, :big_n] = -s.tau * rng.integers(0, 2, (n, big_n))
        signal[:, i] = rng.choice([-1.0, 1.0], n)
        if n_rare:
            signal[-n_rare:] = 0
            signal[-n_rare:, big_n + i] = 1
        x = signal + s.mu * rng.standard_normal(signal.shape)
        if objective is Objective.CL:
            a, b = (x + s.augmentation_std * rng.standard_normal(x.shape) for _ in range(2))
            total += (a.T @ b + b.T @ a) / (2 * n * len(clients))
        else:
            total += x.T @ x / (n * len(clients))
    return total


def literal_rv(rng: np.random.Generator, s: Setting, objective: Objective, scope: Scope, n_rare: int = 0) -> np.ndarray:
    clients = range(s.n_clients) if scope is Scope.FL else range(1)
    vectors = np.linalg.eigh(literal_matrix(rng, s, objective, clients, n_rare))[1]
    return (vectors[:, -s.feature_dim :] ** 2).sum(axis=1)


def draws_of(objective: Objective) -> int | str:
    return 1 if objective is Objective.CL else EXPECTED


# Statistical: bounds.


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("objective", list(Objective))
def test_no_random_setting_breaks_a_bound(objective, scope):
    """Sizes from d = N on, odd samples, noise from none to larger than the signal, c beyond N, delta up to 0.9."""
    rng = np.random.default_rng(2607)
    tried = {"upper": 0, "lower": 0}
    for _ in range(120):
        n_clients = int(rng.integers(2, 5))
        d = n_clients + int(rng.choice([1, 3, 9]))
        s = Setting(
            n_clients=n_clients,
            dim=d,
            feature_dim=n_clients + int(rng.choice([0, 0, 1])),
            samples_per_client=int(rng.choice([31, 121, 500, 1501])),
            tau=float(10 ** rng.uniform(-0.5, 1.2)),
            mu=float(rng.choice([0.0, 1e-3, 0.05, 0.3])),
            augmentation_std=float(rng.choice([0.0, 0.05, 0.3, 1.5])),
        )
        delta = float(rng.choice([0.01, 0.3, 0.9]))
        bounds = {side: deficit_bound(s, objective, scope, delta, side).value for side in ("upper", "lower")}
        if all(value is None for value in bounds.values()):
            continue
        trials = 12
        missing = np.array([1 - literal_rv(rng, s, objective, scope)[K_OF[scope]] for _ in range(trials)])
        for side, value in bounds.items():
            if value is None:
                continue
            tried[side] += 1
            # Sums of squares of unit vectors are exact to 1e-13.
            beyond = (missing > value + 1e-13).sum() if side == "upper" else (missing < value - 1e-13).sum()
            assert beyond <= stats.binom.isf(1e-6, trials, delta), (s, delta, side)
    assert tried["upper"] >= 20


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("dim", [2**16, 2**20])
def test_bounds_within_a_few_percent_of_the_mean_keep_their_promise_at_delta_one_half(objective, dim):
    """Where no slack is left, a slip of a constant shows: 2,000 data sets a side."""
    s = Setting.paper(dim, n_clients=3, samples_per_client=1000 * dim)
    trials, delta = 2000, 0.5
    reading = Reading(draws=draws_of(objective))
    missing = 1 - sample_representability(607, s, objective=objective, reading=reading, trials=trials).r[:, 0]
    upper, lower = (deficit_bound(s, objective, Scope.FL, delta, side).value for side in ("upper", "lower"))
    assert upper is not None
    assert lower is not None
    assert upper / lower < 1.06
    allowed = stats.binom.isf(1e-6, trials, delta)
    assert max((missing > upper).sum(), (missing < lower).sum()) <= allowed
    # One event of the union is the chi-square of the leading term; its share of delta is all that is ever used.
    assert max((missing > upper).sum(), (missing < lower).sum()) <= stats.binom.isf(1e-6, trials, delta / 5)


# Statistical: limit and second order.


@pytest.mark.parametrize(("mu", "std"), [(0.4, 0.0), (0.3, 3.0), (0.1, 1.0)])
def test_the_limit_holds_with_five_noise_coordinates_a_sample(mu, std):
    s = Setting(2, 300, 2, 30, 12.0, mu, augmentation_std=std)
    rng = np.random.default_rng(31)
    missing = np.array([1 - literal_rv(rng, s, Objective.CL, Scope.FL)[:2].mean() for _ in range(60)])
    error = missing.std(ddof=1) / np.sqrt(len(missing))
    # With 60 rows the signal's own Gram matrix moves the mean by a few times 1/n.
    assert abs(missing.mean() - deficit_limit(s, Objective.CL)) <= 0.05 * missing.mean() + 3 * error


@pytest.mark.parametrize("objective", list(Objective))
def test_a_rare_class_is_seen_as_the_limit_says_with_more_coordinates_than_samples(objective):
    s = Setting(2, 300, 4, 75, 6.0, 0.2, augmentation_std=0.3, rare_fraction=0.48)
    rng = np.random.default_rng(32)
    r = np.array([literal_rv(rng, s, objective, Scope.FL, n_rare=36)[2:4].mean() for _ in range(12)])
    error = r.std(ddof=1) / np.sqrt(len(r))
    assert abs(r.mean() - rare_recovery(s, objective)) <= 0.02 + 4 * error


@pytest.mark.parametrize("objective", list(Objective))
def test_half_of_all_directions_leave_half_of_the_deficit_however_wide_the_bulk(objective):
    """c = d/2 at gamma = 0.1: the leading noise eigenvectors of X do not know the signal, so (d - c) is no average."""
    s = Setting(3, 80, 40, 270, 8.0, 0.3, augmentation_std=0.3)
    rng = np.random.default_rng(33)
    missing = np.array([1 - literal_rv(rng, s, objective, Scope.FL)[:3].mean() for _ in range(100)])
    error = missing.std(ddof=1) / np.sqrt(len(missing))
    want = deficit(s, objective, Scope.FL, draws_of(objective))
    assert abs(missing.mean() - want) <= 0.03 * want + 4 * error
    assert error < 0.03 * want


# Exact and numeric: where a formula must refuse, or must not give up.


def test_the_limit_counts_a_representation_nearly_as_wide_as_the_data():
    wide = [deficit_limit(Setting.paper(200, n_clients=2, feature_dim=c), Objective.CL) for c in (2, 4, 100, 180)]
    assert wide == sorted(wide, reverse=True)
    assert wide[2] < wide[0] / 2
    # With more samples than coordinates all eigenvalues of one Gram matrix are positive, and W may have them all.
    assert deficit_limit(Setting.paper(200, n_clients=2, feature_dim=200), Objective.MIM) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("is_same_data", [False, True])
def test_a_representation_as_wide_as_the_data_has_no_order(is_same_data):
    with pytest.raises(OutOfDomainError, match="feature_dim < dim"):
        order_probability(Setting.paper(200, n_clients=2, feature_dim=200), is_same_data=is_same_data)


@pytest.mark.parametrize("power", [3, 40, 120, 280])
def test_deviations_are_found_for_any_number_of_samples(power):
    for solve, sign in ((chernoff_below, -1), (chernoff_above, 1)):
        eps = solve(3, 10.0**power, 0.01)
        assert eps is not None
        assert entropy(sign * eps) * 10.0**power == pytest.approx(np.log(300), rel=1e-12)
