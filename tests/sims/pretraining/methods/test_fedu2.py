"""FedU2: the least norm against a general solver, the server's step, and where the regulariser is least."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods import Context
from sims.pretraining.methods.fedu2 import FedU2, least_norm_update, least_norm_weights, uniformity
from sims.pretraining.methods.simsiam import SimSiam

SIZES = {"hidden_dim": 8, "embedding_dim": 4, "bottleneck_dim": 4, "strength": 0.0, "noise_std": 0.2}
METHOD = FedU2(Linear(6), **SIZES, uniformity_weight=0.5)
SHAPE = (8, 8, 1)
IMAGES = jnp.asarray(np.random.default_rng(2).random((6, *SHAPE), dtype=np.float32))
NONE = jnp.zeros((), jnp.float32)
CONTEXT = Context(jnp.asarray(0), 3, None, jnp.ones(3, jnp.float32), jnp.asarray(0), NONE, NONE)

weights_of = jax.jit(least_norm_weights)
updated = jax.jit(least_norm_update)
price = jax.jit(uniformity, static_argnums=(2, 3))


@cache
def start():
    with jax.ensure_compile_time_eval():  # also where a test asks for it first while it is traced
        return jax.jit(METHOD.init, static_argnums=1)(jax.random.key(1), SHAPE)


def slow_weights(gram):
    n = len(gram)
    found = minimize(
        lambda w: w @ gram @ w,
        np.full(n, 1 / n),
        jac=lambda w: 2 * gram @ w,
        bounds=[(0, 1)] * n,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(n)},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    return found.x


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])  # far from the origin one or two clients decide alone
@pytest.mark.parametrize("dim", [3, 40])
def test_weights_give_the_least_norm_over_the_simplex(dim, shift):
    vectors = np.random.default_rng(int(10 * shift) + dim).standard_normal((5, dim)) + shift
    gram = vectors @ vectors.T
    ours, theirs = np.asarray(weights_of(jnp.asarray(gram))), slow_weights(gram)
    assert ours.min() >= 0
    assert ours.sum() == pytest.approx(1, rel=1e-14)
    np.testing.assert_allclose(ours @ gram @ ours, theirs @ gram @ theirs, rtol=1e-6, atol=1e-9)  # the solver's digits
    # A certificate that needs no solver: no vertex of the simplex is downhill.
    assert (gram @ ours).min() >= ours @ gram @ ours - 1e-12 * np.trace(gram)


def clients(seed=4, n=5):
    rng = np.random.default_rng(seed)
    before = {"a": rng.standard_normal((3, 2)), "b": {"c": rng.standard_normal(4)}}
    before = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), before)
    drift = jax.tree.map(lambda leaf: jnp.asarray(rng.standard_normal((n, *leaf.shape)) + 0.7, jnp.float32), before)
    return before, jax.tree.map(lambda old, moved: old[None] + moved, before, drift)


def flat(tree):
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in jax.tree.leaves(tree)])


def test_the_server_works_against_no_client():
    before, trained = clients()
    update = flat(updated(before, trained, jnp.full(5, 0.2, jnp.float32))) - flat(before)
    own = np.stack([flat(jax.tree.map(lambda leaf, i=i: leaf[i], trained)) - flat(before) for i in range(5)])
    lengths = np.linalg.norm(own, axis=1)
    combined = update / lengths.mean()
    agreement = own / lengths[:, None] @ combined
    assert combined @ combined > 0.01
    assert agreement.min() >= combined @ combined - 1e-6  # float32
    mean = own.mean(axis=0) / lengths.mean()
    assert combined @ combined < mean @ mean


def test_clients_who_agree_are_followed_exactly():
    before, trained = clients(n=1)
    same = jax.tree.map(lambda leaf: jnp.repeat(leaf, 3, axis=0), trained)
    weights = jnp.asarray([0.2, 0.5, 0.3], jnp.float32)
    new = jax.jit(METHOD.combine)(before, same, weights)
    np.testing.assert_allclose(flat(new), flat(trained), rtol=1e-5)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(new))
    half = updated(before, same, weights, 0.5)
    np.testing.assert_allclose(flat(half), (flat(trained) + flat(before)) / 2, rtol=1e-5)


def test_a_client_that_did_not_move_stops_the_server():
    before, trained = clients(n=2)
    still = jax.tree.map(lambda old, leaf: leaf.at[1].set(old), before, trained)
    np.testing.assert_array_equal(flat(updated(before, still, jnp.full(2, 0.5, jnp.float32))), flat(before))


@pytest.mark.parametrize("relaxation", [0.1, 1.0])
def test_the_regulariser_is_least_at_the_uniform_distribution(relaxation):
    angles = 2 * np.pi * np.arange(12) / 12
    circle = jnp.asarray(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    rng = np.random.default_rng(6)
    others = [np.zeros(12, int), np.arange(12) // 2, np.arange(12) % 2, *rng.integers(12, size=(20, 12))]
    uniform = float(price(circle, circle, 0.1, relaxation))
    assert all(float(price(circle[other], circle, 0.1, relaxation)) > uniform + 1e-4 for other in others)


def test_descending_the_regulariser_spreads_a_crowd():
    crowd = jnp.asarray([[1.0, 0.0, 0.0]]) + 0.05 * jax.random.normal(jax.random.key(7), (16, 3))
    sphere = jax.random.normal(jax.random.key(8), (16, 3))
    slope = jax.grad(uniformity)

    @jax.jit
    def descended(points):
        return jax.lax.fori_loop(0, 200, lambda _, x: x - 2.0 * slope(x, sphere, 0.1, 1.0), points)

    def resultant(points):
        return float(np.linalg.norm(np.mean(points / np.linalg.norm(points, axis=1, keepdims=True), axis=0)))

    drawn = resultant(np.asarray(sphere))
    assert resultant(np.asarray(crowd)) > 0.99
    assert resultant(np.asarray(descended(crowd))) < drawn + 0.1


def test_only_directions_count():
    points, draws = jax.random.normal(jax.random.key(9), (2, 12, 2))
    scales = jnp.linspace(0.5, 3, 12)[:, None]
    one, other = (float(price(x, draws, 0.1, 1.0)) for x in (points, scales * points))
    assert one == pytest.approx(other, rel=1e-12)


def test_the_loss_is_simsiam_and_the_regulariser_of_both_views():
    key = jax.random.key(3)
    loss, gradient = jax.jit(jax.value_and_grad(METHOD.loss))(start(), {}, IMAGES, CONTEXT, key)
    plain = SimSiam(Linear(6), **SIZES)

    @jax.jit
    def parts():
        key_views, key_draws = jax.random.split(key)
        views = plain.two_views(IMAGES, key_views)
        draws = jax.random.normal(key_draws, (6, 4), jnp.float32)
        return plain.similarity_loss(start(), views), plain.outputs(start(), views).embeddings, draws

    similarity, embeddings, draws = parts()
    spread = [float(price(one, draws, 0.1, 1.0)) for one in embeddings]
    assert float(loss) == pytest.approx(float(similarity) + 0.5 * np.mean(spread), rel=1e-5)
    assert loss.dtype == jnp.float32
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
    "settings",
    [
        *({"uniformity_weight": -1.0}, {"server_step": 0.0}, {"relaxation": 0.0}, {"entropy": 0.01}),
        *({name: float("inf")} for name in ("uniformity_weight", "server_step", "relaxation", "entropy")),
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=f"got .*{next(iter(settings.values()))}"):
        FedU2(Linear(6), **settings)
