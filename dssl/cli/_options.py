"""Sentences of the library, which name arguments such as n_clients, with the options that a user types instead."""

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping

from runtime.usage import UsageError

_VALUE = r"(?P<value>\.\.\.|[\w+-](?:[\w.+-]*\w)?)"
# A word such as step is also an ordinary one: bare, it is an argument where a sentence is about it.
_ABOUT = r"(?= (?:belongs?|needs?|must|draws) )"


@contextlib.contextmanager
def refusals(options: Collection[str], names: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turns any ValueError inside into a UsageError of one line, as `in_options`."""
    try:
        yield
    except ValueError as error:
        raise UsageError(in_options(" ".join(str(error).split()), options, names or {})) from error


def in_options(sentence: str, options: Collection[str], names: Mapping[str, str]) -> str:
    """The sentence with --step 2 for step=2, where step is an option; `names` says what is typed for other arguments.

    A name without an option stands for itself: with "clients" for n_clients, n_clients=6 is 6 clients.
    """
    for name, typed in {**{option: option for option in options}, **names}.items():
        option = f"--{typed.replace('_', '-')}"
        if typed in options:
            sentence = re.sub(rf"(?<![\w-]){name} ?= ?{_VALUE}", lambda found, o=option: _given(o, found), sentence)
            bare = "" if "_" in name else _ABOUT
            sentence = re.sub(rf"(?<![\w-]){name}\b(?! ?=){bare}", option, sentence)
        else:
            sentence = re.sub(rf"(?<![\w-]){name} ?= ?{_VALUE}", rf"\g<value> {typed}", sentence)
            sentence = re.sub(rf"(?<![\w-]){name}\b", f"the number of {typed}", sentence)
    return sentence


def _given(option: str, found: re.Match[str]) -> str:
    return option if found["value"] == "..." else f"{option} {found['value']}"
