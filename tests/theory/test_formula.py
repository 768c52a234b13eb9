"""A formula's four faces agree: exact, decimals, float and jitted."""

import numpy as np
import pytest
import sympy as sp

from theory import symbols as sy
from theory.formula import Formula, OutOfDomainError, Source, rational
from theory.training.consensus import FLAT_MODE_GAIN

EXAMPLE = Formula(
    name="example",
    title="An example",
    expr=sy.tau ** sp.Rational(1, 5) * sy.mask_ratio * (1 - sy.mask_ratio) / sy.n_clients,
    domain=(sy.mask_ratio < 1,),
    units="none",
    source=Source("ledger", "test"),
)


def test_decimals_are_read_as_they_print():
    assert rational(0.6) == sp.Rational(3, 5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "3", True, None])
def test_what_is_not_a_finite_number_is_refused(bad):
    with pytest.raises(ValueError, match="number was wanted"):
        rational(bad)


def test_exact_value_keeps_its_roots():
    assert EXAMPLE.exact(tau=2, mask_ratio=0.5, n_clients=3) == 2 ** sp.Rational(1, 5) / 12


def test_compiled_form_agrees_with_thirty_digits():
    at = {"tau": 2.5, "mask_ratio": 0.3, "n_clients": 7}
    assert float(EXAMPLE.compiled(**at)) == pytest.approx(float(EXAMPLE.digits(30, **at)), rel=1e-14)


def test_value_is_the_rounded_digits():
    at = {"tau": 2.5, "mask_ratio": 0.3, "n_clients": 7}
    assert EXAMPLE.value(**at) == float(np.float64(EXAMPLE.digits(40, **at)))


def test_a_missing_argument_is_named():
    with pytest.raises(ValueError, match="example needs mask_ratio"):
        EXAMPLE.exact(tau=1, n_clients=2)


def test_a_point_outside_the_domain_names_the_relation():
    with pytest.raises(OutOfDomainError, match="mask_ratio < 1"):
        EXAMPLE.exact(tau=1, n_clients=2, mask_ratio=1.5)


def test_latex_uses_the_papers_letters():
    assert "N" in EXAMPLE.latex
    assert r"\tau" in EXAMPLE.latex


def test_latex_with_arguments_put_in_loses_their_letters_and_keeps_the_value():
    assert FLAT_MODE_GAIN.latex_at(local_steps=1) == FLAT_MODE_GAIN.latex.replace("E ", "")
    assert FLAT_MODE_GAIN.latex_at() == FLAT_MODE_GAIN.latex
    with pytest.raises(ValueError, match="flat_mode_gain has no argument noise; it has eigenvalue, local_steps"):
        FLAT_MODE_GAIN.latex_at(noise=0)
