"""Geometry of features against double loops, exact cases, and the static ledger's representability."""

import sys
import types
import warnings
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest

from sims.evaluation import feature_geometry
from sims.evaluation.feature_geometry import (
    alignment,
    class_directions,
    effective_rank,
    feature_representability,
    linear_cka,
    principal_axes,
    project,
    uniformity,
    weight_distance,
)
from sims.evaluation.probes import features_of
from sims.samplers.subspace import squared_projections
from sims.stats import estimate, standard_errors_allowed


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def whitened(seed, n, dim):
    """Images whose sample covariance is the identity to round-off."""
    raw = normal(seed, n, dim)
    left = np.linalg.svd(raw - raw.mean(axis=0), full_matrices=False)[0]
    return left * np.sqrt(n)


@pytest.mark.parametrize("block", [4, 1024])
def test_uniformity_is_the_double_loop(block, monkeypatch):
    monkeypatch.setattr(feature_geometry, "BLOCK", block)
    features = normal(0, 11, 3)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    for t in (2.0, 0.5):
        terms = [np.exp(-t * np.sum((unit[i] - unit[j]) ** 2)) for i in range(11) for j in range(i)]
        assert uniformity(features, t) == pytest.approx(np.log(np.mean(terms)), rel=1e-12)  # other order of sums


def test_uniformity_of_two_opposite_points_is_minus_four_t():
    for t in (1.0, 2.0):
        assert uniformity(np.array([[3.0, 0.0], [-0.5, 0.0]]), t) == pytest.approx(-4 * t, rel=1e-14)
    assert uniformity(np.array([[1.0, 2.0], [2.0, 4.0], [0.5, 1.0]])) == pytest.approx(0, abs=1e-14)


def test_uniformity_falls_as_a_cone_of_features_opens():
    noise = normal(1, 50, 4)
    found = [uniformity(np.array([5.0, 0, 0, 0]) + width * noise) for width in (0.1, 1.0, 10.0)]
    assert found[0] > found[1] > found[2] > -8


def test_alignment_is_the_mean_distance_of_directions():
    first, second = normal(2, 9, 3), normal(3, 9, 3)
    for alpha in (1.0, 2.0):
        terms = [
            np.linalg.norm(a / np.linalg.norm(a) - b / np.linalg.norm(b)) ** alpha
            for a, b in zip(first, second, strict=True)
        ]
        assert alignment(first, second, alpha) == pytest.approx(np.mean(terms), rel=1e-13)
    assert alignment(first, 3.0 * first) == pytest.approx(0, abs=1e-30)
    assert alignment(first, -0.1 * first) == pytest.approx(4, rel=1e-14)


@pytest.mark.parametrize("k", [1, 3, 8])
def test_the_effective_rank_of_isotropic_features_is_their_dimension(k):
    rotated = whitened(4, 40, k) @ np.linalg.qr(normal(5, 8, 8))[0][:k]
    assert effective_rank(7.0 * rotated + 100.0) == pytest.approx(k, rel=1e-9)  # an offset costs digits


def test_the_effective_rank_of_two_singular_values_is_exp_of_their_entropy():
    features = whitened(6, 30, 2) * np.array([3.0, 1.0])
    assert effective_rank(features) == pytest.approx(4 / 3**0.75, rel=1e-12)  # H(3/4, 1/4)


def test_collapsed_features_have_effective_rank_zero():
    point = normal(7, 1, 16).astype(np.float32)
    assert effective_rank(np.repeat(point, 50, axis=0)) == 0
    jittered = np.nextafter(np.repeat(point, 50, axis=0), np.float32(9), dtype=np.float32)
    jittered[::2] = point
    assert effective_rank(jittered) == 0
    assert effective_rank(np.zeros((5, 3), np.float32)) == 0


def test_linear_cka_is_the_ratio_of_its_definition():
    first, second = normal(31, 40, 5) @ normal(32, 5, 5), normal(33, 40, 3) + 7.0
    second[:, 0] += first[:, 1]
    centring = np.eye(40) - 1 / 40
    k, l = (centring @ x @ x.T @ centring for x in (first, second))
    wanted = np.trace(k @ l) / np.sqrt(np.trace(k @ k) * np.trace(l @ l))
    assert 0.05 < wanted < 0.95
    assert linear_cka(first, second) == pytest.approx(wanted, rel=1e-10)  # from n x n products, not singular vectors
    assert linear_cka(second, first) == pytest.approx(wanted, rel=1e-10)


def test_linear_cka_is_blind_to_axes_scale_and_offset_alone():
    features = normal(34, 30, 4)
    turned = 3.0 * features @ np.linalg.qr(normal(35, 4, 4))[0] - 2.0
    assert linear_cka(features, turned) == pytest.approx(1, abs=1e-9)
    assert linear_cka(features, features * np.array([5.0, 1, 1, 1])) < 0.9


@pytest.mark.parametrize("c", [1, 3, 6])
def test_on_isotropic_images_representability_is_that_of_the_row_space(c):
    images, w = whitened(8, 60, 6), normal(9, c, 6)
    found = feature_representability(images @ w.T - 4.0, images, np.eye(6))
    basis = np.linalg.qr(w.T)[0]
    np.testing.assert_allclose(found.shares, squared_projections(basis), rtol=1e-9)  # two factorisations
    assert found.floor == pytest.approx(c / 59)


def test_on_other_images_representability_is_that_of_the_whitened_row_space():
    images, w = normal(10, 80, 5) @ normal(11, 5, 5), normal(12, 2, 5)
    values, vectors = np.linalg.eigh(np.cov(images.T))
    root = vectors * np.sqrt(values) @ vectors.T
    basis = np.linalg.qr(root @ w.T)[0]
    directions = normal(13, 4, 5)
    rooted = directions @ root
    rooted /= np.linalg.norm(rooted, axis=1, keepdims=True)
    found = feature_representability(images @ w.T, images, directions)
    np.testing.assert_allclose(found.shares, np.sum((rooted @ basis) ** 2, axis=1), rtol=1e-8)
    # Along principal axes the shares of a linear encoder add up to its rank.
    axes = principal_axes(images, 5)
    np.testing.assert_allclose(axes @ axes.T, np.eye(5), atol=1e-12)
    assert feature_representability(images @ w.T, images, axes).shares.sum() == pytest.approx(2, rel=1e-9)


def test_representability_does_not_change_when_features_are_mixed_and_falls_when_one_is_lost():
    images = whitened(14, 60, 6)
    features = np.tanh(images @ normal(15, 6, 4))
    found = feature_representability(features, images, np.eye(6)).shares
    mixed = feature_representability(features @ normal(16, 4, 4) + 3.0, images, np.eye(6)).shares
    np.testing.assert_allclose(mixed, found, rtol=1e-8)
    assert np.all(feature_representability(features[:, :3], images, np.eye(6)).shares <= found + 1e-12)
    assert found.sum() <= 4 + 1e-12
    assert found.max() < 1


def test_unrelated_features_represent_the_floor_on_average():
    above = []
    for seed in range(200):
        rng = np.random.default_rng([seed, 17])
        found = feature_representability(rng.standard_normal((50, 5)), rng.standard_normal((50, 3)), np.eye(3))
        above.append(found.above_floor[0])
    assert abs(estimate(np.array(above)).distance_from(0.0)) < standard_errors_allowed()
    assert estimate(np.array(above)).standard_error < 0.01 < found.floor == 5 / 49


def test_the_theorys_encoder_is_represented_as_its_matrix_says():
    @dataclass(frozen=True)
    class Linear:
        feature_dim: int = 2

        def init(self, key, image_shape):
            raise NotImplementedError

        def features(self, params, images):
            return images.reshape(len(images), -1) @ params

    images = np.random.default_rng(18).integers(0, 256, (400, 2, 2, 1), dtype=np.uint8)
    w = normal(19, 4, 2).astype(np.float32)
    flat = images.reshape(400, 4) / 255
    found = feature_representability(features_of(Linear(), jnp.asarray(w), images), flat, principal_axes(flat, 4))
    assert found.shares.sum() == pytest.approx(2, rel=1e-4)  # float32 features
    # Uniform pixels are isotropic, but for the sampling error of 400 images.
    exact = squared_projections(np.linalg.qr(w.astype(np.float64))[0])
    along = feature_representability(features_of(Linear(), jnp.asarray(w), images), flat, np.eye(4)).shares
    assert np.abs(along - exact).max() < standard_errors_allowed() / np.sqrt(400)


def test_class_directions_point_from_the_centre_of_the_classes_to_each():
    means = np.array([[1.0, 0, 0], [0, 3.0, 0], [-1.0, -3.0, 0]])
    labels = np.array([0, 0, 2, 2, 2, 5])
    images = means[[0, 0, 1, 1, 1, 2]] + 10.0
    images[:2, 2] += [1.0, -1.0]
    expected = means / np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(class_directions(images, labels), expected, atol=1e-12)


@pytest.mark.parametrize("per", ["model", "array"])
def test_the_distance_of_weights_is_a_metric(per):
    a, b, c = (
        {"dense": {"kernel": normal([20, i], 3, 2).astype(np.float32), "bias": normal([21, i], 2)}} for i in range(3)
    )
    assert weight_distance(a, a, per) == 0
    assert weight_distance(a, b, per) == weight_distance(b, a, per) > 0
    assert weight_distance(a, c, per) <= weight_distance(a, b, per) + weight_distance(b, c, per)


def test_the_two_scales_of_table_five_are_one_norm_and_a_sum_of_norms():
    a = {"x": np.zeros((2, 2)), "y": np.zeros(3)}
    b = {"x": np.full((2, 2), 1.5), "y": np.array([0.0, 4.0, 0.0])}
    assert weight_distance(a, b) == pytest.approx(5)
    assert weight_distance(a, b, "array") == pytest.approx(7)


def test_a_plane_without_umap_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match="pip install umap-learn"):
        project(normal(22, 40, 25))


def test_the_plane_is_made_of_the_principal_components_by_one_thread_with_the_seed(monkeypatch):
    asked = {}

    class Plane:
        def __init__(self, **settings):
            asked.update(settings)

        def fit_transform(self, components):
            asked["shape"] = components.shape
            return components[:, :2]

    def find(name):
        warnings.warn("no TensorFlow", ImportWarning, stacklevel=1)  # as the real one does
        return Plane

    fake = types.ModuleType("umap")
    fake.__getattr__ = find
    monkeypatch.setitem(sys.modules, "umap", fake)
    features = normal(25, 40, 25)
    plane = project(features, seed=4)
    assert asked == {"n_components": 2, "n_neighbors": 15, "random_state": 4, "n_jobs": 1, "shape": (40, 20)}
    left, sizes, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(plane), np.abs(left * sizes)[:, :2], rtol=1e-5, atol=1e-5)  # signs are free


@pytest.mark.slow
def test_one_seed_gives_one_plane_in_which_clusters_are_apart():
    labels = np.repeat([0, 1], 30)
    features = (normal(23, 60, 25) + 30.0 * labels[:, None]).astype(np.float32)
    plane = project(features, seed=4)
    assert plane.shape == (60, 2)
    assert plane.dtype == np.float32
    np.testing.assert_array_equal(plane, project(features, seed=4))
    assert not np.array_equal(plane, project(features, seed=5))
    centres = np.stack([plane[labels == c].mean(axis=0) for c in (0, 1)])
    nearest = np.argmin(np.linalg.norm(plane[:, None] - centres[None], axis=2), axis=1)
    np.testing.assert_array_equal(nearest, labels)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: uniformity(f[:1]), "got 1 features"),
        (lambda f: uniformity(f, 0.0), "t=0.0"),
        (lambda f: uniformity(0 * f), "got 30 of 30 without"),
        (lambda f: alignment(f, f[:, 1:]), r"\(30, 4\) and \(30, 3\)"),
        (lambda f: alignment(f, f * np.inf), "got 30 of 30 without"),
        (lambda f: effective_rank(np.where(f > 0, np.nan, f)), "entries that are not"),
        (lambda f: linear_cka(f, f[1:]), "got 30 and 29"),
        (lambda f: linear_cka(f, 0 * f), "the same for all images"),
        (lambda f: linear_cka(f * np.nan, f), "entries that are not"),
        (lambda f: feature_representability(f, f[1:], np.eye(4)), r"images \(29, 4\)"),
        (lambda f: feature_representability(f, f, np.eye(3)), r"directions \(3, 3\)"),
        (lambda f: feature_representability(f[:5], f[:5], np.eye(4)), "5 images are explained by any 4 features"),
        (lambda f: feature_representability(f, f * np.array([1.0, 1, 1, 0]), np.eye(4)), "vary along each"),
        (lambda f: principal_axes(f, 5), "n_axes=5"),
        (lambda f: class_directions(np.ones((4, 2)), np.array([0, 0, 1, 1])), "one of 2 has that of all"),
        (lambda f: weight_distance({"a": f}, {"b": f}), "one architecture"),
        (lambda f: weight_distance({"a": f}, {"a": f[1:]}), "one architecture"),
        (lambda f: weight_distance({"a": f}, {"a": f * np.nan}), "Finite weights"),
        (lambda f: weight_distance(f, f, "layer"), "layer"),  # pyright: ignore[reportArgumentType]: wrong on purpose
        (lambda f: project(f, 20), "dims=20"),
        (lambda f: project(f[:15], 2), "15 features"),
        (lambda f: project(f * np.nan, 2), "120 entries"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(normal(24, 30, 4))
