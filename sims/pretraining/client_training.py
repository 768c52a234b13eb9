"""A client's round of pre-training, and how clients are batched on each backend.

Forms of one computation, equal up to round-off. On an accelerator all clients at once (`vmap`), or group by group as
many as its memory holds, inside the compiled engine. On a CPU one client after the other, each on the next of the
virtual devices, which is faster there since one client's work stays in cache: as one compiled loop over its steps
(`loop`), or, where the encoder convolves natively, step by step from Python (`steps`), because XLA's CPU backend has no
fast convolution inside loops. And where clients that share one model take one plain gradient step each, as one step of
that model along the mean of all their gradients (`collapsed`), which on a CPU are still taken client by client.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, UInt8

from sims.images.feature_skew import Augmentation, augment
from sims.placement import is_accelerated
from sims.pretraining.descent import Descent
from sims.pretraining.methods import Context, Method, Params

PyTree = Any
Form = Literal["loop", "steps", "vmap", "collapsed"]


class Kept(NamedTuple):
    """What stays with the clients between rounds; every leaf leads with clients.

    own: the method's. pool: what each sent last. has_got: who (rows) has that of whom (columns); None with a server.
    is_recent: whether it trained in the last round. selections: in how many rounds it trained. loss: the mean over its
    last round's steps.
    """

    own: PyTree
    pool: Float[Array, "clients sent feature"] | None
    has_got: Float[Array, "clients clients"] | None
    is_recent: Float[Array, " clients"]
    selections: Int[Array, " clients"]
    loss: Float[Array, " clients"]


class Held(NamedTuple):
    """All data. images: copies of all images, one a device. positions: each client's, filled up with its first.

    sizes: how many are its own. skew: an augmentation of each client's own, or None. hears: the mixing matrix whose
    rows say whose embeddings a client gets, or None for a server, which hands round those of the last round.
    """

    images: tuple[UInt8[Array, "n height width channels"], ...]
    positions: Int[Array, "clients most"]
    sizes: Int[Array, " clients"]
    skew: Augmentation | None
    hears: Float[Array, "clients clients"] | None
    rounds: Float[Array, ""]


@dataclass(frozen=True)
class ClientTraining:
    """The engine's local update: every client that takes part trains `method` on its own images.

    most_steps: of any client, which all go on to under `vmap`. at_once: how many clients an accelerator trains at once;
    None is all.
    """

    method: Method
    descent: Descent
    form: Form = "loop"
    most_steps: int = 1
    at_once: int | None = None

    takes_all_local = True

    @property
    def is_stepped(self) -> bool:
        """On a CPU rounds are driven from Python."""
        return self.form in ("loop", "steps") or (self.form == "collapsed" and not is_accelerated())

    def combine(self, before: Params, trained: Params, weights: Float[Array, " some"]) -> Params:
        """The method's own way, or the weighted mean."""
        combined = self.method.combine(before, trained, weights)
        return _weighed(weights, trained) if combined is None else combined

    def __call__(self, params, local: Kept, data: Held, clients, key):
        # Of the type that the engine draws clients in: partial and full participation share their compilations.
        numbers = jnp.arange(len(data.sizes), dtype=jnp.int32) if clients is None else clients
        given, keys, progress = _given(params, local, data._replace(images=()), numbers, key)
        if self.form == "vmap":
            trained = self._in_groups(
                lambda one, key: self._client(progress, one, key, data.images[0], local.pool), given, keys
            )
        elif self.form == "collapsed":
            trained = self._collapsed(progress, given, keys, data.images, local.pool)
        else:
            trained = self._in_turn(given, keys, data.images, local.pool, progress)
        return trained[0], _kept(local, numbers, *trained[1:])

    def _group(self, n: int) -> int:
        """How many of n clients an accelerator trains at once, in groups of about one size."""
        return n if self.at_once is None else -(-n // -(-n // self.at_once))

    def _in_groups(self, one, given, keys):
        """`one` of all clients at once, or group by group."""
        n = len(given.size)
        if self._group(n) == n:
            return jax.vmap(one)(given, keys)
        return jax.lax.map(lambda both: one(*both), (given, keys), batch_size=self._group(n))

    def bytes_a_client(self, params: Params, local: Kept, data: Held) -> int:
        """What the program of one more client takes of an accelerator's memory; `params` lead with models."""

        def of_one(params, local, data, key):
            numbers = jnp.zeros(1, jnp.int32)
            model = jax.tree.map(lambda leaf: leaf[:1], params)
            given, keys, progress = _given(model, local, data._replace(images=()), numbers, key)
            one = self._slope if self.form == "collapsed" else self._client
            return jax.vmap(partial(one, progress), in_axes=(0, 0, None, None))(given, keys, data.images[0], local.pool)

        compiled = jax.jit(of_one).lower(params, local, data, jax.random.key(0)).compile()
        needs = compiled.memory_analysis()
        return 0 if needs is None else needs.temp_size_in_bytes + needs.output_size_in_bytes

    def _in_turn(self, given, keys, images, pool, progress):
        """Clients one after the other, handed to the devices in turn; all are under way before any is waited for."""
        devices, trained = jax.devices(), []
        if self.form == "steps":
            at, pools, shares = _handed_out(given, keys, pool, progress)
            for first in range(0, len(at), len(devices)):
                trained += self._step_by_step(at[first : first + len(devices)], images, pools, shares)
        else:
            trained = self._each(_client_compiled, given, keys, images, pool, progress)
        return _stacked(*jax.device_put(trained, devices[0]))

    def _each(self, compiled, given, keys, images, pool, progress):
        """What a compiled function of one client makes of each, on the devices in turn."""
        at, pools, shares = _handed_out(given, keys, pool, progress)
        places = [i % len(pools) for i in range(len(at))]
        return [
            compiled(self, shares[d], one, key, images[d], pools[d]) for d, (one, key) in zip(places, at, strict=True)
        ]

    def _step_by_step(self, group, images, pools, progress):
        """A client on each device, a step of each in turn."""
        states = [
            _begin_compiled(self, progress[d], one, key, images[d], pools[d]) for d, (one, key) in enumerate(group)
        ]
        counts = [int(self._n_steps(one.size)) for one, _ in group]
        for k in range(max(counts)):
            for d, (one, key) in enumerate(group):
                if k < counts[d]:
                    states[d] = _step_compiled(self, progress[d], one, key, images[d], pools[d], k, states[d])
        return [
            _finish_compiled(self, progress[d], one, key, images[d], pools[d], states[d])
            for d, (one, key) in enumerate(group)
        ]

    def _n_steps(self, size):
        d = self.descent
        return d.steps if d.steps is not None else d.epochs * jnp.maximum(1, size // d.batch_size)

    def _client(self, progress, given, key, images, pool):
        state = self._begin(progress, given, key, images, pool)
        n_steps = self._n_steps(given.size)
        if self.form == "vmap":  # all go on to the longest; the others stand still meanwhile

            def step(k, state):
                new = self._step(progress, given, key, images, pool, k, state)
                return jax.tree.map(lambda a, b: jnp.where(k < n_steps, a, b), new, state)

            state = jax.lax.fori_loop(0, self.most_steps, step, state)
        else:
            state = jax.lax.fori_loop(
                0, n_steps, lambda k, s: self._step(progress, given, key, images, pool, k, s), state
            )
        return self._finish(progress, given, key, images, pool, state)

    def _collapsed(self, progress, given, keys, images, pool):
        """The mean of models one gradient step away is one step along the mean gradient, at any mixture weights."""
        weights = (given.size / given.size.sum()).astype(jnp.float32)
        if is_accelerated() and self._group(len(given.size)) < len(given.size):
            losses, slopes = self._in_groups(
                lambda one, key: self._slope(progress, one, key, images[0], pool), given, keys
            )
            slope = _weighed(weights, slopes)
        elif is_accelerated():  # all in one gradient: as many of them as clients would be as many models
            params = jax.tree.map(lambda leaf: leaf[0], given.params)

            def mean(params):
                losses = jax.vmap(self._loss, in_axes=(None, None, 0, 0, None, None))(
                    params, progress, given, keys, images[0], pool
                )
                return weights @ losses, losses

            slope, losses = jax.grad(mean, has_aux=True)(params)
        else:
            each = self._each(_slope_compiled, given, keys, images, pool, progress)
            losses, slopes = _stacked(*jax.device_put(each, jax.devices()[0]))
            slope = _weighed(weights, slopes)
        return _one_step_compiled(self, progress, given, losses, slope)

    def _loss(self, params, progress, given, key, images, pool):
        """That of a client's first batch."""
        batch, key_loss = self._batch(given, key, images, 0)
        return self.method.loss(params, given.own, batch, self._context(given, pool, progress), key_loss)

    def _slope(self, progress, given, key, images, pool):
        """The loss of a client's first batch, and its gradient."""
        return jax.value_and_grad(self._loss)(given.params, progress, given, key, images, pool)

    def _one_step(self, progress, given, losses, slope):
        params = jax.tree.map(lambda leaf: leaf[0], given.params)
        optimizer = self.descent.transformation(self.descent.rate(progress))
        moves, _ = optimizer.update(slope, optimizer.init(params), params)
        models = jax.tree.map(
            lambda leaf, all_of_it: jnp.broadcast_to(leaf, all_of_it.shape),
            optax.apply_updates(params, moves),
            given.params,
        )
        return models, given.own, None, losses.astype(jnp.float32)

    def _begin(self, progress, given, key, images, pool):
        batch, key_hear = self._batch(given, jax.random.fold_in(key, 2), images, 0)
        own = self.method.hear(given.params, given.own, batch, self._context(given, pool, progress), key_hear)
        params, own = self.method.begin(given.params, own)
        optimizer = self.descent.transformation(self.descent.rate(progress))
        return params, own, optimizer.init(self.method.trainable(params)), jnp.zeros((), jnp.float32)

    def _step(self, progress, given, key, images, pool, k, state):
        params, own, optimizer_state, total = state
        batch, key_loss = self._batch(given, key, images, k)
        context = self._context(given, pool, progress)
        loss, slope = jax.value_and_grad(self.method.loss)(params, own, batch, context, key_loss)
        optimizer = self.descent.transformation(self.descent.rate(progress))
        moving = self.method.trainable(params)
        moves, optimizer_state = optimizer.update(self.method.trainable(slope), optimizer_state, moving)
        params = params | optax.apply_updates(moving, moves)
        own = self.method.after_step(params, own, batch, key_loss)
        return params, own, optimizer_state, total + loss.astype(jnp.float32)

    def _finish(self, progress, given, key, images, pool, state):
        params, own, _, total = state
        batch, key_share = self._batch(given, jax.random.fold_in(key, 1), images, 0)
        own = self.method.end(params, own)
        model = self.method.send(params, own)
        repeats = jnp.ceil(self.descent.batch_size / given.size)  # `_batch` goes through few images again
        sent = self.method.share(model, batch, key_share, repeats.astype(jnp.float32))
        return model, own, sent, total / self._n_steps(given.size)

    def _batch(self, given, key, images, k):
        """Batch k of a client: a new order every pass, the client's own augmentation on top."""
        size, most = given.size, given.positions.shape[0]
        per_pass = jnp.maximum(1, size // self.descent.batch_size)
        key_order, key_skew, key_loss = jax.random.split(jax.random.fold_in(key, 0), 3)
        ranks = jax.random.uniform(jax.random.fold_in(key_order, k // per_pass), (most,), jnp.float32)
        order = jnp.argsort(jnp.where(jnp.arange(most) < size, ranks, 2.0))
        places = ((k % per_pass) * self.descent.batch_size + jnp.arange(self.descent.batch_size)) % size
        batch = images[given.positions[order[places]]].astype(jnp.float32) / 255
        if given.skew is not None:
            batch = augment(jax.random.fold_in(key_skew, k), batch, given.skew)
        return batch, jax.random.fold_in(key_loss, k)

    def _context(self, given, pool, progress):
        n = given.heard.shape[-1]
        share = jnp.asarray(progress, jnp.float32)
        return Context(given.client, n, pool, given.heard, given.selections, share, given.was_here)


class Given(NamedTuple):
    """What one client is given in a round; with a leading axis, what all are."""

    params: Params
    own: PyTree
    positions: Int[Array, "*clients most"]
    size: Int[Array, "*clients"]
    skew: Augmentation | None
    client: Int[Array, "*clients"]
    heard: Float[Array, "*clients n"]
    selections: Int[Array, "*clients"]
    was_here: Float[Array, "*clients"]


# What surrounds the clients' steps is compiled as well: one call for all arrays of a model costs as much as for one.
@jax.jit
def _given(params, local: Kept, data: Held, numbers, key):
    """What each client that trains is given, a key for each, and the share of rounds that are over."""
    round_number = local.selections.sum() // len(numbers)  # as many train in every round
    keys = jax.vmap(lambda number: jax.random.fold_in(key, number))(numbers)
    own = jax.tree.map(lambda leaf: leaf[numbers], local.own)
    skew = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32)[numbers], data.skew)
    given = Given(
        *(params, own, data.positions[numbers], data.sizes[numbers], skew, numbers, _heard(data, local, numbers)),
        *(local.selections[numbers], local.is_recent[numbers]),
    )
    return given, keys, round_number / data.rounds


@jax.jit
def _kept(local: Kept, numbers, own, sent, losses) -> Kept:
    """What stays with the clients, after those of the given numbers have trained."""
    here = jnp.zeros_like(local.is_recent).at[numbers].set(1.0)
    return Kept(
        jax.tree.map(lambda leaf, new: leaf.at[numbers].set(new), local.own, own),
        None if local.pool is None else local.pool.at[numbers].set(sent),
        None if local.has_got is None else local.has_got.at[:, numbers].set(here[:, None]),
        here,
        local.selections.at[numbers].add(1),
        local.loss.at[numbers].set(losses),
    )


@partial(jax.jit, static_argnums=1)
def _apart(tree, n: int):
    """One tree for each place of the leading axis."""
    return tuple(jax.tree.map(lambda leaf, i=i: leaf[i], tree) for i in range(n))


@jax.jit
def _stacked(*trees):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


@jax.jit
def _weighed(weights, stacked):
    """The sum over the leading axis, each with its weight."""
    return jax.tree.map(lambda leaf: jnp.tensordot(weights.astype(leaf.dtype), leaf, axes=1), stacked)


# Compiled for a CPU alone, where the order of operations that takes the least memory is the faster one.
_IN_LITTLE_MEMORY: dict[str, str | bool] = {"xla_cpu_enable_concurrency_optimized_scheduler": False}
_client_compiled = jax.jit(ClientTraining._client, static_argnums=0, compiler_options=_IN_LITTLE_MEMORY)
_begin_compiled = jax.jit(ClientTraining._begin, static_argnums=0)
_step_compiled = jax.jit(ClientTraining._step, static_argnums=0, compiler_options=_IN_LITTLE_MEMORY)
_finish_compiled = jax.jit(ClientTraining._finish, static_argnums=0)
_slope_compiled = jax.jit(ClientTraining._slope, static_argnums=0, compiler_options=_IN_LITTLE_MEMORY)
_one_step_compiled = jax.jit(ClientTraining._one_step, static_argnums=0)


def _handed_out(given, keys, pool, progress):
    """Clients with their keys on the devices in turn; and on each device what all clients share."""
    devices = jax.devices()
    there = [jax.device_put((pool, progress), device) for device in devices]
    apart = _apart((given, keys), len(given.size))
    at = [jax.device_put(one, devices[i % len(devices)]) for i, one in enumerate(apart)]
    return at, [one[0] for one in there], [one[1] for one in there]


def _heard(data: Held, local: Kept, numbers) -> Float[Array, "some clients"]:
    """Whose embeddings count for whom: those that the server heard last, or of the neighbours that sent it any.

    Neighbours send to each other when both take part. One that has trained since without this client counts as silent,
    until they take part together again: what is kept of it is what it sent last, which did not come here.
    """
    if data.hears is None:
        last = local.is_recent / jnp.maximum(local.is_recent.sum(), 1.0)
        return jnp.broadcast_to(last, (len(numbers), len(last)))
    if local.has_got is None:  # nothing is sent
        return jnp.zeros((len(numbers), len(local.is_recent)), jnp.float32)
    weights = data.hears[numbers].astype(jnp.float32) * local.has_got[numbers]
    return weights / jnp.maximum(weights.sum(axis=1, keepdims=True), jnp.finfo(jnp.float32).tiny)
