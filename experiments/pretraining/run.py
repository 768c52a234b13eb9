"""A pre-training that saves as it goes; it can be stopped at any time and resumed bit for bit."""

import contextlib
import math
import pathlib
import signal
import threading
from collections.abc import Callable, Iterator

import numpy as np

from experiments.pretraining import checkpoints
from experiments.pretraining.checkpoints import Saved
from experiments.pretraining.settings import Prepared, Pretraining
from runtime import memory
from runtime.usage import UsageError
from sims.pretraining import training
from sims.rounds.engine import State

Watch = Callable[[int, float], None]


class Interrupted(KeyboardInterrupt):
    """The user stopped training; it is saved after `rounds` rounds."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds


def train(
    chosen: Pretraining,
    prepared: Prepared,
    folder: pathlib.Path,
    begun: Saved | None,
    every: int,
    watch: Watch | None = None,
) -> Saved:
    """The trained clients, from `begun` on, in a folder whose checkpoint is renewed `every` rounds and at the end.

    `begun` is the folder's last checkpoint as `checkpoints.load` gave it: to read and to hash it takes long, and the
    caller, who shows the rounds done, has it already.
    `watch(round, loss)` is called after each round; a KeyboardInterrupt at any time saves the last whole round. One
    that comes during a save waits for its end.
    Errors: UsageError for training that overflowed, or a folder that another process trains in; Interrupted.
    """
    if begun is not None and begun.round >= chosen.rounds:
        return begun
    losses = [] if begun is None else list(begun.losses)
    last: State | None = None
    saved = 0 if begun is None else begun.round
    ending = contextlib.ExitStack()

    def save(one: Saved) -> None:
        nonlocal saved
        with _interrupts_wait():
            checkpoints.save(folder, one, chosen, prepared)
            saved = one.round

    def progress(state: State, done: int, rounds: int) -> None:
        nonlocal last
        if not bool(state.is_finite):
            return
        number, here = int(state.round), np.asarray(state.local.is_recent) > 0
        loss = float(np.asarray(state.local.loss)[here].mean())
        if not math.isfinite(loss):
            raise _overflowed(number, chosen)
        if number == chosen.rounds:  # saved and told of below, with the models of the last round
            ending.enter_context(_interrupts_wait())
        losses.append(loss)
        last = state
        if number % every == 0 and number < chosen.rounds:
            save(Saved(state, tuple(losses)))
        memory.trim_if_short()
        if watch is not None and number < chosen.rounds:
            watch(number, loss)

    try:
        with checkpoints.alone(folder), ending:
            run = training.pretrain(
                prepared.method,
                prepared.descent,
                prepared.train.images,
                prepared.partition,
                chosen.rounds,
                mixing=prepared.mixing,
                participation=prepared.participation,
                skew=prepared.skew,
                seed=chosen.seed,
                resume=None if begun is None else begun.state,
                push_sum=prepared.mixing is not None and chosen.mixing == "push_sum",
                record_every=1,
                records_a_chunk=1,
                progress=progress,
            )
            if run.diverged:
                raise _overflowed(int(run.state.round) + 1, chosen)
            end = Saved(run.state, tuple(losses), run.pre_mix)
            save(end)
            if watch is not None:
                watch(end.round, losses[-1])
            return end
    except KeyboardInterrupt:
        with contextlib.suppress(KeyboardInterrupt), _interrupts_wait():
            if last is not None and saved < int(last.round):
                save(Saved(last, tuple(losses[: int(last.round)])))
        raise Interrupted(saved) from None


def _overflowed(number: int, chosen: Pretraining) -> UsageError:
    return UsageError(f"Training overflowed in round {number}; got learning_rate={chosen.learning_rate:g}. Lower it.")


@contextlib.contextmanager
def _interrupts_wait() -> Iterator[None]:
    """A Ctrl-C meanwhile is a KeyboardInterrupt at the end: a checkpoint would be given up half-way."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield  # other threads get none, and whoever handles it otherwise goes on doing so
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt
