"""The term written out in NumPy against the compiled one, and drawn distances against drawn embeddings."""

import jax
import numpy as np
import pytest

from ledger.drawn import plain_embeddings as plain
from sims.losses.adaptive_mmd import a_mmd, adaptive_bandwidth

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((2, 5, 3))
LATENTS = RNG.standard_normal((2, 4, 2, 3))


def test_eq6_pair_by_pair_is_the_compiled_estimate():
    assert np.real(plain.eq6(X, Y, 1.3)) == pytest.approx(float(a_mmd(X, Y, 1.3)), rel=1e-13)
    assert plain.mean_distance(X) == pytest.approx(float(adaptive_bandwidth(X)), rel=1e-13)


@pytest.mark.parametrize("batches", [(X, Y), tuple(LATENTS)], ids=["vectors", "latents"])
def test_released_term_and_bandwidth_are_the_compiled_ones(batches):
    x, y = batches
    assert plain.released(x, y, 1.3) == pytest.approx(float(a_mmd(x, y, 1.3, "released")), rel=1e-13)
    own = plain.released(x, y, plain.released_bandwidth(x))
    assert own == pytest.approx(float(a_mmd(x, y, "mean", "released")), rel=1e-13)


def test_slopes_are_those_of_automatic_differentiation():
    wanted = np.asarray(jax.grad(lambda z: a_mmd(z, Y, 1.3))(X))
    np.testing.assert_allclose(plain.eq6_slope(X, Y, 1.3), wanted, atol=1e-15)
    np.testing.assert_allclose(plain.slope(lambda z: plain.eq6(z, Y, 1.3), X), wanted, atol=1e-15)


def test_terms_of_distances_are_eq6_at_the_own_bandwidth():
    squared = tuple(np.sum((a[:, None] - b[None]) ** 2, axis=2)[None] for a, b in ((X, X), (Y, Y), (X, Y)))
    assert plain.terms(squared)[0] == pytest.approx(float(a_mmd(X, Y)), rel=1e-13)


def test_drawn_distances_have_the_means_of_drawn_embeddings():
    local, other, across = plain.squared_distances(1, 4000, 3, 9, 4)
    for found, mean in ((local[:, 0, 1], 18.0), (other[:, 0, 1], 4.5), (across[:, 0, 1], 9 * 1.25)):
        # The relative variance of a squared distance is 2/9.
        assert found.mean() == pytest.approx(mean, abs=5 * mean * np.sqrt(2 / 9 / 4000))
    with pytest.raises(ValueError, match="As many dimensions"):
        plain.squared_distances(1, 10, 3, 5, 4)


def test_a_steadied_mean_is_the_mean_with_less_noise():
    rng = np.random.default_rng(2)
    centred = rng.standard_normal(2000)
    values = 1 + centred + 0.01 * rng.standard_normal(2000)
    found = plain.steadied(values, centred)
    assert found.std() < 0.02
    assert found.mean() == pytest.approx(1, abs=5 * 0.01 / np.sqrt(2000))
