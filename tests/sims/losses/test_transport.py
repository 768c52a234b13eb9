"""Entropic transport against a convex solver and against what it must be in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from sims.losses.transport import sinkhorn, transport_cost


def problem(n=4, m=3, seed=5):
    rng = np.random.default_rng(seed)
    rows, columns = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    return rng.random((n, m)), rows, columns


def divergence(p, q):
    return float(np.sum(p * np.log(p / q) - p + q))


def objective(plan, cost, rows, columns, entropy, relaxation):
    penalty = entropy * divergence(plan, np.outer(rows, columns))
    if relaxation is not None:
        penalty += relaxation * (divergence(plan.sum(1), rows) + divergence(plan.sum(0), columns))
    return float(np.sum(cost * plan)) + penalty


@pytest.mark.parametrize("relaxation", [None, 0.3])
def test_the_plan_and_its_price_are_those_that_a_general_solver_finds(relaxation):
    cost, rows, columns = problem()
    constraints = []
    if relaxation is None:
        constraints = [
            {"type": "eq", "fun": lambda p: p.reshape(cost.shape).sum(1) - rows},
            {"type": "eq", "fun": lambda p: p.reshape(cost.shape).sum(0)[1:] - columns[1:]},
        ]
    found = minimize(
        lambda p: objective(p.reshape(cost.shape), cost, rows, columns, 0.1, relaxation),
        np.outer(rows, columns).ravel(),
        bounds=[(1e-12, None)] * cost.size,
        constraints=constraints,
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    plan = sinkhorn(jnp.asarray(cost), jnp.asarray(rows), jnp.asarray(columns), 0.1, relaxation, sweeps=300)
    np.testing.assert_allclose(plan, found.x.reshape(cost.shape), atol=1e-5)  # the solver's own accuracy
    price = transport_cost(jnp.asarray(cost), jnp.asarray(rows), jnp.asarray(columns), 0.1, relaxation, sweeps=300)
    assert float(price) == pytest.approx(found.fun, rel=1e-8)


def test_marginals_are_kept():
    cost, rows, columns = problem(7, 5)
    plan = sinkhorn(jnp.asarray(cost), jnp.asarray(rows), jnp.asarray(columns), 0.05, sweeps=500)
    np.testing.assert_allclose(plan.sum(axis=0), columns, rtol=1e-14)
    np.testing.assert_allclose(plan.sum(axis=1), rows, rtol=1e-10)


@pytest.mark.parametrize("relaxation", [None, 0.3])
def test_the_gradient_is_that_of_the_price(relaxation):
    cost, rows, columns = (jnp.asarray(a) for a in problem())

    def price(c):
        return transport_cost(c, rows, columns, 0.1, relaxation, sweeps=300)

    gradient, step = jax.grad(price)(cost), 1e-5
    for i, j in ((0, 0), (2, 1), (3, 2)):
        there = float(price(cost.at[i, j].add(step)) - price(cost.at[i, j].add(-step))) / (2 * step)
        assert float(gradient[i, j]) == pytest.approx(there, rel=1e-6)


def test_a_point_of_no_weight_takes_nothing_and_changes_nothing():
    cost, rows, columns = problem()
    with_none = sinkhorn(
        jnp.asarray(np.vstack([cost, np.zeros(3)])), jnp.asarray(np.append(rows, 0)), jnp.asarray(columns), 0.1
    )
    assert float(jnp.abs(with_none[-1]).max()) == 0
    without = sinkhorn(jnp.asarray(cost), jnp.asarray(rows), jnp.asarray(columns), 0.1)
    np.testing.assert_allclose(with_none[:-1], without, rtol=1e-12)


def test_a_looser_plan_moves_less_of_what_is_far():
    cost = jnp.asarray([[0.0, 1.0], [0.1, 5.0]])  # the second row is far from one column
    half = jnp.asarray([0.5, 0.5])
    kept, loose = (sinkhorn(cost, half, half, 0.05, relaxation) for relaxation in (None, 0.1))
    assert float(loose.sum()) < float(kept.sum()) * 0.95
    assert float(jnp.sum(cost * loose)) < float(jnp.sum(cost * kept))


@pytest.mark.parametrize(
    "options", [{"entropy": 0.0}, {"entropy": 0.1, "relaxation": 0.0}, {"entropy": 0.1, "sweeps": 0}]
)
def test_what_is_not_positive_is_refused(options):
    cost, rows, columns = (jnp.asarray(a) for a in problem())
    with pytest.raises(ValueError, match="A positive entropy"):
        sinkhorn(cost, rows, columns, **options)
