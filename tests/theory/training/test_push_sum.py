"""Push-sum's effective covariance: algebra against sums written out, and the order of its error against training."""

import numpy as np
import pytest

from theory.networks.mixing import metropolis, push_sum
from theory.networks.topologies import topology
from theory.objectives.curvature import curvature, top_projector
from theory.training.effective_covariance import effective_covariance
from theory.training.push_sum import push_sum_effective_covariance, push_sum_projectors

N, D, C = 6, 5, 2


def covariances(dissimilarity: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(D, D)))[0]
    own = rng.normal(size=(N, D, D)) / np.sqrt(D)
    return basis @ np.diag([3.0, 2.4, 0.9, 0.6, 0.3]) @ basis.T + dissimilarity * (own + np.swapaxes(own, 1, 2)) / 2


def one_way() -> np.ndarray:
    """A directed ring with a shortcut, whose settled weights differ twofold."""
    adjacency = np.roll(np.eye(N, dtype=bool), 1, axis=1)
    adjacency[0, 4] = True
    return push_sum(adjacency)


def settled(column: np.ndarray) -> np.ndarray:
    """r with C r = r, by mixing for long."""
    return np.linalg.matrix_power(column, 4000) @ np.full(N, 1 / N)


@pytest.mark.parametrize("local_steps", [1, 3])
def test_the_effective_covariance_is_the_double_sum_over_clients(local_steps):
    """Written with C alone: Z of B over N r_j is ((I - C + r 1^T)^-1 - I)_ij over N r_i."""
    column, x, eta = one_way(), covariances(), 1e-2
    r = settled(column)
    assert r.max() > 1.5 * r.min()
    z = np.linalg.inv(np.eye(N) - column + np.outer(r, np.ones(N))) - np.eye(N)
    off, expected = x - x.mean(axis=0), x.mean(axis=0)
    for i in range(N):
        expected = expected + eta / N * (local_steps - 1) * off[i] @ off[i]
        for j in range(N):
            expected = expected + eta / N * 2 * local_steps * z[i, j] / (N * r[i]) * off[j] @ off[i]
    found = push_sum_effective_covariance(column, x, eta, local_steps)
    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert np.abs(found - found.T).max() > 1e-5


def test_on_two_way_links_it_is_symmetric_and_with_equal_weights_that_of_averaging():
    x = covariances()
    star = push_sum_effective_covariance(push_sum(topology("star", N)), x, 1e-2, 2)
    np.testing.assert_allclose(star, star.T, atol=1e-14)
    ring = metropolis(topology("ring", N))
    np.testing.assert_allclose(
        push_sum_effective_covariance(ring, x, 1e-2, 2), effective_covariance(ring, x, 1e-2, 2), atol=1e-14
    )


def trained(column: np.ndarray, x: np.ndarray, step_size: float, local_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean model and mean numerator after rounds of push-sum from the optimum of the plain mean, to rest."""
    numerators = np.repeat(curvature(x.mean(axis=0), C).optimum[None], N, axis=0)
    weights = np.ones(N)
    # Tilts shrink at 2 eta (2.4 - 0.9) or somewhat less a step: to below 1e-9 of themselves.
    for _ in range(int(22 / (2 * step_size * local_steps * 1.3))):
        models = numerators / weights[:, None, None]
        local = models
        for _ in range(local_steps):
            local = local - 2 * step_size * local @ (np.swapaxes(local, 1, 2) @ local - x)
        numerators = np.einsum("ij,jcd->icd", column, numerators + local - models)
        weights = column @ weights
    return (numerators / weights[:, None, None]).mean(axis=0), numerators.mean(axis=0)


@pytest.mark.parametrize("local_steps", [1, 3])
def test_both_means_are_predicted_and_what_is_left_out_falls_fourfold_when_steps_are_halved(local_steps):
    column, x = one_way(), covariances()
    target, errors, drifts = top_projector(x.mean(axis=0), C), [], []
    for eta in (4e-3 / local_steps, 2e-3 / local_steps):
        found = [top_projector(w.T @ w, C) for w in trained(column, x, eta, local_steps)]
        said = push_sum_projectors(column, x, C, eta, local_steps)
        errors.append([np.linalg.norm(p - q) for p, q in zip(found, said, strict=True)])
        drifts.append([np.linalg.norm(p - target) for p in found])
    assert np.divide(errors[0], errors[1]) == pytest.approx([4, 4], rel=0.05)
    assert np.divide(drifts[0], drifts[1]) == pytest.approx([2, 2], rel=0.05)
    assert np.max(np.divide(errors, drifts)) < 0.1
    # The numerators depart by the first order of the differences, the models by the second.
    assert drifts[0][1] > 2 * drifts[0][0]


def test_rows_that_sum_to_one_are_not_push_sum():
    with pytest.raises(ValueError, match="columns that sum to 1"):
        push_sum_effective_covariance(one_way().T, covariances(), 1e-2)
