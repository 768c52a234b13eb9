"""The widths that the paper compares: their limits, and the limits' own check by numbers."""

import pytest
import sympy as sp

from theory.deficits import printed_sensitivity as ps

UNIT = {ps.error_mim: 1, ps.error_cl: 1, ps.shift_fl: 1, ps.mask_ratio: sp.Rational(3, 4), ps.trace_h: 2}
WIDTHS = (ps.DEC_MIM, ps.DEC_CL, ps.DEC_CL_H, ps.FED_MIM, ps.FED_CL, ps.FED_CL_H)


@pytest.mark.parametrize("formula", WIDTHS, ids=lambda f: f.name)
def test_every_width_vanishes_at_its_own_rate(formula):
    rate = sp.Rational(4, 5) if "mim" in formula.name else sp.Rational(3, 5)
    expr = formula.expr.subs({**UNIT, ps.connectivity: 3})
    assert ps.limit_in_dim(expr) == 0
    assert ps.limit_in_dim(ps.dim**rate * expr) > 0


def test_the_limit_agrees_with_a_large_dimension():
    expr = (ps.dim ** sp.Rational(3, 5) * (ps.DEC_MIM.expr - ps.DEC_CL.expr)).subs({**UNIT, ps.connectivity: 3})
    # The next order is d^(-1/5): 1e-12 at d = 1e60.
    assert float(expr.subs(ps.dim, 10**60)) == pytest.approx(float(ps.limit_in_dim(expr)), rel=1e-10)


def test_powers_off_the_grid_are_turned_away():
    with pytest.raises(ValueError, match="multiples"):
        ps.limit_in_dim(ps.dim ** sp.Rational(1, 7))
