"""Top subspaces of matrices whose spectrum is known: signs, zeros, gaps, and what must not be called settled."""

import numpy as np
import pytest

from sims.samplers.literal import CrossMoments
from sims.samplers.subspace import encoder_subspace, krylov_subspace, squared_projections, top_subspace
from theory.readings import Selection


def _turned(values, seed=0):
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    return q * np.asarray(values) @ q.T, q


def _distance(a, b):
    return np.linalg.norm(a @ a.T - b @ b.T, 2)


def test_only_positive_eigenvalues_are_used_unless_the_modulus_is_asked_for():
    x, q = _turned([3.0, -5.0, 1.0, 0.0, 0.0, -0.5])
    assert _distance(top_subspace(x, 2), q[:, [0, 2]]) < 1e-12
    assert _distance(top_subspace(x, 4), q[:, [0, 2]]) < 1e-12
    assert _distance(top_subspace(x, 2, Selection.MODULUS), q[:, [0, 1]]) < 1e-12
    assert _distance(top_subspace(x, 3, Selection.MODULUS), q[:, [0, 1, 2]]) < 1e-12


def _iterate(x, m, feature_dim):
    return krylov_subspace(lambda v: x @ v, np.eye(len(x), m)[None], feature_dim)


@pytest.mark.parametrize("gap", [2.0, 0.3, 0.01])
def test_a_settled_subspace_is_as_near_as_its_angle_says(gap):
    x, q = _turned([2.0, 1.0 + gap, 1.0, *np.linspace(0.9, -1.0, 57)])
    top = np.argsort([-2.0, -1.0 - gap])
    found = _iterate(x, 3, 2)
    off = _distance(found.basis[0], q[:, top])
    # Residuals carry round-off of the products, about 1e-15 over the gap.
    assert off <= found.angle[0] + 1e-14 / gap
    assert found.settled[0] == (found.angle[0] <= 1e-6)


def test_a_subspace_with_a_negative_direction_is_not_settled():
    # Both top directions converge within a few levels, so that only the sign speaks against them.
    spectrum = [5.0, -1.0, *np.linspace(-10.0, -9.0, 58)]
    found = _iterate(_turned(spectrum)[0], 3, 2)
    assert found.angle[0] < 1e-6
    assert not found.settled[0]
    spectrum[1] = 1.0
    assert _iterate(_turned(spectrum)[0], 3, 2).settled[0]


def _blocks_asked_for(values):
    x, _ = _turned(values)
    seen = []

    def apply(v):
        seen.append(v[0])
        return x @ v

    krylov_subspace(apply, np.eye(len(x), 3)[None], 3, angle=0.0)
    return np.concatenate(seen, axis=1)


def test_the_blocks_that_a_product_sees_are_orthonormal_to_round_off():
    # Eigenvalues over ten decades: images are nearly parallel to what was seen, which one projection leaves in.
    basis = _blocks_asked_for(np.logspace(0, -10, 40))
    assert basis.shape[1] > 30
    assert np.allclose(basis.T @ basis, np.eye(basis.shape[1]), rtol=0, atol=1e-13)


def test_a_block_that_no_longer_fits_beside_those_seen_is_not_asked_for():
    basis = _blocks_asked_for(np.linspace(1, 2, 10))
    assert basis.shape == (10, 9)
    assert np.allclose(basis.T @ basis, np.eye(9), rtol=0, atol=1e-13)


def test_the_encoder_loses_least_among_encoders_of_its_rank():
    rng = np.random.default_rng(1)
    a = rng.standard_normal((8, 30))
    # No symmetry between the views: transposes may not be traded.
    b = rng.standard_normal((8, 8)) @ a + 0.3 * rng.standard_normal((8, 30))
    moments = CrossMoments(a @ b.T / 30, a @ a.T / 30)

    def loss(basis):
        views = basis.T @ a
        return np.linalg.norm(b - b @ np.linalg.pinv(views) @ views)

    # The best fit of rank 3: the top of b projected on the rows of a.
    fitted = b @ np.linalg.pinv(a) @ a
    tail = np.linalg.svd(fitted, compute_uv=False)[3:]
    best = np.sqrt(np.linalg.norm(b - fitted) ** 2 + (tail**2).sum())
    assert loss(encoder_subspace(moments, 3)) == pytest.approx(best, rel=1e-12)


def test_an_encoder_without_the_second_moment_is_refused():
    with pytest.raises(ValueError, match="needs E a a"):
        encoder_subspace(CrossMoments(np.eye(3), None), 2)


def test_squared_projections_are_the_diagonal_of_the_projector():
    basis = _turned(np.ones(5))[1][:, :2]
    assert np.allclose(squared_projections(basis), np.diagonal(basis @ basis.T), rtol=0, atol=1e-15)
