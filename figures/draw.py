"""Draws figures by name from the committed records."""

import importlib
import pathlib
from typing import Any

from experiments.figure_store import SCHEMA
from figures.style import caption_of, styled
from runtime import store

HERE = pathlib.Path(__file__).resolve().parent
_NOT_FIGURES = {"__init__", "draw", "style"}


def names() -> list[str]:
    """Every figure, by the listing of this folder."""
    return sorted(p.stem for p in HERE.glob("*.py") if p.stem not in _NOT_FIGURES)


def draw(name: str, record: dict[str, Any], folder: pathlib.Path) -> list[pathlib.Path]:
    """Draw one figure from its record as PNG and SVG into `folder`, and write its caption beside it as text.

    Gives the paths written, each replaced whole.

    Errors: ValueError for an unknown name.
    """
    if name not in names():
        raise ValueError(f"There is no figure {name!r}; there are {', '.join(names())}.")
    figure = importlib.import_module(f"figures.{name}").build(record)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with styled():
        for kind in ("png", "svg"):
            path = folder / f"{name}.{kind}"
            partial = path.with_suffix(f".partial.{kind}")
            # The date would make each drawing of one record a different file.
            figure.savefig(partial, bbox_inches="tight", dpi=160, metadata={"Date": None} if kind == "svg" else None)
            partial.replace(path)
            written.append(path)
    text = folder / f"{name}.txt"
    store.write(text, f"{caption_of(figure)}\n")
    return [*written, text]


def load(name: str, folder: pathlib.Path) -> dict[str, Any]:
    """The committed record of a figure. Errors: UsageError with the command that makes it."""
    return store.record(folder / f"{name}.json", SCHEMA, f"Make it with `dssl figures {name} --rederive`.")
