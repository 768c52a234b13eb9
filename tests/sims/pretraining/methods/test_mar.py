"""MAR for networks against the linear code of Algorithms 1 and 2, and the term's own properties."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.images import partitions
from sims.linear.mar_client_steps import MarUpdate
from sims.losses.adaptive_mmd import a_mmd, mixture_mmd
from sims.pretraining.descent import Descent
from sims.pretraining.encoders.vit import Vit
from sims.pretraining.methods import Context
from sims.pretraining.methods.mae import Mae
from sims.pretraining.methods.mar import Mar
from sims.pretraining.training import pretrain
from theory.objectives import linear_alignment

N, BATCH, DIM, FEATURES = 4, 5, 6, 4
VARIANTS = ("printed", "corrected", "released")
ALIGNMENTS = ("a_mmd", "mmd_fixed", "cosine")


@dataclass(frozen=True)
class LinearMasked:
    """W x for an image's embedding, and a quadratic loss that sees no images."""

    encoder: str = "W"

    def init(self, key, image_shape):
        return {"encoder": jax.random.normal(key, (FEATURES, DIM), jnp.float32)}

    def loss_and_latents(self, params, images, key):
        w = params["encoder"]
        return linear_alignment.loss(w, jnp.eye(DIM, dtype=w.dtype)), images.reshape(len(images), -1) @ w.T


def mar(**options):
    given: dict[str, Any] = {"horizon": 10.0, "weight_max": 2.0, "weight_min": 0.5, **options}
    return Mar(LinearMasked(), **given)


def drawn(seed=0, dtype=jnp.float64):
    """A model, images and everyone's embeddings."""
    rng = np.random.default_rng(seed)
    w = jnp.asarray(rng.standard_normal((FEATURES, DIM)), dtype)
    images = jnp.asarray(rng.standard_normal((BATCH, 1, DIM, 1)), dtype)
    pool = jnp.asarray(rng.standard_normal((N, BATCH, FEATURES)) + np.arange(N)[:, None, None], dtype)
    return {"encoder": w}, images, pool


def context(pool, heard, selections=0):
    return Context(jnp.asarray(1), N, pool, heard, jnp.asarray(selections), jnp.asarray(0.0, jnp.float32))


@partial(jax.jit, static_argnums=0)
def value(method, params, images, given):
    return method.loss(params, {}, images, given, jax.random.key(0))


@partial(jax.jit, static_argnums=0)
def term(method, latents, pool, heard):
    return method.discrepancy(latents, pool, jnp.asarray(heard))


slope = jax.jit(jax.grad(value, argnums=1), static_argnums=0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_linear_encoder_descends_as_in_the_linear_code(variant):
    rng = np.random.default_rng(1)
    models, views = rng.standard_normal((N, FEATURES, DIM)), rng.standard_normal((N, 1, BATCH, DIM))
    sent, sizes = rng.standard_normal((N, BATCH, FEATURES)), np.array([10.0, 30.0, 20.0, 40.0])
    selections = np.array([0.0, 3.0, 10.0, 14.0])
    linked = np.array([[1, 1, 0, 1], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]], dtype=float)
    mixing = linked * sizes if variant == "released" else linked
    mixing = mixing / mixing.sum(axis=1, keepdims=True)
    units = 1 / sizes if variant == "released" else np.ones(N)
    if variant == "corrected":
        messages = {"embeddings": mixing[:, :, None, None] * sent[None], "shares": mixing}
    else:
        messages = {"embeddings": np.einsum("ij,jbf->ibf", mixing * units, sent), "shares": mixing @ units}
    data = {
        "covariances": jnp.broadcast_to(jnp.eye(DIM), (N, DIM, DIM)),
        "views": jnp.asarray(views),
        "units": jnp.asarray(units),
        "step_size": 1.0,
        "schedule": {"weight_max": 2.0, "weight_min": 0.5, "horizon": 10.0},
    }
    params = jax.tree.map(jnp.asarray, {"model": models, **messages})
    local = {"selections": jnp.asarray(selections)}
    stepped = MarUpdate(1, variant)(params, local, data, None, jax.random.key(0))[0]["model"]
    method = mar(variant=variant)
    for i in range(N):
        given = context(jnp.asarray(sent), jnp.asarray(mixing[i]), selections[i])
        found = slope(method, {"encoder": models[i]}, views[i, 0].reshape(BATCH, 1, DIM, 1), given)
        # A step of length one, subtracted from models of order one: two digits over round-off.
        np.testing.assert_allclose(found["encoder"], models[i] - stepped[i], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_loss_adds_the_weighted_discrepancy(variant):
    params, images, pool = drawn()
    heard = jnp.asarray([0.5, 0.0, 0.3, 0.2])
    z = images.reshape(BATCH, -1) @ params["encoder"].T
    expected = {
        "printed": lambda: a_mmd(z, jnp.tensordot(heard, pool, axes=1), "median", "printed"),
        "corrected": lambda: mixture_mmd(z, pool, heard, "median"),
        "released": lambda: a_mmd(z, (pool[0] + pool[2] + pool[3]) / 3, "median", "released"),
    }[variant]()
    plain = LinearMasked().loss_and_latents(params, images, None)[0]
    found = value(mar(variant=variant, bandwidth="median"), params, images, context(pool, heard))
    np.testing.assert_allclose(found, plain + 2.0 * expected, rtol=1e-12)


def test_released_kernels_run_over_tokens_and_features_apart():
    _, _, pool = drawn()
    latents = pool[0] + jnp.arange(float(BATCH))[:, None]
    tokens, heard = latents.reshape(BATCH, 2, 2), jnp.asarray([0.0, 1.0, 0.0, 0.0])
    found = {v: term(mar(variant=v), tokens, pool, heard) for v in VARIANTS}
    flat = {v: term(mar(variant=v), latents, pool, heard) for v in VARIANTS}
    assert found["printed"] == flat["printed"]
    assert found["corrected"] == flat["corrected"]
    expected = a_mmd(tokens, pool[1].reshape(tokens.shape), "mean", "released")
    np.testing.assert_allclose(found["released"], expected, rtol=1e-12)
    assert abs(expected - flat["released"]) > 0.1


@pytest.mark.parametrize("alignment", ALIGNMENTS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_with_nothing_heard_the_term_is_exactly_zero(variant, alignment):
    params, images, pool = drawn(dtype=jnp.float32)
    given = context(0 * pool, jnp.zeros(N, jnp.float32))
    plain, aligned = mar(weight_max=0.0, weight_min=0.0), mar(variant=variant, alignment=alignment)
    assert value(aligned, params, images, given) == value(plain, params, images, given)
    assert value(aligned, params, images, given).dtype == jnp.float32
    np.testing.assert_array_equal(
        slope(aligned, params, images, given)["encoder"], slope(plain, params, images, given)["encoder"]
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_gradient_flows_into_what_is_heard(variant):
    params, images, pool = drawn()

    def by_what_is_heard(pool, heard):
        return value(mar(variant=variant), params, images, context(pool, heard))

    slopes = jax.jit(jax.grad(by_what_is_heard, argnums=(0, 1)))(pool, jnp.full(N, 0.25))
    assert not any(np.any(slope) for slope in slopes)


@pytest.mark.parametrize("variant", VARIANTS)
def test_gamma_follows_the_cosine_and_only_the_printed_one_rises_again(variant):
    for count in (0, 4, 10, 15, 20):
        share = count / 10 if variant == "printed" else min(1.0, count / 10)
        expected = 0.5 + 1.5 * (1 + math.cos(math.pi * share)) / 2
        found = mar(variant=variant).weight(jnp.asarray(count, jnp.float32))
        assert found.dtype == jnp.float32
        assert float(found) == pytest.approx(expected, rel=1e-6)  # float32


def test_equal_weights_are_a_fixed_gamma():
    fixed = mar(weight_max=0.01, weight_min=0.01)
    assert float(fixed.weight(jnp.asarray(7.0))) == pytest.approx(0.01, rel=1e-12)


@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_only_the_corrected_term_takes_embeddings_as_sets(alignment):
    _, _, pool = drawn()
    turned = pool.at[2].set(pool[2, ::-1])
    heard = jnp.full(N, 0.25)

    def change(variant):
        method = mar(variant=variant, alignment=alignment)
        return abs(term(method, pool[0], pool, heard) - term(method, pool[0], turned, heard))

    assert change("corrected") < 1e-14
    assert min(change("printed"), change("released")) > 1e-4


def test_an_adaptive_width_has_no_scale_and_a_fixed_one_has():
    _, _, pool = drawn()
    heard = jnp.full(N, 0.25)

    def change(**options):
        method = mar(**options)
        return abs(term(method, pool[1], pool, heard) - term(method, 10 * pool[1], 10 * pool, heard))

    assert max(change(bandwidth="mean"), change(bandwidth="median")) < 1e-12
    assert change(alignment="mmd_fixed") > 0.01


def test_cosine_is_of_slots_or_of_all_pairs():
    _, _, pool = drawn()
    heard = np.array([0.5, 0.0, 0.3, 0.2])

    def cosine(u, v):
        return u @ v / math.sqrt((u @ u) * (v @ v))

    average = np.tensordot(heard, pool, axes=1)
    slots = 1 - np.mean([cosine(u, v) for u, v in zip(pool[1], average, strict=True)])
    pairs = 1 - sum(heard[j] * np.mean([cosine(u, v) for u in pool[1] for v in pool[j]]) for j in range(N))
    for variant, expected in (("printed", slots), ("corrected", pairs)):
        found = term(mar(variant=variant, alignment="cosine"), pool[1], pool, heard)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_descending_the_corrected_term_leads_to_those_heard(alignment):
    _, _, pool = drawn()
    away = (pool[3].mean(axis=0) - pool[0].mean(axis=0))[None]
    terms = [term(mar(alignment=alignment), pool[0] + s * away, pool, [0.0, 0.0, 0.0, 1.0]) for s in (0.0, 0.1, 1.0)]
    assert terms == sorted(terms, reverse=True)


@pytest.mark.parametrize("variant", VARIANTS)
def test_those_not_heard_may_be_left_out(variant):
    _, _, pool = drawn()
    heard = jnp.asarray([0.7, 0.0, 0.3, 0.0])
    whole, few = (term(mar(variant=variant, most_heard=m), pool[1], pool, heard) for m in (None, 2))
    np.testing.assert_allclose(few, whole, rtol=1e-12)
    loudest = term(mar(variant=variant, most_heard=1), pool[1], pool, heard)
    alone = term(mar(variant=variant), pool[1], pool, jnp.asarray([1.0, 0.0, 0.0, 0.0]))
    np.testing.assert_allclose(loudest, alone, rtol=1e-12)


MASKED = Mae(Vit(patch_size=4, width=8, depth=1, heads=2), mask_ratio=0.5, decoder_width=8, decoder_depth=1)


def test_a_vit_adds_the_term_to_the_loss_of_its_mae():
    key = jax.random.key(3)
    images = jax.random.uniform(key, (3, 8, 8, 1), jnp.float32)
    method, heard = Mar(MASKED, horizon=4.0, weight_max=0.3, weight_min=0.3), jnp.asarray([0.5, 0.5], jnp.float32)

    @jax.jit  # one compilation
    def parts(key):
        params = method.init(key, (8, 8, 1))
        sent = method.share(params, images, key)
        assert sent is not None
        pool = jnp.stack([sent, sent + 1])
        given = Context(jnp.asarray(0), 2, pool, heard, jnp.asarray(1), jnp.asarray(0.5, jnp.float32))
        found = method.loss(params, {}, images, given, key)
        return sent, found, MASKED.loss(params, {}, images, given, key), method.discrepancy(sent, pool, heard)

    sent, found, plain, term = parts(key)
    assert sent.shape == (3, 2 * 8)  # two of four patches are visible, as 49 of 196 are in A.5
    assert sent.dtype == found.dtype == jnp.float32
    # The embeddings of the loss are those that are sent, with the same key; float32.
    np.testing.assert_allclose(found, plain + 0.3 * term, rtol=1e-6)
    assert abs(term) > 0.01


def test_without_weight_it_is_the_mae_and_sends_nothing():
    method, key = Mar(MASKED, horizon=4.0, weight_max=0.0, weight_min=0.0), jax.random.key(3)
    images = jnp.zeros((3, 8, 8, 1), jnp.float32)
    params = jax.eval_shape(lambda: method.init(key, (8, 8, 1)))
    assert method.share(params, images, key) is None
    given = context(None, jnp.ones(N, jnp.float32))
    programs = [
        str(jax.make_jaxpr(jax.value_and_grad(lambda p, m=m: m.loss(p, {}, images, given, key)))(params))
        for m in (method, MASKED)
    ]
    assert programs[0] == programs[1]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_only_client_has_nobody_to_align_with(variant):
    params, images, pool = drawn()
    alone, itself = pool[:1], jnp.ones(1)
    method, without = mar(variant=variant), mar(weight_max=0.0, weight_min=0.0)
    plain = float(value(without, params, images, context(pool, jnp.ones(N) / N)))
    assert float(value(method, params, images, context(alone, itself))) == plain
    assert float(value(method, params, images, context(pool, jnp.ones(N) / N))) != plain


@pytest.mark.parametrize("variant", VARIANTS)
def test_who_hears_only_itself_aligns_with_nobody(variant):
    params, images, pool = drawn()
    method, without = mar(variant=variant), mar(weight_max=0.0, weight_min=0.0)
    plain = float(value(without, params, images, context(pool, jnp.ones(N) / N)))
    for own in (1.0, 0.5):
        itself = jnp.zeros(N).at[1].set(own)  # the context is that of client 1
        assert float(value(method, params, images, context(pool, itself))) == plain
        assert float(value(method, params, images, context(pool, itself.at[2].set(0.1)))) != plain


def test_training_alone_is_training_without_alignment():
    """And with one other it is not: what the weight is of counts."""
    images = np.random.default_rng(0).integers(0, 256, (12, 1, DIM, 1)).astype(np.uint8)
    descent = Descent("sgd", 0.05, batch_size=BATCH, epochs=2)

    def trained(clients, **weights):
        split = partitions.iid(np.repeat([0, 1], 6), clients, 0)
        return np.asarray(pretrain(mar(**weights), descent, images, split, 3).state.params["encoder"])

    without = {"weight_max": 0.0, "weight_min": 0.0}
    np.testing.assert_array_equal(trained(1), trained(1, **without))
    assert np.abs(trained(2) - trained(2, **without)).max() > 1e-3


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"variant": "best"}, "variant is one of printed"),
        ({"alignment": "l2"}, "alignment is one of a_mmd"),
        ({"bandwidth": "max"}, "bandwidth is one of mean"),
        ({"weight_max": 0.1, "weight_min": 0.2}, "got 0.1 and 0.2"),
        ({"horizon": 0.0}, "horizon=0.0"),
        ({"most_heard": 0}, "most_heard=0"),
    ],
)
def test_settings_out_of_range_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        mar(**options)


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_image_has_no_pairs_but_a_cosine(variant):
    params, images, pool = drawn()
    for alignment in ("a_mmd", "mmd_fixed"):
        with pytest.raises(ValueError, match=r"got a batch of 1\. Use batches of at least 2"):
            value(mar(variant=variant, alignment=alignment), params, images[:1], context(pool[:, :1], jnp.ones(N)))
    method = mar(variant=variant, alignment="cosine")
    assert jnp.isfinite(value(method, params, images[:1], context(pool[:, :1], jnp.ones(N))))


def test_a_context_without_embeddings_is_refused():
    params, images, _ = drawn()
    with pytest.raises(ValueError, match="without a pool"):
        value(mar(), params, images, context(None, jnp.ones(N)))


def test_what_is_sent_is_cut_and_noisy_and_what_is_trained_is_neither():
    params, images, pool = drawn()
    key = jax.random.key(3)
    plain, clipped = (mar(clip_norm=norm).share(params, images, key) for norm in (None, 0.5))
    assert plain is not None
    assert clipped is not None
    lengths = jnp.linalg.norm(clipped, axis=1)
    np.testing.assert_allclose(lengths, np.minimum(np.linalg.norm(plain, axis=1), 0.5))
    noisy = mar(clip_norm=0.5, noise_multiplier=3.0)
    draws = jnp.stack([jnp.asarray(noisy.share(params, images, key)) for key in jax.random.split(key, 400)])
    noise = (draws - clipped[None]).reshape(-1)
    # One image changes its row by up to 2 x 0.5; 8000 draws.
    assert float(jnp.std(noise)) == pytest.approx(3.0, rel=5 / np.sqrt(2 * noise.size))
    assert abs(float(jnp.mean(noise))) < 5 * 3.0 / np.sqrt(noise.size)
    given = context(pool, jnp.full(N, 1 / N))
    np.testing.assert_array_equal(value(noisy, params, images, given), value(mar(), params, images, given))


def test_noise_without_a_clip_protects_nothing_and_is_refused():
    with pytest.raises(ValueError, match=r"noise_multiplier=1\.0 and no clip_norm"):
        mar(noise_multiplier=1.0)
