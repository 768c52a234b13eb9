"""Generators of client covariances: what they promise about means, commutation, placement and levels."""

import numpy as np
import pytest

from sims.linear import heterogeneity as het
from theory.networks.topologies import topology

N, D, C = 8, 12, 3
RING = topology("ring", N)


def families(level: float) -> dict[str, np.ndarray]:
    return {
        "exchangeable": het.exchangeable(1, N, D, C, level),
        "homophily": het.homophily(1, RING, D, C, level),
        "alternating": het.alternating(1, RING, D, C, level),
    }


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", ["exchangeable", "homophily", "alternating"])
def test_every_matrix_is_positive_semidefinite_with_the_stated_trace(name, level):
    x = families(level)[name]
    np.testing.assert_allclose(x, x.swapaxes(1, 2), atol=1e-14)
    np.testing.assert_allclose(np.trace(x, axis1=1, axis2=2), C, rtol=1e-12)
    assert np.linalg.eigvalsh(x).min() > -1e-13


@pytest.mark.parametrize("name", ["exchangeable", "homophily", "alternating"])
def test_differences_are_proportional_to_the_level(name):
    def off(level):
        x = families(level)[name]
        return x - x.mean(axis=0)

    np.testing.assert_allclose(off(0.6), 6 * off(0.1), rtol=1e-10, atol=1e-13)
    assert np.abs(off(0.0)).max() < 1e-15


def test_the_papers_clients_commute_and_differ():
    x = het.commuting(4, 9)
    for i in range(4):
        np.testing.assert_array_equal(x[0] @ x[i], x[i] @ x[0])
        assert x[i, i, i] == pytest.approx(1 + 9**-0.4, rel=1e-14)
        assert x[i, (i + 1) % 4, (i + 1) % 4] == pytest.approx(9**0.4 + 9**-0.4, rel=1e-14)
        assert x[i, 8, 8] == pytest.approx(9**-0.4, rel=1e-14)


def test_homophily_is_along_the_slowest_mode_and_alternation_along_the_fastest():
    values = np.linalg.eigvalsh(np.diag(RING.sum(1).astype(float)) - RING)
    for x, value in ((het.homophily(1, RING, D, C, 0.5), values[1]), (het.alternating(1, RING, D, C, 0.5), values[-1])):
        off = (x - x.mean(axis=0)).reshape(N, -1)
        laplacian = np.diag(RING.sum(1).astype(float)) - RING
        np.testing.assert_allclose(laplacian @ off, value * off, atol=1e-12)


@pytest.mark.parametrize("name", ["ring", "hypercube", "barbell", "path"])
def test_types_do_not_depend_on_which_eigenvectors_a_library_returns(name, monkeypatch):
    adjacency = topology(name, 8)
    before = [place(1, adjacency, D, C, 0.5) for place in (het.homophily, het.alternating)]
    eigh = np.linalg.eigh
    rng = np.random.default_rng(0)

    def others(a):
        values, vectors = eigh(a)
        for value in np.unique(values.round(9)):
            where = np.flatnonzero(np.abs(values - value) < 1e-8)
            turn = np.linalg.qr(rng.standard_normal((len(where), len(where))))[0]
            vectors[:, where] = -vectors[:, where] @ turn
        return values, vectors

    monkeypatch.setattr(np.linalg, "eigh", others)
    for place, x in zip((het.homophily, het.alternating), before, strict=True):
        np.testing.assert_allclose(place(1, adjacency, D, C, 0.5), x, atol=1e-12)


def test_alternating_clients_on_an_even_ring_are_two_kinds_in_turn():
    x = het.alternating(1, RING, D, C, 0.5)
    np.testing.assert_allclose(x[::2], x[:1].repeat(N // 2, 0), atol=1e-13)
    np.testing.assert_allclose(x[1::2], x[1:2].repeat(N // 2, 0), atol=1e-13)
    assert np.abs(x[0] - x[1]).max() > 1e-3


def test_label_skew_shrinks_with_the_concentration():
    def spread(concentration):
        x = het.label_skew(1, 200, D, C, concentration)
        return float(np.sum((x - x.mean(axis=0)) ** 2) / 200)

    # Proportional to 1 / (concentration + 1) in the mean over clients; 200 of them leave some 10%.
    assert spread(0.1) / spread(9.9) == pytest.approx(10.9 / 1.1, rel=0.3)
    assert spread(9.9) / spread(1e6) == pytest.approx((1e6 + 1) / 10.9, rel=0.3)


def test_clients_of_no_skew_see_the_mean_of_classes_that_are_half_common():
    # Shares of 1/10 each, to the Dirichlet's spread of 1e-4.
    classes = het.exchangeable(1, 10, D, C, 0.5)
    x = het.label_skew(1, 4, D, C, 1e8)
    np.testing.assert_allclose(x, np.broadcast_to(classes.mean(axis=0), x.shape), atol=1e-3)
    np.testing.assert_allclose(
        classes.mean(axis=0) - het.common(1, D, C) / 2,
        np.mean(het.exchangeable(1, 10, D, C, 1.0), axis=0) / 2,
        atol=1e-12,
    )


def test_seeds_give_other_clients_and_more_clients_keep_the_first():
    assert np.abs(het.exchangeable(1, N, D, C, 0.5) - het.exchangeable(2, N, D, C, 0.5)).max() > 0.01
    np.testing.assert_array_equal(het.exchangeable(1, N, D, C, 0.5)[:3], het.exchangeable(1, 3, D, C, 0.5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: het.exchangeable(0, N, D, C, 1.5), r"lies in \[0, 1\]; got level=1.5"),
        (lambda: het.exchangeable(0, N, D, D, 0.5), "got feature_dim=12"),
        (lambda: het.commuting(5, 4), "got n_clients=5"),
        (lambda: het.label_skew(0, N, D, C, 0.0), "positive and finite; got 0.0"),
        (lambda: het.homophily(0, topology("directed_ring", N), D, C, 0.5), "undirected network"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
