"""Certified intervals: they hold the exact eigenvalues, are narrow, and miss what is a hair away."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp

from theory.formula import OutOfDomainError
from theory.intervals import enclosure
from theory.networks.certified_spectra import (
    certified_laplacian_spectrum,
    certified_mixing_spectrum,
    is_reversible,
    unit_fractions,
)
from theory.networks.mixing import mixing_matrix
from theory.networks.objective_weights import neighbourhoods, uniform_mixing
from theory.networks.spectra import closed_form_spectrum, mixing_spectrum
from theory.networks.topologies import topology


def contains(interval: flint.arb, exact: sp.Expr) -> bool:
    return interval.overlaps(enclosure(sp.sympify(exact), {}))


@pytest.mark.parametrize(("name", "n"), [("ring", 12), ("star", 9), ("hypercube", 16), ("complete", 5), ("torus", 12)])
def test_certified_intervals_hold_the_exact_eigenvalues(name, n):
    for kind, intervals in (
        ("laplacian", certified_laplacian_spectrum(topology(name, n))),
        ("mixing", certified_mixing_spectrum(mixing_matrix(topology(name, n)))[::-1]),
    ):
        exact = sorted(closed_form_spectrum(name, n, kind) or [], key=lambda v: float(v.evalf(20)))
        assert all(contains(i, v) for i, v in zip(intervals, exact, strict=True))
        assert all(float(i.rad()) < 1e-12 for i in intervals)


def test_certified_intervals_move_with_the_matrix():
    intervals = certified_mixing_spectrum(mixing_matrix(topology("ring", 12)))
    exact = sorted(closed_form_spectrum("ring", 12, "mixing") or [], key=lambda v: -float(v.evalf(20)))
    assert not any(contains(i, v + sp.Rational(1, 10**12)) for i, v in zip(intervals, exact, strict=True))


@pytest.mark.parametrize("rule", ["uniform", "metropolis", "lazy", "laplacian"])
def test_certified_and_floating_point_spectra_agree(rule):
    m = mixing_matrix(topology("ba:2", 60), rule)
    middles = [float(i.mid()) for i in certified_mixing_spectrum(m)]
    np.testing.assert_allclose(middles, mixing_spectrum(m), atol=1e-13)


def test_links_are_read_as_the_fractions_they_round():
    network = topology("ba:2", 20)
    assert unit_fractions(mixing_matrix(network)) == uniform_mixing(neighbourhoods(network))
    assert unit_fractions(mixing_matrix(topology("path", 3), "lazy"))[0] == [Fraction(5, 6), Fraction(1, 6), 0]


def test_certified_spectra_refuse_what_they_cannot_prove():
    with pytest.raises(OutOfDomainError, match="at most 256"):
        certified_laplacian_spectrum(topology("ring", 257))
    with pytest.raises(OutOfDomainError, match="unit fractions"):
        certified_mixing_spectrum(mixing_matrix(topology("path", 3), "data_size", sizes=[1, 2, 4]))
    with pytest.raises(OutOfDomainError, match="v_i M_ij"):
        certified_mixing_spectrum(mixing_matrix(topology("directed_ring", 4)))


def test_detailed_balance_is_checked_on_every_cycle():
    third, half = Fraction(1, 3), Fraction(1, 2)
    turning = [[third, third, third], [Fraction(1, 4), half, Fraction(1, 4)], [half, Fraction(1, 4), Fraction(1, 4)]]
    assert not is_reversible(turning)
    assert is_reversible(uniform_mixing(neighbourhoods(topology("ba:2", 9))))
