"""The command `dssl`."""

import os
import sys
from typing import Annotated, Protocol

import tyro

from claims.cli._optional import RULES
from claims.cli.advise import Advise
from claims.cli.compute import Compute
from claims.cli.constants import Constants
from claims.cli.evaluate import Evaluate
from claims.cli.figures import Figures
from claims.cli.methods import Methods
from claims.cli.pretrain import Pretrain
from claims.cli.readme import Readme
from claims.cli.report import Report
from claims.cli.reproduce import Reproduce
from claims.cli.simulate import Simulate
from claims.cli.topology import Topology
from claims.cli.verify import Verify
from claims.usage import UsageError


class Command(Protocol):
    """One subcommand: its options are its fields."""

    def run(self) -> int: ...


_COMMANDS = (
    Annotated[Verify, tyro.conf.subcommand("verify")]
    | Annotated[Compute, tyro.conf.subcommand("compute")]
    | Annotated[Topology, tyro.conf.subcommand("topology")]
    | Annotated[Simulate, tyro.conf.subcommand("simulate")]
    | Annotated[Advise, tyro.conf.subcommand("advise")]
    | Annotated[Methods, tyro.conf.subcommand("methods")]
    | Annotated[Pretrain, tyro.conf.subcommand("pretrain")]
    | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[Reproduce, tyro.conf.subcommand("reproduce")]
    | Annotated[Constants, tyro.conf.subcommand("constants")]
    | Annotated[Report, tyro.conf.subcommand("report")]
    | Annotated[Figures, tyro.conf.subcommand("figures")]
    | Annotated[Readme, tyro.conf.subcommand("readme")]
)


def main(arguments: list[str] | None = None) -> None:
    """Runs `dssl` and exits with its code."""
    try:
        command: Command = tyro.cli(
            _COMMANDS,
            prog="dssl",
            description=(
                "Every printed statement of the paper, decided; every refuted one with a corrected one that holds."
            ),
            args=arguments,
            registry=RULES,
        )
        code = command.run()
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


def _silence() -> None:
    """What is still waiting to be printed goes nowhere: at exit it would fail once more."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
