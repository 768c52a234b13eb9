"""The command before it is there: a Ctrl-C while its packages are imported."""

import pathlib
import subprocess
import sys
from importlib.metadata import entry_points

import dssl

START = f"import importlib.util as u; s = u.spec_from_file_location('dssl', {dssl.__file__!r}); " + (
    "m = u.module_from_spec(s); s.loader.exec_module(m); m.main()"
)
INTERRUPTED = "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\nexcept BaseException:\n    pass\n"
RUNNING = "import signal\ndef main():\n    print(signal.getsignal(signal.SIGINT).__name__)\n"


def begun(folder: pathlib.Path, importing: str, running: str, ignore: bool = False) -> subprocess.CompletedProcess:
    """The command with packages of ours in place of its own, which do this when they are imported and run."""
    (folder / "claims").mkdir()
    (folder / "claims" / "__init__.py").write_text(importing)
    (folder / "claims" / "__main__.py").write_text(running)
    # Said each time: what a shell starts in the background ignores interrupts, and so would this.
    handler = "SIG_IGN" if ignore else "default_int_handler"
    command = [sys.executable, "-c", f"import signal; signal.signal(signal.SIGINT, signal.{handler}); {START}"]
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


def test_the_installed_command_starts_here():
    (script,) = entry_points(group="console_scripts", name="dssl")
    assert script.load() is dssl.main
