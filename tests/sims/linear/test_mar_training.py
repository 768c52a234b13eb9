"""FedMAR and DecMAR against loops written like the pseudocode, and what MAR does to drift."""

import math
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.linear import metrics, objective
from sims.linear.mar_training import MarOptions, dec_mar, fed_mar, population_mar, split_by_subspace
from sims.losses.adaptive_mmd import a_mmd, mixture_mmd
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology
from theory.objectives import linear_alignment

N, BATCHES, BATCH, DIM, FEATURES = 5, 2, 6, 7, 3
SIZES = np.array([10, 20, 30, 20, 20])
OPTIONS: dict[str, Any] = {"step_size": 0.02, "local_steps": 3, "rounds": 7, "weight_max": 2.0, "weight_min": 0.5}


def problem():
    rng = np.random.default_rng(4)
    views = rng.standard_normal((N, BATCHES, BATCH, DIM)) * np.linspace(1.5, 0.3, DIM)
    flat = views.reshape(N, -1, DIM)
    x = flat.transpose(0, 2, 1) @ flat / flat.shape[1]
    return 0.5 * rng.standard_normal((FEATURES, DIM)), x, views


def gamma(count, horizon, variant, top=2.0, bottom=0.5):
    share = count / horizon if variant == "printed" else min(1.0, count / horizon)
    return bottom + (top - bottom) * (1 + math.cos(math.pi * share)) / 2


@partial(jax.jit, static_argnames="variant")
def slope(w, batch, x, weight, shares, sets, variant):
    """Gradient of the loss of line 13; `sets` are the embeddings that came, None before the first."""

    def loss(w):
        if sets is None:
            return linear_alignment.loss(w, x)
        if variant == "corrected":
            return linear_alignment.loss(w, x) + weight * mixture_mmd(batch @ w.T, jnp.stack(sets), jnp.stack(shares))
        average = jnp.asarray(sum(sets)) / len(sets)
        return linear_alignment.loss(w, x) + weight * a_mmd(batch @ w.T, average, estimator=variant)

    return jax.grad(loss)(w)


def sgd(w, x, views, weight, received, variant):
    """Lines 11 to 14: E steps, and what the client sends. `received` is a list of (share, embeddings)."""
    shares, sets = zip(*received, strict=True) if received else (None, None)
    latents = []
    for e in range(3):
        batch = views[e % BATCHES]
        latents.append(batch @ w.T)
        w = w - 0.02 * slope(w, batch, x, weight, shares, sets, variant)
    return w, sum(latents) / 3 if variant == "released" else views[2 % BATCHES] @ w.T


@pytest.mark.parametrize("variant", ["printed", "corrected", "released"])
def test_fed_mar_is_algorithm_1(variant):
    participation = 2
    w, x, views = problem()
    found = fed_mar(w, x, views, MarOptions(**OPTIONS, variant=variant), participation=participation, sizes=SIZES)
    expected_count = 7 * participation / N
    horizon = math.floor(expected_count) if variant == "released" else expected_count
    server, counts, heard = jnp.asarray(w), np.zeros(N), []
    for t in range(7):
        key = jax.random.split(jax.random.fold_in(jax.random.key(0), t), 3)[0]
        results = {}
        for i in sorted(np.asarray(jax.lax.top_k(jax.random.uniform(key, (N,)), participation)[1])):
            results[i] = sgd(server, x[i], views[i], gamma(counts[i], horizon, variant), heard, variant)
            counts[i] += 1
        total = sum(SIZES[i] for i in results)
        share = {i: SIZES[i] / total if variant == "released" else 1 / len(results) for i in results}
        server = sum(share[i] * model for i, (model, _) in results.items())
        heard = [(share[i], z) for i, (_, z) in results.items()]
    # The same sums in another order, over 21 steps.
    np.testing.assert_allclose(found.output, server, rtol=1e-10)
    assert not found.diverged


@pytest.mark.parametrize("variant", ["printed", "corrected"])
def test_dec_mar_is_algorithm_2(variant):
    w, x, views = problem()
    network = topology("star", N)
    initial = np.stack([w * (1 + 0.1 * i) for i in range(N)])
    found = dec_mar(initial, x, views, network, MarOptions(**OPTIONS, variant=variant))
    members = [[j for j in range(N) if network[i, j] or i == j] for i in range(N)]
    mixed, sent = [jnp.asarray(w_i) for w_i in initial], None
    trained = mixed
    for t in range(7):
        fresh = [sum(mixed[j] for j in a) / len(a) for a in members]
        pairs = [
            sgd(
                fresh[i],
                x[i],
                views[i],
                gamma(t, 7, variant),
                [] if sent is None else [(1 / len(a), sent[j]) for j in a],
                variant,
            )
            for i, a in enumerate(members)
        ]
        trained, sent = [p[0] for p in pairs], [p[1] for p in pairs]
        mixed = fresh if variant == "printed" else trained  # the index of line 10
    np.testing.assert_allclose(found.output, sum(trained) / N, rtol=1e-10)  # as above


def test_released_dec_mar_is_plain_averaging_by_data_size():
    w, x, views = problem()
    initial = np.broadcast_to(w, (N, *w.shape))
    found = dec_mar(initial, x, views, topology("path", N), MarOptions(**OPTIONS, variant="released"), sizes=SIZES)
    mixing = mixing_matrix(topology("path", N), "data_size", sizes=SIZES)
    models = initial
    for _ in range(7):
        for _ in range(3):
            models = models - 0.02 * linear_alignment.gradient(models, x)
        models = np.einsum("ij,jcd->icd", mixing, models)
    np.testing.assert_allclose(found.output, np.average(models, axis=0, weights=SIZES), rtol=1e-11)  # 21 steps


def test_as_printed_only_the_last_round_of_training_is_left():
    w, x, views = problem()
    options = replace(MarOptions(**OPTIONS), weight_max=0.0, weight_min=0.0, variant="printed")
    found = dec_mar(np.broadcast_to(w, (N, *w.shape)), x, views, topology("star", N), options)
    # All clients start alike, so that mixing the untrained models changes nothing: seven rounds are one local pass.
    models = np.broadcast_to(w, (N, *w.shape))
    for _ in range(3):
        models = models - 0.02 * linear_alignment.gradient(models, x)
    np.testing.assert_allclose(found.output, models.mean(axis=0), rtol=1e-12)


def test_fed_mar_on_all_clients_is_dec_mar_on_the_complete_network():
    w, x, views = problem()
    options = MarOptions(**OPTIONS)
    server = fed_mar(w, x, views, options)
    network = dec_mar(np.broadcast_to(w, (N, *w.shape)), x, views, topology("complete", N), options)
    np.testing.assert_allclose(server.output, network.output, rtol=1e-10)  # sums in another order over 21 steps


@cache
def drift(scale, weight, reading="pooled"):
    """Tilt, in-row part, and the mean model's subspace error at steady state on a ring of eight."""
    n, d, c = 8, 10, 3
    rng = np.random.default_rng(0)
    off = rng.standard_normal((n, d, d))
    off = (off + off.transpose(0, 2, 1)) / 2
    x = np.diag(np.r_[3.0, 2.4, 2.0, np.full(d - c, 0.6)]) + scale * (off - off.mean(axis=0))
    start = np.broadcast_to(objective.optimum(x.mean(axis=0), c), (n, c, d))
    mixing = mixing_matrix(topology("ring", n))
    options = {"step_size": 4e-3, "rounds": 3000, "weight": weight, "bandwidth": 2.0, "reading": reading}
    run = population_mar(start, x, x, mixing, **options)
    assert run.consensus_pre_mix[-1] == pytest.approx(run.consensus_pre_mix[-300], rel=1e-9)  # settled
    target = np.asarray(metrics.top_projector(x.mean(axis=0), c))
    return (*split_by_subspace(run.pre_mix, target), float(metrics.subspace_error(run.output, target)), run.output)


def test_mar_changes_tilt_only_beyond_first_order():
    """Relative changes of the two parts of the consensus error, at two levels of heterogeneity."""
    tilts, in_rows = [], []
    for scale in (0.1, 0.05):
        (tilt0, in_row0, *_), (tilt, in_row, *_) = drift(scale, 0.0), drift(scale, 10.0)
        tilts.append(abs(tilt / tilt0 - 1))
        in_rows.append(1 - in_row / in_row0)
    assert max(tilts) < 1e-3
    # Halving the differences between clients halves the relative effect on tilt, or more; that in the rows stays.
    assert tilts[1] < 0.55 * tilts[0]
    assert in_rows[0] > 0.01
    assert in_rows[1] == pytest.approx(in_rows[0], rel=0.05)


def test_mar_leaves_the_mean_models_subspace_no_closer():
    assert drift(0.1, 10.0)[2] > drift(0.1, 0.0)[2]


def test_slot_by_slot_averages_shrink_the_encoder():
    plain, shrunk = (np.sum(drift(0.05, weight, "averaged")[3] ** 2) for weight in (0.0, 10.0))
    assert shrunk < 0.95 * plain
    pooled = np.sum(drift(0.05, 10.0)[3] ** 2)
    assert pooled == pytest.approx(plain, rel=1e-3)  # second order in the differences


def test_splitting_by_subspace_adds_up_to_the_consensus_error():
    rng = np.random.default_rng(2)
    models, basis = rng.standard_normal((4, 2, 6)), np.linalg.qr(rng.standard_normal((6, 3)))[0]
    parts = split_by_subspace(models, basis @ basis.T)
    assert sum(parts) == pytest.approx(float(metrics.consensus_error(models)), rel=1e-12)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variant": "typed"}, "typed"),
        ({"weight_min": 3.0}, "weight_min"),
        ({"horizon": 0.0}, "horizon=0.0"),
        ({"step_size": -1.0}, "step_size=-1.0"),
        ({"local_steps": 0}, "local_steps"),
    ],
)
def test_bad_options_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        MarOptions(**(OPTIONS | change))


def test_bad_arrays_are_refused():
    w, x, views = problem()
    with pytest.raises(ValueError, match="batch of at least 2"):
        fed_mar(w, x, views[:, :, :1], MarOptions(**OPTIONS))
    with pytest.raises(ValueError, match="not"):
        fed_mar(w, x, views * np.nan, MarOptions(**OPTIONS))
    with pytest.raises(ValueError, match="positive size"):
        fed_mar(w, x, views, MarOptions(**OPTIONS), sizes=[0, 1, 1, 1, 1])
    with pytest.raises(ValueError, match="participation=9"):
        fed_mar(w, x, views, MarOptions(**OPTIONS), participation=9)


def test_a_step_beyond_stability_is_marked():
    w, x, views = problem()
    assert fed_mar(w, x, views, MarOptions(**(OPTIONS | {"step_size": 5.0, "rounds": 50}))).diverged
