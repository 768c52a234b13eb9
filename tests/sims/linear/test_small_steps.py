"""Rest for small steps: against rest by another iteration, against simulated rounds, and its limit."""

import networkx as nx
import numpy as np
import pytest

from sims.linear.resting_clients import at_rest, clients, mixing_of
from sims.linear.small_steps import limit_of, mean_projectors, placed_at_rest, push_sum_at_rest, rest, small_step
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

C = 2


def test_the_limit_of_a_polynomial_is_its_constant_term():
    value, moved = limit_of(lambda eta: np.array([3 + 2 * eta - 5 * eta**2]), 0.1)
    np.testing.assert_allclose(value, [3], rtol=0, atol=1e-12)
    assert moved == pytest.approx(5 * 0.1**2 / 8, rel=1e-9)


@pytest.mark.parametrize(("rule", "steps"), [("uniform", 1), ("metropolis", 3)])
def test_rest_is_that_of_the_other_iteration(rule, steps):
    m, x = mixing_matrix(topology("star", 5), rule), clients(5)
    models = rest(m, x, C, 0.01, steps)
    other = at_rest(m, x, 0.01, steps, C)
    np.testing.assert_allclose(models.mT @ models, other.models.mT @ other.models, rtol=0, atol=1e-10)


def test_placements_at_once_are_placements_one_by_one():
    m, x = mixing_matrix(topology("path", 4), "metropolis"), clients(4)
    orders = np.array([[0, 1, 2, 3], [2, 0, 3, 1]])
    together = placed_at_rest(m, x[orders], C, 0.01, 2)
    for models, order in zip(together, orders, strict=True):
        one = rest(m, x[order], C, 0.01, 2)
        np.testing.assert_allclose(models.mT @ models, one.mT @ one, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", ["star", "directed_ring"])
def test_push_sum_rests_where_its_rounds_end(name):
    m, x, eta = mixing_matrix(topology(name, 4), "push_sum"), clients(4, level=0.1), 0.02
    models = push_sum_at_rest(m, x, C, eta)
    options = TrainingOptions(step_size=eta, rounds=3000, push_sum=True)
    run = train(np.repeat(models.mean(axis=0)[None], 4, axis=0), x, m, options)
    ended = np.asarray(run.post_mix)
    np.testing.assert_allclose(mean_projectors(models), mean_projectors(ended), rtol=0, atol=1e-8)
    np.testing.assert_allclose(models.mT @ models, ended.mT @ ended, rtol=0, atol=1e-8)


def test_a_small_step_is_smaller_on_a_slower_network():
    x = clients(8)
    fast, slow = (mixing_of(g, "metropolis") for g in (nx.complete_graph(8), nx.path_graph(8)))
    assert small_step(slow, x, C, 1) < small_step(fast, x, C, 1) < 1
