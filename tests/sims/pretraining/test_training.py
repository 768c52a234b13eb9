"""Pre-training by the round engine: forms agree, a run in pieces is the run, and clients see what is theirs alone."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.images import partitions
from sims.images.feature_skew import client_augmentations
from sims.placement import fitting
from sims.pretraining import client_training
from sims.pretraining.client_training import ClientTraining, Given
from sims.pretraining.descent import Descent
from sims.pretraining.methods import Method
from sims.pretraining.training import can_collapse, hold, pretrain, start
from sims.rounds import engine as rounds
from tests.compilations import compilations
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

N = 6
SIDE = 4
LABELS = np.repeat(np.arange(3), 40)
IMAGES = np.random.default_rng(0).integers(0, 256, (len(LABELS), SIDE, SIDE, 1)).astype(np.uint8)
SPLIT = partitions.dirichlet(LABELS, N, 0.5, 0)
RING = mixing_matrix(topology("ring", N))
DESCENT = Descent(learning_rate=0.05, batch_size=8, epochs=2)
STEP = Descent("sgd", 0.1, weight_decay=0.0, batch_size=8, steps=1, warm_up=0.0)


@dataclass(frozen=True)
class Flat:
    """An encoder: pixels times a matrix."""

    feature_dim: int = 3

    def init(self, key, image_shape):
        return {"matrix": 0.1 * jax.random.normal(key, (int(np.prod(image_shape)), self.feature_dim), jnp.float32)}

    def features(self, params, images):
        return images.reshape(len(images), -1) @ params["matrix"]


@dataclass(frozen=True)
class Noisy(Method):
    """Features of noisy images near one; what a client keeps counts its steps."""

    encoder: Flat = Flat()

    def init(self, key, image_shape):
        return {"encoder": self.encoder.init(key, image_shape)}

    def loss(self, params, local, images, context, key):
        noise = jax.random.normal(key, images.shape, jnp.float32)
        return jnp.mean((self.encoder.features(params["encoder"], images + 0.1 * noise) - 1) ** 2)


@dataclass(frozen=True)
class Keeping(Noisy):
    """Counts its steps, keeps the model it ended with, sends features, and pays for what it hears."""

    def init_local(self, params):
        return {"steps": jnp.zeros((), jnp.int32), "last": params}

    def after_step(self, params, local, images, key):
        return local | {"steps": local["steps"] + 1}

    def end(self, params, local):
        return local | {"last": params}

    def share(self, params, images, key, repeats=1.0):
        return self.encoder.features(params["encoder"], images)


@dataclass(frozen=True)
class Hearing(Keeping):
    """A loss that says who was heard: sum of 10^j over the clients j heard, equally weighted."""

    def loss(self, params, local, images, context, key):
        here = context.heard > 0
        return 0.0 * jnp.sum(params["encoder"]["matrix"]) + jnp.sum(here * 10.0 ** jnp.arange(context.n_clients))


@dataclass(frozen=True)
class Bright(Noisy):
    """A loss that says how bright the client's images are."""

    def loss(self, params, local, images, context, key):
        return 0.0 * jnp.sum(params["encoder"]["matrix"]) + jnp.mean(images)


def same(one, two, **tolerance):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


NETWORKS = {"server": {}, "some": {"participation": 3}, "ring": {"mixing": RING}}


@pytest.mark.parametrize("network", list(NETWORKS))
def test_all_forms_train_the_same_models(network):
    runs = [
        pretrain(Keeping(), DESCENT, IMAGES, SPLIT, 3, form=form, **NETWORKS[network])
        for form in ("loop", "steps", "vmap")
    ]
    for run in runs[1:]:
        # Float32 sums in another order; nothing is amplified in so few steps.
        same((run.state.params, run.state.local), (runs[0].state.params, runs[0].state.local), rtol=1e-4, atol=1e-6)
    sizes = SPLIT.table.sum(axis=1)
    selections = np.asarray(runs[0].state.local.selections)
    assert selections.sum() == 3 * NETWORKS[network].get("participation", N)
    np.testing.assert_array_equal(
        runs[0].state.local.own["steps"], selections * 2 * np.maximum(1, sizes // DESCENT.batch_size)
    )


@pytest.mark.parametrize("network", list(NETWORKS))
def test_clients_in_groups_train_as_all_at_once(network):
    """An accelerator that holds two of them at once: groups of two, and one of what is left."""
    options = NETWORKS[network] | {"form": "vmap"}
    whole = pretrain(Keeping(), DESCENT, IMAGES, SPLIT, 3, **options)
    with pytest.MonkeyPatch.context() as m:
        m.setattr("sims.pretraining.training.fitting", lambda n_works, bytes_each, bytes_held: 2)
        grouped = pretrain(Keeping(), DESCENT, IMAGES, SPLIT, 3, **options)
    same((grouped.state.params, grouped.state.local), (whole.state.params, whole.state.local), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["vmap", "collapsed"])
def test_an_accelerator_gets_no_more_clients_than_its_memory_holds(form, monkeypatch):
    """The compiled update takes the memory that was reckoned with, and a device of a third of it takes a third."""
    monkeypatch.setattr(client_training, "is_accelerated", lambda: True)
    split = partitions.iid(LABELS, N, 0)
    images = np.tile(IMAGES, (1, 4, 4, 1))
    descent = STEP if form == "collapsed" else DESCENT
    data = hold(images, split, 1)

    def update(at_once):
        return ClientTraining(Noisy(), descent, form, 4, at_once)

    params, kept = start(update(None), jax.random.key(0), images, data)
    everywhere = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (N, *leaf.shape[1:])), params)

    def needs(at_once):
        run = jax.jit(lambda params, kept, data: update(at_once)(params, kept, data, None, jax.random.key(1)))
        analysis = run.lower(everywhere, kept, data).compile().memory_analysis()
        assert analysis is not None
        return analysis.temp_size_in_bytes

    each = update(None).bytes_a_client(params, kept, data)
    asked = []

    def memory_for(n_clients):
        monkeypatch.setattr("sims.placement._memory", lambda: int((n_clients + 0.5) * each / 0.9))
        return fitting(N, lambda: asked.append(each) or each, 0)

    assert [memory_for(k) for k in (0, 1, 2, N, 9 * N)] == [1, 1, 2, N, N]
    assert needs(1) < needs(2) < needs(None) < 2 * N * each
    assert needs(1) < 0.7 * needs(None)
    monkeypatch.setattr("sims.placement._memory", lambda: None)
    asked.clear()
    assert fitting(N, lambda: asked.append(each) or each, 0) == N
    assert not asked


@pytest.mark.parametrize("form", ["vmap", "collapsed"])
def test_training_is_cut_by_the_devices_memory(form, monkeypatch):
    """The whole way: with room beside the state for two clients, groups of two are trained, to the same models."""
    monkeypatch.setattr(client_training, "is_accelerated", lambda: True)
    descent = STEP if form == "collapsed" else DESCENT
    whole = pretrain(Noisy(), descent, IMAGES, SPLIT, 2, form=form)
    held, sizes = [], []
    real = client_training.ClientTraining._in_groups

    def in_groups(self, one, given, keys):
        sizes.append(self.at_once)
        return real(self, one, given, keys)

    def two(n_works, bytes_each, bytes_held):
        held.append(bytes_held)
        monkeypatch.setattr("sims.placement._memory", lambda: int((bytes_held + 2.5 * bytes_each()) / 0.9))
        return fitting(n_works, bytes_each, bytes_held)

    monkeypatch.setattr(client_training.ClientTraining, "_in_groups", in_groups)
    monkeypatch.setattr("sims.pretraining.training.fitting", two)
    cut = pretrain(Noisy(), descent, IMAGES, SPLIT, 2, form=form)
    assert set(sizes) == {2}
    assert held[0] > IMAGES.nbytes
    same((cut.state.params, cut.state.local.loss), (whole.state.params, whole.state.local.loss), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("at_once", [1, 2, N])
@pytest.mark.parametrize("network", ["server", "ring"])
def test_a_round_takes_no_more_memory_than_was_reckoned_with(network, at_once, monkeypatch):
    """The whole compiled round of the engine, with what it is given and what it returns."""
    method = Keeping(Flat(2000))
    reckoned, taken = [], []
    real = rounds._jitted

    def looking(*arguments):
        needs = real.lower(*arguments).compile().memory_analysis()
        assert needs is not None
        taken.append(needs.temp_size_in_bytes + needs.argument_size_in_bytes + needs.output_size_in_bytes)
        return real(*arguments)

    def some(n_works, bytes_each, bytes_held):
        reckoned.append(bytes_held + at_once * bytes_each())
        return at_once

    monkeypatch.setattr(rounds, "_jitted", looking)
    monkeypatch.setattr("sims.pretraining.training.fitting", some)
    options = NETWORKS[network] | {"form": "vmap", "record_every": 1, "records_a_chunk": 1}
    pretrain(method, DESCENT, np.tile(IMAGES, (1, 2, 2, 1))[:60], partitions.iid(LABELS[:60], N, 0), 2, **options)
    assert len(taken) == 2
    assert max(taken) < reckoned[0] < 3 * max(taken)


def test_everything_that_is_trained_stays_in_single_precision():
    state = pretrain(Keeping(), DESCENT, IMAGES, SPLIT, 1).state
    assert {leaf.dtype for leaf in jax.tree.leaves(state.params)} == {jnp.dtype(jnp.float32)}
    assert state.local.loss.dtype == jnp.float32


# What is compiled anew for another shape of models or clients.
COMPILED = (rounds._jitted, rounds._open_jitted, rounds._close_jitted, client_training._given, client_training._kept)


@pytest.mark.parametrize(("network", "form"), [*((name, "loop") for name in NETWORKS), ("some", "vmap")])
def test_a_run_in_pieces_is_the_run_bit_for_bit_and_compiled_once(network, form):
    options = NETWORKS[network] | {"form": form, "record_every": 1, "records_a_chunk": 1}
    images = IMAGES[:, 1:]  # of a shape that no other test compiles for
    before = [compilations(f) for f in COMPILED]
    whole = pretrain(Keeping(), DESCENT, images, SPLIT, 5, **options)
    seen = []

    def stop(state, done, rounds):
        seen.append(state)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(Keeping(), DESCENT, images, SPLIT, 5, **(options | {"progress": stop}))
    # Through NumPy and back, as a checkpoint goes.
    state = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), seen[-1])
    rest = pretrain(Keeping(), DESCENT, images, SPLIT, 5, resume=state, **options)
    for a, b in zip(jax.tree.leaves(rest.state), jax.tree.leaves(whole.state), strict=True):
        np.testing.assert_array_equal(a, b)
    compiled = [compilations(f) - n for f, n in zip(COMPILED, before, strict=True)]
    assert max(compiled) == 1, compiled


def unequal() -> partitions.Partition:
    """Clients with 8 to 40 images."""
    parts = np.split(np.random.default_rng(1).permutation(len(LABELS)), (8, 18, 33, 50, 80))
    held = tuple(np.sort(part) for part in parts)
    return partitions.Partition(held, np.stack([np.bincount(LABELS[part], minlength=3) for part in held]))


def test_one_plain_step_each_is_one_step_of_all_together():
    split = unequal()
    assert can_collapse(Noisy(), STEP)
    assert not can_collapse(Keeping(), STEP)
    assert not can_collapse(Noisy(), DESCENT)
    for some in (None, 3):
        loop, one = (
            pretrain(Noisy(), STEP, IMAGES, split, 4, form=form, participation=some) for form in ("loop", "collapsed")
        )
        same(one.state.params, loop.state.params, rtol=1e-5, atol=1e-7)
        same(one.state.local.loss, loop.state.local.loss, rtol=1e-5)
        if some is None:
            chosen = pretrain(Noisy(), STEP, IMAGES, split, 4)
            same(chosen.state.params, one.state.params, rtol=0, atol=0)
        begun = pretrain(Noisy(), STEP, IMAGES, split, 1, form="loop", participation=some).before
        assert np.abs(np.asarray(loop.state.params["encoder"]["matrix"] - begun["encoder"]["matrix"])).max() > 1e-3
        with pytest.MonkeyPatch.context() as m:
            m.setattr(client_training, "is_accelerated", lambda: True)
            batched = pretrain(Noisy(), STEP, IMAGES, split, 4, form="collapsed", participation=some)
        same(batched.state.params, loop.state.params, rtol=1e-5, atol=1e-7)
        same(batched.state.local.loss, loop.state.local.loss, rtol=1e-5)
    with pytest.raises(ValueError, match="collapsed form is exact for one plain step"):
        pretrain(Noisy(), DESCENT, IMAGES, SPLIT, 1, form="collapsed")


def test_a_server_weighs_clients_by_their_images():
    run = pretrain(Noisy(), STEP, IMAGES, SPLIT, 1)
    trained = np.asarray(run.pre_mix["encoder"]["matrix"])
    mean = np.einsum("i,ijk->jk", SPLIT.weights, trained)
    np.testing.assert_allclose(run.state.params["encoder"]["matrix"][0], mean, rtol=1e-6, atol=1e-7)


def test_on_a_network_models_are_mixed_by_its_matrix():
    run = pretrain(Noisy(), STEP, IMAGES, SPLIT, 2, mixing=RING)
    trained = np.asarray(run.pre_mix["encoder"]["matrix"])
    np.testing.assert_allclose(
        run.state.params["encoder"]["matrix"], np.einsum("ij,jkl->ikl", RING, trained), rtol=1e-5, atol=1e-7
    )


def test_a_method_may_combine_in_its_own_way():
    @dataclass(frozen=True)
    class First(Noisy):
        def combine(self, before, trained, weights):
            return jax.tree.map(lambda leaf: leaf[0], trained)

    run = pretrain(First(), STEP, IMAGES, SPLIT, 1)
    same(run.state.params, jax.tree.map(lambda leaf: leaf[:1], run.pre_mix), rtol=0)


def test_every_pass_goes_over_every_image_once():
    data = hold(IMAGES, partitions.iid(LABELS, 5, 0), 1)  # 24 images each, 3 batches of 8
    update = ClientTraining(Noisy(), Descent(batch_size=8, epochs=2))
    given = Given(
        {}, {}, data.positions[1], data.sizes[1], None, jnp.asarray(1), jnp.zeros(5), jnp.asarray(0), jnp.zeros(())
    )
    own = np.sort((IMAGES[np.asarray(data.positions[1, :24])] / np.float32(255)).reshape(24, -1), axis=0)
    orders = []
    for first in (0, 3):
        batches = [update._batch(given, jax.random.key(0), data.images[0], k)[0] for k in range(first, first + 3)]
        orders.append(np.concatenate(batches).reshape(24, -1))
        np.testing.assert_allclose(np.sort(orders[-1], axis=0), own, rtol=1e-6)
    assert not np.allclose(*orders)


def test_a_client_with_few_images_repeats_its_own():
    few = partitions.Partition((np.arange(3), np.arange(3, 40)), np.stack([np.bincount(LABELS[:3], minlength=3)] * 2))
    data = hold(IMAGES, few, 1)
    update = ClientTraining(Noisy(), Descent(batch_size=8))
    given = Given(
        {}, {}, data.positions[0], data.sizes[0], None, jnp.asarray(0), jnp.zeros(2), jnp.asarray(0), jnp.zeros(())
    )
    batch = np.asarray(update._batch(given, jax.random.key(1), data.images[0], 0)[0]) * 255
    drawn = {int(np.abs(IMAGES[:3].astype(float) - image).sum(axis=(1, 2, 3)).argmin()) for image in batch}
    assert np.abs(batch[:, None] - IMAGES[None, :3]).sum(axis=(2, 3, 4)).min(axis=1).max() < 1e-2
    assert drawn == {0, 1, 2}


@dataclass(frozen=True)
class Telling(Keeping):
    """Sends the images themselves, and how often it was told that one may be among them."""

    def share(self, params, images, key, repeats=1.0):
        return jnp.concatenate([images.reshape(len(images), -1), jnp.full((len(images), 1), repeats)], axis=1)


@pytest.mark.parametrize("form", ["loop", "vmap"])
def test_a_method_is_told_how_often_an_image_is_in_what_it_sends(form):
    apart = np.split(np.arange(120), [1, 4, 12, 21, 30])  # 1, 3, 8, 9, 9 and 90 images, batches of 8
    table = np.stack([np.bincount(LABELS[own], minlength=3) for own in apart])
    split = partitions.Partition(tuple(apart), table)
    run = pretrain(Telling(), STEP, IMAGES, split, 1, form=form)
    told = []
    for rows in np.asarray(run.state.local.pool):
        _, counts = np.unique(rows[:, :-1], axis=0, return_counts=True)
        assert (rows[:, -1] == counts.max()).all()
        told.append(int(counts.max()))
    assert told == [8, 3, 1, 1, 1, 1]


def test_clients_hear_their_neighbours_or_the_last_that_trained():
    def heard(rounds, **options):
        losses = np.asarray(pretrain(Hearing(), STEP, IMAGES, SPLIT, rounds, **options).state.local.loss)
        return [{j for j in range(N) if round(float(loss)) // 10**j % 10} for loss in losses]

    assert heard(1, mixing=RING) == [set()] * N
    assert heard(2, mixing=RING) == [{(i - 1) % N, i, (i + 1) % N} for i in range(N)]
    first = pretrain(Hearing(), STEP, IMAGES, SPLIT, 1, participation=2).state.local
    last = set(np.flatnonzero(np.asarray(first.is_recent)).tolist())
    second = pretrain(Hearing(), STEP, IMAGES, SPLIT, 2, participation=2).state.local
    now = np.flatnonzero(np.asarray(second.is_recent))
    assert len(last) == 2
    for loss in np.asarray(second.loss)[now]:
        assert {j for j in range(N) if round(float(loss)) // 10**j % 10} == last


def test_of_neighbours_that_take_part_by_chance_only_what_came_is_heard():
    """Against letters: each holds what it was last sent, and the pool what each wrote last."""
    held: dict[tuple[int, int], int] = {}
    wrote: dict[int, int] = {}
    was_silent = False
    for done in range(8):
        state = pretrain(Hearing(), STEP, IMAGES, SPLIT, done + 1, mixing=RING, participation=3).state.local
        here = np.flatnonzero(np.asarray(state.is_recent)).tolist()
        assert len(here) == 3
        for i in here:
            found = {j for j in range(N) if round(float(state.loss[i])) // 10**j % 10}
            near = {j for j in range(N) if RING[i, j] > 0}
            assert found == {j for j in near if j in wrote and held.get((i, j)) == wrote[j]}
            was_silent |= bool((near & set(wrote)) - found)
        wrote |= dict.fromkeys(here, done)
        held |= {(i, j): done for i in here for j in here}
    assert was_silent


@pytest.mark.parametrize("options", [{"link_failure": 0.5}, {"order": "combine_then_adapt"}])
def test_who_has_what_is_not_kept_for_links_that_fail(options):
    with pytest.raises(ValueError, match=f"got {next(iter(options))}={next(iter(options.values()))}. Leave that out"):
        pretrain(Hearing(), STEP, IMAGES, SPLIT, 1, mixing=RING, **options)
    assert pretrain(Noisy(), STEP, IMAGES, SPLIT, 1, mixing=RING, **options).state.round == 1  # it sends none


@dataclass(frozen=True)
class Joining(Keeping):
    """Remembers whether it was here in the last round and sends a model of ones."""

    def init_local(self, params):
        return {"was_here": -jnp.ones((), jnp.float32)}

    def hear(self, received, local, images, context, key):
        return {"was_here": context.was_here}

    def after_step(self, params, local, images, key):
        return local

    def end(self, params, local):
        return local

    def send(self, params, local):
        return jax.tree.map(jnp.ones_like, params)


def test_a_client_hears_whether_it_was_here_and_sends_what_its_method_says():
    one, two = (pretrain(Joining(), STEP, IMAGES, SPLIT, k, participation=4).state for k in (1, 2))
    here, before = (np.asarray(state.local.is_recent) for state in (two, one))
    wanted = np.where(here == 1, before, np.asarray(one.local.own["was_here"]))
    np.testing.assert_array_equal(two.local.own["was_here"], wanted)
    assert 0 < np.sum(wanted[here == 1]) < 4
    np.testing.assert_array_equal(two.params["encoder"]["matrix"], 1.0)
    sent = np.asarray(two.local.pool)[here == 1]  # features of all ones: each is the sum of the image
    np.testing.assert_allclose(sent, np.repeat(sent[..., :1], 3, axis=-1))
    assert sent.min() > 0


@dataclass(frozen=True)
class Timed(Noisy):
    """A loss that says how far training is, in percent, and in how many rounds the client trained before."""

    def loss(self, params, local, images, context, key):
        return 0.0 * jnp.sum(params["encoder"]["matrix"]) + 100 * context.progress + 1000 * context.selections


@pytest.mark.parametrize("some", [2, None])
def test_a_client_is_told_how_far_training_is_and_how_often_it_took_part(some):
    before = np.zeros(N)
    for done in range(4):
        state = pretrain(Timed(), STEP, IMAGES, SPLIT, done + 1, participation=some).state
        here = np.asarray(state.local.is_recent) == 1
        wanted = 100 * done / (done + 1) + 1000 * before[here]
        np.testing.assert_allclose(np.asarray(state.local.loss)[here], wanted, rtol=1e-5)
        before = before + here
        np.testing.assert_array_equal(state.local.selections, before)


def test_every_client_has_its_own_skew():
    flat = np.full_like(IMAGES, 128)
    run = pretrain(Bright(), STEP, flat, SPLIT, 1, skew=client_augmentations(N, 0))
    plain = pretrain(Bright(), STEP, flat, SPLIT, 1)
    np.testing.assert_allclose(plain.state.local.loss, 128 / 255, rtol=1e-6)
    assert len(np.unique(np.round(np.asarray(run.state.local.loss), 4))) == N


@dataclass(frozen=True)
class Frozen(Noisy):
    """Has a second encoder, which the loss knows of and no step may move."""

    def init(self, key, image_shape):
        return super().init(key, image_shape) | {"other": self.encoder.init(jax.random.split(key)[0], image_shape)}

    def trainable(self, params):
        return {"encoder": params["encoder"]}

    def loss(self, params, local, images, context, key):
        return super().loss(params, local, images, context, key) + jnp.mean(params["other"]["matrix"] ** 2)


@pytest.mark.parametrize("form", ["loop", "steps", "vmap"])
def test_what_is_not_trainable_neither_descends_nor_decays(form):
    descent = Descent("adamw", 0.05, weight_decay=0.3, batch_size=8, epochs=1)
    frozen, plain = (pretrain(m, descent, IMAGES, SPLIT, 2, mixing=RING, form=form) for m in (Frozen(), Noisy()))
    assert frozen.before is not None
    for i in range(N):
        # Six equal models are mixed: each weight of the ring is a third.
        np.testing.assert_allclose(
            frozen.state.params["other"]["matrix"][i], frozen.before["other"]["matrix"][0], rtol=1e-6
        )
    same(frozen.state.params["encoder"], plain.state.params["encoder"], rtol=1e-6)
    assert not can_collapse(Frozen(), STEP)


def test_the_rate_rises_and_falls():
    descent = Descent(learning_rate=1.0, warm_up=0.1)
    rates = np.array([float(descent.rate(jnp.asarray(p))) for p in (0.0, 0.05, 0.1, 0.5, 1.0)])
    assert rates[0] < rates[1] < rates[2]
    np.testing.assert_allclose(rates[2:], [0.5 * (1 + np.cos(0.1 * np.pi)), 0.5, 0.0], atol=1e-6)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "lion"}, "adamw or sgd; got 'lion'"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"batch_size": 0}, "batch_size is a whole number from 1; got 0"),
        ({"steps": 0}, "steps is a whole number from 1; got 0"),
    ],
)
def test_bad_settings_are_one_sentence(change, message):
    with pytest.raises(ValueError, match=message):
        Descent(**change)


def test_a_finished_run_cannot_go_on():
    state = pretrain(Noisy(), STEP, IMAGES, SPLIT, 2).state
    with pytest.raises(ValueError, match="2 rounds are done already; got rounds=2"):
        pretrain(Noisy(), STEP, IMAGES, SPLIT, 2, resume=state)
