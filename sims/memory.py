"""What a process frees: kept for its next step, and given back to the system once it has grown too much.

glibc returns large pieces to the system as soon as they are freed, and the system clears their pages again for the next
step. With pieces of tens of megabytes that was 30% of the processor time of a ResNet's training. Kept pieces break up,
and a process that keeps all grows by about a gigabyte a minute; so long trainings call `trim_if_grown` between rounds.
"""

import contextlib
import ctypes
import os
import pathlib

# Parameters of mallopt in glibc's malloc.h. One arena: pieces above 64 MiB fit in no other than the first.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
MOST_GROWTH = 3 << 30  # bytes above the least since the last `trim`; a small ResNet then trims about every other minute

_least: int | None = None


def keep_freed() -> bool:
    """From now on freed memory stays with this process until `trim`; False, and no change, where this is not glibc.

    Call it before threads allocate: those that have an arena of their own keep it.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    wanted = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_ARENA_MAX, 1))
    return all([mallopt(which, value) == 1 for which, value in wanted])


def trim() -> None:
    """Gives freed memory back to the system; nothing where the C library is not glibc."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def trim_if_grown(most: int = MOST_GROWTH) -> bool:
    """`trim` if this process is more than `most` bytes larger than it has been since the last time; whether it was."""
    global _least
    now = resident()
    _least = now if _least is None else min(_least, now)
    if now - _least <= most:
        return False
    trim()
    _least = resident()
    return True


def resident() -> int:
    """Bytes of this process in main memory; 0 where the system does not say."""
    try:
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
