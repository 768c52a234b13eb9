"""What a point names is drawn as it says: populations, samples, matrices and transformations."""

import numpy as np
import pytest

from ledger.drawn.drawn_matrices import SPECTRA, matrix_at, stationary_at
from ledger.drawn.drawn_samples import drawn_samples, members_of
from ledger.drawn.drawn_transformations import aligned_at, chosen_alignment
from ledger.drawn.listed_moments import FL, LOCAL, listed_block, listed_moment, masked
from ledger.drawn.network_entries import PRINTED, summed_objective, weights_at
from theory.data.moments import CornerMatrix, masked_alignment, second_moment
from theory.objectives import linear_alignment
from theory.readings import Mask
from theory.setting import Setting

AT = {"n_clients": 3, "dim": 5, "tau": 2.0, "mu": 0.5, "samples_per_client": 40}


@pytest.mark.parametrize("scope", [FL, LOCAL])
def test_listed_moments_are_those_of_the_theory(scope):
    s = Setting(3, 5, 3, 10, 2.0, 0.5)
    expected = second_moment(s, scope="fl" if scope == FL else "local", client=0 if scope == FL else 2).dense()
    assert listed_moment({**AT, "scope": scope}, 2) == pytest.approx(expected)


@pytest.mark.parametrize("mask", [Mask.INDEPENDENT, Mask.COMPLEMENTARY])
def test_listed_masks_are_those_of_the_theory(mask):
    moment = listed_moment({**AT, "scope": FL})
    assert masked(moment, 0.3, mask) == pytest.approx(masked_alignment(CornerMatrix(moment, 0.0, 5), 0.3, mask).corner)


def test_more_clients_than_are_listed_have_the_entries_of_three():
    s = Setting(12, 12, 12, 10, 2.0, 0.0)
    assert listed_block(12, 2.0, 5) == pytest.approx(second_moment(s, scope="local", client=5).dense())


def test_drawn_samples_have_the_listed_moment():
    x = drawn_samples(np.random.default_rng(0), AT, 1, 4000).reshape(-1, 5)
    error = np.abs(x.T @ x / len(x) - listed_moment(AT, 1)).max()
    assert error < 5 * 3 * 4 / np.sqrt(len(x))  # five standard errors of products of at most 3 times 4
    assert members_of({**AT, "scope": FL}) == range(3)
    assert members_of({**AT, "scope": LOCAL}) == range(1)


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_a_drawn_matrix_has_the_eigenvalues_that_it_names_and_a_stationary_model_no_gradient(spectrum):
    at = {"dim": 6, "feature_dim": 4, "spectrum": spectrum, "draw": 7}
    drawn = matrix_at(at)
    assert np.linalg.eigvalsh(drawn.x)[::-1] == pytest.approx(drawn.values, abs=1e-14)
    point = stationary_at(at, drawn)
    assert np.abs(linear_alignment.gradient(point.model, drawn.x)).max() < 1e-14
    assert np.linalg.matrix_rank(point.model) == len(point.kept)


def test_a_transformation_has_the_alignment_matrix_that_was_chosen():
    at = {**AT, "scope": FL, "least": 0.3, "rival": 0.2, "leak": 0.1, "leaks_along": "any", "draw": 3}
    x = chosen_alignment(at)
    assert aligned_at(at, x) == pytest.approx(x, abs=1e-12)
    assert np.linalg.eigvalsh(x[:3, :3])[[0, -1]] == pytest.approx([0.3, 1.0])
    assert np.linalg.norm(x[3:, :3], 2) == pytest.approx(0.1)


def test_the_summed_objective_of_a_regular_network_has_one_entry():
    at = {"n_clients": 5, "network": "ring", "draw": 1, "tau": 3.0, "mu": 0.0, "entries": PRINTED}
    assert weights_at(at) == pytest.approx(np.full(5, 0.2))
    assert summed_objective(at) == pytest.approx(np.full(5, 9 - 8 / 5))
