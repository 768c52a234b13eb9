import numpy as np
import pytest

from sims.evaluation.feature_geometry import uniformity
from sims.evaluation.uniform_points import mean_kernel, most_uniform_points
from theory.alignment_term.hypersphere import greatest_uniformity


def test_a_simplex_is_found() -> None:
    # dim + 1 points are most uniform as the corners of a regular simplex, at cosines of -1/dim.
    points = most_uniform_points(np.random.default_rng(1), 5, 4)
    cosines = points @ points.T
    assert np.diagonal(cosines) == pytest.approx(1, abs=1e-12)
    assert cosines[np.triu_indices(5, 1)] == pytest.approx(-1 / 4, abs=1e-4)


def test_many_points_come_near_the_limit_and_stay_inside() -> None:
    found = -np.log(mean_kernel(most_uniform_points(np.random.default_rng(2), 300, 3)))
    limit = greatest_uniformity(3)
    assert limit - 1e-3 < found <= limit


def test_the_mean_goes_over_all_pairs() -> None:
    points = np.random.default_rng(3).standard_normal((7, 5))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    apart = np.exp(uniformity(points.astype(np.float32), t=1.5))  # of different points only
    assert mean_kernel(points, 1.5) == pytest.approx(1 / 7 + 6 / 7 * apart, rel=1e-6)
