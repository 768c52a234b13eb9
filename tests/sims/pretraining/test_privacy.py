"""Clips, sensitivities and noise measured; epsilons against closed forms of the Gaussian mechanism."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize, stats

from sims.pretraining.privacy import GaussianMechanism, clip, epsilon, noise_multiplier, sensitivity

DELTA = 1e-5


def closed_form(noise, delta=DELTA):
    """Theorem 8 of Balle and Wang (2018): delta of one Gaussian release, solved for epsilon."""

    def excess(eps):
        a, b = 1 / (2 * noise), eps * noise
        return stats.norm.cdf(a - b) - math.exp(eps) * stats.norm.cdf(-a - b) - delta

    return optimize.brentq(excess, 0, 100)


def test_a_clip_shortens_long_rows_alone():
    rows = jnp.asarray(np.random.default_rng(0).standard_normal((20, 6)) * np.linspace(0, 3, 20)[:, None], jnp.float32)
    found, lengths = clip(rows, 2.0), np.linalg.norm(rows, axis=1)
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found[lengths <= 2], rows[lengths <= 2])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.minimum(lengths, 2), rtol=1e-6)  # float32
    assert (lengths > 2).any()
    assert not np.any(found[0])


@pytest.mark.parametrize("rows_of_one", [[2], [0, 2, 3]])
@pytest.mark.parametrize("released", ["pool", "mean"])
@pytest.mark.parametrize("neighbours", ["replace", "zero"])
def test_no_change_of_an_image_exceeds_the_sensitivity_and_one_reaches_it(released, neighbours, rows_of_one):
    rng, n = np.random.default_rng(1), 5
    mechanism = GaussianMechanism(1.5, 0.0, released, neighbours)
    bound = sensitivity(1.5, released, neighbours, n, len(rows_of_one))
    changed = np.array(rows_of_one)

    def change(before, after):
        rows = jnp.asarray(rng.standard_normal((n, 3)))
        first, second = (mechanism(jax.random.key(0), rows.at[changed].set(row)) for row in (before, after))
        return float(jnp.linalg.norm(first - second))

    pairs = [10 ** rng.uniform(-1, 1) * rng.standard_normal((2, 3)) for _ in range(30)]
    worst = max(change(a, b if neighbours == "replace" else 0 * b) for a, b in pairs)
    assert worst <= bound * (1 + 1e-12)  # round-off of the difference
    far = np.array([100.0, 0, 0])
    assert change(far, -far if neighbours == "replace" else 0 * far) == pytest.approx(bound, rel=1e-12)


@pytest.mark.parametrize("repeats", [1.0, 3.0])
@pytest.mark.parametrize("released", ["pool", "mean"])
def test_the_noise_has_the_standard_deviation_it_claims(released, repeats):
    mechanism = GaussianMechanism(2.0, 0.7, released, "replace")
    rows, keys = jnp.zeros((4, 8), jnp.float32), jax.random.split(jax.random.key(5), 500)
    noise = np.asarray(jax.jit(jax.vmap(lambda key, times: mechanism(key, rows, times), (0, None)))(keys, repeats))
    assert noise.dtype == np.float32
    assert noise.shape == (500, 4 if released == "pool" else 1, 8)
    std = 0.7 * 4.0 * (math.sqrt(repeats) if released == "pool" else repeats / 4)
    assert mechanism.std(4, repeats) == pytest.approx(std)
    # n var / std^2 is chi-squared with n degrees: five of its standard errors.
    ratio = np.mean(noise.astype(float) ** 2) / std**2
    assert abs(ratio - 1) < 5 * math.sqrt(2 / noise.size)
    assert abs(np.mean(noise)) < 5 * std / math.sqrt(noise.size)


@pytest.mark.parametrize("noise", [0.8, 2.0, 5.0])
def test_one_release_has_the_closed_form(noise):
    # The library rounds privacy losses up to a grid of 1e-4.
    found, exact = epsilon(noise, DELTA, 1), closed_form(noise)
    assert exact <= found <= exact + 2e-4


def test_releases_of_all_compose_like_one_of_less_noise():
    found, exact = epsilon(6.0, DELTA, 9), closed_form(2.0)
    assert exact <= found <= exact + 2e-4


def test_the_bound_of_fixed_batches_of_everything_is_the_renyi_bound_of_the_plain_mechanism():
    found, exact = epsilon(4.0, DELTA, 5, sampling="fixed", batch=20, images=20), closed_form(4.0 / math.sqrt(5))
    assert exact < found < 1.2 * exact
    poisson = epsilon(4.0, DELTA, 5, sampling="poisson", batch=20, images=20)
    assert exact <= poisson <= exact + 1e-3  # five roundings of the grid


@pytest.mark.parametrize("sampling", ["all", "poisson", "fixed"])
def test_epsilon_falls_with_noise_and_rises_with_releases(sampling):
    spent = partial(epsilon, sampling=sampling, batch=10, images=100)
    middle = spent(2.0, DELTA, 5)
    assert spent(1.0, DELTA, 5) > middle > spent(4.0, DELTA, 5) > 0
    assert spent(2.0, DELTA, 1) < middle < spent(2.0, DELTA, 20)
    assert spent(2.0, 1e-3, 5) < middle
    assert spent(0.0, DELTA, 5) == math.inf


@pytest.mark.parametrize("sampling", ["poisson", "fixed"])
def test_smaller_batches_of_the_images_spend_less(sampling):
    spent = [epsilon(2.0, DELTA, 20, sampling=sampling, batch=b, images=100) for b in (5, 20, 60)]
    assert spent == sorted(spent)
    assert spent[1] < epsilon(2.0, DELTA, 20)


def test_the_noise_for_an_epsilon_is_the_least_that_keeps_it():
    options = {"sampling": "fixed", "batch": 10, "images": 100}
    noise = noise_multiplier(2.0, DELTA, 3, **options)
    assert epsilon(noise, DELTA, 3, **options) <= 2.0 < epsilon(noise - 2e-3, DELTA, 3, **options)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: clip(jnp.ones((2, 2)), 0.0), "clip_norm=0.0"),
        (lambda: sensitivity(1.0, "pool", "replace", 0), "n=0"),
        (lambda: GaussianMechanism(1.0, -1.0), "noise_multiplier=-1.0"),
        (lambda: epsilon(1.0, 1.0, 1), "delta=1.0"),
        (lambda: epsilon(1.0, DELTA, 0), "releases=0"),
        (lambda: epsilon(1.0, DELTA, 1, sampling="fixed"), "batch=None"),
        (lambda: epsilon(1.0, DELTA, 1, sampling="poisson", batch=5, images=4), "batch=5, images=4"),
        (lambda: noise_multiplier(0.0, DELTA, 1), "epsilon=0.0"),
    ],
)
def test_what_cannot_be_is_refused(call, named):
    with pytest.raises(ValueError, match=named):
        call()
