"""Completion: what the shell would offer is what there is."""

import shutil
import subprocess

import pytest

from dssl.calculator import compute
from dssl.cli.main import COMMANDS
from tests.command import answered


def offered(script: str, *words: str) -> set[str]:
    """What bash offers for the last of these words."""
    typed = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _dssl; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", f"{script}\n{typed}"], capture_output=True, text=True, check=True, cwd="/")
    return set(done.stdout.split())


def test_bash_completes_commands_quantities_and_options(capsys):
    code, script, _ = answered(capsys, "--completion", "bash")
    assert code == 0
    assert {c.name for c in COMMANDS} <= offered(script, "dssl", "''")
    assert offered(script, "dssl", "compute", "deficit") == {n for n in compute.names() if n.startswith("deficit")}
    assert offered(script, "dssl", "advise", "--fe") == {"--feature-dim"}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_the_same_words(shell, capsys):
    code, script, _ = answered(capsys, "--completion", shell)
    assert code == 0
    for word in ("deficit_bound", "feature-dim", "falsify"):
        assert word in script
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=script, text=True, check=True)


def test_another_shell_is_refused(capsys):
    code, _, err = answered(capsys, "--completion", "tcsh")
    assert code == 2
    assert "bash, zsh, fish" in err
