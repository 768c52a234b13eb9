"""Distributed gradient descent of linear encoders on client covariances or samples, by the round engine."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from sims.linear import objective
from sims.linear.collapse import after_step, consensus_of_step, is_one_descent, one_descent
from sims.linear.reduction import reduction
from sims.linear.training_options import TrainingOptions
from sims.linear.trajectory import (
    Models,
    Progress,
    Recorded,
    Recorder,
    Shortcut,
    Trajectory,
    descend,
    preserved_weights,
)
from sims.rounds import engine
from sims.rounds.matrices import checked_matrices
from theory.objectives import linear_alignment

BECAUSE_DESCENT = "With one step a round, a server's rounds are plain descent of one model on the weighted mean loss."


@dataclass(frozen=True)
class LinearUpdate:
    """E gradient steps on each client's covariance. `data`: covariances, step_size, gradient_noise."""

    local_steps: int = 1
    is_noisy: bool = False

    @property
    def cut_data(self) -> tuple[str, ...] | None:
        """Clients can be stepped in parts, unless one draw of noise serves all."""
        return None if self.is_noisy else ("covariances",)

    def __call__(self, params, local, data, clients, key):
        covariances = data["covariances"] if clients is None else data["covariances"][clients]

        def step(k, models):
            slope = linear_alignment.gradient(models, covariances)
            if self.is_noisy:
                drawn = jax.random.normal(jax.random.fold_in(key, k), models.shape, models.dtype)
                slope = slope + data["gradient_noise"] * drawn
            return models - data["step_size"] * slope

        return jax.lax.fori_loop(0, self.local_steps, step, params), local


@dataclass(frozen=True)
class MinibatchUpdate:
    """E steps, each on `batch_size` of a client's pairs of views.

    `data`: first and second views (clients samples dim), step_size.
    """

    local_steps: int
    batch_size: int

    def __call__(self, params, local, data, clients, key):
        numbers = jnp.arange(params.shape[0]) if clients is None else clients
        n_samples = data["first"].shape[1]

        def step(k, models):
            def one(model, number):
                # Numbered by client, not by place among those that take part: a client's draws are its own.
                own = jax.random.fold_in(jax.random.fold_in(key, k), number)
                chosen = jax.lax.top_k(jax.random.uniform(own, (n_samples,)), self.batch_size)[1]
                a, b = data["first"][number, chosen], data["second"][number, chosen]
                product = ((model @ a.T) @ b + (model @ b.T) @ a) / (2 * self.batch_size)
                return model - data["step_size"] * linear_alignment.gradient_from_product(model, product)

            return jax.lax.map(lambda pair: one(*pair), (models, numbers))

        return jax.lax.fori_loop(0, self.local_steps, step, params), local


def train(
    initial: Models,
    covariances: Float[Array | np.ndarray, "clients dim dim"],
    mixing: Float[Array | np.ndarray, "..."],
    options: TrainingOptions,
    *,
    key: Key[Array, ""] | None = None,
    progress: Progress | None = None,
    resume: engine.State | None = None,
) -> Trajectory:
    """All clients after `options.rounds` rounds of local steps and one mixing.

    `key` (that of seed 0, if none is given) decides noise, who takes part and which links fail. `progress(state, done,
    rounds)` is called between chunks; what it raises ends the run. `resume` goes on from the state of a run before.
    Source: chen2026, Algorithms 1 and 2 on losses (2) and (4).
    Errors: ValueError for arrays or options that do not fit; a step size that is too large comes back as `diverged`.
    """
    models, x = check(initial, covariances)
    noise = options.gradient_noise
    data = {"covariances": jnp.asarray(x), "step_size": options.step_size, "gradient_noise": noise}
    update = LinearUpdate(int(options.local_steps), noise > 0)
    given: dict[str, Any] = {
        "key": key,
        "is_exact": noise == 0,
        "is_step_safe": lambda: options.step_size <= objective.stable_step_size(x),
        "progress": progress,
    }
    begin = models if resume is None else np.asarray(resume.params)
    is_plain = options.order == "atc" and options.local_steps == 1 and options.participation is None
    is_sure = noise == 0 and options.link_failure == 0 and not options.push_sum
    if options.collapse and is_plain and is_sure and is_one_descent(begin, mixing):
        matrix = checked_matrices(mixing, models, options.push_sum)[0]
        return _one_descent(update, begin, x, matrix, data, options, resume, given)
    matrices = checked_matrices(mixing, models, options.push_sum)
    small = reduction(begin, x, matrices, options) if options.collapse else None
    if small is None:
        return descend(update, models, data, mixing, options, resume=resume, **given)
    weights = np.full(len(x), 1 / len(x)) if options.push_sum else preserved_weights(matrices)
    given["progress"] = small.told(progress)
    run = descend(
        update,
        small.initial,
        data | {"covariances": jnp.asarray(small.covariances)},
        small.mixing,
        options,
        resume=small.small_state(resume),
        shares=small.shares,
        weights=small.of_classes(weights),
        **given,
    )
    return small.whole(run, weights)


def train_on_samples(
    initial: Models,
    first: Float[Array | np.ndarray, "clients samples dim"],
    second: Float[Array | np.ndarray, "clients samples dim"],
    mixing: Float[Array | np.ndarray, "..."],
    options: TrainingOptions,
    *,
    batch_size: int,
    key: Key[Array, ""] | None = None,
    progress: Progress | None = None,
    resume: engine.State | None = None,
) -> Trajectory:
    """Training on pairs of views, `batch_size` pairs a step drawn without replacement; the rest is as in `train`.

    Source: chen2026, (2) and (4) on minibatches. Errors: those of `train`, and ValueError for gradient noise: the draws
    of the batches are the noise here.
    """
    a, b = np.asarray(first), np.asarray(second)
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(f"Two finite views of the same samples were wanted; got shapes {a.shape} and {b.shape}.")
    if not 1 <= batch_size <= a.shape[1]:
        raise ValueError(f"A batch has between 1 and {a.shape[1]} samples; got batch_size={batch_size}.")
    if options.gradient_noise > 0:
        raise ValueError(
            f"Batches of samples take no further noise; got gradient_noise={options.gradient_noise}. Leave it out."
        )
    models, x = check(initial, objective.contrastive_moments(a, b))
    return descend(
        MinibatchUpdate(int(options.local_steps), batch_size),
        models,
        {"first": jnp.asarray(a), "second": jnp.asarray(b), "step_size": options.step_size},
        mixing,
        options,
        key=key,
        is_exact=batch_size == a.shape[1],
        is_step_safe=lambda: options.step_size <= objective.stable_step_size(x),
        progress=progress,
        resume=resume,
    )


def _one_descent(update, begin, x, mixing, data, options, resume, given) -> Trajectory:
    """The trajectory of all clients from that of the one model that they share after every mixing."""
    weights = mixing[0]
    small = data | one_descent(x, weights)
    state = None if resume is None else resume._replace(params=resume.params[:1], channel=resume.channel[:1])
    server = np.ones((1, 1))
    one = descend(update, begin[:1], small, server, options, resume=state, record=OneDescentRecorder(), **given)
    everywhere = np.broadcast_to(one.post_mix, begin.shape)
    started = np.asarray(one.before)
    return replace(
        one,
        pre_mix=after_step(started[0], x, float(data["step_size"])),
        post_mix=everywhere,
        before=np.broadcast_to(started, begin.shape),
        weights=weights,
        state=one.state._replace(params=jnp.asarray(everywhere), channel=jnp.ones(len(x))),
        reductions=(Shortcut("clients", 1, len(x), BECAUSE_DESCENT),),
    )


@dataclass(frozen=True)
class OneDescentRecorder:
    """What `Recorder` would have seen of all clients, from the model that they share."""

    def __call__(self, views: engine.Views, data: Any) -> Recorded:
        seen = Recorder("adapt_then_combine", False)(views, data)
        error = consensus_of_step(views.before[0], data["deviations"], data["step_size"])
        return seen._replace(consensus_pre_mix=error)


def check(initial: Models, covariances: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays in float64. Errors: ValueError for shapes, entries that are not finite, or lack of symmetry."""
    w, x = np.asarray(initial, dtype=float), np.asarray(covariances, dtype=float)
    if x.ndim != 3 or x.shape[1] != x.shape[2] or 0 in x.shape:
        raise ValueError(f"Covariances are (N, d, d); got shape {x.shape}.")
    if w.ndim != 3 or w.shape[0] != x.shape[0] or w.shape[2] != x.shape[2] or not 1 <= w.shape[1] <= x.shape[2]:
        raise ValueError(f"Initial models are (N, c, d) with c <= d, for covariances {x.shape}; got shape {w.shape}.")
    for name, array in (("Initial models", w), ("Covariances", x)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} are finite; got {int((~np.isfinite(array)).sum())} entries that are not.")
    off = np.abs(x - x.swapaxes(1, 2)).max()
    if off > 1e-9 * max(np.abs(x).max(), 1e-300):
        raise ValueError(f"Covariances are symmetric; got one that differs from its transpose by {off:.3g}.")
    return w, x
