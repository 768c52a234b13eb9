"""What a process frees: kept for its next step, and given back to the system when memory runs short.

glibc returns large pieces to the system as soon as they are freed, and the system clears their pages again for the next
step: much of the processor time of a ResNet's training, whose pieces are of tens of megabytes. Kept pieces break up, so
that a process that keeps them takes several times what it needs: long trainings call `trim_if_short` between rounds.
"""

import ctypes
import pathlib
import time

# Parameters of mallopt in glibc's malloc.h, with what we set and what glibc begins with. One arena: pieces above 64 MiB
# fit in no other than the first.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
_KEEPING = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1, _M_ARENA_MAX: 1}
_BEFORE = {_M_MMAP_MAX: 1 << 16, _M_TRIM_THRESHOLD: 1 << 17}

LEAST_SHARE = 1 / 6  # of the main memory that is left available
TOO_SOON = 30.0  # seconds from one trim to the next, below which keeping does not pay: pages are cleared every time

_trimmed = -TOO_SOON


def keep_freed() -> bool:
    """From now on freed memory stays with this process until it is trimmed; False, and no change, without glibc.

    Call it before threads allocate: those that have an arena of their own keep it.
    """
    return _set(_KEEPING)


def trim_if_short() -> str:
    """Gives freed memory back where little is available: "enough", "trimmed", or "not kept" if that was so just before.

    After "not kept" freed memory goes back to the system at once, as it did before `keep_freed`.
    """
    global _trimmed
    total, left = available()
    if left >= LEAST_SHARE * total:
        return "enough"
    is_too_soon = time.monotonic() - _trimmed < TOO_SOON
    if is_too_soon:
        _set(_BEFORE)
    trim()
    _trimmed = time.monotonic()
    return "not kept" if is_too_soon else "trimmed"


def trim() -> None:
    """Gives freed memory back to the system; nothing where the C library is not glibc."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


def available(root: pathlib.Path = pathlib.Path("/")) -> tuple[int, int]:
    """Bytes of main memory in all and to be had: the system's or, where fewer, its control group's; 0, 0 if not told.

    Source: proc(5), meminfo; Linux, cgroup-v2, memory.max, memory.current and inactive_file of memory.stat.
    """
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
        told = {name: 1024 * int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}
        total, left = told["MemTotal"], told["MemAvailable"]
    except (OSError, ValueError, KeyError):
        return 0, 0
    group = root / "sys/fs/cgroup"
    try:
        most = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        used -= int(stat["inactive_file"])  # files in memory make room when asked
    except (OSError, ValueError, KeyError):  # no group, or "max"
        return total, left
    return min(total, most), min(left, most - used)


def resident() -> int:
    """Bytes of this process in main memory; 0 where the system does not say."""
    try:
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _set(values: dict[int, int]) -> bool:
    library = _glibc()
    return library is not None and all([library.mallopt(which, value) == 1 for which, value in values.items()])


def _glibc() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
        _ = library.gnu_get_libc_version, library.mallopt, library.malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return library
