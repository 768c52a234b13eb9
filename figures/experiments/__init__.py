"""Figures of `dssl reproduce`: one file each, whose `build(record)` draws the record of an experiment.

May use `figures` and all packages below it. Begin with `figure2a.py`.
"""

import importlib
import pathlib
import pkgutil
from typing import Any

from figures.style import styled


def names() -> list[str]:
    """Every such figure, by the listing of this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


def draw(name: str, record: dict[str, Any], folder: pathlib.Path) -> list[pathlib.Path]:
    """Draw the figure of an experiment as PNG and SVG into `folder`; the paths written, each replaced whole."""
    figure = importlib.import_module(f"{__name__}.{name}").build(record)
    written = []
    with styled():
        for kind in ("png", "svg"):
            path = folder / f"{name}.{kind}"
            partial = path.with_suffix(f".partial.{kind}")
            # The date would make each drawing of one record a different file.
            figure.savefig(partial, bbox_inches="tight", dpi=160, metadata={"Date": None} if kind == "svg" else None)
            partial.replace(path)
            written.append(path)
    return written
