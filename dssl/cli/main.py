"""The command `dssl`: one subcommand a file, imported when it is asked for."""

import importlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from runtime.usage import UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(Protocol):
    """One subcommand: its options are its fields."""

    def run(self) -> int:
        """Does what was asked for and returns the exit code. Errors: UsageError for bad input, exit code 2."""
        ...


@dataclass(frozen=True)
class Listed:
    """A subcommand by name, what it does in a line, and whom it is for; its class is `Name` in `dssl/cli/name.py`."""

    name: str
    does: str
    is_for_users: bool = True

    def load(self) -> type[Command]:
        """The dataclass of its options, imported now."""
        return getattr(importlib.import_module(f"dssl.cli.{self.name}"), self.name.capitalize())


COMMANDS = (
    Listed("compute", "one quantity of the theory, such as a bound, for your numbers"),
    Listed("topology", "what a network does to training, and which links would help most"),
    Listed("advise", "what to expect of your own clients on your own network"),
    Listed("simulate", "train linear clients over a network, beside every prediction"),
    Listed("show", "the verdict on a statement, a theorem or an equation of the paper"),
    Listed("check", "one statement at a point of your choice: what is claimed, what is measured"),
    Listed("falsify", "looks for a point of a statement's domain where it fails"),
    Listed("verify", "decide the paper's statements again, and compare with the record"),
    Listed("report", "all verdicts as one page"),
    Listed("plot", "draw a quantity, a phase diagram or a network for your own numbers"),
    Listed("figures", "draw the figures from their records"),
    Listed("methods", "the methods that can be trained, and their options"),
    Listed("pretrain", "train an encoder on the images of many clients"),
    Listed("evaluate", "what a pre-training has learnt"),
    Listed("reproduce", "one of the paper's experiments, over seeds"),
    Listed("constants", "derived constants against the record", is_for_users=False),
    Listed("readme", "the generated parts of the README", is_for_users=False),
    Listed("glossary", "every letter and word with its meaning, as a page", is_for_users=False),
)


_LAST = (
    "`dssl COMMAND --help` shows the options of one; `dssl --version` the version; `dssl --completion bash` (or zsh,\n"
    "fish) what your shell reads to complete commands and options."
)


def main(arguments: "Sequence[str] | None" = None) -> None:
    """Runs `dssl` and exits with its code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # here a reader who left, or a full disk, can still be told
    except UsageError as error:
        print(error, file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        print("Interrupted; what was saved before is kept, and nothing else.", file=sys.stderr)
        code = 130
    except BrokenPipeError:  # the reader of a pipe, such as head, left
        _silence()
        code = 141
    except OSError as error:
        _silence()
        print(f"Reading or writing failed ({error}). Free some space, or name another place.", file=sys.stderr)
        code = 2
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(overview())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(f"dssl-ledger {version('dssl-ledger')}")
        return 0
    if arguments[0] == "--completion":
        from dssl.cli.completion import script

        print(script(arguments[1] if arguments[1:] else "bash"), end="")
        return 0
    named = {listed.name: listed for listed in COMMANDS}
    if arguments[0] not in named:
        raise unknown("command", arguments[0], named, "`dssl --help` lists all.")
    if arguments[0] == "compute" and arguments[1:2] and not arguments[1].startswith("-") and _asks_for_help(arguments):
        from dssl.cli.compute import help_of

        help_of(arguments[1])
        return 0
    from dssl.cli._usage import parsed

    listed = named[arguments[0]]
    options = arguments[1:]
    if listed.name == "plot":
        from dssl.cli.plot import prepared

        options = prepared(options)
    return parsed(listed.load(), listed.name, options).run()


def _asks_for_help(arguments: list[str]) -> bool:
    return arguments[-1] in ("-h", "--help")


def overview() -> str:
    """The help of `dssl` itself: it fits a screen, and imports no subcommand."""
    lines = ["usage: dssl COMMAND ...", "", "Every statement of the paper, decided; what is true where one fails.", ""]
    for heading, is_for_users in (("commands", True), ("for maintainers", False)):
        lines.append(f"{heading}:")
        lines += [f"  {c.name:<10} {c.does}" for c in COMMANDS if c.is_for_users is is_for_users]
        lines.append("")
    return "\n".join([*lines, _LAST])


def _silence() -> None:
    """What is still waiting to be printed goes nowhere: at exit it would fail once more."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
