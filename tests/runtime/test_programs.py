"""Compiled programs are found again by the next process, are kept apart by processor, and cost nobody a command."""

import os
import subprocess
import sys

import pytest

from runtime import programs

PROGRAM = """
import jax, jax.monitoring
told = []
jax.monitoring.register_event_listener(lambda event, **_: told.append(event))
jax.jit(lambda x: jax.lax.fori_loop(0, 9, lambda i, y: y @ y / 3.7 + i, x))(jax.numpy.eye(9)).block_until_ready()
print(told.count("/jax/compilation_cache/cache_hits"))
"""


@pytest.fixture
def _nothing_chosen(monkeypatch):
    for name in [name for name in os.environ if name.startswith("JAX_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("_nothing_chosen")
def test_what_one_process_has_compiled_the_next_finds(tmp_path):
    kept = programs.kept(tmp_path / "programs") | {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}

    def hits() -> int:
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=os.environ | kept, capture_output=True, text=True, check=True
        )
        return int(run.stdout)

    first, second = hits(), hits()
    assert (first, second > 0) == (0, True)


@pytest.mark.usefixtures("_nothing_chosen")
def test_every_kind_of_processor_has_a_folder_of_its_own_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    here = programs.folder()
    monkeypatch.setattr(programs, "_processor", lambda: "another")
    assert here.parent == programs.folder().parent == tmp_path / programs.FOLDER
    assert here != programs.folder()
    assert programs.kept()["JAX_COMPILATION_CACHE_DIR"] == str(programs.folder())


@pytest.mark.usefixtures("_nothing_chosen")
@pytest.mark.parametrize(
    ("name", "value"), [("JAX_COMPILATION_CACHE_DIR", "/elsewhere"), ("JAX_ENABLE_COMPILATION_CACHE", "False")]
)
def test_what_the_user_has_set_stays(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    assert programs.kept() == {}


@pytest.mark.usefixtures("_nothing_chosen")
def test_without_a_folder_to_write_to_nothing_is_kept(tmp_path):
    (tmp_path / "file").touch()
    assert programs.kept(tmp_path / "file" / "programs") == {}
