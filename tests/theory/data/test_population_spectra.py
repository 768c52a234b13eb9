"""Closed-form spectra, against linear algebra of the corner and of the whole matrix."""

import numpy as np
import pytest
import sympy as sp

from theory import symbols
from theory.data import moments
from theory.data.moments import alignment_matrix
from theory.data.population_spectra import RareSite, evaluate, spectrum
from theory.readings import Mask, Objective, Rare
from theory.setting import Setting

SITES = [("fl", r) for r in RareSite if r is not RareSite.OWN] + [("local", r) for r in RareSite]
READINGS = [(Objective.CL, Mask.INDEPENDENT)] + [(Objective.MIM, m) for m in Mask]


def _values(s: Setting) -> dict:
    return {
        "n_clients": s.n_clients,
        "dim": s.dim,
        "tau": s.tau,
        "mu": s.mu,
        "mask_ratio": s.mask_ratio,
        "rare_fraction": s.rare_fraction,
    }


def _matrix(s: Setting, objective: Objective, mask: Mask, scope: moments.Site, site: RareSite) -> moments.CornerMatrix:
    rare = {RareSite.ABSENT: Rare.ABSENT, RareSite.OUTSIDE: Rare.OUTSIDE}.get(site, Rare.INSIDE)
    at = {RareSite.OWN: [0], RareSite.OTHER: [1] if scope == "local" else None}.get(site)
    return alignment_matrix(s, objective, mask, scope=scope, client=0, rare=rare, rare_coordinates=at)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
@pytest.mark.parametrize(("scope", "site"), SITES)
@pytest.mark.parametrize(("objective", "mask"), READINGS)
def test_closed_form_equals_linear_algebra_of_the_corner_and_of_the_whole(objective, mask, scope, site, n):
    s = Setting.paper(16, n_clients=n, mask_ratio=0.7, rare_fraction=0.3)
    matrix = _matrix(s, objective, mask, scope, site)
    got = evaluate(spectrum(objective, mask, scope, site), _values(s))
    assert [m for _, m in got] == [m for _, m in matrix.spectrum()]
    np.testing.assert_allclose([v for v, _ in got], [v for v, _ in matrix.spectrum()], rtol=1e-12, atol=1e-14)
    flat = np.repeat([v for v, _ in got], [m for _, m in got])
    # Absolute: eigvalsh resolves an eigenvalue to round-off of the largest one.
    np.testing.assert_allclose(flat, np.linalg.eigvalsh(matrix.dense())[::-1], atol=1e-13)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_the_symbolic_blocks_have_exactly_these_characteristic_polynomials(n):
    x = sp.Symbol("x")
    blocks: dict[moments.Site, sp.Matrix] = {
        "fl": moments.symbolic_fl_block(n),
        "local": moments.symbolic_local_block(n),
    }
    for scope, block in blocks.items():
        levels = [lev for lev in spectrum(Objective.CL, scope=scope) if not lev.eigenvalue.name.endswith("_noise")]
        product = sp.prod(
            (x - lev.eigenvalue.expr.subs(symbols.n_clients, n)) ** lev.multiplicity.subs(symbols.n_clients, n)
            for lev in levels
        )
        assert sp.expand(block.charpoly(x).as_expr() - sp.expand(product)) == 0


@pytest.mark.parametrize(("scope", "site"), SITES)
@pytest.mark.parametrize(("objective", "mask"), READINGS)
def test_multiplicities_count_every_dimension(objective, mask, scope, site):
    assert sp.expand(sum(lev.multiplicity for lev in spectrum(objective, mask, scope, site)) - symbols.dim) == 0


def test_a_trillion_coordinates_keep_exact_multiplicities():
    s = Setting.paper(10**12, n_clients=5)
    got = evaluate(spectrum(Objective.CL), _values(s))
    assert [m for _, m in got] == [1, 4, 10**12 - 5]


def test_the_own_site_is_a_local_one():
    with pytest.raises(ValueError, match='got "own"'):
        spectrum(Objective.CL, rare=RareSite.OWN)
