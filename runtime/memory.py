"""Memory that a process frees: kept for its next step, and given back to the system when memory runs short.

glibc returns large pieces to the system as soon as they are freed, and the system clears their pages again for the next
step: much of the processor time of a ResNet's training, whose pieces are of tens of megabytes. Kept pieces break up, so
that a process that keeps them takes several times what it needs: long trainings call `trim_if_short` between rounds.
"""

import ctypes
import pathlib
import time

# Parameters of mallopt in glibc's malloc.h, with what we set, and where glibc's own thresholds are once large pieces
# were freed (after a mallopt they no longer move). A pad as large as an arena's heap keeps emptied heaps. Arenas are
# not bounded: with one, which alone can keep pieces above 64 MiB, two devices were as slow as with nothing kept.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -2, -3, -4
_KEEPING = {_M_MMAP_MAX: 0, _M_TOP_PAD: 64 << 20, _M_TRIM_THRESHOLD: 2**31 - 1}
_RETURNING = {_M_MMAP_MAX: 1 << 16, _M_TOP_PAD: 1 << 17, _M_MMAP_THRESHOLD: 32 << 20, _M_TRIM_THRESHOLD: 64 << 20}

LEAST_SHARE = 1 / 6  # of the main memory that is left available
TOO_SOON = 30.0  # seconds from one trim to the next, below which keeping does not pay: pages are cleared every time

_is_keeping = False
_trimmed = -TOO_SOON


def keep_freed() -> bool:
    """From now on freed memory stays with this process until it is trimmed; False, and no change, without glibc."""
    global _is_keeping
    _is_keeping = _set(_KEEPING)
    return _is_keeping


def return_freed() -> None:
    """Ends `keep_freed`: what is free goes back to the system now, and large pieces as soon as they are freed."""
    global _is_keeping
    if _is_keeping:
        _is_keeping = False
        _set(_RETURNING)
        trim()


def trim_if_short() -> str:
    """Between steps: "enough" memory is available, too little and what is kept is "trimmed", or nothing is: "not kept".

    Where it is too little twice within `TOO_SOON`, freed memory is no longer kept.
    """
    global _trimmed
    if not _is_keeping:
        return "not kept"
    total, left = available()
    if left >= LEAST_SHARE * total:
        return "enough"
    if time.monotonic() - _trimmed < TOO_SOON:
        return_freed()
        return "not kept"
    trim()
    _trimmed = time.monotonic()
    return "trimmed"


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
