"""What `dssl` does before its packages are imported: it hears a Ctrl-C, and it finds a package in the place of ours."""

import pathlib
import subprocess
import sys
import time
from importlib.metadata import entry_points

import pytest

import dssl

ROOT = pathlib.Path(dssl.__file__).resolve().parent.parent
# The checkout comes last, so that a package in the folder where the command runs stands before ours of that name.
START = f"import importlib.util as u; s = u.spec_from_file_location('start', {dssl.__file__!r}); " + (
    f"m = u.module_from_spec(s); s.loader.exec_module(m); import sys; sys.path.append({str(ROOT)!r}); m.main()"
)
INTERRUPTED = "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\nexcept BaseException:\n    pass\n"
RUNNING = "import signal\ndef main():\n    print(signal.getsignal(signal.SIGINT).__name__)\n"


def begun(folder: pathlib.Path, importing: str, running: str, ignore: bool = False) -> subprocess.CompletedProcess:
    """The command with a `dssl.cli` of ours in place of its own, which does this when it is imported and run."""
    (folder / "dssl" / "cli").mkdir(parents=True)
    (folder / "dssl" / "__init__.py").touch()
    (folder / "dssl" / "cli" / "__init__.py").write_text(importing)
    (folder / "dssl" / "cli" / "main.py").write_text(running)
    # Said each time: what a shell starts in the background ignores interrupts, and so would this.
    handler = "SIG_IGN" if ignore else "default_int_handler"
    return started(folder, f"import signal; signal.signal(signal.SIGINT, signal.{handler}); {START}")


def started(folder: pathlib.Path, program: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_an_interrupt_while_packages_are_imported_is_one_sentence(tmp_path):
    """Even where what is imported swallows every exception."""
    done = begun(tmp_path, INTERRUPTED, RUNNING)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Interrupted before anything was begun.\n"


def test_then_the_command_hears_of_it_itself(tmp_path):
    done = begun(tmp_path, "", RUNNING)
    assert (done.returncode, done.stdout, done.stderr) == (0, "default_int_handler\n", "")


def test_who_ignores_interrupts_goes_on_ignoring_them(tmp_path):
    done = begun(tmp_path, INTERRUPTED, "def main():\n    print('went on')\n", ignore=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")


@pytest.mark.parametrize("name", ["theory", "sims", "figures"])
@pytest.mark.parametrize("form", ["{}/__init__.py", "{}.py"])
def test_another_package_of_that_name_is_one_sentence_and_exit_code_2(name, form, tmp_path):
    theirs = tmp_path / form.format(name)
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("raise SystemExit('it was imported')")
    done = started(tmp_path, START)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert all(part in done.stderr for part in (f"'{name}'", str(theirs.parent), "another folder"))


def test_a_mere_folder_of_that_name_is_in_nobodys_way(tmp_path):
    """Python takes a folder without __init__.py only where it finds no package of that name."""
    (tmp_path / "figures").mkdir()
    assert begun(tmp_path, "", RUNNING).returncode == 0


def test_a_package_of_ours_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(dssl, "_PACKAGES", ("theory", "no_such_package"))
    assert "'no_such_package'" in dssl._shadowed()


def test_looking_for_them_takes_no_time():
    assert dssl._shadowed() == ""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        dssl._shadowed()
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.005


def test_the_installed_command_starts_here():
    (script,) = entry_points(group="console_scripts", name="dssl")
    assert script.load() is dssl.main
