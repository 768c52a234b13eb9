"""Trainings side by side: processes with cores of their own, each running one training after another.

Small models do not fill two cores with one training: on two cores two trainings at once take less time than one after
the other on both. `python -m benchmarks.reproductions` takes the time of a whole experiment.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from experiments.pretraining.run import Watch
from runtime import cores
from runtime.usage import UsageError

LOOKS = 0.2  # seconds between two looks at what the processes tell
Begin = Callable[[int, int], Watch]  # of the rounds done and the clients of a round


@dataclass(frozen=True)
class Told:
    """What a process tells: a training begins (`loss` is None) or has done `round` rounds. process: its number."""

    process: int
    work: int
    round: int
    clients: int
    loss: float | None = None


def run(
    one: Callable[[Any, Begin], None],
    work: Sequence[Any],
    n_processes: int,
    tell: Callable[[Told], None] | None = None,
) -> None:
    """Calls `one(item, begin)` for every item, in processes of their own; `begin(round, clients)` gives its watch.

    A KeyboardInterrupt here reaches each training as one in its watch after the round it is in, and is raised again
    when all have ended; so does this process dying. `one` and `work` must be picklable.
    Errors: what `one` raises, once the others have stopped; UsageError when a process was killed.
    """
    context = multiprocessing.get_context("spawn")  # JAX has threads, which a fork would lose
    numbers, heard, stop = context.Queue(), context.Queue(), context.Event()
    for number, share in enumerate(cores.shares(cores.own(), n_processes)):
        numbers.put((number, share))

    def listen() -> None:
        # Until its time is up, not until all is quiet: short rounds never are.
        end = time.monotonic() + LOOKS
        with contextlib.suppress(queue.Empty):
            while (left := end - time.monotonic()) > 0:
                told = heard.get(timeout=left)
                if tell is not None:
                    tell(told)

    programs = tempfile.TemporaryDirectory(prefix="compiled-", ignore_cleanup_errors=True)
    pool = ProcessPoolExecutor(n_processes, context, _start, (numbers, heard, stop))
    try:
        # The processes inherit all. Products of a probe are small, and on several threads many times slower. Ctrl-C
        # goes to all processes; these hear of it by `stop`.
        with cores.environment(cores.ONE_THREAD | _compiled_once(programs.name)), _ignoring_interrupts():
            futures = [pool.submit(_call, one, item, number) for number, item in enumerate(work)]
        ended = False
        while not ended:
            done = [future for future in futures if future.done()]
            ended = len(done) == len(futures) or any(future.exception() for future in done)
            listen()
        for future in futures:
            if future.done():
                future.result()
    except BrokenProcessPool:
        raise UsageError(
            "A training's process was killed, perhaps for want of memory. Give fewer --jobs; the same command goes on."
        ) from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        programs.cleanup()


def _compiled_once(folder: str) -> dict[str, str]:
    """JAX's variables by which what one process has compiled is compiled by no other, for the time of these trainings.

    Only with a largest size does JAX lock its entries, so that nobody reads half of one. A user's own folder stays.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return {}
    return {"JAX_COMPILATION_CACHE_DIR": folder, "JAX_COMPILATION_CACHE_MAX_SIZE": str(1 << 32)}


_told: Any = None
_stop: Any = None
_number = -1
_busy = threading.Lock()


def _start(numbers: Any, heard: Any, stop: Any) -> None:
    global _told, _stop, _number
    _told, _stop = heard, stop
    heard.cancel_join_thread()  # what nobody listens to any more must not keep this process
    _number, share = numbers.get()
    cores.keep_to(share)
    cores.use_all()
    cores.end_with_parent(_stop_and_wait)


def _stop_and_wait() -> None:
    _stop.set()
    _busy.acquire()  # what trains is saved first


def _call(one: Callable[[Any, Begin], None], item: Any, work: int) -> None:
    def begin(done: int, clients: int) -> Watch:
        _told.put(Told(_number, work, done, clients))

        def watch(number: int, loss: float) -> None:
            _told.put(Told(_number, work, number, clients, loss))
            if _stop.is_set():
                raise KeyboardInterrupt

        return watch

    with _busy:
        if not _stop.is_set():
            one(item, begin)


@contextlib.contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
