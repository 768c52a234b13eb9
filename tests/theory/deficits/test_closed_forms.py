"""Second-order deficits: the matrix formula, the exact finite-N enumeration, and drawn data."""

import math

import numpy as np
import pytest
import sympy as sp

from theory import symbols
from theory.data.moments import alignment_matrix, second_moment
from theory.deficits import closed_forms
from theory.deficits.closed_forms import (
    arguments,
    deficit,
    deficit_formula,
    expected_range,
    expected_sensitivity,
    noise_power,
    sensitivity_formula,
)
from theory.formula import OutOfDomainError
from theory.readings import EXPECTED, Mask, Objective, Scope, Selection
from theory.setting import Setting

LAM, DIAGONAL = sp.symbols("lam diagonal")
BASE = {"samples_per_client": 6000, "augmentation_std": 0.8, "mask_ratio": 0.6}
BY_SIGN = (Mask.COMPLEMENTARY, Mask.FIXED_COUNT)


def _noise_matrix(s: Setting, objective: Objective, mask: Mask, draws: int | str, sigma_s: np.ndarray) -> np.ndarray:
    """The coupling's covariance on S as a matrix: `noise_power` with Sigma, I and diag Sigma in place of numbers."""
    power = sp.expand(noise_power(objective, mask, draws == EXPECTED, LAM, DIAGONAL))
    values = {symbols.mu: s.mu, symbols.augmentation_std: s.augmentation_std, symbols.mask_ratio: s.mask_ratio}
    values |= {symbols.dim: s.dim, symbols.draws: 1 if draws == EXPECTED else draws}
    lam, diagonal = (float(power.coeff(x, 1).subs(values)) for x in (LAM, DIAGONAL))
    constant = float(power.subs({LAM: 0, DIAGONAL: 0}).subs(values))
    return lam * sigma_s + diagonal * np.diag(np.diag(sigma_s)) + constant * np.eye(len(sigma_s))


def _by_matrices(s: Setting, objective: Objective, scope: Scope, draws: int | str, mask: Mask) -> float:
    """The deficit by inverting the gap matrix on S; nothing of the spectrum is used."""
    site = "fl" if scope is Scope.FL else "local"
    sigma_s = second_moment(s, scope=site, client=1).corner
    x = alignment_matrix(s, objective, mask, scope=site, client=1)
    factor = 1.0 if objective is Objective.CL else s.mask_ratio * (1 - s.mask_ratio)
    factor *= s.dim / (s.dim - 1) if mask is Mask.FIXED_COUNT and objective is Objective.MIM else 1.0
    inverse = np.linalg.inv((x.corner - x.bulk * np.eye(s.n_clients)) / factor)
    per_sample = np.diag(inverse @ _noise_matrix(s, objective, mask, draws, sigma_s) @ inverse)
    total = s.total_samples if scope is Scope.FL else s.samples_per_client
    chosen = {Scope.FL: slice(None), Scope.LOCAL_OWN: [1], Scope.LOCAL_OTHER: [k for k in range(s.n_clients) if k != 1]}
    return (s.dim - s.feature_dim) / total * float(np.mean(per_sample[chosen[scope]]))


# Numeric: every scope and draw against linear algebra.


@pytest.mark.parametrize("draws", [EXPECTED, 1, 4])
@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize(("n", "c"), [(2, 2), (3, 3), (5, 9)])
def test_closed_form_equals_the_inverse_of_the_gap_matrix(n, c, objective, scope, draws):
    s = Setting.paper(40, n_clients=n, feature_dim=c, **BASE)
    got = deficit(s, objective, scope, draws)
    assert got == pytest.approx(_by_matrices(s, objective, scope, draws, Mask.INDEPENDENT), rel=1e-12)


@pytest.mark.parametrize("draws", [EXPECTED, 1, 4])
@pytest.mark.parametrize("mask", BY_SIGN)
@pytest.mark.parametrize("n", [3, 5])
def test_by_modulus_complementary_masks_have_the_gaps_of_the_off_diagonal(n, mask, draws):
    s = Setting.paper(40, n_clients=n, **BASE)
    got = deficit(s, Objective.MIM, Scope.FL, draws, mask, Selection.MODULUS)
    assert got == pytest.approx(_by_matrices(s, Objective.MIM, Scope.FL, draws, mask), rel=1e-12)


def test_the_compiled_formula_equals_thirty_digits():
    s = Setting.paper(80, n_clients=3, **BASE)
    values = arguments(s, 2)
    formula = closed_forms.deficit_formula(Objective.CL)
    got = formula.compiled(**{k: float(v) for k, v in values.items() if k in formula.arguments})
    assert float(got) == pytest.approx(formula.value(**values), rel=1e-13)


@pytest.mark.parametrize("mask", BY_SIGN)
@pytest.mark.parametrize("scope", list(Scope))
def test_there_is_no_second_order_around_a_population_that_lacks_the_signal(mask, scope):
    with pytest.raises(OutOfDomainError, match="Use literal_deficit"):
        deficit(Setting.paper(40, n_clients=5, **BASE), Objective.MIM, scope, 1, mask)


def test_masks_as_printed_leave_no_deficit():
    assert deficit(Setting.paper(40, n_clients=5), Objective.MIM, Scope.FL, EXPECTED, Mask.PRINTED) == 0.0


# Exact.


@pytest.mark.parametrize("scope", list(Scope))
def test_contrast_without_augmentation_noise_is_masking_in_expectation(scope):
    cl = deficit_formula(Objective.CL, scope).expr.subs(symbols.augmentation_std, 0)
    assert sp.simplify(cl - deficit_formula(Objective.MIM, scope, is_expected=True).expr) == 0
    assert sp.simplify(cl - deficit_formula(Objective.CL, scope, is_expected=True).expr) == 0


@pytest.mark.parametrize("scope", list(Scope))
def test_any_number_of_mask_draws_costs_more_than_their_expectation(scope):
    sampled = deficit_formula(Objective.MIM, scope).expr.subs({symbols.draws: 1, symbols.n_clients: 4})
    expected = deficit_formula(Objective.MIM, scope, is_expected=True).expr.subs(symbols.n_clients, 4)
    values = {symbols.tau: 2, symbols.mu: sp.Rational(1, 2), symbols.dim: 50, symbols.feature_dim: 4}
    gap = sp.simplify((sampled - expected).subs(values) * symbols.samples)
    assert all(gap.subs(symbols.mask_ratio, sp.Rational(k, 10)) > 0 for k in range(1, 10))


@pytest.mark.parametrize(("count", "want"), [(2, 2 / math.sqrt(math.pi)), (3, 3 / math.sqrt(math.pi))])
def test_the_mean_range_of_normals_matches_its_closed_forms(count, want):
    assert expected_range(count) == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("draws", [EXPECTED, 1])
@pytest.mark.parametrize("objective", list(Objective))
def test_the_sensitivity_is_the_range_of_correlated_squares(objective, draws):
    s = Setting.paper(40, n_clients=4, **BASE)
    sigma_s = second_moment(s).corner
    inverse = np.linalg.inv(sigma_s - s.mu**2 * np.eye(4))
    covariance = inverse @ _noise_matrix(s, objective, Mask.INDEPENDENT, draws, sigma_s) @ inverse
    correlation = (covariance[0, 1] / covariance[0, 0]) ** 2
    want = expected_range(4) * math.sqrt(2 * (1 - correlation) / (40 - 4)) * deficit(s, objective, draws=draws)
    assert expected_sensitivity(s, objective, draws=draws) == pytest.approx(want, rel=1e-12)


# Statistical: data drawn like Section 3.2, one draw a sample, an eigendecomposition a trial.


def _draw(rng: np.random.Generator, s: Setting, client: int) -> np.ndarray:
    n, d, count = s.n_clients, s.dim, s.samples_per_client
    x = s.mu * rng.standard_normal((count, d))
    q = rng.integers(0, 2, (count, n))
    q[:, client] = 0
    x[:, :n] -= s.tau * q
    x[:, client] += rng.choice([-1.0, 1.0], count)
    return x


def _cross(rng: np.random.Generator, s: Setting, x: np.ndarray, reading: str) -> np.ndarray:
    if reading == "cl":
        a, b = (x + s.augmentation_std * rng.standard_normal(x.shape) for _ in range(2))
    elif reading == "mim_independent":
        a, b = x * (rng.random(x.shape) > s.mask_ratio), x * (rng.random(x.shape) < s.mask_ratio)
    elif reading == "mim_complementary":
        keep = rng.random(x.shape) > s.mask_ratio
        a, b = x * keep, x * ~keep
    else:
        return x.T @ x / len(x)
    return (a.T @ b + b.T @ a) / (2 * len(x))


def _mean_rv(s: Setting, reading: str, scope: Scope, trials: int) -> tuple[float, float]:
    rng = np.random.default_rng(20260702)
    clients = range(s.n_clients) if scope is Scope.FL else [0]
    deficits = []
    for _ in range(trials):
        x = np.mean([_cross(rng, s, _draw(rng, s, i), reading) for i in clients], axis=0)
        values, vectors = np.linalg.eigh(x)
        key = np.abs(values) if reading == "mim_complementary" else values
        r = np.sum(vectors[: s.n_clients, np.argsort(-key)[: s.feature_dim]] ** 2, axis=1)
        chosen = {Scope.FL: r, Scope.LOCAL_OWN: r[:1], Scope.LOCAL_OTHER: r[1:]}[scope]
        deficits.append(1 - np.mean(chosen))
    return float(np.mean(deficits)), float(np.std(deficits, ddof=1) / math.sqrt(trials))


CASES = [
    ("cl", Scope.FL, 3, 3),
    ("cl", Scope.LOCAL_OTHER, 3, 3),
    ("mim_expected", Scope.LOCAL_OWN, 3, 3),
    ("mim_independent", Scope.FL, 4, 8),
    ("mim_complementary", Scope.FL, 4, 4),
]


@pytest.mark.parametrize(("reading", "scope", "n", "c"), CASES)
def test_drawn_data_has_this_deficit(reading, scope, n, c):
    s = Setting.paper(24, n_clients=n, feature_dim=c, samples_per_client=3000, augmentation_std=0.6, mask_ratio=0.6)
    measured, error = _mean_rv(s, reading, scope, 120)
    objective = Objective.CL if reading == "cl" else Objective.MIM
    mask = Mask.COMPLEMENTARY if reading == "mim_complementary" else Mask.INDEPENDENT
    want = deficit(s, objective, scope, EXPECTED if reading == "mim_expected" else 1, mask, Selection.MODULUS)
    # The next order is gamma times the relative bulk, below 3% here; four standard errors over five cases.
    assert abs(measured - want) <= 4 * error + 0.03 * want
    assert 4 * error <= 0.15 * want  # the test has power


# What is refused.


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: deficit(s, Objective.CL, Scope.FL, 1), "feature_dim >= n_clients"),
        (lambda s: deficit(s, Objective.MIM, Scope.FL, 1, Mask.PRINTED), "feature_dim >= n_clients"),
        (lambda s: expected_sensitivity(s, Objective.CL, Scope.LOCAL_OWN), "needs two coordinates"),
        (
            lambda s: deficit(s, Objective.MIM, Scope.LOCAL_OWN, 1, Mask.COMPLEMENTARY, Selection.MODULUS),
            "eigenvalue 0",
        ),
    ],
)
def test_outside_its_derivation_the_formula_says_so(call, sentence):
    with pytest.raises(OutOfDomainError, match=sentence):
        call(Setting.paper(40, n_clients=4, feature_dim=3))


@pytest.mark.parametrize("draws", [0, -1, "all"])
def test_a_number_of_draws_below_one_is_refused(draws):
    with pytest.raises(ValueError, match="from 1"):
        deficit(Setting.paper(40, n_clients=4), Objective.CL, Scope.FL, draws)


def test_every_sensitivity_is_a_multiple_of_the_deficit():
    ratio = sensitivity_formula(Objective.CL).expr / deficit_formula(Objective.CL).expr
    at = {symbols.n_clients: 2, symbols.dim: 52, symbols.feature_dim: 2}
    # With two clients the block has one eigenvalue, so the coordinates do not correlate.
    assert sp.simplify(ratio.subs(at) - sp.sqrt(sp.Rational(2, 50))) == 0


@pytest.mark.parametrize("formula", [deficit_formula, sensitivity_formula, closed_forms.sensitivity_share])
def test_masks_as_printed_have_no_second_order_formula(formula):
    with pytest.raises(OutOfDomainError, match="mask=printed"):
        formula(Objective.MIM, mask=Mask.PRINTED)


def test_contrast_has_no_masks_to_refuse():
    s = Setting.paper(40, n_clients=3, **BASE)
    assert expected_sensitivity(s, Objective.CL, draws=1, mask=Mask.PRINTED) == expected_sensitivity(
        s, Objective.CL, draws=1
    )
