"""Errors for users: one sentence with what came and what to do, without a traceback."""

import difflib
from collections.abc import Iterable

_SHOWN = 60


class UsageError(ValueError):
    """The command was asked for something that does not exist or cannot be read; the message is for the user."""


def nearest(got: str, valid: Iterable[str], n: int = 3) -> list[str]:
    """The valid names most like `got`, best first; the first few valid ones when nothing is alike."""
    names = sorted(valid)
    contained = [name for name in names if got and got.lower() in name.lower()]
    alike = difflib.get_close_matches(got, names, n=n, cutoff=0.4)
    return list(dict.fromkeys(alike + contained))[:n] or names[:n]


def unknown(kind: str, got: str, valid: Iterable[str], remedy: str) -> UsageError:
    """The error for a name that is not in the list, with the nearest ones that are.

    Units: none. Errors: none; the caller raises what comes out.
    """
    names = list(valid)
    got = got if len(got) <= _SHOWN else got[: _SHOWN - 3] + "..."
    if not names:
        return UsageError(f"There is no {kind} {got!r}, and no {kind} at all here. {remedy}")
    return UsageError(f"There is no {kind} {got!r}; the nearest valid are {', '.join(nearest(got, names))}. {remedy}")
