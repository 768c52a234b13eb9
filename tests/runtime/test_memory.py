"""Freed memory stays until there is little: what a process of its own takes, and what the system's files say."""

import platform
import subprocess
import sys

import pytest

from runtime import memory

# Pieces of 48 MiB, above the 32 MiB from which glibc always gives back what is freed.
KEEPS = """
import jax  # before memory is measured: `use_all` imports it
import numpy as np
from runtime import cores
from runtime import memory

MIB = 1 << 20


def taken_and_freed():
    pieces = [np.ones(6 * MIB) for _ in range(8)]
    del pieces
    return memory.resident() // MIB - before


def short(total, left):
    memory.available = lambda: (total, left)
    return memory.trim_if_short()


before = memory.resident() // MIB
found = [taken_and_freed()]
is_kept = START
found.append(taken_and_freed())
said = [short(600, 100)]
found.append(memory.resident() // MIB - before)
said.append(short(600, 99))
found.append(memory.resident() // MIB - before)
found.append(taken_and_freed())
said.append(short(600, 99))
found.append(taken_and_freed())
memory.keep_freed()
found.append(taken_and_freed())
memory.return_freed()
found += [memory.resident() // MIB - before, taken_and_freed()]
said.append(short(600, 99))
print(is_kept, *(word.replace(" ", "_") for word in said), *found)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
@pytest.mark.parametrize("start", ["memory.keep_freed()", "cores.use_all() or memory._is_keeping"])
def test_freed_memory_is_kept_until_there_is_little(start):
    program = KEEPS.replace("START", start)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    is_kept, *said = done.stdout.split()
    said, found = said[:4], [int(grown) for grown in said[4:]]
    as_ever, kept, enough, trimmed, kept_again, not_kept, kept_anew, returned, as_before = found
    assert is_kept == "True"
    assert said == ["enough", "trimmed", "not_kept", "not_kept"]
    assert all(grown > 300 for grown in (kept, enough, kept_again, kept_anew))
    assert all(grown < 50 for grown in (as_ever, trimmed, not_kept, returned, as_before))


def told(root, **files):
    for name, text in files.items():
        path = root / ("proc/meminfo" if name == "meminfo" else f"sys/fs/cgroup/memory.{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return memory.available(root)


MEMINFO = "MemTotal:       1000 kB\nMemFree:        1 kB\nMemAvailable:   600 kB\nHugePages_Total:       0\n"


def test_available_is_what_the_system_says_or_the_control_group_where_it_has_less(tmp_path):
    assert told(tmp_path) == (0, 0)
    assert told(tmp_path, meminfo=MEMINFO) == (1000 << 10, 600 << 10)
    assert told(tmp_path, max="max\n", current="5000\n", stat="inactive_file 0\n") == (1000 << 10, 600 << 10)
    # Files kept in memory make room when asked.
    assert told(tmp_path, max="9000\n", stat="anon 4000\ninactive_file 1000\n") == (9000, 9000 - 4000)
    assert told(tmp_path, max=str(10**9)) == (1000 << 10, 600 << 10)


def test_nothing_is_trimmed_where_the_system_does_not_say(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: (0, 0))
    monkeypatch.setattr(memory, "trim", lambda: pytest.fail("trimmed"))
    monkeypatch.setattr(memory, "_is_keeping", True)
    assert memory.trim_if_short() == "enough"


def test_nothing_is_trimmed_where_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: (600, 0))
    monkeypatch.setattr(memory, "trim", lambda: pytest.fail("trimmed"))
    monkeypatch.setattr(memory, "_trimmed", -memory.TOO_SOON)
    assert memory.trim_if_short() == "not kept"
