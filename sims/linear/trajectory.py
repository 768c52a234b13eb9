"""The result of a training of linear models: its series, its last models, and whether it converged or diverged."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sims.linear import metrics
from sims.linear.training_options import ORDERS, TrainingOptions
from sims.rounds import engine
from sims.rounds.matrices import checked_matrices

Models = Float[Array | np.ndarray, "clients feature dim"]
# Called with the state, the rounds done and all rounds.
Progress = Callable[[engine.State, int, int], None]
# A run has converged when what a geometric series says is left to move is this small, relative to the whole.
LEFT_TO_MOVE = 1e-6
ROUND_OFF = 1e-12
# With a step that is not known to be safe, models that change by more than this in every late round do not settle.
JUMP = 1e-2


class Recorded(NamedTuple):
    """One recorded round."""

    consensus_pre_mix: Array
    consensus_post_mix: Array
    mean_model: Array
    moved: Array
    consensus_moved: Array


@dataclass(frozen=True)
class Shortcut:
    """One exact shortcut: how many clients or dimensions were trained, of how many, and why that is exact."""

    kind: Literal["clients", "dimensions"]
    trained: int
    of: int
    because: str


@dataclass(frozen=True)
class Trajectory:
    """A training run. Series are over `rounds`; models are those of its last round (the last finite one, if diverged).

    before: as the last round began. pre_mix: after local steps. post_mix: after mixing. consensus: about the plain
    mean. mean_models: weighted by `weights`, the mean that mixing preserves (under push-sum: the plain mean of the
    numerators), after mixing.
    converged: the means' Gram matrix and the consensus error have at most a share of 1e-6 left to move, so a subspace
    error near 1e-6 may be far off. Under randomness: the mean consensus error of the last quarter
    is within its scatter of the quarter before, which says nothing of the mean model.
    `state` resumes the run. `message` says in words why it counts as converged, diverged, or neither. `reductions`:
    which exact shortcuts were taken.
    """

    before: Float[np.ndarray, "clients feature dim"]
    pre_mix: Float[np.ndarray, "clients feature dim"]
    post_mix: Float[np.ndarray, "clients feature dim"]
    consensus_pre_mix: Float[np.ndarray, " records"]
    consensus_post_mix: Float[np.ndarray, " records"]
    mean_models: Float[np.ndarray, "records feature dim"]
    rounds: Int[np.ndarray, " records"]
    weights: Float[np.ndarray, " clients"]
    converged: bool
    diverged: bool
    message: str
    state: engine.State = field(repr=False)
    reductions: tuple["Shortcut", ...] = ()

    @property
    def mean_model(self) -> Float[np.ndarray, "feature dim"]:
        """The weighted mean of the models after the last round's mixing."""
        return self.mean_models[-1]


def descend(
    update: engine.LocalUpdate,
    initial: Models,
    data: Any,
    mixing: Float[Array | np.ndarray, "..."],
    options: TrainingOptions,
    *,
    key: Key[Array, ""] | None = None,
    is_exact: bool = True,
    is_step_safe: Callable[[], bool] = lambda: True,
    record: engine.Recorder | None = None,
    progress: Progress | None = None,
    resume: engine.State | None = None,
    shares: Float[np.ndarray, " clients"] | None = None,
    weights: Float[np.ndarray, " clients"] | None = None,
) -> Trajectory:
    """The trajectory of linear models under any local update: the engine, the metrics, and a verdict on convergence.

    `shares` is the share of all clients for which each of these stands, and then `weights` those of the mean that
    mixing preserves; without them each stands for itself. `is_exact`: the update draws nothing. `is_step_safe` is asked
    where models keep jumping: whether the step size is one that provably cannot diverge.
    """
    matrices = checked_matrices(mixing, initial, options.push_sum)
    n, order = len(initial), ORDERS[options.order]
    if weights is None:
        weights = np.full(n, 1 / n) if options.push_sum else preserved_weights(matrices)
    given = data | {"mean_weights": jnp.asarray(weights)} | ({} if shares is None else {"shares": jnp.asarray(shares)})
    run = engine.run(
        update,
        jnp.asarray(initial),
        matrices,
        options.rounds,
        order=order,
        data=given,
        key=key,
        participation=options.participation,
        link_failure=options.link_failure,
        push_sum=options.push_sum,
        record=Recorder(order, options.push_sum) if record is None else record,
        record_every=options.record_every,
        records_beginning=options.records_beginning,
        records_a_chunk=options.records_a_chunk,
        progress=progress,
        resume=resume,
    )
    is_random = not is_exact or options.participation is not None or options.link_failure > 0
    records = Recorded(*run.records)
    interval = int(run.rounds[-1] - run.rounds[-2]) if len(run.rounds) > 1 else 1
    # The verdict compares evenly spaced records: those of the beginning are left out.
    n_even = math.ceil(options.rounds / interval)
    even = Recorded(*(series[-n_even:] for series in records))
    verdict = _verdict(run.diverged, even, interval, is_random, is_step_safe)
    return Trajectory(
        np.asarray(run.before),
        np.asarray(run.pre_mix),
        np.asarray(run.post_mix),
        np.asarray(records.consensus_pre_mix),
        np.asarray(records.consensus_post_mix),
        np.asarray(records.mean_model),
        run.rounds,
        weights,
        verdict in ("converged", "level"),
        verdict == "diverged",
        _MESSAGES[verdict],
        run.state,
    )


@dataclass(frozen=True)
class Recorder:
    """Consensus before and after mixing, the preserved mean after it, and how far one round moved them, relatively.

    The preserved mean of push-sum is that of the numerators, which are models times channel.
    """

    order: engine.Order
    push_sum: bool

    def __call__(self, views: engine.Views, data: Any) -> Recorded:
        weights = data["mean_weights"]
        scaled = (weights * views.channel, weights * views.channel_before) if self.push_sum else (weights, weights)
        shares = data.get("shares")
        last, error = views.last(self.order), metrics.consensus_error(views.last(self.order), shares)
        new, old = (metrics.weighted_mean(m, v) for m, v in zip((last, views.before), scaled, strict=True))
        gram, gram_before = new.T @ new, old.T @ old
        size = jnp.maximum(jnp.linalg.norm(gram), jnp.finfo(gram.dtype).tiny)
        error_before = metrics.consensus_error(views.before, shares)
        # Clients that agree to rounding have nothing left to move, whatever the ratio of two roundings is.
        level = ROUND_OFF**2 * jnp.sum(new * new) + jnp.finfo(gram.dtype).tiny
        is_apart = jnp.maximum(error, error_before) > level
        return Recorded(
            metrics.consensus_error(views.pre_mix, shares),
            metrics.consensus_error(views.post_mix, shares),
            metrics.weighted_mean(views.post_mix, scaled[0]),
            jnp.linalg.norm(gram - gram_before) / size,
            jnp.where(is_apart, jnp.abs(error - error_before) / jnp.maximum(error, level), 0.0),
        )


def preserved_weights(matrices: Float[np.ndarray, "period clients clients"]) -> Float[np.ndarray, " clients"]:
    """v with v^T M = v^T and sum 1, M the product over a period: the weights of the mean that mixing preserves.

    Where several exist (clients that never meet) the one reached from equal weights, which `theory.networks.mixing`
    refuses.
    Source: ledger.
    """
    product = functools.reduce(lambda done, m: m @ done, matrices)
    # The lazy matrix has the same fixed vectors and no other eigenvalue of modulus 1; 2^60 steps reach the limit.
    power = (product + np.eye(len(product))) / 2
    for _ in range(60):
        power = power @ power
        power /= power.sum(axis=1, keepdims=True)
    return power.mean(axis=0)


_MESSAGES = {
    "converged": "What the models do up to rotation has settled, to a share of 1e-6.",
    "level": "The consensus error fluctuates about a level; single models go on moving.",
    "diverged": "The step size is beyond stability: the models overflowed, or keep jumping. Lower it.",
    "moving": "The models still move. Run more rounds.",
}


def _verdict(
    overflowed: bool, records: Recorded, interval: int, is_random: bool, is_step_safe: Callable[[], bool]
) -> str:
    if overflowed:
        return "diverged"
    n = len(records.consensus_pre_mix)
    if is_random:
        # Noise never settles: its level does, when two last quarters differ by less than they scatter.
        last, before = records.consensus_pre_mix[-(n // 4) :], records.consensus_pre_mix[-2 * (n // 4) : -(n // 4)]
        return "level" if n >= 8 and abs(last.mean() - before.mean()) <= last.std() else "moving"
    if n >= 2 and all(_is_settled(moved, interval) for moved in (records.moved, records.consensus_moved)):
        return "converged"
    quarter = -(-n // 4)
    last, before = records.moved[-quarter:], records.moved[-2 * quarter : -quarter]
    keeps_jumping = n >= 4 and last.min() > JUMP and last.mean() > 0.8 * before.mean()
    return "diverged" if keeps_jumping and not is_step_safe() else "moving"


def _is_settled(moved: Array | np.ndarray, interval: int) -> bool:
    """Whether what is left to move is little, if moves keep shrinking as they did between the last two records."""
    before, last = float(moved[-2]), float(moved[-1])
    if last <= ROUND_OFF:
        return True
    if last >= before:
        return False
    shrink = (last / before) ** (1 / interval)
    return last * shrink / (1 - shrink) <= LEFT_TO_MOVE
