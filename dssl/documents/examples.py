"""The examples of a document, run again: what stands below a command is what the command prints."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable

from runtime.usage import UsageError

Run = Callable[[str, pathlib.Path], str]
# A fenced block: its language and its text.
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT = "$ "
_FILE = "# "  # the first line of a block that is a file: "# clients.py"
_MORE = " (add at the end)"  # and of one that is added to a file
_WIDTH = 80
_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def with_outputs(text: str, checkout: pathlib.Path = _ROOT) -> str:
    """The document with the outputs of its commands as they are now.

    Its blocks are gone through in order, in one empty folder, with the code of `checkout`. A block of `python` or
    `toml` that begins with the name of a file, as a comment, is written to that file. In a block of `console` each
    line after "$ " is run in a shell, and what it prints takes the place of the lines below it.

    Errors: UsageError when a command fails; the document is then as it was.
    """
    with tempfile.TemporaryDirectory() as name:
        return carried_out(text, pathlib.Path(name), checkout)


def carried_out(text: str, folder: pathlib.Path, checkout: pathlib.Path) -> str:
    """The same in a folder that is there."""
    with tempfile.TemporaryDirectory() as tools:
        act = in_a_shell(pathlib.Path(tools), checkout)

        def renewed(block: re.Match[str]) -> str:
            language, body = block.groups()
            if language in ("python", "toml") and body.startswith(_FILE):
                first, _, rest = body.removeprefix(_FILE).partition("\n")
                path = folder / first.removesuffix(_MORE)
                with path.open("a" if first.endswith(_MORE) else "w", encoding="utf-8") as file:
                    file.write(rest)
            if language != "console":
                return block[0]
            printed = ((command, act(command, folder)) for command in commands(body))
            lines = [f"{_PROMPT}{command}\n{output}".rstrip("\n") for command, output in printed]
            return "\n".join(["```console", *lines, "```"])

        return _BLOCK.sub(renewed, text)


def commands(body: str) -> list[str]:
    """The commands of one block, in order."""
    return [line.removeprefix(_PROMPT) for line in body.splitlines() if line.startswith(_PROMPT)]


def in_a_shell(tools: pathlib.Path, checkout: pathlib.Path) -> Run:
    """Runs commands as a reader with a terminal of 80 columns would: `python` is that of this process, `dssl` runs it.

    Both are put into the folder `tools`, and import from `checkout`.
    """
    for name, command in (("dssl", (sys.executable, "-m", "dssl")), ("python", (sys.executable,))):
        (tools / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
        (tools / name).chmod(0o755)
    paths = {"PATH": [str(tools), os.environ["PATH"]], "PYTHONPATH": [str(checkout), os.environ.get("PYTHONPATH", "")]}
    environment = {
        **os.environ,
        **{name: os.pathsep.join(filter(None, parts)) for name, parts in paths.items()},
        "COLUMNS": str(_WIDTH),
        "NO_COLOR": "1",
    }

    def run(command: str, folder: pathlib.Path) -> str:
        shell = ["bash", "-o", "pipefail", "-c", command]
        done = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())
            raise UsageError(
                f"The example `{command}` ended with exit code {done.returncode} ({said[-500:]}). "
                "Mend the example, or the command."
            )
        return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())

    return run
