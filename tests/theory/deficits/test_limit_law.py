"""The limit law against the closed form without spare features, against sampled matrices with many, and its atoms."""

import numpy as np
import pytest

from theory.deficits.limit_law import alignment_law
from theory.deficits.proportional_limit import spike_represented
from theory.readings import Objective
from theory.symbols import augmentation_std, gamma, mu


@pytest.mark.parametrize("ratio", [1e-6, 0.02, 0.8, 3.0, 200.0])
@pytest.mark.parametrize("std", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("gap", [0.05, 0.7, 40.0])
def test_without_spare_features_the_law_is_the_closed_form(gap, std, ratio):
    law = alignment_law(0.16, std**2 / 2, ratio)
    values = {mu: 0.4, augmentation_std: std, gamma: ratio}
    closed = float(spike_represented(gap, Objective.CL).subs(values))
    assert law.represented(gap) == pytest.approx(closed, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("ratio", [0.2, 0.8, 3.0])
@pytest.mark.parametrize("half_noise", [0.0, 0.5])
def test_an_outlier_and_the_whole_bulk_hold_all_of_a_direction(half_noise, ratio):
    law = alignment_law(0.2, half_noise, ratio)
    assert law.held_above(-50.0, 2.0) == pytest.approx(1.0, abs=1e-5)
    edge = law.position(law.edge_root)
    assert law.bulk_above(edge * 1.01) == pytest.approx(0.0, abs=1e-5)
    outlier = law.outlier(20.0)
    assert outlier is not None
    assert law.held_above(edge * 1.01, 20.0) == pytest.approx(outlier[1], abs=1e-5)


def test_more_noise_coordinates_than_samples_leave_eigenvalues_of_zero():
    # One Wishart of aspect 4: a quarter of the eigenvalues is positive. Two of opposite sign: an eighth, by symmetry.
    assert alignment_law(1.0, 0.0, 4.0).bulk_above(0.0) == pytest.approx(0.25, abs=1e-5)
    assert alignment_law(1e-9, 1.0, 8.0).bulk_above(0.0) == pytest.approx(0.125, abs=1e-4)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize(("half_noise", "samples"), [(0.0, 150), (0.0, 900), (0.4, 150), (0.4, 900)])
def test_sampled_matrices_meet_the_law_with_spare_features(half_noise, samples, share):
    """A spike of gap 1 in 300 noise coordinates: eigenvectors by linear algebra, views drawn literally."""
    rng, noise, found = np.random.default_rng(3), 300, []
    for _ in range(12):
        y = np.sqrt(0.3 + half_noise) * rng.standard_normal((samples, noise + 1))
        y[:, 0] += rng.choice([-1.0, 1.0], samples)
        z = np.sqrt(half_noise) * rng.standard_normal(y.shape)
        values, vectors = np.linalg.eigh((y.T @ y - z.T @ z) / samples)
        top = vectors[0, -round(share * noise) - 1 :][values[-round(share * noise) - 1 :] > 1e-9]
        found.append((top**2).sum())
    claimed = alignment_law(0.3, half_noise, noise / samples).represented(1.0, share=share)
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    # Corrections of order 1/noise, and the spike's own fluctuation in few samples.
    assert abs(np.mean(found) - claimed) <= 0.02 * (1 - claimed) + 2 / noise + 3 * error
