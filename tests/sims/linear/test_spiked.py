"""Spiked clients: training in the dimensions that it needs equals training in all, and starts have the right law."""

import numpy as np
import pytest
import scipy.stats

from sims.linear import objective, spiked
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology


def clients(dim: int, n_signal: int = 4, level: float = 0.4) -> spiked.SpikedClients:
    return spiked.made(3, 6, dim, n_signal, 3, 2, level)


@pytest.mark.parametrize(("dim", "features"), [(30, 3), (6, 3), (4, 2), (30, 4)])
@pytest.mark.parametrize("options", [{}, {"local_steps": 3, "order": "cta"}, {"participation": 4}, {"push_sum": True}])
def test_training_in_fewer_dimensions_is_training_in_all(dim, features, options):
    """The start of the smaller training is made of one in all dimensions, with plain linear algebra."""
    found = clients(dim)
    k, beyond = found.n_signal, dim - found.n_signal
    whole = np.random.default_rng(1).standard_normal((features, dim)) / dim
    directions, factor = np.linalg.qr(whole[:, k:].T)  # T = L Q, with L = factor^T and Q = directions^T
    small = np.concatenate([whole[:, :k], factor.T], axis=1)
    assert small.shape[1] == k + min(features, beyond)
    m = mixing_matrix(topology("ring", 6), "metropolis")
    x = found.whole()
    plan = TrainingOptions(
        step_size=0.5 * objective.stable_step_size(x), rounds=200, record_every=20, collapse=False, **options
    )
    less = train(np.repeat(small[None], 6, axis=0), found.in_fewer(features), m, plan)
    more = train(np.repeat(whole[None], 6, axis=0), x, m, plan)
    for name in ("consensus_pre_mix", "consensus_post_mix"):
        np.testing.assert_allclose(getattr(less, name), getattr(more, name), rtol=1e-10, atol=1e-22)
    post = np.concatenate([less.post_mix[..., :k], less.post_mix[..., k:] @ directions.T], axis=-1)
    np.testing.assert_allclose(post, more.post_mix, rtol=0, atol=1e-12 * np.abs(more.post_mix).max())


def test_the_matrices_are_what_they_are_called():
    found = clients(12)
    whole, fewer = found.whole(), found.in_fewer(2)
    np.testing.assert_array_equal(whole[:, :6, :6], fewer)
    for i, x in enumerate(whole):
        np.testing.assert_array_equal(x[:4, :4], found.signal[i % 3])
        np.testing.assert_array_equal(x[4:, 4:], found.noise[i % 3] * np.eye(8))
        assert not x[:4, 4:].any()
    assert len(set(found.noise)) == 3
    least = np.linalg.eigvalsh(found.signal)[:, 0].min()
    assert np.all((found.noise > 0) & (found.noise < least))


def test_a_start_has_the_law_of_one_in_all_dimensions():
    """Entries of L L^T against those of T T^T, and the start's scale, which is that of `objective.random_start`."""
    rng, rows, columns, trials = np.random.default_rng(5), 3, 7, 4000
    factors = np.stack([spiked.gram_factor(rng, rows, columns) for _ in range(trials)])
    assert not np.triu(factors, 1).any()
    plain = rng.standard_normal((trials, rows, columns))
    grams = [f @ f.swapaxes(1, 2) for f in (factors, plain)]
    for i in range(rows):
        for j in range(i + 1):
            assert scipy.stats.ks_2samp(grams[0][:, i, j], grams[1][:, i, j]).pvalue > 1e-4
    determinants = [np.linalg.det(gram) for gram in grams]
    assert scipy.stats.ks_2samp(*determinants).pvalue > 1e-4
    assert spiked.gram_factor(rng, 3, 2).shape == (3, 2)
    found = clients(40)
    start = found.start(0, 2)
    assert start.shape == (6, 2, 6)
    assert np.ptp(start, axis=0).max() == 0
    usual = objective.random_start(0, found.whole(), 2)
    assert np.linalg.norm(start[0], 2) == pytest.approx(np.linalg.norm(usual[0], 2))


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((6, 30, 4, 7, 2, 0.1), "n_kinds lies between 1 and"),
        ((6, 30, 1, 2, 2, 0.1), "n_signal lies between feature_dim"),
        ((6, 3, 4, 2, 2, 0.1), "n_signal lies between feature_dim"),
        ((6, 30, 4, 2, 2, 1.5), "level"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes, said):
    n_clients, dim, n_signal, n_kinds, feature_dim, level = sizes
    with pytest.raises(ValueError, match=said):
        spiked.made(0, n_clients, dim, n_signal, n_kinds, feature_dim, level)
