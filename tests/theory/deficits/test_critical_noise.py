"""sigma*: where the two deficits cross, and where it tends."""

import math

import numpy as np
import pytest
import sympy as sp

from theory import symbols
from theory.deficits.closed_forms import deficit, deficit_formula
from theory.deficits.critical_noise import sigma_star, sigma_star_formula, sigma_star_limit_formula, spectrum_unevenness
from theory.formula import OutOfDomainError
from theory.readings import Objective, Scope
from theory.setting import Setting

# Exact.


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("draws", [1, 3])
def test_the_two_deficits_are_equal_at_sigma_star_exactly(scope, draws):
    at = {symbols.n_clients: 4, symbols.tau: 3, symbols.mu: sp.Rational(1, 2), symbols.mask_ratio: sp.Rational(3, 4)}
    at |= {symbols.dim: 50, symbols.feature_dim: 4, symbols.samples: 100, symbols.draws: draws}
    root = sigma_star_formula(scope).expr.subs(at)
    cl = deficit_formula(Objective.CL, scope).expr.subs(symbols.augmentation_std, root).subs(at)
    assert sp.simplify(cl - deficit_formula(Objective.MIM, scope).expr.subs(at)) == 0


@pytest.mark.parametrize("scope", list(Scope))
def test_the_limit_is_the_limit_of_the_closed_form(scope):
    t, n, p = sp.Symbol("t", positive=True), 5, sp.Rational(3, 5)
    at = {symbols.n_clients: n, symbols.mask_ratio: p, symbols.tau: t, symbols.mu: 1 / t}
    squared_ratio = sp.simplify((sigma_star_formula(scope).expr ** 2).subs(at) * t**2)
    want = sigma_star_limit_formula(scope).expr.subs({symbols.n_clients: n, symbols.mask_ratio: p}) ** 2
    assert sp.simplify(sp.limit(squared_ratio, t, sp.oo) - want) == 0


def test_unevenness_runs_from_one_with_two_clients_to_two_with_many():
    n = symbols.n_clients
    assert spectrum_unevenness(Scope.FL).subs(n, 2) == 1
    assert sp.limit(spectrum_unevenness(Scope.FL), n, sp.oo) == 2
    assert spectrum_unevenness(Scope.LOCAL_OWN) == 1
    assert sp.simplify(spectrum_unevenness(Scope.FL) - 2 * (1 + (n - 1) ** 3) / (n * (1 + (n - 1) ** 2))) == 0


@pytest.mark.parametrize("scope", list(Scope))
def test_the_root_exists_for_every_mask_ratio(scope):
    # 1/(4 pi) >= 1 since p (1 - p) <= 1/4, so masks always add more than half of what they share.
    p = symbols.mask_ratio
    assert sp.expand(1 - 4 * p * (1 - p) - (1 - 2 * p) ** 2) == 0
    for share in (0.01, 0.5, 0.99):
        assert sigma_star(4, 100, share, scope) > 0


# Numeric.


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize(("n", "p"), [(2, 0.75), (6, 0.9)])
def test_the_order_of_the_deficits_turns_at_sigma_star(n, p, scope):
    root = sigma_star(n, 300, p, scope)
    at = [Setting.paper(300, n_clients=n, mask_ratio=p, augmentation_std=root * factor) for factor in (0.99, 1.0, 1.01)]
    gap = [deficit(s, Objective.CL, scope, 1) / deficit(s, Objective.MIM, scope, 1) - 1 for s in at]
    assert gap[0] < 0 < gap[2]
    assert abs(gap[1]) < 1e-12


@pytest.mark.parametrize("scope", list(Scope))
def test_sigma_star_over_mu_approaches_its_limit(scope):
    got = [sigma_star(4, 10**k, 0.75, scope) * 10 ** (k / 5) for k in (10, 20, 30)]
    errors = np.abs(np.array(got) / sigma_star(4, math.inf, 0.75, scope) - 1)
    # The correction is of order mu^2 over the own eigenvalue 1 at most: d^(-2/5).
    np.testing.assert_array_less(errors, [1e-3, 1e-7, 1e-11])


def test_the_papers_noise_lies_above_sigma_star_from_small_dimensions_on():
    # p = 0.75, N = 6: sigma = 1 exceeds sigma* from about ten coordinates, and p = 0.9 needs some hundreds.
    assert sigma_star(6, 9, 0.75) < 1 < sigma_star(6, 8, 0.75)
    assert sigma_star(6, 266, 0.9) < 1 < sigma_star(6, 264, 0.9)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1, 300, 0.75), "at least 2 clients"),
        ((1, math.inf, 0.75), "at least 2 clients"),
        ((3, math.inf, 1.5), "mask_ratio must lie strictly between 0 and 1"),
        ((3, 2, 0.75), "dim >= n_clients"),
        ((3, 30.5, 0.75), "whole number or inf"),
    ],
)
def test_what_lies_outside_the_model_is_refused_in_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        sigma_star(*arguments)


def test_without_pixel_noise_there_is_nothing_to_balance():
    with pytest.raises(OutOfDomainError, match="mu=0"):
        sigma_star(3, 300, 0.75, mu=0.0)
