"""Many independent jobs that share a folder: stopped at any moment, even killed, they go on where they were.

A job is a small JSON object that says all that its result depends on, and the name of its file comes from that object.
Each finished job is one file, written whole by the process that did it. A lock keeps two processes, or two commands,
from doing one job; the system gives it back when a process dies. Begin with `run`; `Folder.status` says how far it is.
"""

import hashlib
import json
import pathlib
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from typing import Any

import filelock

from runtime import store
from runtime.usage import UsageError

PURPOSE = "purpose.json"
_A_GLANCE = 0.2  # seconds: `status` holds a free lock for less, and a job must not be left out for that
Spec = Mapping[str, Any]
Work = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Done:
    """A job that was tried: its result as JSON gives it back, or `error`, the traceback of the work that failed."""

    spec: dict[str, Any]
    result: Any
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class Status:
    """How many jobs there are, how many of them are done, failed, and under way in some process.

    `seconds_left` is of one process, from the mean of those done; None before the first.
    """

    total: int
    done: int
    failed: int
    under_way: int
    seconds_left: float | None


class Folder:
    """Where jobs of one purpose keep their results.

    Errors: UsageError when the folder holds jobs of another purpose, or cannot be made.
    """

    def __init__(self, path: pathlib.Path, purpose: Spec) -> None:
        self.path = path
        store.make_folder(path)
        wanted = json.loads(store.line(purpose))
        with filelock.FileLock(path / ".purpose.lock"):
            found = store.read(path / PURPOSE, "Name an empty folder.")
            if found is None:
                store.write(path / PURPOSE, store.dumps(wanted))
        if found not in (None, wanted):
            raise UsageError(
                f"{path} holds jobs for {store.line(found)}, and these are for {store.line(wanted)}. "
                "Name an empty folder."
            )

    def done(self, spec: Spec) -> Done | None:
        """The job as it was last tried; None when it was not, or its file is damaged: then it is done again."""
        try:
            content = json.loads(self._file(spec).read_text(encoding="utf-8"))
            return Done(content["spec"], content["result"], float(content["seconds"]), content["error"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def status(self, specs: Iterable[Spec]) -> Status:
        """How far these jobs are."""
        tried = [self.done(s) or s for s in specs]
        good = [d for d in tried if isinstance(d, Done) and not d.error]
        failed = sum(isinstance(d, Done) for d in tried) - len(good)
        under_way = sum(not isinstance(d, Done) and self._is_locked(d) for d in tried)
        left = len(tried) - len(good)
        mean = sum(d.seconds for d in good) / len(good) if good else None
        return Status(len(tried), len(good), failed, under_way, None if mean is None else mean * left)

    def do(self, work: Work, spec: Spec) -> Done | None:
        """Does one job here, unless that was done before; None where another process is at it."""
        try:
            with filelock.FileLock(self._lock(spec), timeout=_A_GLANCE):
                before = self.done(spec)
                if before is not None and not before.error:
                    return before
                for left in store.leftovers(self._file(spec)):
                    left.unlink(missing_ok=True)
                done = _tried(work, json.loads(store.line(spec)))
                store.write(self._file(spec), store.dumps(vars(done)))
                return done
        except filelock.Timeout:
            return None

    def _file(self, spec: Spec) -> pathlib.Path:
        return self.path / f"{name(spec)}.json"

    def _lock(self, spec: Spec) -> pathlib.Path:
        return self.path / f".{name(spec)}.lock"

    def _is_locked(self, spec: Spec) -> bool:
        if not self._lock(spec).exists():
            return False
        try:
            with filelock.FileLock(self._lock(spec), timeout=0):
                return False
        except filelock.Timeout:
            return True


def name(spec: Spec) -> str:
    """The name of a job's file: equal for equal content, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(json.loads(store.line(spec)), sort_keys=True).encode()).hexdigest()[:20]


def run(work: Work, specs: Sequence[Spec], folder: Folder, executor: Executor) -> Iterator[Done]:
    """Every job once: first those that are done, then the others as they are finished.

    `work` gets the job as JSON gives it back and returns JSON; it is a function of a module, which the processes of
    `executor` import. Jobs that failed before are tried again. A job that another command has under way is left to it.
    Abandoned or interrupted, no further job is begun; what is done stays.
    """
    waiting: list[Spec] = []
    for spec in {name(s): s for s in specs}.values():
        before = folder.done(spec)
        if before is None or before.error:
            waiting.append(spec)
        else:
            yield before
    futures: list[Future[Done | None]] = [executor.submit(folder.do, work, spec) for spec in waiting]
    try:
        for future in as_completed(futures):
            done = future.result()
            if done is not None:
                yield done
    finally:
        for future in futures:
            future.cancel()


def _tried(work: Work, spec: dict[str, Any]) -> Done:
    started = time.perf_counter()
    try:
        result, error = work(spec), ""
    except Exception:  # told with the others' results; the next run tries again
        result, error = None, traceback.format_exc()
    return Done(spec, json.loads(store.line(result)), time.perf_counter() - started, error)
