"""The adaptive MMD against double loops written like the display and like the released code, line by line."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.losses.adaptive_mmd import ESTIMATORS, a_mmd, adaptive_bandwidth, mixture_mmd
from sims.stats import estimate, standard_errors_allowed
from theory.alignment_term.gaussian_mmd import GAUSSIAN_MMD, gaussian_mmd
from theory.alignment_term.gaussian_mmd import mixture_mmd as mixture_closed_form
from theory.formula import OutOfDomainError


def batches(seed=3, shape=(5, 3), factor=1.7):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape), factor * rng.standard_normal(shape) + 0.3


def mean(values):
    return sum(values) / len(values)


def median(values):
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def slow(x, y, bandwidth, power):
    """Eq (6), a term at a time."""
    n, m = len(x), len(y)
    distances = [math.dist(x[a], x[b]) for a in range(n) for b in range(n) if a != b]
    sigma = {"mean": mean, "median": median}[bandwidth](distances) if isinstance(bandwidth, str) else bandwidth

    def kernel(u, v):
        return math.exp(-(math.dist(u, v) ** power) / (2 * sigma**2))

    within = sum(kernel(x[a], x[b]) for a, b in itertools.permutations(range(n), 2)) / (n * (n - 1))
    within += sum(kernel(y[a], y[b]) for a, b in itertools.permutations(range(m), 2)) / (m * (m - 1))
    return within - 2 * sum(kernel(u, v) for u in x for v in y) / (n * m)


def slow_released(x, y, bandwidth):
    """`mean_pairwise_distance`, `gaussian_kernel` and `mmd_loss` of `ammd.py`, index by index."""
    sets = x if x.ndim == 3 else [x]
    distances = [math.dist(u, v) for tokens in sets for u in tokens for v in tokens]
    lower_median = sorted(distances)[(len(distances) - 1) // 2]
    sigma = bandwidth if isinstance(bandwidth, float) else {"mean": mean(distances), "median": lower_median}[bandwidth]

    def kernel(u, v):  # sum over axis 2 of (batch, batch, ...): features, or tokens with one value a feature
        squared = (u - v) ** 2
        return np.exp(-np.atleast_1d(squared.sum(axis=0)) / (2 * sigma**2))

    within = sum(kernel(u, v).sum() for u in x for v in x) / (len(x) * (len(x) - 1))
    within += sum(kernel(u, v).sum() for u in y for v in y) / (len(y) * (len(y) - 1))
    return within - 2 * mean([value for u in x for v in y for value in kernel(u, v)])


@pytest.mark.parametrize("bandwidth", ["mean", "median", 1.3])
@pytest.mark.parametrize(("estimator", "power"), [("unbiased", 2), ("printed", 1)])
@pytest.mark.parametrize("size", [5, 4])
def test_the_statistic_is_the_double_sum(bandwidth, estimator, power, size):
    x, y = batches(shape=(size, 3))
    # Sums of some twenty terms in another order.
    assert float(a_mmd(x, y, bandwidth, estimator)) == pytest.approx(slow(x, y, bandwidth, power), rel=1e-12)


@pytest.mark.parametrize("bandwidth", ["mean", "median", 1.3])
@pytest.mark.parametrize("shape", [(5, 3), (4, 3), (4, 3, 2)])
def test_the_released_statistic_is_the_released_code(bandwidth, shape):
    x, y = batches(shape=shape)
    found = float(a_mmd(x, y, bandwidth, "released"))
    assert found == pytest.approx(slow_released(x, y, bandwidth), rel=1e-12)  # as above


def test_batches_of_different_size_have_an_unbiased_statistic():
    x, y = batches()
    assert float(a_mmd(x, y[:3])) == pytest.approx(slow(x, y[:3], "mean", 2), rel=1e-12)
    with pytest.raises(ValueError, match="one size B; got 5 and 3"):
        a_mmd(x, y[:3], estimator="printed")


def test_tokens_are_one_long_vector_outside_the_released_code():
    x, y = batches(shape=(5, 3, 2))
    for estimator in ("unbiased", "printed"):
        assert a_mmd(x, y, estimator=estimator) == a_mmd(x.reshape(5, 6), y.reshape(5, 6), estimator=estimator)


def test_the_kept_diagonal_adds_two_over_batch_minus_one():
    x, y = batches()
    difference = float(a_mmd(x, y, 1.3, "released") - a_mmd(x, y, 1.3))
    assert difference == pytest.approx(2 / (len(x) - 1), rel=1e-12)


def test_the_released_bandwidth_is_smaller_by_the_diagonals_share():
    x, y = batches()
    smaller = float(adaptive_bandwidth(x)) * (len(x) - 1) / len(x)
    assert float(a_mmd(x, y, "mean", "released")) == pytest.approx(float(a_mmd(x, y, smaller, "released")), rel=1e-12)


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_squared_distances_are_free_of_scale_and_printed_ones_are_not(scale):
    x, y = batches()
    for estimator in ("unbiased", "released"):
        found, base = (float(a_mmd(c * x, c * y, estimator=estimator)) for c in (scale, 1.0))
        assert found == pytest.approx(base, rel=1e-11)  # scaled inputs round differently
    assert abs(float(a_mmd(scale * x, scale * y, estimator="printed") - a_mmd(x, y, estimator="printed"))) > 1e-3


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_gradients_are_finite_differences(estimator):
    x, y = batches()
    frozen = "mean" if estimator != "released" else float(adaptive_bandwidth(x)) * 4 / 5
    slope = jax.grad(lambda z: a_mmd(z, y, estimator=estimator))(jnp.asarray(x))
    step = 1e-6
    for place in ((0, 0), (4, 2)):
        shift = np.zeros_like(x)
        shift[place] = step
        # As released the bandwidth is a constant of the gradient: the difference is taken with it held.
        rise = float(a_mmd(x + shift, y, frozen, estimator) - a_mmd(x - shift, y, frozen, estimator))
        # Central differences of a double are good to about (1e-16)^(2/3).
        assert float(slope[place]) == pytest.approx(rise / (2 * step), abs=1e-9)


def test_gradients_of_the_released_cross_term_are_smaller_by_the_feature_dimension():
    x, y = batches(shape=(6, 4, 64))

    def parts(z, is_cross):
        k = jnp.exp(-jnp.sum((z[:, None] - (y if is_cross else z)[None]) ** 2, axis=2) / (2 * 4.0**2))
        return k.mean() if is_cross else k.sum() / (6 * 5)

    cross, within = (jax.grad(lambda z, c=c: parts(z, c))(jnp.asarray(x)) for c in (True, False))
    both = jax.grad(lambda z: a_mmd(z, y, 4.0, "released"))(jnp.asarray(x))
    np.testing.assert_allclose(both, within - 2 * cross, rtol=1e-9, atol=1e-15)  # sums of 64 x 36 terms
    ratio = float(jnp.linalg.norm(within) / jnp.linalg.norm(2 * cross))
    assert 64 / 4 < ratio < 64 * 4


def test_gradients_survive_equal_embeddings():
    x, y = batches()
    x[1] = x[0]
    for estimator in ESTIMATORS:
        assert jnp.isfinite(jax.grad(lambda z, e=estimator: a_mmd(z, y, estimator=e))(jnp.asarray(x))).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_bandwidth_of_zero_takes_the_limit(estimator):
    x, y = np.ones((4, 3)), batches(shape=(4, 3))[1]
    limit = float(a_mmd(x, y, 1e-8, estimator))
    assert float(a_mmd(x, y, "mean", estimator)) == limit
    assert jnp.isfinite(jax.grad(lambda z: a_mmd(z, y, estimator=estimator))(jnp.asarray(x))).all()


def test_it_is_the_same_under_jit_and_vmap():
    x, y = batches()
    assert float(jax.jit(a_mmd)(x, y)) == pytest.approx(float(a_mmd(x, y)), rel=1e-14)
    stacked = jax.vmap(lambda a, b: a_mmd(a, b, estimator="released"))(np.stack([x, y]), np.stack([y, x]))
    assert float(stacked[1]) == pytest.approx(float(a_mmd(y, x, estimator="released")), rel=1e-13)


def test_its_mean_is_the_squared_mmd_at_a_fixed_bandwidth():
    rng = np.random.default_rng(11)
    x, y = rng.standard_normal((20_000, 6, 3)), 1.8 * rng.standard_normal((20_000, 6, 3))
    found = estimate(np.asarray(jax.vmap(lambda a, b: a_mmd(a, b, 2.0))(x, y)))
    exact = GAUSSIAN_MMD.value(feature_dim=3, bandwidth=2.0, std_local=1.0, std_global=1.8)
    assert abs(found.distance_from(exact)) < standard_errors_allowed()
    assert found.standard_error < 0.02 * exact


def test_a_mixture_of_one_is_the_plain_statistic():
    x, y = batches()
    assert float(mixture_mmd(x, y[None], np.ones(1))) == pytest.approx(float(a_mmd(x, y)), rel=1e-13)


def test_clients_of_weight_zero_do_not_enter_a_mixture():
    x, y = batches()
    pool = np.stack([y, 1e3 * x])
    assert float(mixture_mmd(x, pool, np.array([1.0, 0.0]))) == pytest.approx(float(a_mmd(x, y)), rel=1e-13)


def test_the_mixture_statistic_has_the_mixtures_squared_mmd_as_its_mean():
    rng = np.random.default_rng(12)
    stds, weights = np.array([0.6, 2.0]), np.array([0.3, 0.7])
    x = rng.standard_normal((20_000, 5, 2))
    pool = stds[:, None, None] * rng.standard_normal((20_000, 2, 4, 2))
    found = estimate(np.asarray(jax.vmap(lambda a, b: mixture_mmd(a, b, weights, 1.5))(x, pool)))
    exact = float(mixture_closed_form(np.eye(2), stds[:, None, None] ** 2 * np.eye(2)[None], weights, 1.5))
    assert abs(found.distance_from(exact)) < standard_errors_allowed()
    assert found.standard_error < 0.1 * exact


def test_gaussians_with_any_means_and_covariances_have_that_mean():
    rng = np.random.default_rng(13)
    shift, root = np.array([0.5, -1.0]), np.array([[1.0, 0.0], [0.8, 0.4]])
    x, y = rng.standard_normal((20_000, 5, 2)) @ root.T, shift + rng.standard_normal((20_000, 5, 2))
    found = estimate(np.asarray(jax.vmap(lambda a, b: a_mmd(a, b, 1.5))(x, y)))
    exact = float(gaussian_mmd(np.zeros(2), root @ root.T, shift, np.eye(2), 1.5))
    assert abs(found.distance_from(exact)) < standard_errors_allowed()
    assert found.standard_error < 0.02 * exact


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros((5, 2))}, r"\(5, 3\) and \(5, 2\)"),
        ({"x": np.zeros(5)}, r"\(5,\)"),
        ({"x": np.zeros((5, 3), int)}, "real numbers"),
        ({"bandwidth": -1.0}, "bandwidth=-1.0"),
        ({"bandwidth": math.nan}, "bandwidth=nan"),
        ({"bandwidth": "mode"}, "mode"),
        ({"estimator": "biased"}, "biased"),
        ({"x": np.full((5, 3), np.nan)}, "15 entries in x"),
    ],
)
def test_bad_input_is_refused(change, message):
    x, y = batches()
    with pytest.raises(ValueError, match=message):
        a_mmd(**({"x": x, "y": y} | change))


def test_batches_of_one_have_no_statistic():
    with pytest.raises(OutOfDomainError, match="two embeddings"):
        a_mmd(np.zeros((1, 2)), np.zeros((1, 2)))


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_float32_keeps_its_digits_on_wide_embeddings_far_from_the_origin(offset):
    x, y = batches(shape=(6, 200))
    single = [(z + offset).astype(np.float32) for z in (x, y)]
    exact = a_mmd(*[z.astype(np.float64) for z in single])
    assert a_mmd(*single).dtype == jnp.float32
    np.testing.assert_allclose(a_mmd(*single), exact, rtol=1e-4)  # the terms, of order 1, cancel to 0.01
