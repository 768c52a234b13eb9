"""The round engine against loops written like the pseudocode, with models of any shape."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.rounds import engine
from sims.rounds.matrices import drop_links, is_server, only_among
from sims.stats import estimate, standard_errors_allowed
from tests.compilations import compilations
from theory.networks.mixing import mixing_matrix
from theory.networks.topologies import topology

N = 6
RING = mixing_matrix(topology("ring", N))


@dataclass(frozen=True)
class Towards:
    """A local update of two leaves of different rank and dtype: half way towards data, counted in what stays local."""

    is_random: bool = False

    def __call__(self, params, local, data, clients, key):
        aim = data if clients is None else jax.tree.map(lambda a: a[clients], data)
        new = jax.tree.map(lambda p, a: (p + a) / 2, params, aim)
        if self.is_random:
            new = jax.tree.map(lambda p: p + jax.random.normal(key, p.shape[1:], p.dtype)[None], new)
        return new, jax.tree.map(lambda count: count + 1, local)


TRACED: list["Noted"] = []


@dataclass(frozen=True)
class Noted(Towards):
    """Notes each time that a program is made of it."""

    def __call__(self, params, local, data, clients, key):
        TRACED.append(self)
        return super().__call__(params, local, data, clients, key)


@pytest.fixture
def models() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"matrix": rng.standard_normal((N, 3, 2)), "bias": rng.standard_normal((N, 4)).astype(np.float32)}


@pytest.fixture
def aims(models) -> dict[str, np.ndarray]:
    return {k: np.flip(v, axis=0).copy() for k, v in models.items()}


def as_jax(tree):
    return jax.tree.map(jnp.asarray, tree)


def slow_round(models, aims, mixing, order="adapt_then_combine", clients: Sequence[int] = range(N)):
    """Before and after mixing, client by client."""

    def adapt(w):
        return {k: np.stack([(w[k][i] + aims[k][i]) / 2 if i in clients else w[k][i] for i in range(N)]) for k in w}

    def combine(w):
        return {k: np.stack([sum(mixing[i, j] * w[k][j] for j in range(N)) for i in range(N)]) for k in w}

    if order == "adapt_then_combine":
        pre = adapt(models)
        return pre, combine(pre)
    post = combine(models)
    return adapt(post), post


def close(found, wanted):
    # The second leaf is float32 on purpose: models may be of any precision.
    np.testing.assert_allclose(found["matrix"], wanted["matrix"], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["bias"], wanted["bias"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("order", ["adapt_then_combine", "combine_then_adapt"])
@pytest.mark.parametrize("network", ["ring", "star", "directed_ring", "complete"])
def test_rounds_are_those_of_the_slow_loop(models, aims, order, network):
    m = mixing_matrix(topology(network, N))
    run = engine.run(Towards(), as_jax(models), m, 7, data=as_jax(aims), order=order, record_every=7)
    w = models
    for _ in range(7):
        pre, post = slow_round(w, aims, m, order)
        w = post if order == "adapt_then_combine" else pre
    close(run.pre_mix, pre)
    close(run.post_mix, post)
    assert not run.diverged
    assert run.post_mix["bias"].dtype == np.float32


def test_a_sequence_of_matrices_is_used_in_turn(models, aims):
    matrices = np.stack([RING, mixing_matrix(topology("star", N)), np.eye(N)])
    run = engine.run(Towards(), as_jax(models), matrices, 5, data=as_jax(aims))
    w = models
    for t in range(5):
        w = slow_round(w, aims, matrices[t % 3])[1]
    close(run.post_mix, w)


def test_what_is_local_is_never_mixed_and_counts_every_round(models, aims):
    run = engine.run(Towards(), as_jax(models), RING, 4, data=as_jax(aims), local=jnp.arange(float(N)))
    np.testing.assert_array_equal(run.state.local, np.arange(N) + 4.0)


def test_in_pieces_or_in_one_a_run_is_the_same(models, aims):
    options = {"data": as_jax(aims), "key": jax.random.key(3), "participation": 3, "link_failure": 0.3}
    whole = engine.run(Towards(True), as_jax(models), RING, 12, record_every=12, **options)
    first = engine.run(Towards(True), as_jax(models), RING, 5, record_every=5, **options)
    rest = engine.run(Towards(True), as_jax(models), RING, 7, record_every=7, resume=first.state, **options)
    close(rest.post_mix, whole.post_mix)
    np.testing.assert_array_equal(rest.post_mix["matrix"], whole.post_mix["matrix"])
    assert rest.rounds[-1] == whole.rounds[-1] == 12
    chunked = engine.run(Towards(True), as_jax(models), RING, 12, record_every=4, records_a_chunk=1, **options)
    np.testing.assert_array_equal(chunked.post_mix["matrix"], whole.post_mix["matrix"])
    noted = Noted(True)
    each = engine.run(noted, as_jax(models), RING, 12, record_every=1, **options)
    np.testing.assert_array_equal(each.post_mix["matrix"], whole.post_mix["matrix"])
    assert len(TRACED) == 1  # a round that is always the last of its block is there once


def test_records_are_evenly_spaced_and_the_last_is_of_the_last_round(models, aims):
    def record(views, data):
        return views.post_mix["matrix"].sum()

    every = engine.run(Towards(), as_jax(models), RING, 11, data=as_jax(aims), record=record, record_every=1)
    some = engine.run(Towards(), as_jax(models), RING, 11, data=as_jax(aims), record=record, record_every=4)
    np.testing.assert_array_equal(some.rounds, [3, 7, 11])
    np.testing.assert_allclose(some.records, every.records[some.rounds - 1], rtol=1e-12)


def test_the_beginning_may_be_recorded_besides_and_changes_no_other_record(models, aims):
    def record(views, data):
        return views.post_mix["matrix"].sum()

    options = {"data": as_jax(aims), "record": record}
    plain = engine.run(Towards(), as_jax(models), RING, 31, record_every=10, **options)
    more = engine.run(Towards(), as_jax(models), RING, 31, record_every=10, records_beginning=True, **options)
    np.testing.assert_array_equal(plain.rounds, [1, 11, 21, 31])
    np.testing.assert_array_equal(more.rounds, plain.rounds)  # nothing lies before the first
    more = engine.run(Towards(), as_jax(models), RING, 30, record_every=10, records_beginning=True, **options)
    np.testing.assert_array_equal(more.rounds, [1, 2, 4, 8, 10, 20, 30])
    plain = engine.run(Towards(), as_jax(models), RING, 30, record_every=10, **options)
    np.testing.assert_array_equal(more.records[-3:], plain.records)
    assert int(more.state.round) == 30


def test_progress_is_told_between_chunks_and_may_stop_the_run(models, aims):
    told = []

    def progress(state, done, total):
        told.append((int(state.round), done, total))
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.run(
            Towards(), as_jax(models), RING, 20, data=as_jax(aims), record_every=2, records_a_chunk=2, progress=progress
        )
    assert told == [(4, 4, 20), (8, 8, 20)]


def test_a_server_averages_only_those_that_trained(models, aims):
    seen = engine.run(
        Towards(),
        as_jax(models),
        np.tile([0.1, 0.1, 0.2, 0.2, 0.3, 0.1], (N, 1)),
        1,
        data=as_jax(aims),
        participation=2,
        key=jax.random.key(1),
    )
    changed = [i for i in range(N) if np.abs(seen.pre_mix["matrix"][i] - models["matrix"][i]).max() > 0]
    assert len(changed) == 2
    share = np.array([0.1, 0.1, 0.2, 0.2, 0.3, 0.1])[changed]
    trained = slow_round(models, aims, RING, clients=changed)[0]
    wanted = {k: np.repeat(np.tensordot(share / share.sum(), v[changed], 1)[None], N, 0) for k, v in trained.items()}
    close(seen.post_mix, wanted)


def test_every_client_is_drawn_alike():
    @dataclass(frozen=True)
    class Counted:
        def __call__(self, params, local, data, clients, key):
            return params + 1, local

    def record(views, data):
        return (views.pre_mix - views.before)[:, 0]

    rounds, start = 3000, jnp.zeros((N, 1))
    options = {"participation": 2, "record": record, "record_every": 1, "key": jax.random.key(2)}
    run = engine.run(Counted(), start, np.eye(N), rounds, **options)
    assert (run.records.sum(axis=1) == 2).all()
    # Draws of one round exclude each other, so the spread of a client's count is that of independent rounds.
    spread = np.sqrt(rounds * (2 / N) * (1 - 2 / N))
    assert np.abs(run.records.sum(axis=0) - rounds * 2 / N).max() < standard_errors_allowed() * spread


def test_absent_clients_keep_their_models_on_a_network(models, aims):
    seen = engine.run(
        Towards(), as_jax(models), RING, 1, data=as_jax(aims), participation=3, key=jax.random.key(5), record=None
    )
    moved = [i for i in range(N) if np.abs(seen.pre_mix["matrix"][i] - models["matrix"][i]).max() > 0]
    assert len(moved) == 3
    m = np.asarray(only_among(jnp.asarray(moved), jnp.asarray(RING)))
    close(seen.post_mix, slow_round(models, aims, m, clients=moved)[1])
    for i in set(range(N)) - set(moved):
        np.testing.assert_array_equal(seen.post_mix["matrix"][i], models["matrix"][i])


@pytest.mark.parametrize("rule", ["uniform", "metropolis"])
def test_failing_links_keep_sums_and_symmetry_and_fail_as_often_as_asked(rule):
    m = mixing_matrix(topology("star", N), rule)
    drawn = np.stack(
        [drop_links(k, jnp.asarray(m), jnp.asarray(0.3)) for k in jax.random.split(jax.random.key(0), 500)]
    )
    np.testing.assert_allclose(drawn.sum(axis=2), 1.0, rtol=1e-14)
    assert drawn.min() >= 0
    if rule == "metropolis":
        np.testing.assert_array_equal(drawn, drawn.transpose(0, 2, 1))
    lost = drawn[:, 0, 1:] == 0
    np.testing.assert_array_equal(lost, drawn[:, 1:, 0] == 0)  # both ways at once
    assert abs(estimate(lost.mean(axis=1)).distance_from(0.3)) < standard_errors_allowed()


def test_links_that_always_fail_leave_every_client_alone(models, aims):
    run = engine.run(Towards(), as_jax(models), RING, 3, data=as_jax(aims), link_failure=1.0)
    alone = engine.run(Towards(), as_jax(models), np.eye(N), 3, data=as_jax(aims))
    close(run.post_mix, alone.post_mix)


def test_push_sum_reaches_the_plain_mean_where_the_rows_of_the_network_would_not():
    @dataclass(frozen=True)
    class Nothing:
        def __call__(self, params, local, data, clients, key):
            return params, local

    network = topology("edges:0-1,1-2,2-3,3-4,4-5,0-2", N)
    start = np.random.default_rng(1).standard_normal((N, 3))
    run = engine.run(Nothing(), jnp.asarray(start), mixing_matrix(network, "push_sum"), 400, push_sum=True)
    np.testing.assert_allclose(run.post_mix, np.repeat(start.mean(0)[None], N, 0), rtol=1e-12, atol=1e-13)
    rows = engine.run(Nothing(), jnp.asarray(start), mixing_matrix(network), 400)
    assert np.abs(rows.post_mix[0] - start.mean(0)).max() > 1e-3


def test_push_sum_moves_the_sum_of_numerators_by_the_sum_of_local_moves(models, aims):
    column = mixing_matrix(topology("star", N), "push_sum")
    run = engine.run(Towards(), as_jax(models), column, 1, data=as_jax(aims), push_sum=True)
    w, channel = {k: v.copy() for k, v in models.items()}, np.ones(N)
    for _ in range(3):
        z = {k: v / channel.reshape(-1, *[1] * (v.ndim - 1)) for k, v in w.items()}
        moved = {k: w[k] + (z[k] + aims[k]) / 2 - z[k] for k in w}
        w = {k: np.tensordot(column, v, 1) for k, v in moved.items()}
        channel = column @ channel
    run = engine.run(Towards(), as_jax(models), column, 3, data=as_jax(aims), push_sum=True)
    np.testing.assert_allclose(run.state.channel, channel, rtol=1e-13)
    close(run.post_mix, {k: v / channel.reshape(-1, *[1] * (v.ndim - 1)) for k, v in w.items()})


@dataclass(frozen=True)
class Stepped(Towards):
    """The same update, driven from Python."""

    is_stepped = True


@pytest.mark.parametrize("options", [{}, {"participation": 2}, {"order": "combine_then_adapt"}])
def test_rounds_stepped_from_python_are_those_of_the_compiled_loop(models, aims, options):
    runs = [
        engine.run(
            *(update, as_jax(models), RING, 5),
            **({"data": as_jax(aims), "local": jnp.zeros(N), "record_every": 2} | options),
            record=lambda views, data: jnp.sum(views.post_mix["matrix"]),
        )
        for update in (Towards(True), Stepped(True))
    ]
    assert runs[1].state.round == 5
    for a, b in zip(*(jax.tree.leaves((r.state, r.pre_mix, r.before, r.records)) for r in runs), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5 if b.dtype == np.float32 else 1e-12, atol=1e-6)


@pytest.mark.parametrize("update", [Towards(True), Stepped(True)])
@pytest.mark.parametrize("participation", [None, 3])
def test_one_model_at_a_server_is_everyones(models, aims, update, participation):
    weights = np.arange(1, N + 1) / 21
    options = {"data": as_jax(aims), "local": jnp.zeros(N), "participation": participation}
    same = jax.tree.map(lambda leaf: np.repeat(leaf[:1], N, axis=0), models)
    everyone = engine.run(update, as_jax(same), np.tile(weights, (N, 1)), 4, **options)
    one = engine.run(
        update, jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), models), np.tile(weights, (N, 1)), 4, **options
    )
    close(jax.tree.map(lambda leaf: np.repeat(leaf, N, axis=0), one.state.params), everyone.state.params)
    np.testing.assert_array_equal(one.state.local, everyone.state.local)
    with pytest.raises(ValueError, match="One model for all clients needs a server"):
        engine.run(update, jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), models), RING, 4, data=as_jax(aims))


def test_overflow_stops_rounds_stepped_from_python():
    @dataclass(frozen=True)
    class Squared:
        is_stepped = True

        def __call__(self, params, local, data, clients, key):
            return params**2, local

    run = engine.run(Squared(), jnp.full((N, 1), 1e3), RING, 50, record_every=1)
    assert run.diverged
    assert np.isfinite(run.post_mix).all()
    assert len(run.rounds) < 51
    assert run.state.round < 50


def test_overflow_is_marked_and_what_comes_back_is_finite():
    @dataclass(frozen=True)
    class Square:
        def __call__(self, params, local, data, clients, key):
            return params * params, local

    run = engine.run(
        Square(), jnp.full((N, 2), 3.0), RING, 100, record=lambda views, data: views.post_mix.sum(), record_every=2
    )
    assert run.diverged
    assert np.isfinite(run.post_mix).all()
    assert np.isfinite(run.records).all()
    assert int(run.state.round) < 100


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("mixing", "options", "message"),
    [
        (np.full((N, N), np.nan), {}, "finite weights; got 36"),
        (np.eye(N)[:, :-1], {}, "got shape"),
        (np.eye(N - 1), {}, "leads with 5 clients"),
        (2 * np.eye(N), {}, "row of the mixing matrix sums to 1; got 2"),
        (1.5 * np.eye(N) - np.full((N, N), 0.5 / N), {}, "at least 0; got -0.08333"),
        (mixing_matrix(topology("star", N)), {"push_sum": True}, "column of the mixing matrix sums to 1"),
        (RING, {"participation": 0}, "Between 1 and 6 clients take part"),
        (RING, {"link_failure": 1.5}, r"probability in \[0, 1\]; got link_failure=1.5"),
        (RING, {"order": "gossip"}, "order is adapt_then_combine"),
        (np.full((N, N), 1 / N), {"participation": 2, "order": "combine_then_adapt"}, "Use adapt_then_combine"),
        (RING, {"rounds": 0}, "At least one round was wanted; got rounds=0"),
    ],
)
def test_bad_input_is_one_sentence(models, aims, mixing, options, message):
    with pytest.raises(ValueError, match=message):
        engine.run(Towards(), as_jax(models), mixing, options.pop("rounds", 2), data=as_jax(aims), **options)


def test_equal_updates_share_one_compilation(models, aims):
    engine.run(Towards(), as_jax(models), RING, 3, data=as_jax(aims), record_every=3)
    before = compilations(engine._jitted)
    engine.run(Towards(), as_jax(models), RING, 5, data=as_jax(aims), record_every=5, key=jax.random.key(9))
    assert compilations(engine._jitted) == before
    assert dataclasses.replace(engine.Plan()) == engine.Plan()


def test_a_server_is_one_row_for_everyone_in_every_round():
    server = np.tile([0.5, 0.2, 0.3], (3, 1))
    # One column alike is not enough, nor is one round.
    other = np.array([[0.5, 0.2, 0.3], [0.5, 0.3, 0.2], [0.5, 0.25, 0.25]])
    assert is_server(server[None])
    assert is_server(np.stack([server, np.full((3, 3), 1 / 3)]))
    assert not is_server(other[None])
    assert not is_server(np.stack([server, other]))
