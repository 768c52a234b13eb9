"""Spectra of networks: closed forms against linear algebra, and which mixing matrices have real ones."""

import numpy as np
import pytest
import sympy as sp

from theory.networks.mixing import mixing_matrix, perron_weights
from theory.networks.objective_weights import neighbourhoods, uniform_mixing
from theory.networks.spectra import (
    closed_form_spectrum,
    laplacian_matrix,
    laplacian_spectrum,
    mixing_spectrum,
    second_modulus,
    symmetric_form,
)
from theory.networks.topologies import path, ring, topology

CLOSED_FORMS = [
    ("ring", 7),
    ("ring", 8),
    ("path", 6),
    ("star", 7),
    ("complete", 5),
    ("torus", 12),
    ("torus:2x3", 6),
    ("torus:2x2", 4),
    ("torus:3x3x2", 18),
    ("hypercube", 16),
    ("circulant:1,3", 9),
    ("circulant:1,4", 8),
    ("circulant:2,6,1", 8),
    ("exponential", 11),
    ("exponential", 8),
    ("barbell", 10),
    ("barbell", 4),
    ("directed_ring", 6),
]
REVERSIBLE = ["uniform", "metropolis", "lazy", "laplacian", "sinkhorn"]


def decimals(values: list[sp.Expr]) -> np.ndarray:
    return np.array([complex(v.evalf(20)) for v in values])


@pytest.mark.parametrize("matrix", ["laplacian", "mixing"])
@pytest.mark.parametrize(("name", "n"), CLOSED_FORMS)
def test_closed_forms_match_linear_algebra(name, n, matrix):
    exact = closed_form_spectrum(name, n, matrix)
    if exact is None:
        # no closed form is known for these: the path's and the barbell's mixing, and a directed Laplacian
        assert (name, matrix) in {("path", "mixing"), ("barbell", "mixing"), ("directed_ring", "laplacian")}
        return
    network = topology(name, n)
    matrices = {"laplacian": laplacian_matrix, "mixing": mixing_matrix}
    measured = np.linalg.eigvals(matrices[matrix](network).astype(float)).astype(complex)
    for value in decimals(exact):  # matched one by one: complex numbers have no order that rounding respects
        nearest = np.abs(measured - value).argmin()
        # double eigenvalues of matrices with one Jordan block each: error eps times the norm, up to 2 * degree
        assert abs(measured[nearest] - value) < 1e-12 * n
        measured = np.delete(measured, nearest)
    assert not measured.size


@pytest.mark.parametrize("family", [ring, path])
def test_the_formula_written_once_is_what_the_list_holds(family):
    compiled = family.LAPLACIAN_EIGENVALUE.compiled(n_clients=9, mode=np.arange(9.0))
    np.testing.assert_allclose(
        np.sort(compiled), laplacian_spectrum(topology(family.__name__.split(".")[-1], 9)), atol=1e-13
    )


def test_the_star_has_the_trace_that_its_last_eigenvalue_comes_from():
    exact = closed_form_spectrum("star", 9, "mixing")
    diagonal = [row[i] for i, row in enumerate(uniform_mixing(neighbourhoods(topology("star", 9))))]
    assert exact is not None
    assert sum(exact) == sum(map(sp.Rational, diagonal))


def test_a_family_without_closed_form_says_so():
    assert closed_form_spectrum("ba:2", 9) is None
    with pytest.raises(ValueError, match="laplacian or mixing"):
        closed_form_spectrum("ring", 9, "adjacency")


@pytest.mark.parametrize("rule", REVERSIBLE)
@pytest.mark.parametrize(("name", "n"), [("star", 7), ("ba:2", 15), ("barbell", 8)])
def test_undirected_rules_have_real_descending_spectra(rule, name, n):
    m = mixing_matrix(topology(name, n), rule)
    spectrum = mixing_spectrum(m)
    assert spectrum.dtype == np.float64
    assert (np.diff(spectrum) <= 0).all()
    np.testing.assert_allclose(spectrum, np.sort(np.linalg.eigvals(m).real)[::-1], atol=1e-12)


def test_data_sizes_keep_the_spectrum_real():
    m = mixing_matrix(topology("path", 6), "data_size", sizes=[1, 50, 2, 7, 7, 1])
    form = symmetric_form(m)
    assert form is not None
    root = np.sqrt(perron_weights(m))
    np.testing.assert_allclose(form.toarray(), m * root[:, None] / root, atol=1e-14)


def test_unbalanced_cycles_have_no_symmetric_form():
    m = np.full((3, 3), 1 / 3)
    m[0] = [0.2, 0.5, 0.3]
    assert symmetric_form(m) is None
    assert symmetric_form(mixing_matrix(topology("directed_ring", 4))) is None


def test_parts_kept_apart_have_a_symmetric_form_each():
    m = np.zeros((5, 5))
    m[:2, :2] = mixing_matrix(topology("path", 2))
    m[2:, 2:] = mixing_matrix(topology("path", 3))
    np.testing.assert_allclose(mixing_spectrum(m)[:2], 1, rtol=1e-14)


def test_complex_eigenvalues_stay_beside_their_conjugates():
    spectrum = mixing_spectrum(mixing_matrix(topology("directed_ring", 7)))
    np.testing.assert_allclose(spectrum[1::2], spectrum[2::2].conj(), atol=1e-14)
    assert (np.diff(np.real(spectrum)) < 1e-12).all()


def test_the_second_modulus_minds_negative_eigenvalues():
    assert second_modulus(np.array([[0.1, 0.9], [0.9, 0.1]])) == pytest.approx(0.8, rel=1e-14)


def test_symmetric_weights_below_zero_keep_their_sign():
    m = np.array([[1.5, -0.5], [-0.5, 1.5]])
    spectrum = mixing_spectrum(m)
    assert spectrum.dtype == np.float64
    np.testing.assert_allclose(spectrum, [2, 1], rtol=1e-14)


def test_a_directed_network_has_no_laplacian_here():
    with pytest.raises(ValueError, match="one-way"):
        laplacian_spectrum(topology("directed_ring", 5))
