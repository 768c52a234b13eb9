"""The ends of sparse spectra against closed forms at ten thousand clients, and against dense ones."""

import numpy as np
import pytest
from scipy import linalg, sparse

from theory.formula import OutOfDomainError
from theory.networks import mixing_rules
from theory.networks.mixing import mixing_matrix
from theory.networks.sparse_spectra import NEAR, algebraic_connectivity, mixing_ends, shift_below, smallest_eigenvalues
from theory.networks.spectra import laplacian_spectrum, mixing_spectrum
from theory.networks.topologies import topology


def sparse_ring(n: int) -> sparse.csr_array:
    ones = np.ones(n)
    step = sparse.csr_array((ones, (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    return sparse.csr_array(step + step.T)


def sparse_path(n: int) -> sparse.csr_array:
    return sparse.csr_array(sparse.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1]))


@pytest.mark.parametrize("n", [81, 2000, 10_000])
def test_sparse_ends_of_a_ring_match_its_closed_form(n):
    ends = mixing_ends(mixing_rules.uniform(sparse_ring(n)))
    exact = (1 + 2 * np.cos(2 * np.pi / n)) / 3
    assert ends.lambda_2 == pytest.approx(exact, abs=1e-14)
    assert ends.smallest == pytest.approx((1 + 2 * np.cos(2 * np.pi * (n // 2) / n)) / 3, abs=1e-13)
    assert ends.gap == pytest.approx(1 - exact, rel=1e-6)  # 1e-14 of a gap of 1e-7


@pytest.mark.parametrize("n", [82, 2000])
def test_the_gap_is_that_of_the_largest_modulus_when_it_belongs_to_the_smallest_eigenvalue(n):
    little = 1e-7
    ends = mixing_ends(sparse.csr_array(little * sparse.eye_array(n) + (1 - little) / 2 * sparse_ring(n)))
    assert ends.smallest == pytest.approx(2 * little - 1, abs=1e-12)
    assert ends.lambda_2 < 1 - ends.gap
    assert ends.gap == pytest.approx(2 * little, abs=1e-12)


@pytest.mark.parametrize("n", [2000, 10_000])
def test_sparse_connectivity_of_a_path_matches_its_closed_form(n):
    # absolute round-off 4e-16 of an eigenvalue of 1e-7
    assert algebraic_connectivity(sparse_path(n)) == pytest.approx(4 * np.sin(np.pi / (2 * n)) ** 2, rel=1e-7)


def test_sparse_metropolis_ends_of_a_path_match_its_closed_form():
    n = 3000
    ends = mixing_ends(mixing_rules.metropolis(sparse_path(n)))  # I - L/3
    assert 1 - ends.lambda_2 == pytest.approx(4 * np.sin(np.pi / (2 * n)) ** 2 / 3, rel=1e-7)
    assert ends.smallest == pytest.approx(1 - 4 * np.sin(np.pi * (n - 1) / (2 * n)) ** 2 / 3, abs=1e-13)


def test_the_shift_finds_a_spectrum_that_starts_far_inside_its_discs():
    n = 3000
    diagonal, beside = np.arange(n) % 2.0, -np.ones(n - 1)
    matrix = sparse.csr_array(sparse.diags_array([beside, diagonal, beside], offsets=[-1, 0, 1]))
    exact = linalg.eigvalsh_tridiagonal(diagonal, beside, select="i", select_range=(0, 1))
    assert exact[0] > -2 + 0.4  # Gershgorin's bound is -2
    assert 0 < exact[0] - shift_below(matrix) < 2 * NEAR * 5  # the discs reach from -2 to 3
    np.testing.assert_allclose(smallest_eigenvalues(matrix, 2), exact, atol=1e-12)


@pytest.mark.parametrize(("name", "n"), [("star", 400), ("regular:4", 400), ("ba:2", 400), ("barbell", 200)])
def test_sparse_and_dense_spectra_agree(name, n):
    network = topology(name, n, seed=1)
    dense = mixing_spectrum(mixing_matrix(network))
    ends = mixing_ends(mixing_rules.uniform(sparse.csr_array(network)))
    np.testing.assert_allclose([ends.lambda_2, ends.smallest], [dense[1], dense[-1]], atol=1e-12)
    assert algebraic_connectivity(network) == pytest.approx(laplacian_spectrum(network)[1], rel=1e-9)


def test_sparse_ends_refuse_what_they_cannot_answer():
    with pytest.raises(OutOfDomainError, match="mixing_spectrum"):
        mixing_ends(mixing_matrix(topology("directed_ring", 5)))
    with pytest.raises(ValueError, match="more than 2"):
        smallest_eigenvalues(sparse.csr_array(np.eye(2)), 2)
    with pytest.raises(ValueError, match="one-way"):
        algebraic_connectivity(topology("directed_ring", 5))
