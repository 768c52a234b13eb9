"""Exponents counted in the closed forms, against their slopes at a dimension of a trillion."""

import math

import pytest
import sympy as sp

from theory.deficits.closed_forms import deficit, expected_sensitivity
from theory.deficits.exponents import Quantity, exponent, falls_above, saturated
from theory.deficits.masked_autoencoder import mae_deficit, mae_deficit_saturating
from theory.formula import OutOfDomainError
from theory.readings import EXPECTED, Objective, Scope
from theory.scaling import NGrowth, power_of_dim
from theory.setting import Setting
from theory.symbols import beta, dim, mu, n_clients, tau

B = [1.0, 1.5]


def _at(d: int, b: float) -> Setting:
    return Setting.paper(d, n_clients=5, samples_per_client=round(d**b))


def _slope(measure, b: float) -> float:
    """d log measure / d log d, centred on d = 1e12."""
    low, high = 10**11, 10**13
    return (math.log(measure(_at(high, b))) - math.log(measure(_at(low, b)))) / math.log(high / low)


# The next term is smaller by d^(-2/5), 2e-5 at d = 1e12, and the slope sees it through the lower end.
TOLERANCE = 3e-4


@pytest.mark.parametrize("b", B)
@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("objective", list(Objective))
def test_the_deficit_s_exponent_is_the_slope_of_its_closed_form(objective, scope, b):
    draws = 1 if objective is Objective.CL else EXPECTED
    got = _slope(lambda s: deficit(s, objective, scope, draws), b)
    assert got == pytest.approx(float(exponent(Quantity.DEFICIT, objective, scope).subs(beta, b)), abs=TOLERANCE)


@pytest.mark.parametrize("objective", list(Objective))
def test_the_sensitivity_s_exponent_is_the_slope_of_its_closed_form(objective):
    draws = 1 if objective is Objective.CL else EXPECTED
    got = _slope(lambda s: expected_sensitivity(s, objective, Scope.FL, draws), 1.0)
    assert got == pytest.approx(float(exponent(Quantity.SENSITIVITY, objective).subs(beta, 1)), abs=TOLERANCE)


@pytest.mark.parametrize("scope", [Scope.FL, Scope.LOCAL_OTHER])
def test_the_reconstruction_deficit_s_exponent_is_the_slope_of_its_closed_form(scope):
    got = _slope(lambda s: mae_deficit(s, EXPECTED, scope), 1.5)
    want = exponent(Quantity.MAE_DEFICIT, Objective.MIM, scope).subs(beta, 1.5)
    assert got == pytest.approx(float(want), abs=TOLERANCE)


@pytest.mark.parametrize("objective", list(Objective))
def test_clients_growing_as_in_the_paper_take_a_twentieth_off_the_federated_exponent(objective):
    change = exponent(Quantity.DEFICIT, objective, n_growth=NGrowth.PAPER) - exponent(Quantity.DEFICIT, objective)
    assert change == sp.Rational(-1, 20)


def test_contrast_in_expectation_falls_as_masking_does():
    cl = exponent(Quantity.DEFICIT, Objective.CL, is_expected=True)
    assert cl == exponent(Quantity.DEFICIT, Objective.MIM)


def test_sampling_masks_changes_constants_only():
    sampled = exponent(Quantity.DEFICIT, Objective.MIM, is_expected=False)
    assert sampled == exponent(Quantity.DEFICIT, Objective.MIM)


def test_powers_are_counted_through_sums_and_cancellation():
    assert power_of_dim(tau**2 + mu) == sp.Rational(2, 5)
    assert power_of_dim((tau + mu) ** 2 - tau**2) == 0
    assert power_of_dim(dim / n_clients, NGrowth.PAPER) == sp.Rational(19, 20)


def test_zero_and_roots_have_no_power_here():
    with pytest.raises(ValueError, match="Zero follows no power"):
        power_of_dim(tau - tau)
    with pytest.raises(ValueError, match="rational function"):
        power_of_dim(sp.sqrt(1 + tau))


@pytest.mark.parametrize("scope", [Scope.LOCAL_OWN, Scope.LOCAL_OTHER])
def test_the_sensitivity_is_the_global_one(scope):
    with pytest.raises(OutOfDomainError, match="Use scope=fl"):
        exponent(Quantity.SENSITIVITY, Objective.MIM, scope)


def test_a_deficit_that_no_longer_falls_is_of_order_one():
    mae = exponent(Quantity.MAE_DEFICIT, Objective.MIM)
    assert falls_above(mae) == sp.Rational(9, 5)
    assert [saturated(mae).subs(beta, b) for b in (1, 2)] == [0, sp.Rational(-1, 5)]
    with pytest.raises(ValueError, match="a - beta is wanted"):
        falls_above(sp.Integer(0))


@pytest.mark.parametrize("b", [1.0, 1.7, 1.9, 2.5])
def test_the_saturating_form_of_the_reconstruction_deficit_has_the_saturated_exponent(b):
    low, high = (Setting.paper(d, n_clients=5, samples_per_client=round(d**b)) for d in (10**40, 10**42))
    slope = math.log(mae_deficit_saturating(high) / mae_deficit_saturating(low)) / math.log(100)
    assert mae_deficit_saturating(high) <= 1
    wanted = saturated(exponent(Quantity.MAE_DEFICIT, Objective.MIM)).subs(beta, b)
    assert slope == pytest.approx(float(wanted), abs=1e-3)
