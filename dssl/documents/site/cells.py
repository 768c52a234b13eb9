"""A Sphinx extension: every cell of a wide table carries its column's name, which a phone shows beside the cell.

A phone has no room for three columns. `site.css` there shows a row as a block, and each cell on a line of its own.
"""

import re
from html import escape, unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_TABLE = re.compile(r'<table class="docutils.*?</table>', re.DOTALL)
_HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_CELL = re.compile(r"<(td|tr)\b([^>]*)>")
_TAG = re.compile(r"<[^>]+>")
WIDE = 3  # columns


def labelled(page: str) -> str:
    """The HTML of a page whose wide tables are of class `wide`, with `data-label` at each of their cells."""
    return _TABLE.sub(lambda found: _labelled(found[0]), page)


def _labelled(table: str) -> str:
    head, body, rows = table.partition("<tbody>")
    names = [" ".join(unescape(_TAG.sub("", words)).split()) for words in _HEAD.findall(head)]
    if len(names) < WIDE:
        return table
    place = 0

    def cell(found: re.Match[str]) -> str:
        nonlocal place
        if found[1] == "tr":
            place = 0
            return found[0]
        name, place = names[place], place + 1
        return f'<{found[1]}{found[2]} data-label="{escape(name)}">'

    rows = _CELL.sub(cell, rows)
    return head.replace('class="docutils', 'class="wide docutils', 1) + body + rows


def setup(app: "Sphinx") -> dict[str, Any]:
    """Labels the tables of each page before it is written."""

    def label(app: "Sphinx", name: str, template: str, context: dict[str, Any], doctree: object) -> None:
        if "body" in context:
            context["body"] = labelled(context["body"])

    app.connect("html-page-context", label)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
