"""The round engine: every client trains, then the mixing matrix averages the models. Arrays lead with clients.

The mixing matrix is data: federated averaging is a matrix of equal rows, partial participation and failing links make
it random, a sequence makes it vary in time, push-sum adds one scalar a client. Rounds are numbered from the start of
training and draw their randomness from (key, number), so a run in pieces equals a run in one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sims import placement
from sims.rounds.matrices import checked_matrices, drop_links, is_server, only_among

Order = Literal["adapt_then_combine", "combine_then_adapt"]
PyTree = Any


@runtime_checkable
class LocalUpdate(Protocol):
    """What clients do between mixings; hashable by value, so that equal updates share one compilation.

    `clients` numbers the clients in `params` and `local`, or is None for all of them in order. `data` is the same in
    every round and for all clients; what a client keeps to itself between rounds (an optimiser, say) is `local`.

    An update may have `cut_data`, names in `data` of arrays that lead with clients. It says that the update of some
    clients alone, with only their share of those arrays, is their part of the update of all: rounds may then be shared
    between devices. None says that it is not.

    It may also have: `is_stepped`, True when it is a Python loop over compiled steps, so that rounds are not compiled
    around it; `takes_all_local`, True when it gets and returns what all clients keep, not only those that train; and
    `combine(before, trained, weights)`, what a server makes of the trained models in place of their weighted mean.
    """

    def __call__(
        self, params: PyTree, local: PyTree, data: PyTree, clients: Int[Array, " some"] | None, key: Key[Array, ""]
    ) -> tuple[PyTree, PyTree]: ...


class State(NamedTuple):
    """Where training stands after `round` rounds. `params` are mixed, `local` never is.

    Under push-sum the models are `params` divided by `channel`; without it `channel` stays 1. `is_finite` turns False
    when a block of rounds overflowed; the state is then that before the block, and no further round changes it.
    """

    params: PyTree
    local: PyTree
    channel: Float[Array, " clients"]
    round: Int[Array, ""]
    is_finite: Array


class Views(NamedTuple):
    """What a recorder sees of one round.

    All models after local steps, after mixing, the push-sum channel then, and one round before: the models (and the
    channel) that the round began with, to be compared with those that it ended with (`last`).
    """

    pre_mix: PyTree
    post_mix: PyTree
    channel: Float[Array, " clients"]
    before: PyTree
    channel_before: Float[Array, " clients"]

    def last(self, order: Order) -> PyTree:
        """The models at the end of the round."""
        return self.post_mix if order == "adapt_then_combine" else self.pre_mix


Recorder = Callable[[Views, PyTree], PyTree]


@dataclass(frozen=True)
class Run:
    """The end of a run, the models of its last round as it began and before and after mixing, and the records."""

    state: State
    before: PyTree
    pre_mix: PyTree
    post_mix: PyTree
    records: PyTree
    rounds: Int[np.ndarray, " records"]

    @property
    def diverged(self) -> bool:
        """Whether the models overflowed."""
        return not bool(self.state.is_finite)


@dataclass(frozen=True)
class Plan:
    """How a round goes, as far as it decides what is compiled. `participation` clients a round; None is all."""

    order: Order = "adapt_then_combine"
    participation: int | None = None
    has_failures: bool = False
    push_sum: bool = False
    is_server: bool = False
    is_shared: bool = False
    is_one_model: bool = False
    is_each_seen: bool = False  # every round is the last of its block


def mix(params: PyTree, mixing: Float[Array, "clients clients"]) -> PyTree:
    """Every client's weighted mean of all models: new_i = sum_j M_ij old_j, leaf by leaf.

    Source: chen2026, Algorithm 2 line 10 (as corrected by ledger: of the trained models).
    """
    return jax.tree.map(lambda leaf: jnp.tensordot(mixing.astype(leaf.dtype), leaf, axes=1), params)


def run(
    local_update: LocalUpdate,
    params: PyTree,
    mixing: Float[Array | np.ndarray, "clients clients"] | Float[Array | np.ndarray, "period clients clients"],
    rounds: int,
    *,
    order: Order = "adapt_then_combine",
    data: PyTree = None,
    local: PyTree = None,
    key: Key[Array, ""] | None = None,
    participation: int | None = None,
    link_failure: float = 0.0,
    push_sum: bool = False,
    record: Recorder | None = None,
    record_every: int | None = None,
    records_beginning: bool = False,
    records_a_chunk: int | None = None,
    progress: Callable[[State, int, int], None] | None = None,
    resume: State | None = None,
) -> Run:
    """`rounds` rounds from `params` (or more, from `resume`), recorded at the end and every `record_every` before it.

    With `records_beginning` also after 1, 2, 4, 8 rounds and so on, before the first of these records.
    A sequence of matrices is used in turn and then again from its first. With `participation` that many clients, drawn
    afresh each round, train; a matrix of equal rows is a server, which averages them (weights as in its rows) and hands
    the mean to all, and under any other matrix the absent keep their models. With a server `params` may lead with one
    client instead of all: the one model that all share. `progress(state, done, rounds)` is called
    between chunks of `records_a_chunk` records; an exception raised there ends the run.
    Source: chen2026, Algorithms 1 and 2 without their loss; nedic2016 for push-sum.
    Errors: ValueError for matrices or options that do not fit; overflow comes back as `diverged`.
    """
    matrices = checked_matrices(mixing, params, push_sum)
    plan = _checked_plan(matrices, order, participation, link_failure, push_sum)
    n_models = len(jax.tree.leaves(params)[0])
    if n_models != matrices.shape[-1]:
        if not plan.is_server or order != "adapt_then_combine":
            raise ValueError("One model for all clients needs a server that combines what they trained; got a network.")
        plan = replace(plan, is_one_model=True)
    check_rounds(rounds)
    n_clients = matrices.shape[-1]
    every = max(1, min(rounds, -(-rounds // 100) if record_every is None else record_every))
    plan = replace(plan, is_each_seen=every == 1)
    lengths = np.full(-(-rounds // every), every)
    lengths[0] = rounds - every * (len(lengths) - 1)  # the odd one comes first: the last records are evenly spaced
    if records_beginning:
        early = [1 << k for k in range(int(lengths[0]).bit_length()) if 1 << k < lengths[0]]
        lengths = np.concatenate([np.diff([0, *early, lengths[0]]), lengths[1:]])
    key = jax.random.key(0) if key is None else key
    state = start(params, n_clients, local) if resume is None else resume
    ends = int(state.round) + np.cumsum(lengths)
    matrices = jnp.asarray(matrices)
    # A few clients would have to be fetched from wherever they are.
    is_stepped = getattr(local_update, "is_stepped", False)
    can_spread = plan.participation is None and n_models == n_clients and not is_stepped
    if can_spread and placement.is_worth_sharing(state.params, n_clients):
        state, data = placement.over_clients(state, n_clients), placement.over_clients(data, n_clients)
        plan = replace(plan, is_shared=not push_sum and getattr(local_update, "cut_data", None) is not None)
    else:
        state = placement.beside(state, data)
    views, parts, forward = unseen(state, plan), [], _stepped if is_stepped else _jitted
    size = len(lengths) if records_a_chunk is None else max(1, records_a_chunk)
    for first in range(0, len(lengths), size):
        chunk = jnp.asarray(lengths[first : first + size])
        state, views, records = forward(
            local_update, record, plan, state, views, data, matrices, jnp.asarray(link_failure), key, chunk
        )
        parts.append(jax.tree.map(np.asarray, records))
        if progress is not None:
            progress(state, int(lengths[: first + size].sum()), rounds)
        if not bool(state.is_finite):
            break
    records = jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
    n_records = min(len(lengths), size * len(parts))
    return Run(state, views.before, views.pre_mix, views.post_mix, records, ends[:n_records])


def check_rounds(rounds: int) -> None:
    """Nothing, for a number of rounds that can be run. Errors: ValueError for fewer than one."""
    if rounds < 1:
        raise ValueError(f"At least one round was wanted; got rounds={rounds}.")


def check_link_failure(link_failure: float) -> None:
    """Nothing, for a probability. Errors: ValueError for a number outside [0, 1]."""
    if not 0 <= link_failure <= 1:
        raise ValueError(f"A link fails with a probability in [0, 1]; got link_failure={link_failure}.")


def start(params: PyTree, n_clients: int, local: PyTree = None) -> State:
    """The state before the first round."""
    # Of the types that a round returns, so that the second is not another program.
    return State(params, local, jnp.ones(n_clients), jnp.zeros((), int), jnp.asarray(True))


def unseen(state: State, plan: Plan) -> Views:
    """The views before any round: the models as they start."""
    models = _divided(state.params, state.channel) if plan.push_sum else state.params
    trained = _copies(models, plan.participation or len(state.channel)) if plan.is_one_model else models
    return Views(trained, models, state.channel, models, state.channel)


def chunk(
    local_update: LocalUpdate,
    record: Recorder | None,
    plan: Plan,
    state: State,
    views: Views,
    data: PyTree,
    matrices: Float[Array, "period clients clients"],
    link_failure: Float[Array, ""],
    key: Key[Array, ""],
    lengths: Int[Array, " blocks"],
) -> tuple[State, Views, PyTree]:
    """The state after blocks of the given lengths, the views of the last round, and one record a block.

    Pure and traceable, for whoever batches whole trainings; `run` checks its input first and compiles it.
    """

    def some_rounds(n_unseen, state, data, matrices, link_failure, key):
        # The loop carries the state alone: copies of the views in every round would cost a tenth of the time.
        def one_round(state):
            return _round(local_update, plan, state, data, matrices, link_failure, key)

        if not plan.is_each_seen:  # the round would be compiled twice
            state = jax.lax.fori_loop(0, n_unseen, lambda _, s: one_round(s)[0], state)
        return one_round(state)

    if plan.is_shared:
        cut = local_update.cut_data  # pyright: ignore[reportAttributeAccessIssue]: what shares a round has it
        cut_data = {name: name in cut for name in data}
        arguments = (False, _LEADING, cut_data, False, False, False)
        some_rounds = placement.in_parts(some_rounds, arguments, (_LEADING, Views._make([True] * len(views))))

    def block(carry, length):
        state, views = carry
        n_unseen = jnp.where(state.is_finite, length - 1, 0)  # after an overflow nothing more is spent on it
        new = some_rounds(n_unseen, state, data, matrices, link_failure, key)
        is_finite = state.is_finite & _is_tame(new[1].pre_mix) & _is_tame(new[1].post_mix)
        kept_state, kept_views = jax.tree.map(lambda new, old: jnp.where(is_finite, new, old), new, (state, views))
        kept_state = kept_state._replace(is_finite=is_finite)
        return (kept_state, kept_views), None if record is None else record(kept_views, data)

    (state, views), records = jax.lax.scan(block, (state, views), lengths)
    return state, views, records


_LEADING = State(True, True, True, False, False)  # pyright: ignore[reportArgumentType]: which parts lead with clients

_jitted = jax.jit(chunk, static_argnames=("local_update", "record", "plan"))


def _stepped(local_update, record, plan, state, views, data, matrices, link_failure, key, lengths):
    """What `chunk` returns, round after round from Python: for updates that compile their own steps."""
    records = []
    for length in lengths.tolist():
        new = state, views
        for _ in range(length if state.is_finite else 0):
            opened = _open_jitted(local_update, plan, new[0], matrices, link_failure, key)
            trained = local_update(opened.some, opened.kept, data, opened.clients, opened.key)
            new = _close_jitted(local_update, plan, new[0], opened, trained)
        if _is_tame_jitted((new[1].pre_mix, new[1].post_mix)):
            state, views = new
        else:
            state = state._replace(is_finite=jnp.asarray(False))
        records.append(None if record is None else record(views, data))
    return state, views, jax.tree.map(lambda *leaves: jnp.stack(leaves), *records)


class _Opened(NamedTuple):
    """A round before its training. params, channel: of all. some, kept: what is given to those that train."""

    mixing: Array
    clients: Array | None
    key: Array
    params: PyTree
    channel: Array
    some: PyTree
    kept: PyTree


def _round(local_update, plan, state, data, matrices, link_failure, key) -> tuple[State, Views]:
    """One round: the next state, and the models before and after mixing."""
    opened = _open(local_update, plan, state, matrices, link_failure, key)
    trained = local_update(opened.some, opened.kept, data, opened.clients, opened.key)
    return _close(local_update, plan, state, opened, trained)


def _open(local_update, plan, state, matrices, link_failure, key) -> _Opened:
    n = matrices.shape[-1]
    draw = jax.random.fold_in(key, state.round)
    key_clients, key_links, key_update = jax.random.split(draw, 3)
    mixing = matrices[state.round % matrices.shape[0]] if matrices.shape[0] > 1 else matrices[0]
    if plan.has_failures:
        mixing = drop_links(key_links, mixing, link_failure, plan.push_sum)
    clients = None
    if plan.participation is not None:
        # The largest of independent uniforms: any set alike, and no sort, which takes seconds to compile.
        clients = jax.lax.top_k(jax.random.uniform(key_clients, (n,)), plan.participation)[1]
        if not plan.is_server:
            mixing = only_among(clients, mixing, plan.push_sum)
    params, channel = state.params, state.channel
    if plan.order == "combine_then_adapt":
        params, channel = _combined(local_update, plan, state, params, channel, mixing, clients)
    models = _divided(params, channel) if plan.push_sum else params
    some = _copies(models, plan.participation or n) if plan.is_one_model else _taken(models, clients)
    kept = state.local if getattr(local_update, "takes_all_local", False) else _taken(state.local, clients)
    return _Opened(mixing, clients, key_update, params, channel, some, kept)


def _close(local_update, plan, state, opened, trained) -> tuple[State, Views]:
    clients = opened.clients
    new, kept = trained
    if plan.push_sum:  # the numerators move as the models do, so that their sum follows the plain sum of gradients
        moved = _taken(opened.params, clients)
        new = jax.tree.map(lambda p, new, old: p + (new - old), moved, new, opened.some)
    params = new if plan.is_one_model else _put(opened.params, new, clients)
    local = kept if getattr(local_update, "takes_all_local", False) else _put(state.local, kept, clients)
    channel = opened.channel
    pre_mix = _divided(params, channel) if plan.push_sum else params
    if plan.order == "adapt_then_combine":
        params, channel = _combined(local_update, plan, state, params, channel, opened.mixing, clients)
        post_mix = _divided(params, channel) if plan.push_sum else params
    else:
        post_mix = _divided(opened.params, channel) if plan.push_sum else opened.params
    before = _divided(state.params, state.channel) if plan.push_sum else state.params
    views = Views(pre_mix, post_mix, channel, before, state.channel)
    return State(params, local, channel, state.round + 1, state.is_finite), views


def _combined(local_update, plan, state, params, channel, mixing, clients):
    if plan.is_one_model:
        weights = mixing[0] if clients is None else mixing[0, clients] / mixing[0, clients].sum()
        own_combine = getattr(local_update, "combine", _weighted_mean)
        combined = own_combine(jax.tree.map(lambda leaf: leaf[0], state.params), params, weights)
        return jax.tree.map(lambda leaf: leaf[None], combined), channel
    if plan.is_server:
        weights = mixing[0] if clients is None else _share(mixing[0], clients)
        return jax.tree.map(lambda p: _mean_everywhere(p, weights, plan.is_shared), params), channel
    if plan.is_shared:
        return jax.tree.map(lambda p: placement.mix_parts(p, mixing.astype(p.dtype)), params), channel
    return mix(params, mixing), mixing @ channel if plan.push_sum else channel


def _share(weights, clients):
    some = jnp.zeros_like(weights).at[clients].set(weights[clients])
    return some / some.sum()


def _weighted_mean(before, trained, weights):
    return jax.tree.map(lambda leaf: jnp.tensordot(weights.astype(leaf.dtype), leaf, axes=1), trained)


def _copies(one, n):
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (n, *leaf.shape[1:])), one)


def _mean_everywhere(leaf, weights, is_shared):
    weights = weights.astype(leaf.dtype)
    mean = placement.mean_of_parts(leaf, weights) if is_shared else jnp.tensordot(weights, leaf, axes=1)
    return jnp.broadcast_to(mean[None], leaf.shape)


def _divided(params, channel):
    return jax.tree.map(lambda p: p / channel.astype(p.dtype).reshape((-1,) + (1,) * (p.ndim - 1)), params)


def _taken(tree, clients):
    return tree if clients is None else jax.tree.map(lambda leaf: leaf[clients], tree)


def _put(tree, some, clients):
    return some if clients is None else jax.tree.map(lambda leaf, new: leaf.at[clients].set(new), tree, some)


def _is_tame(tree):
    """Whether the sum of squares is small enough for fourth powers of the models to be finite."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    tame = [jnp.sum(jnp.square(leaf)) < float(jnp.finfo(leaf.dtype).max) ** 0.45 for leaf in leaves]
    return jnp.all(jnp.stack(tame))


_open_jitted = jax.jit(_open, static_argnums=(0, 1))
_close_jitted = jax.jit(_close, static_argnums=(0, 1))
_is_tame_jitted = jax.jit(_is_tame)


def _checked_plan(matrices, order, participation, link_failure, push_sum) -> Plan:
    n = matrices.shape[-1]
    if order not in ("adapt_then_combine", "combine_then_adapt"):
        raise ValueError(f"order is adapt_then_combine or combine_then_adapt; got {order!r}.")
    check_link_failure(link_failure)
    if participation is not None and not 1 <= participation <= n:
        raise ValueError(f"Between 1 and {n} clients take part in a round; got participation={participation}.")
    has_server = not push_sum and link_failure == 0 and is_server(matrices)
    if participation == n:
        participation = None
    if has_server and participation is not None and order == "combine_then_adapt":
        raise ValueError(
            "A server averages the clients that have just trained; got partial participation with combine_then_adapt. "
            "Use adapt_then_combine."
        )
    if has_server and participation is not None and matrices.min() == 0:
        raise ValueError("A server draws among all clients, so each needs a positive weight; got one of 0.")
    return Plan(order, participation, link_failure > 0, push_sum, has_server)
