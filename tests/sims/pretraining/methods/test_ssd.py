"""Each term of SSD against the property it is named for, and the sum against its terms."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from sims.images.views import two_views
from sims.pretraining.encoders.linear import Linear
from sims.pretraining.methods import Context
from sims.pretraining.methods.ssd import (
    Ssd,
    alignment,
    distillation,
    own_coordinates,
    separation,
    uniformity,
    uniformity_by_client,
    unit,
)

DIM, CLIENTS = 7, 3


def points(*shape, seed=0):
    z = np.random.default_rng(seed).standard_normal((*shape, DIM))
    return jnp.asarray(z / np.linalg.norm(z, axis=-1, keepdims=True))


def test_uniformity_is_the_log_of_the_mean_similarity_of_pairs():
    z = np.asarray(points(5))
    pairs = [np.exp(-2 * np.sum((z[a] - z[b]) ** 2)) for a in range(5) for b in range(a)]
    np.testing.assert_allclose(uniformity(jnp.asarray(z)), np.log(np.mean(pairs)), rtol=1e-12)


def test_uniformity_falls_as_points_spread():
    pole = jnp.zeros(DIM).at[0].set(1.0)
    spread = [float(uniformity(unit(pole[None] + s * points(20)))) for s in (0.0, 0.1, 0.3, 1.0, 3.0)]
    assert spread == sorted(spread, reverse=True)
    assert spread[0] == 0.0  # all in one point
    # A step down the slope moves the most crowded points apart.
    z = unit(pole[None] + 0.3 * points(20))
    assert uniformity(unit(z - 0.1 * jax.grad(uniformity)(z))) < uniformity(z)


def test_one_image_has_no_pairs():
    with pytest.raises(ValueError, match="got a batch of 1"):
        uniformity(points(1))
    method = Ssd(Linear(DIM), hidden_dim=6)
    images = jax.random.uniform(jax.random.key(2), (1, 8, 8, 1), jnp.float32)
    with pytest.raises(ValueError, match="Use batches of at least 2"):
        parts(method, method.init(jax.random.key(2), (8, 8, 1)), images, jnp.asarray(0), jax.random.key(2))


def test_uniformity_splits_into_within_and_between_clients_exactly():
    z = points(CLIENTS, 4)
    total, intra, inter = uniformity_by_client(z)
    np.testing.assert_allclose(jnp.exp(total), intra.sum() + inter.sum(), rtol=1e-14)
    weight = 12 * 11  # ordered pairs of all
    for i in range(CLIENTS):
        np.testing.assert_allclose(intra[i] * weight, 12 * jnp.exp(uniformity(z[i])), rtol=1e-13)
        for j in range(CLIENTS):
            loop = sum(np.exp(-2 * np.sum((u - v) ** 2)) for u in z[i] for v in z[j]) if i != j else 0.0
            np.testing.assert_allclose(inter[i, j] * weight, loop, rtol=1e-13)


def test_alignment_is_zero_for_equal_views_and_four_for_opposite_ones():
    z = points(6)
    assert alignment(z, z) == 0
    np.testing.assert_allclose(alignment(z, -z), 4, rtol=1e-14)


@pytest.mark.parametrize("dim", [6, 7, 8])
def test_coordinates_are_owned_by_at_most_one_client_and_as_many_by_each(dim):
    owned = np.stack([own_coordinates(jnp.asarray(k), CLIENTS, dim) for k in range(CLIENTS)])
    assert owned.sum(axis=0).max() == 1
    np.testing.assert_array_equal(owned.sum(axis=1), dim // CLIENTS)


def test_printed_separation_moves_a_client_in_its_own_coordinates_alone():
    z, owned = points(5), own_coordinates(jnp.asarray(1), CLIENTS, DIM)
    slope = jax.grad(separation)(z, owned, 10.0, "printed")
    assert not np.any(slope[:, owned == 0])
    np.testing.assert_allclose(slope, 2 * (1 - 10.0) * z * owned[None] / 5, rtol=1e-12, atol=1e-16)


def test_released_separation_is_at_rest_exactly_on_the_clients_own_coordinates():
    owned = own_coordinates(jnp.asarray(1), CLIENTS, DIM)
    inside = unit(points(5) * owned[None])
    # The scaled points come back to within round-off of themselves.
    assert separation(inside, owned, 10.0, "released") < 1e-14
    outside = unit(points(5) * (1 - owned)[None])
    assert separation(outside, owned, 10.0, "released") < 1e-14
    z = np.asarray(points(5))
    stretched = z * np.where(owned, 10.0, 1.0)
    stretched /= np.linalg.norm(stretched, axis=1, keepdims=True)
    found = separation(jnp.asarray(z), owned, 10.0, "released")
    np.testing.assert_allclose(found, np.linalg.norm(z - stretched) / 5, rtol=1e-12)
    slope = jax.grad(separation)(jnp.asarray(z), owned, 10.0, "released")
    assert np.all(slope * z < 0, where=owned > 0)  # out along the own coordinates
    assert np.all(slope * z > 0, where=owned == 0)  # in along the others


def test_separation_of_nothing_has_a_slope_of_zero():
    slope = jax.grad(separation)(jnp.zeros((3, DIM)), jnp.ones(DIM), 10.0, "released")
    assert not np.any(slope)


@pytest.mark.parametrize("variant", ["printed", "released"])
def test_distillation_is_zero_only_where_the_softmaxes_agree(variant):
    h, z = 3 * points(4), 2 * points(4, seed=1)
    assert abs(distillation(h, h + jnp.arange(4.0)[:, None], variant)) < 1e-14
    p, q = (h, z) if variant == "printed" else (2 * z, 2 * h)
    softmax = [np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in (np.asarray(p), np.asarray(q))]
    found = distillation(h, z, variant)
    np.testing.assert_allclose(found, np.mean(stats.entropy(*softmax, axis=1)), rtol=1e-12)
    assert found > 0.01


def test_hard_separation_makes_clients_orthogonal():
    blocks = jnp.stack([own_coordinates(jnp.asarray(k), CLIENTS, DIM) for k in range(CLIENTS)])
    z = jax.vmap(unit)(points(CLIENTS, 4) * blocks[:, None])
    _, _, inter = uniformity_by_client(z)
    share = 4 * 4 / (12 * 11)
    np.testing.assert_allclose(inter, share * np.exp(-4.0) * (1 - np.eye(CLIENTS)), rtol=1e-12)


@partial(jax.jit, static_argnums=0)
def parts(method, params, images, client, key):
    given = Context(client, CLIENTS, None, jnp.zeros(CLIENTS), jnp.asarray(0), jnp.asarray(0.0))
    views = two_views(key, images, method.strength)
    features = [method.encoder.features(params["encoder"], view) for view in views]
    raw = [method._projector(params["projector"], h) for h in features]
    return method.loss(params, {}, images, given, key), features, raw


@pytest.mark.parametrize("kind", ["soft", "hard", "none"])
def test_the_loss_is_the_weighted_sum_of_its_terms_in_float32(kind):
    weights: dict[str, Any] = {"uniformity_weight": 0.7, "separation_weight": 0.5, "distillation_weight": 0.3}
    method = Ssd(Linear(DIM), hidden_dim=6, separation=kind, **weights)
    key, client = jax.random.key(2), jnp.asarray(2)
    images = jax.random.uniform(key, (5, 8, 8, 1), jnp.float32)
    params = method.init(key, (8, 8, 1))
    loss, features, raw = parts(method, params, images, client, key)
    assert loss.dtype == jnp.float32
    owned = own_coordinates(client, CLIENTS, DIM)
    z = [unit(r * owned[None] if kind == "hard" else r) for r in raw]
    expected = alignment(*z)
    for one, h, r in zip(z, features, raw, strict=True):
        expected += 0.35 * uniformity(one) + 0.15 * distillation(h, r, "released")
        if kind == "soft":
            expected += 0.25 * separation(one, owned, 10.0, "released")
    np.testing.assert_allclose(loss, expected, rtol=1e-5)  # float32, terms of both signs
    if kind == "hard":
        assert not np.any(np.asarray(jnp.stack(z))[..., owned == 0])


@pytest.mark.parametrize("kind", ["soft", "hard", "none"])
def test_wider_embeddings_give_a_client_as_many_coordinates_as_there_are_features(kind):
    wide = CLIENTS * DIM
    method = Ssd(Linear(DIM), embedding_dim=wide, separation=kind, distillation_weight=0.0)
    key, client = jax.random.key(3), jnp.asarray(1)
    images = jax.random.uniform(key, (5, 8, 8, 1), jnp.float32)
    loss, features, raw = parts(method, method.init(key, (8, 8, 1)), images, client, key)
    assert features[0].shape == (5, DIM)
    assert raw[0].shape == (5, wide)
    owned = jnp.zeros(wide).at[DIM : 2 * DIM].set(1.0)
    z = [unit(r[:, DIM : 2 * DIM] if kind == "hard" else r) for r in raw]
    expected = alignment(*z) + (uniformity(z[0]) + uniformity(z[1])) / 2
    if kind == "soft":
        expected += sum(separation(one, owned, 10.0, "released") for one in z) / 2
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_settings_out_of_range_are_refused():
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"separation": "firm"}, "separation is one of soft"),
        ({"variant": "fixed"}, "variant is one of printed"),
        ({"scale": 0.0}, "scale=0.0"),
        ({"uniformity_weight": -1.0}, "weights"),
        ({"hidden_dim": 0}, "sizes"),
        ({"embedding_dim": 2 * DIM}, "Distillation compares"),
        ({"embedding_dim": -1, "distillation_weight": 0.0}, "sizes"),
    )
    for options, named in wrong:
        with pytest.raises(ValueError, match=named):
            Ssd(Linear(DIM), **options)
    with pytest.raises(ValueError, match="8 clients for 7"):
        own_coordinates(jnp.asarray(0), 8, DIM)
