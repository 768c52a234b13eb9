"""The command `dssl` from its first moment: a Ctrl-C while JAX is still being imported ends it with a sentence, too.

This module imports nothing of the packages before that is seen to; what the command does begins in `claims.__main__`.
"""

import os
import signal


def main() -> None:
    """Runs `dssl` and exits with its code; 130 after a Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # whoever ignores or handles it goes on doing so
        signal.signal(signal.SIGINT, _leave)
    try:
        from claims.__main__ import main as command
    finally:
        signal.signal(signal.SIGINT, before)
    command()


def _leave(number: int, frame: object) -> None:
    # No exception: some of what is imported would swallow it, some end in a traceback of its own.
    os.write(2, b"Interrupted before anything was begun.\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
