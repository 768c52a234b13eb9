"""The package of the command `dssl`, which may use all other packages of this project and begins in `cli/main.py`.

Before anything heavy is imported, `main` makes sure of two things. Ctrl-C during the import of JAX, which takes
seconds, prints one line and no traceback. And if Python would import somebody else's package called `theory`, `sims` or
the like instead of ours, the user is told which.
"""

import importlib.util
import os
import signal
import sys

# The other packages of this distribution, whose names are general enough for somebody else to have used them too.
_PACKAGES = ("theory", "sims", "runtime", "experiments", "ledger", "claims", "figures")


def check(key: str, **point: "int | float | str") -> "dict[str, object]":
    """One statement at one point of its domain: what is claimed, what is measured, and whether it holds there.

    Returns {"at", "in_domain", "claimed", "measured", "standard_error", "resolution", "holds", "reason"}; outside the
    domain nothing is measured. Errors: UsageError for an unknown key, or a point that does not fit.
    """
    from dssl.points.check import check as at_point  # seconds to import

    return at_point(key, **point)


def main() -> None:
    """Runs `dssl` and exits with its code; 130 after a Ctrl-C, 2 when another package stands in the place of ours."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # whoever ignores or handles it goes on doing so
        signal.signal(signal.SIGINT, _leave)
    try:
        if complaint := _shadowed():
            print(complaint, file=sys.stderr)
            sys.exit(2)
        from dssl.cli.main import main as command
    finally:
        signal.signal(signal.SIGINT, before)
    command()


def _shadowed() -> str:
    """An error message if Python would import a foreign package in place of one of ours; "" if it would not."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)  # looks for the package and does not import it
        if spec is None:
            return f"dssl needs its package {name!r}, and Python finds none; install dssl-ledger again."
        found = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
        folder = os.path.dirname(found) if spec.origin else found
        wanted = os.path.join(ours, name)
        if folder != wanted and os.path.realpath(folder) != os.path.realpath(wanted):
            return (
                f"dssl needs its own package {name!r} in {wanted}, and Python finds another one in {folder}; "
                "run dssl from another folder, or install it into an environment without that package."
            )
    return ""


def _leave(number: int, frame: object) -> None:
    # No exception: some of what is imported would swallow it, some end in a traceback of its own.
    os.write(2, b"Interrupted before anything was begun.\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
