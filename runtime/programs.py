"""Programs that JAX has compiled, kept between runs in the user's cache folder: a second run compiles none of them."""

import hashlib
import os
import pathlib
import platform

FOLDER = "dssl-ledger"
LARGEST = 1 << 30  # bytes; those of a whole verification are a few million


def folder() -> pathlib.Path:
    """Where compiled programs of this processor are kept.

    JAX names a program by its text, its own version and its flags, but not by the processor, and a home may be shared
    by several machines. So each kind of processor has a folder of its own.
    """
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return home / FOLDER / f"programs-{hashlib.sha256(_processor().encode()).hexdigest()[:12]}"


def kept(where: pathlib.Path | None = None) -> dict[str, str]:
    """JAX's variables by which programs are kept in `where` (default: `folder`), for processes that are started so.

    Nothing where the user has chosen a folder, has switched keeping off, or has no folder that can be written to.
    """
    is_off = os.environ.get("JAX_ENABLE_COMPILATION_CACHE", "1").lower() in ("0", "false", "off", "no")
    if is_off or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return {}
    try:
        where = where or folder()
        where.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return {}
    if not os.access(where, os.W_OK):
        return {}
    return {
        "JAX_COMPILATION_CACHE_DIR": str(where),
        # Only with a largest size does JAX lock its entries, so that nobody reads half of one.
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(LARGEST),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.05",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def _processor() -> str:
    """What tells processors apart that cannot run each other's programs."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not on every system
        lines = []
    told = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    return "\n".join([platform.system(), platform.machine(), platform.processor(), *told])
