"""Use of the cores: one JAX device a core, and several trainings side by side, each on cores of its own.

JAX is imported where it is used: processes that only start others do without.
"""

import contextlib
import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # of linear algebra
MOST = 8  # every core compiles its own programs, and few clients train at a time


def own() -> tuple[int, ...]:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def n_used() -> int:
    """How many of them are used at once."""
    return min(len(own()), MOST)


def use_all() -> None:
    """One JAX device for each core, up to eight (a JAX that runs keeps its own), and freed memory is kept."""
    from runtime import memory
    from sims.placement import use_cores

    memory.keep_freed()
    with contextlib.suppress(ValueError):
        use_cores(n_used())


def keep_to(cores: tuple[int, ...]) -> None:
    """This process runs on these cores alone, where the system can do that; call it before JAX starts."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def shares(cores: tuple[int, ...], n: int) -> list[tuple[int, ...]]:
    """`cores` dealt to n processes, as evenly as can be; with more processes than cores they share."""
    return [cores[i::n] or (cores[i % len(cores)],) for i in range(n)]


def forget_programs() -> None:
    """Drops all compiled programs and gives their memory back to the system; what is needed again compiles again."""
    import jax

    from runtime import memory

    jax.clear_caches()
    gc.collect()
    memory.trim()  # the C library otherwise keeps most of it


def end_with_parent(before: Callable[[], object] = lambda: None) -> None:
    """This process, a child of `multiprocessing`, ends when its parent has, however that ended; `before` is called."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "called in a process that multiprocessing started"

    def end() -> None:
        parent.join()
        before()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


@contextlib.contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables for processes that are started meanwhile; a user's own XLA flags are kept beside ours."""
    before = {name: os.environ.get(name) for name in values}
    # A user's own XLA flags stay: XLA lets the last of two equal flags win.
    os.environ.update({n: f"{v} {before[n]}" if n == "XLA_FLAGS" and before[n] else v for n, v in values.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
