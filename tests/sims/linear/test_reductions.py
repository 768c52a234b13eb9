"""Smaller trainings that have the same solution: against the plain training, on random problems that they fit."""

import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

from sims.linear import objective
from sims.linear.equitable import quotient
from sims.linear.invariant import invariant
from sims.linear.reduction import reduction
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

SERIES = ("consensus_pre_mix", "consensus_post_mix", "mean_models", "weights", "rounds")
MODELS = ("before", "pre_mix", "post_mix")
# Beyond k coordinates every client has a multiple of the identity, a common one or one of its own.
SPIKED = ("floor", "own floor")


def client_matrices(rng: np.random.Generator, kinds: int, dim: int, data: str) -> np.ndarray:
    """Second moments of some kinds of clients: of full rank, of a few samples, or spiked in turned coordinates."""
    if data == "samples":
        samples = rng.standard_normal((kinds, 2, dim))
        return np.einsum("nka,nkb->nab", samples, samples) / 2
    k = dim if data == "full" else 3
    x = np.zeros((kinds, dim, dim))
    for one in x:
        root = rng.standard_normal((k, k))
        one[:k, :k] = root @ root.T / k
        one[k:, k:] = np.eye(dim - k) * (rng.uniform(0.1, 0.5) if data == "own floor" else 0.3)
    turn = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    x = turn @ x @ turn.T
    return (x + x.swapaxes(1, 2)) / 2


def network(rng: np.random.Generator, shape: str, kinds: int) -> tuple[np.ndarray, np.ndarray]:
    """A mixing matrix and the kind of each client, such that clients of one kind stand in one or two positions."""
    if shape == "ring":
        n = kinds * int(rng.integers(2, 5))
        return mixing_matrix(topology("ring", n), "metropolis"), np.arange(n) % kinds
    if shape == "one-way ring":
        n = kinds * int(rng.integers(2, 5))
        step = np.roll(np.eye(n), 1, axis=1)
        share = rng.uniform(0.2, 0.8)
        return share * np.eye(n) + (1 - share) * step, np.arange(n) % kinds
    if shape == "star":
        n = int(rng.integers(5, 12))
        return mixing_matrix(topology("star", n), "uniform"), np.minimum(np.arange(n), 1)
    if shape == "two sides":
        side = int(rng.integers(3, 6))
        return mixing_matrix(nx.to_numpy_array(nx.complete_bipartite_graph(side, side)), "metropolis"), np.repeat(
            [0, 1], side
        )
    # Any weights between kinds, spread unequally within them, for clients in any order.
    sizes = rng.integers(2, 5, kinds)
    kind = rng.permutation(np.repeat(np.arange(kinds), sizes))
    between = rng.dirichlet(np.ones(kinds), kinds)
    m = np.zeros((len(kind), len(kind)))
    for i, a in enumerate(kind):
        for b in range(kinds):
            m[i, kind == b] = between[a, b] * rng.dirichlet(np.ones(sizes[b]))
    return m, kind


def agree(short, long, names, rtol=1e-12) -> None:
    for name in names:
        a, b = np.asarray(getattr(short, name)), np.asarray(getattr(long, name))
        assert a.shape == b.shape, name
        assert np.abs(a - b).max() <= rtol * max(np.abs(b).max(), 1e-3), name


@pytest.mark.parametrize("shape", ["ring", "one-way ring", "star", "two sides", "any"])
@pytest.mark.parametrize("data", ["full", "samples", *SPIKED])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 5))])
def test_a_random_problem_trains_as_its_reduction_does(shape, data, seed):
    rng = np.random.default_rng([seed, len(shape), len(data)])
    c, kinds, dim = 2, 2 if shape in ("star", "two sides") else 3, 18
    m, kind = network(rng, shape, kinds)
    x = client_matrices(rng, kinds, dim, data)[kind]
    start = objective.random_start(seed, x, c) * 3
    options = {
        "step_size": 0.5 * objective.stable_step_size(x),
        "local_steps": 1 + seed % 3,
        "rounds": 120,
        "order": ("atc", "cta")[seed % 2],
        "record_every": 13,
    }
    short = train(start, x, m, TrainingOptions(**options))
    long = train(start, x, m, TrainingOptions(collapse=False, **options))
    kinds_of = ["clients"] if data == "full" else ["clients", "dimensions"]
    assert [s.kind for s in short.reductions] == kinds_of
    assert (short.reductions[0].of, short.reductions[-1].of) == (len(x), len(x) if data == "full" else dim)
    assert all(2 * s.trained <= s.of for s in short.reductions)
    assert long.reductions == ()
    agree(short, long, MODELS + SERIES)
    assert short.converged == long.converged


def test_a_run_goes_on_from_a_reduced_one_and_tells_of_all_clients():
    rng = np.random.default_rng(7)
    m, kind = network(rng, "ring", 3)
    x = client_matrices(rng, 3, 18, "own floor")[kind]
    start = objective.random_start(1, x, 2)
    plan = {"step_size": 0.5 * objective.stable_step_size(x), "record_every": 10}
    told = []
    first = train(
        start,
        x,
        m,
        TrainingOptions(rounds=40, records_a_chunk=1, **plan),
        progress=lambda state, done, rounds: told.append((state.params.shape, done)),
    )
    assert told == [(start.shape, done) for done in (10, 20, 30, 40)]
    more = train(start, x, m, TrainingOptions(rounds=30, **plan), resume=first.state)
    whole = train(start, x, m, TrainingOptions(rounds=70, collapse=False, **plan))
    assert more.rounds[-1] == 70
    assert more.state.channel.shape == (len(x),)
    agree(more, whole, MODELS)
    # And a plain run goes on from it, too.
    plain = train(start, x, m, TrainingOptions(rounds=30, collapse=False, **plan), resume=first.state)
    agree(plain, whole, MODELS)


@pytest.mark.parametrize(
    ("options", "reduces"),
    [
        ({"gradient_noise": 0.01}, []),
        ({"participation": 4}, ["dimensions"]),
        ({"link_failure": 0.2}, ["dimensions"]),
        ({"push_sum": True}, ["dimensions"]),
    ],
)
def test_what_is_random_or_pushed_is_reduced_only_where_that_is_exact(options, reduces):
    rng = np.random.default_rng(3)
    m, kind = network(rng, "ring", 3)
    x = client_matrices(rng, 3, 18, "own floor")[kind]
    start = objective.random_start(1, x, 2)
    plan = {"step_size": 0.5 * objective.stable_step_size(x), "rounds": 60} | options
    short, long = (train(start, x, m, TrainingOptions(collapse=reduce, **plan)) for reduce in (True, False))
    assert [s.kind for s in short.reductions] == reduces
    agree(short, long, MODELS + SERIES)


def test_clients_of_one_kind_that_stand_differently_are_told_apart():
    m = mixing_matrix(topology("path", 6), "metropolis")
    kind = np.array([1.0, 0, 0, 0, 0, 1.0])  # the ends differ, so that the middle differs from its neighbours
    found = quotient([m], [kind])
    assert found is not None
    np.testing.assert_array_equal(found.labels, [0, 1, 2, 2, 1, 0])
    np.testing.assert_allclose(found.shares, 1 / 3)
    np.testing.assert_allclose(found.mixing[0], [m[0, :3], m[1, :3], [0, m[2, 1], m[2, 2] + m[2, 3]]])
    assert quotient([m], [kind], most=2) is None
    assert quotient([m], [np.arange(6.0)]) is None


def test_two_matrices_in_turn_are_one_partition_of_both():
    one = mixing_matrix(topology("ring", 8), "metropolis")
    two = mixing_matrix(nx.to_numpy_array(nx.disjoint_union(nx.complete_graph(2), nx.cycle_graph(6))), "metropolis")
    found = quotient([one, two], [np.zeros(8), np.arange(8) < 2])
    assert found is not None
    assert found.labels[0] == found.labels[1] == 0
    member = np.eye(found.labels.max() + 1)[found.labels]
    for matrix, small in zip((one, two), found.mixing, strict=True):
        np.testing.assert_allclose(matrix @ member, member @ small, atol=1e-15)


def test_a_sparse_matrix_has_the_partition_of_the_dense_one():
    rng = np.random.default_rng(0)
    m, kind = network(rng, "ring", 3)
    dense, sparse = quotient([m], [kind]), quotient([sp.csr_array(m)], [kind])
    assert dense is not None
    assert sparse is not None
    np.testing.assert_array_equal(dense.labels, sparse.labels)
    np.testing.assert_allclose(dense.mixing, sparse.mixing, atol=1e-15)


def test_the_subspace_is_the_smallest_one_and_none_where_all_is_needed():
    rng = np.random.default_rng(5)
    start = np.repeat(rng.standard_normal((1, 2, 18)), 4, axis=0)
    for data in SPIKED:
        found = invariant(start, client_matrices(rng, 4, 18, data), most=17)
        assert found is not None
        assert found.basis.shape == (18, 3 + 2)
    assert invariant(start, client_matrices(rng, 4, 18, "full"), most=17) is None
    assert invariant(start, client_matrices(rng, 4, 18, "floor"), most=4) is None


def test_a_start_at_the_optimum_of_commuting_matrices_stays_in_its_directions():
    x = np.stack([np.diag(np.r_[4.0 + i, 3.0, np.linspace(2, 1, 16)]) for i in range(4)])
    start = np.repeat(objective.optimum(x.mean(axis=0), 2)[None], 4, axis=0)
    found = invariant(start, x, most=9)
    assert found is not None
    assert found.basis.shape == (18, 2)
    zero = invariant(start * [[[1.0], [0.0]]], x, most=9)
    assert zero is not None
    assert zero.basis.shape == (18, 2), "as many dimensions as features"
    np.testing.assert_allclose(zero.basis.T @ zero.basis, np.eye(2), atol=1e-14)


def test_a_short_training_is_not_searched_for_a_subspace():
    rng = np.random.default_rng(6)
    x = client_matrices(rng, 4, 60, "floor")
    start = np.repeat(rng.standard_normal((1, 2, 60)), 4, axis=0)
    m = mixing_matrix(topology("path", 4), "metropolis")[None]
    step = objective.stable_step_size(x)
    assert reduction(start, x, m, TrainingOptions(step_size=step, rounds=3)) is None
    assert reduction(start, x, m, TrainingOptions(step_size=step, rounds=1000)) is not None


def test_the_state_of_a_reduced_training_is_that_of_all():
    rng = np.random.default_rng(8)
    m, kind = network(rng, "star", 2)
    x = client_matrices(rng, 2, 18, "floor")[kind]
    start = objective.random_start(2, x, 2)
    run = train(start, x, m, TrainingOptions(step_size=0.5 * objective.stable_step_size(x), rounds=60))
    np.testing.assert_array_equal(run.state.params, jnp.asarray(run.post_mix))


def test_the_subspace_is_left_by_no_client_where_a_mixture_of_them_would_leave_less():
    """Matrices S_i (x) I: one matrix makes 3 directions of a start, all words in several make 9."""
    rng = np.random.default_rng(9)
    small = rng.standard_normal((4, 3, 3))
    x = np.stack([np.kron(one + one.T, np.eye(6)) for one in small])
    start = np.repeat(rng.standard_normal((1, 1, 18)), 4, axis=0)
    assert invariant(start, x[:1].repeat(4, axis=0), most=17).basis.shape == (18, 3)  # type: ignore[union-attr]
    found = invariant(start, x, most=17)
    assert found is not None
    assert found.basis.shape == (18, 9)
    images = x @ found.basis
    np.testing.assert_allclose(found.basis @ (found.basis.T @ images), images, atol=1e-13)
