"""Options as typed, parsed to a command; bad use is one sentence, where tyro draws a box of several lines."""

import contextlib
import io
import os
import re
from collections.abc import Sequence
from typing import Any, get_args, get_type_hints

from runtime.usage import UsageError

_NAME = re.compile(r"--[a-z][\w-]*")
_END = "\x03"  # of a line
_WIDE = "4000"  # columns, so that nothing is wrapped
_KINDS = {"INT": "a whole number", "FLOAT": "a number"}


def parsed(command: type[Any], name: str, arguments: Sequence[str]) -> Any:
    """The command with its options. Errors: UsageError for bad use; SystemExit after the help was asked for."""
    import tyro

    from dssl.cli._optional import RULES

    _refuse_repeated(arguments, command)

    def parse() -> Any:
        return tyro.cli(command, prog=f"dssl {name}", args=list(arguments), registry=RULES)

    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return parse()
    except SystemExit as ended:
        if ended.code != 2:
            raise
    said = io.StringIO()
    with _columns(_WIDE), contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        parse()
    raise UsageError(sentence(said.getvalue(), command, name))


def sentence(box: str, command: type[Any], name: str) -> str:
    """What tyro said in a box, in one sentence with what to do.

    Units: none. Errors: none; the caller raises what comes out.
    """
    # Where the terminal has no lines to draw, the box is of blanks, with its title inside.
    lines = [line[1:].strip("│").rstrip() for line in box.splitlines() if line[:1] in ("│", " ")]
    lines = [line for line in lines if line.strip("─- ")]
    text = " ".join(" ".join(line.split()) + _END for line in lines)
    options = [line.split() for line in lines if line.startswith("     --")]  # deeper lines are their help
    if found := re.search(rf"Error parsing (\S+): (.*?){_END}", text):
        metavar = next((words[1] for words in options if words[0] == found[1] and len(words) > 1), "")
        got = re.search(r"('[^']*')\s*$", found[2])
        if metavar in _KINDS and got:
            return f"{found[1]} takes {_KINDS[metavar]}; got {got[1]}. Change it."
        return f"{found[1]} cannot be read: {found[2]}. See dssl {name} --help."
    if found := re.search(r"invalid choice (.*) for argument '(\S+)'\. Expected one of \((.*?),?\)", text):
        choices = found[3].replace("'", "")
        return f"{found[2]} is one of {choices}; got {found[1]}. Change it."
    if found := re.search(r"Missing value for argument '(\S+)'", text):
        return f"{found[1]} needs a value; got none. Add one, or leave {found[1]} out."
    if found := re.search(rf"Unrecognized options: (.*?){_END}", text):
        return _unknown(found[1].split(", "), options, name)
    if "Missing from" in text:
        wanted = [words[0] for words in options] + _missing_words(command, lines)
        given = "was not" if len(wanted) == 1 else "were not all"
        return f"dssl {name} needs {' and '.join(wanted)}, which {given} given. Add it; see dssl {name} --help."
    return f"{text.replace(_END, '').strip()} See dssl {name} --help."


def _unknown(words: Sequence[str], options: Sequence[Sequence[str]], name: str) -> str:
    first = words[0]
    if not first.startswith("-"):
        return f"dssl {name} takes no {first!r} there. Leave it out; see dssl {name} --help."
    alike = f"; the nearest is {options[0][0]}" if options else ""
    return f"dssl {name} has no option {first}{alike}. See dssl {name} --help."


def _missing_words(command: type[Any], lines: Sequence[str]) -> list[str]:
    """The words without an option that are missing, in capitals as the help of the command has them."""
    import tyro

    if not any(re.match(r"     [^-\s]", line) and "helptext" not in line for line in lines[:-1]):
        return []
    hints = get_type_hints(command, include_extras=True)
    positional = get_args(tyro.conf.Positional[str])[1:]
    return [
        field.upper()
        for field, hint in hints.items()
        if set(positional) & set(get_args(hint)[1:]) and not hasattr(command, field)
    ]


def _refuse_repeated(arguments: Sequence[str], command: type[Any]) -> None:
    """Errors: UsageError for an option that comes twice: the last would count, and the others go unnoticed."""
    seen, many = set(), _repeatable(command) if len(arguments) > 2 else set()
    for word in arguments:
        option = word.partition("=")[0].replace("_", "-")
        if not _NAME.fullmatch(option) or option in many:
            continue
        if option in seen:
            raise UsageError(f"{option} was given twice, and only one can count. Give it once, with all that it takes.")
        seen.add(option)


def _repeatable(command: type[Any]) -> set[str]:
    """The options of a command that may come several times, and all count."""
    import tyro

    marker = get_args(tyro.conf.UseAppendAction[str])[1]
    hints = get_type_hints(command, include_extras=True)
    return {f"--{name.replace('_', '-')}" for name, hint in hints.items() if marker in get_args(hint)[1:]}


@contextlib.contextmanager
def _columns(width: str) -> Any:
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = width
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
