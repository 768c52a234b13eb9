"""Freed memory stays until it is given back, each shown on what the system says of a process of its own."""

import subprocess
import sys

import pytest

from sims import memory

# Pieces of 48 MiB, above the 32 MiB from which glibc always gives back what is freed.
KEEPS = """
import numpy as np
from sims import memory

MIB = 1 << 20


def taken_and_freed():
    pieces = [np.ones(6 * MIB) for _ in range(8)]
    del pieces
    return memory.resident() // MIB


before = memory.resident() // MIB
given_back = taken_and_freed()
assert not memory.trim_if_grown()  # from here on it counts
is_kept = START
kept = taken_and_freed()
assert not memory.trim_if_grown(1 << 40)
assert memory.resident() // MIB == kept
has_trimmed = memory.trim_if_grown(100 * MIB)
trimmed = memory.resident() // MIB
held = [np.ones(6 * MIB) for _ in range(8)]
assert memory.trim_if_grown(100 * MIB)
assert not memory.trim_if_grown(100 * MIB)  # what is in use is not asked for every round
print(is_kept, has_trimmed, given_back - before, kept - before, trimmed - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
@pytest.mark.parametrize("start", ["memory.keep_freed()", "cores.use_all() is None"])
def test_freed_memory_is_kept_and_then_given_back(start):
    program = "from claims import cores\n" + KEEPS.replace("START", start)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    is_kept, has_trimmed, *grown = done.stdout.split()
    given_back, kept, trimmed = map(int, grown)
    if is_kept == "False":
        pytest.skip("the C library is not glibc")
    assert given_back < 50
    assert kept > 300
    assert has_trimmed == "True"
    assert trimmed < 50


def test_no_growth_where_the_system_does_not_say(monkeypatch, tmp_path):
    monkeypatch.setattr(memory.pathlib, "Path", lambda _: tmp_path / "statm")
    assert memory.resident() == 0
