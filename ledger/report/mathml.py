"""Formulas as MathML, for the report and the site: nothing is loaded to show them."""

import re
from functools import cache

from latex2mathml import exceptions
from latex2mathml.converter import convert

_REFUSALS = tuple(e for e in vars(exceptions).values() if isinstance(e, type) and issubclass(e, Exception))
# The converter's set minus, U+29F5, is in few fonts; a plain backslash everybody has. After \Big it leaves a double bar
# as LaTeX.
_SPELLINGS = {"&#x029F5;": "\\", "&#x02216;": "\\", ">\\|<": ">\u2016<"}
# A command that the converter passed on unread.
_UNREAD = re.compile(r">\s*\\[A-Za-z]+")


@cache
def mathml(latex: str, *, is_block: bool = False) -> str | None:
    """The formula as MathML; None where the converter cannot read it."""
    try:
        found = convert(latex, display="block" if is_block else "inline")
    except (*_REFUSALS, IndexError, KeyError):
        return None
    for wrong, right in _SPELLINGS.items():
        found = found.replace(wrong, right)
    return None if _UNREAD.search(found) else found
