"""A Sphinx extension: our docstrings, which are plain prose, as the mark-up that Sphinx reads.

Words between backticks become code, and whatever else looks like mark-up is shown as it stands. Lists, and the lines
that begin with "Source:" or "Errors:", become paragraphs of their own. Examples stay as they are.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_OWN_PARAGRAPH = re.compile(r"(?:Source|Units|Errors): |Gives |`dssl\.compute\(")
_ITEM = re.compile(r"\s*- ")
_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"([\\*|`]|(?<=\w)_(?!\w))")


def marked_up(lines: Sequence[str]) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        ends_list = _is_list(paragraphs[-1]) and bool(line) and not line[0].isspace() and not _ITEM.match(line)
        begins_list = bool(_ITEM.match(line)) and not _is_list(paragraphs[-1])
        if not line.strip() or ends_list or begins_list or _OWN_PARAGRAPH.match(line):
            paragraphs.append([])
        if line.strip():
            paragraphs[-1].append(line)
    return [line for part in filter(None, paragraphs) for line in [*_written(part), ""]]


def _is_list(part: Sequence[str]) -> bool:
    return bool(part) and _ITEM.match(part[0]) is not None


def _written(part: list[str]) -> list[str]:
    if part[0].lstrip().startswith(">>>"):
        return part
    # Code may go on in the next line, so that the paragraph is looked at as a whole.
    return "".join(_piece(piece) for piece in _CODE.split("\n".join(part))).split("\n")


def _piece(text: str) -> str:
    if _CODE.fullmatch(text):
        return f"`{text}`"
    return _SPECIAL.sub(r"\\\1", text)


def _process(app: "Sphinx", what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = marked_up(lines)


def setup(app: "Sphinx") -> dict[str, Any]:
    """Has every docstring rewritten before Sphinx reads it."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
