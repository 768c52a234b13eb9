"""Trainings side by side: all are done once on cores of their own, and none is lost when something ends early."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from functools import partial

import jax
import jax.numpy as jnp
import pytest

from experiments.pretraining import side_by_side
from runtime import cores
from runtime.usage import UsageError
from tests.compilations import compilations

HERE = pathlib.Path(__file__).resolve().parent
WAIT = 60.0  # seconds that a test waits for another process at most
ROUNDS = 10_000


def finishes(out: pathlib.Path, item: int, begin) -> None:
    watch = begin(item, 10 * item)
    watch(item + 1, item / 2)
    (out / f"{item}").write_text(f"{os.getpid()} {sorted(os.sched_getaffinity(0))}")


def goes_on(out: pathlib.Path, item: int, begin) -> None:
    """Rounds without end, and what an interrupted training does: it saves."""
    watch = begin(0, 1)
    try:
        for number in range(1, ROUNDS):
            time.sleep(0.01)
            watch(number, 0.0)
    except KeyboardInterrupt:
        (out / f"{item}").write_text(f"saved {number}")
        raise


def fails_or_goes_on(out: pathlib.Path, item: int, begin) -> None:
    if item == 0:
        raise UsageError("Training overflowed.")
    goes_on(out, item, begin)


def is_killed(out: pathlib.Path, item: int, begin) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def compiles(out: pathlib.Path, item: int, begin) -> None:
    """A program, by item 1 after item 0, and how much of what it needed had been compiled before."""
    told: list[str] = []

    def tell(event: str, **_: str | int) -> None:
        told.append(event)

    jax.monitoring.register_event_listener(tell)
    if item == 1:
        assert appear(out / "0")
    jax.jit(lambda x: jnp.sin(x) @ jnp.cos(x))(jnp.ones((7, 7))).block_until_ready()
    (out / f"{item}").write_text(str(told.count("/jax/compilation_cache/cache_hits")))


def appear(*paths: pathlib.Path) -> bool:
    end = time.monotonic() + WAIT
    while time.monotonic() < end and not all(path.exists() for path in paths):
        time.sleep(0.05)
    return all(path.exists() for path in paths)


def test_everything_is_done_once_and_told(tmp_path):
    told: list[side_by_side.Told] = []
    side_by_side.run(partial(finishes, tmp_path), [3, 4, 5], 2, told.append)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4", "5"]
    for work, item in enumerate([3, 4, 5]):
        own = [(t.round, t.clients, t.loss) for t in told if t.work == work]
        assert own == [(item, 10 * item, None), (item + 1, 10 * item, item / 2)]
    assert {t.process for t in told} <= {0, 1}


@pytest.mark.skipif(len(cores.own()) < 2, reason="one core has no shares")
def test_processes_have_cores_of_their_own(tmp_path):
    side_by_side.run(partial(finishes, tmp_path), list(range(12)), 2)
    found = dict(path.read_text().split(" ", 1) for path in tmp_path.iterdir())
    wanted = {str(sorted(share)) for share in cores.shares(cores.own(), 2)}
    assert set(found.values()) <= wanted
    assert len(found) == len(set(found.values()))  # no two processes on the same cores


def test_cores_are_dealt_evenly_and_shared_when_they_are_few():
    assert cores.shares((0, 1, 2, 3, 4), 2) == [(0, 2, 4), (1, 3)]
    assert cores.shares((7,), 3) == [(7,), (7,), (7,)]


def test_forgotten_programs_are_compiled_again():
    doubled = jax.jit(lambda x: 2 * x)
    assert doubled(1.0) == 2
    assert compilations(doubled) == 1
    cores.forget_programs()
    assert compilations(doubled) == 0
    assert doubled(1.0) == 2


def test_what_one_process_has_compiled_no_other_compiles(tmp_path, monkeypatch):
    own, out = tmp_path / "own", tmp_path / "out"
    own.mkdir()
    out.mkdir()
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    monkeypatch.setattr("tempfile.tempdir", str(own))
    side_by_side.run(partial(compiles, out), [0, 1], 2)
    assert int((out / "0").read_text()) == 0
    assert int((out / "1").read_text()) > 0
    assert not list(own.iterdir())


def test_an_interrupt_reaches_every_training_after_its_round(tmp_path):
    seen: set[int] = set()

    def tell(told: side_by_side.Told) -> None:
        seen.add(told.work)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side.run(partial(goes_on, tmp_path), [0, 1, 2, 3], 2, tell)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
    assert all(path.read_text().startswith("saved ") for path in tmp_path.iterdir())


def test_what_one_training_raises_stops_the_others_and_is_raised(tmp_path):
    with pytest.raises(UsageError, match=r"^Training overflowed\.$"):
        side_by_side.run(partial(fails_or_goes_on, tmp_path), [1, 0], 2)
    saved = tmp_path / "1"
    assert not saved.exists() or saved.read_text().startswith("saved ")


def test_a_killed_process_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"process was killed.*Give fewer --jobs"):
        side_by_side.run(partial(is_killed, tmp_path), [0, 1], 2)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_trainings_save_and_end_when_their_parent_does(tmp_path, how):
    text = (
        f"import sys; sys.path[:0] = {[str(HERE), str(HERE.parents[2])]!r}\n"
        # Whoever started the tests may have left interrupts ignored, as a shell does for what runs behind it.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import pathlib\nfrom functools import partial\n"
        "from experiments.pretraining import side_by_side\nfrom test_side_by_side import goes_on\n"
        "if __name__ == '__main__':\n"
        "    out = pathlib.Path(sys.argv[1])\n"
        "    begun = lambda told: (out / f'begun {told.work}').touch()\n"
        "    side_by_side.run(partial(goes_on, out), [0, 1], 2, begun)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(text)
    with subprocess.Popen([sys.executable, str(script), str(tmp_path)], stderr=subprocess.DEVNULL) as parent:
        assert appear(tmp_path / "begun 0", tmp_path / "begun 1")
        parent.send_signal(how)
    assert appear(tmp_path / "0", tmp_path / "1")
    assert (tmp_path / "0").read_text().startswith("saved ")
