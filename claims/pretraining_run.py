"""A pre-training that is saved as it goes, stopped at will, and gone on with bit for bit."""

import pathlib
from collections.abc import Callable

import numpy as np

from claims import pretraining_store
from claims.pretraining import Prepared, Pretraining
from claims.pretraining_store import Saved
from claims.usage import UsageError
from sims import memory, pretrain
from sims.rounds import State

Watch = Callable[[int, float], None]


class Interrupted(KeyboardInterrupt):
    """The user stopped training; it is saved after `rounds` rounds."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds


def train(
    chosen: Pretraining, prepared: Prepared, folder: pathlib.Path, every: int, watch: Watch | None = None
) -> Saved:
    """The trained clients, from the folder's last checkpoint on, which is renewed `every` rounds and at the end.

    `watch(round, loss)` is called after each round; a KeyboardInterrupt at any time saves the last whole round.
    Errors: UsageError for training that overflowed or a damaged checkpoint; Interrupted.
    """
    begun = pretraining_store.load(folder, prepared)
    if begun is not None and begun.round >= chosen.rounds:
        return begun
    losses = [] if begun is None else list(begun.losses)
    last: State | None = None
    saved = 0 if begun is None else begun.round

    def progress(state: State, done: int, rounds: int) -> None:
        nonlocal last, saved
        if not bool(state.is_finite):
            return
        here = np.asarray(state.local.is_recent) > 0
        losses.append(float(np.asarray(state.local.loss)[here].mean()))
        last = state
        number = int(state.round)
        # The end is saved below, with the models of the last round.
        if number % every == 0 and number < chosen.rounds:
            pretraining_store.save(folder, Saved(state, tuple(losses)))
            saved = number
        memory.trim_if_short()
        if watch is not None:
            watch(number, losses[-1])

    try:
        run = pretrain.pretrain(
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
    except KeyboardInterrupt:
        if last is not None and int(last.round) > saved:
            pretraining_store.save(folder, Saved(last, tuple(losses[: int(last.round)])))
        raise Interrupted(saved if last is None else int(last.round)) from None
    if run.diverged:
        raise UsageError(
            f"Training overflowed in round {int(run.state.round) + 1}; got learning_rate={chosen.learning_rate:g}. "
            "Lower it."
        )
    end = Saved(run.state, tuple(losses), run.pre_mix)
    pretraining_store.save(folder, end)
    return end
