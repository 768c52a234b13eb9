"""Pre-training of any method on any partition by the round engine."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, UInt8

from sims.images.feature_skew import Augmentation
from sims.images.partitions import Partition
from sims.placement import fitting, is_accelerated
from sims.pretraining.client_training import ClientTraining, Form, Held, Kept
from sims.pretraining.descent import Descent
from sims.pretraining.methods import Method, Params
from sims.rounds import engine


def start(
    update: ClientTraining, key: Key[Array, ""], images: UInt8[np.ndarray, "n height width channels"], data: Held
) -> tuple[Params, Kept]:
    """The one model before training, leading with one client, and what every client keeps."""
    n = len(data.sizes)
    params = update.method.init(key, images.shape[1:])
    own = update.method.init_local(params)
    batch = jax.ShapeDtypeStruct((update.descent.batch_size, *images.shape[1:]), jnp.float32)
    sent = jax.eval_shape(update.method.share, params, batch, key)
    everywhere = partial(jax.tree.map, lambda leaf: jnp.broadcast_to(leaf, (n, *jnp.shape(leaf))))
    pool = None if sent is None else jnp.zeros((n, *sent.shape), sent.dtype)
    zeros = jnp.zeros(n, jnp.float32)
    has_got = None if data.hears is None or pool is None else jnp.zeros((n, n), jnp.float32)
    kept = Kept(everywhere(own), pool, has_got, zeros, jnp.zeros(n, jnp.int32), zeros)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], params), kept


def hold(
    images: UInt8[np.ndarray, "n height width channels"],
    partition: Partition,
    rounds: int,
    *,
    mixing: Float[np.ndarray, "clients clients"] | None = None,
    skew: Augmentation | None = None,
) -> Held:
    """The images of a partition in the form that training wants; `mixing` None stands for a server."""
    sizes = np.array([len(held) for held in partition.indices])
    # Up to a power of two: partitions of about one size then share their compilations.
    most = 1 << int(sizes.max() - 1).bit_length()
    positions = np.stack([np.resize(held, most) for held in partition.indices])
    copies = tuple(jax.device_put(images, device) for device in jax.devices())
    hears = None if mixing is None else jnp.asarray(mixing)
    return Held(copies, jnp.asarray(positions), jnp.asarray(sizes), skew, hears, jnp.asarray(float(rounds)))


def can_collapse(method: Method, descent: Descent) -> bool:
    """Whether a round with a server is one gradient step exactly: one plain step, and nothing of the clients' own."""
    plain = all(
        getattr(type(method), name) is getattr(Method, name)
        for name in ("hear", "begin", "trainable", "after_step", "end", "send", "share", "combine", "init_local")
    )
    return plain and descent.optimizer == "sgd" and descent.steps == 1


def best_form(method: Method, descent: Descent, has_server: bool) -> Form:
    """The fastest form of one client's round on this backend (`benchmarks/RESULTS.md`)."""
    if has_server and can_collapse(method, descent):
        return "collapsed"
    if is_accelerated():
        return "vmap"
    return "steps" if getattr(method.encoder, "convolution", None) == "native" else "loop"


_ORDER = "adapt_then_combine"
# A compiled round is given the models and three views of them, returns as many, and its loop has a copy or two of its
# own; of what clients keep there is one where there are four of models.
_OF_MODELS, _OF_KEPT = 10, 4


def _at_once(update: ClientTraining, params: Params, kept: Kept, data: Held, n_training: int) -> int:
    """How many clients train at once where memory is the accelerator's own."""
    n_models = len(jax.tree.leaves(params)[0])
    a_model = sum(leaf.nbytes for leaf in jax.tree.leaves(params)) // n_models
    held = sum(leaf.nbytes for leaf in jax.tree.leaves(data) if hasattr(leaf, "nbytes"))
    held += (
        _OF_KEPT * sum(leaf.nbytes for leaf in jax.tree.leaves(kept)) + _OF_MODELS * max(n_models, n_training) * a_model
    )
    return fitting(n_training, lambda: update.bytes_a_client(params, kept, data), held)


def pretrain(
    method: Method,
    descent: Descent,
    images: UInt8[np.ndarray, "n height width channels"],
    partition: Partition,
    rounds: int,
    *,
    mixing: Float[np.ndarray, "clients clients"] | None = None,
    participation: int | None = None,
    skew: Augmentation | None = None,
    seed: int = 0,
    form: Form | None = None,
    resume: engine.State | None = None,
    **options: Any,
) -> engine.Run:
    """All clients' models after pre-training; `mixing` None is a server, which keeps one model (a leading axis of 1).

    The server weighs clients by their number of images. `resume` goes on with a state of an earlier call, bit for bit
    as if it had not been interrupted; `rounds` is the number in all. `options` are those of the engine.
    Source: chen2026, Algorithms 1 and 2 without their loss; mcmahan2017, lian2017.
    Errors: ValueError for options that do not fit.
    """
    n = len(partition.indices)
    done = 0 if resume is None else int(resume.round)
    if done >= rounds:
        raise ValueError(f"{done} rounds are done already; got rounds={rounds}. Ask for more.")
    data = hold(images, partition, rounds, mixing=mixing, skew=skew)
    chosen = best_form(method, descent, mixing is None) if form is None else form
    if chosen == "collapsed" and not (mixing is None and can_collapse(method, descent)):
        raise ValueError(
            "The collapsed form is exact for one plain step (sgd, steps=1) with a server; use another form."
        )
    sizes = np.asarray(data.sizes)
    most = descent.steps or descent.epochs * max(1, int(sizes.max()) // descent.batch_size)
    update = ClientTraining(method, descent, chosen, most if chosen == "vmap" else 1)
    key_model, key_rounds = jax.random.split(jax.random.key(seed))
    params, kept = start(update, key_model, images, data)
    if kept.has_got is not None and (options.get("link_failure") or options.get("order", _ORDER) != _ORDER):
        raise ValueError(
            "Who has whose embeddings is kept for links that do not fail, and models that are mixed after training; "
            f"got {', '.join(f'{name}={options[name]}' for name in ('link_failure', 'order') if name in options)}. "
            "Leave that out."
        )
    if mixing is not None:
        params = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (n, *leaf.shape[1:])), params)
    if not update.is_stepped:
        update = replace(update, at_once=_at_once(update, params, kept, data, participation or n))
    matrices = np.broadcast_to(partition.weights, (n, n)) if mixing is None else mixing
    return engine.run(
        update,
        params,
        matrices,
        rounds - done,
        data=data,
        local=kept,
        key=key_rounds,
        participation=participation,
        resume=resume,
        **options,
    )
