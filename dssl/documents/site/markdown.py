"""Plain text as Markdown that shows exactly that text, and the few forms that the generated pages are made of."""

import re
from collections.abc import Iterable, Sequence

# Whatever begins mark-up somewhere in a line; a backslash before it makes it a plain character.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&^@!:])")
# What begins a list or a heading, as the first thing of a paragraph.
_FIRST = re.compile(r"^(\d*)([-+=.)])")


def plain(text: str) -> str:
    """The text on one line, without any mark-up: what looks like mark-up is shown as it stands."""
    return _FIRST.sub(r"\1\\\2", inside(" ".join(text.split())))


def prose(text: str) -> str:
    """The same, but words between backticks are code: our own sentences are written so."""
    parts = re.split(r"(`[^`]+`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") and len(part) > 2 else inside(part) for part in parts)


def inside(text: str) -> str:
    """The text as a part of a line, its outer spaces kept."""
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """The text as code within a line."""
    marks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    inside = f" {text} " if text.startswith("`") or text.endswith("`") else text
    return f"{marks}{inside}{marks}"


def block(text: str, language: str = "text") -> str:
    """The text as it stands, as a block of code."""
    marks = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{marks}{language}\n{text.rstrip()}\n{marks}"


def formula(latex: str) -> str:
    """A formula on a line of its own."""
    return f"$$\n{' '.join(latex.split())}\n$$"


def link(words: str, label: str) -> str:
    """A link to the place with this label, on whatever page it is. `words` are plain text."""
    return f"[{plain(words)}](#{label})"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown, in which a bar is already escaped."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def fields(rows: Iterable[tuple[str, str]]) -> str:
    """Labels with what is said under each, as a list of definitions; what is empty is left out."""
    return "\n\n".join(f"{label}\n: {_hung(said)}" for label, said in rows if said)


def _hung(text: str) -> str:
    return text.replace("\n", "\n  ")


def contents(pages: Iterable[str], *, is_hidden: bool = True, depth: int = 1) -> str:
    """A list of pages, by name without ending, that Sphinx puts below this one; hidden, it is only in the sidebar."""
    options = ":hidden:\n" if is_hidden else f":maxdepth: {depth}\n"
    return "```{toctree}\n" + options + "\n" + "\n".join(pages) + "\n```"


def page(*parts: str) -> str:
    """Paragraphs with an empty line between each two."""
    return "\n\n".join(filter(None, parts)) + "\n"
