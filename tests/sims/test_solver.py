"""Descent from random starts finds the row space that the theory uses."""

import jax
import numpy as np
import pytest

from sims import solver
from sims.sampler import literal_moments
from sims.subspace import encoder_subspace, top_subspace
from theory.moments import alignment_matrix
from theory.readings import Loss, Mask, Objective, Reading
from theory.setting import Setting

S = Setting.paper(24, n_clients=3, samples_per_client=300)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("objective", "mask"),
    [(Objective.CL, Mask.INDEPENDENT), (Objective.MIM, Mask.INDEPENDENT), (Objective.MIM, Mask.COMPLEMENTARY)],
)
def test_alignment_descends_to_the_top_positive_eigenvectors(objective, mask, seed):
    x = alignment_matrix(S, objective, mask).dense()
    found = solver.descend_alignment(jax.random.key(seed), x, 3)
    assert solver.subspace_distance(found.basis, top_subspace(x, 3)) < 1e-6
    # Zero eigenvalues leave like steps^(-1/2): |W|^2 about 1/steps of the scale.
    assert solver.stationarity(found, x) < (1e-12 if mask is Mask.INDEPENDENT else 2e-3)


def test_alignment_on_drawn_data_descends_to_the_empirical_subspace():
    (moments,) = literal_moments(np.random.default_rng(1), S, ((Objective.CL, Reading(draws=1)),))
    found = solver.descend_alignment(jax.random.key(2), moments.cross, 3)
    assert solver.subspace_distance(found.basis, top_subspace(moments.alignment(), 3)) < 1e-6


def test_reconstruction_descends_to_reduced_rank_regression():
    reading = Reading(mask=Mask.COMPLEMENTARY, loss=Loss.RECONSTRUCTION)
    (moments,) = literal_moments(np.random.default_rng(0), S, ((Objective.MIM, reading),))
    found = solver.descend_reconstruction(jax.random.key(0), moments.within, moments.cross, 3)
    assert solver.subspace_distance(found.basis, encoder_subspace(moments, 3)) < 1e-6
