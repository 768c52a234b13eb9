"""Widths, colours and axes that all drawings share, and files of them.

Colours are of Okabe and Ito's palette and of Paul Tol's muted one, told apart with every common colour deficiency; line
styles repeat the distinction in grey. The orange of CL and the blue of MIM stand for nothing else, in no figure.
"""

import math
import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from runtime import store
from runtime.usage import UsageError, unknown

COLOUR: Mapping[str | None, str] = {"cl": "#D55E00", "mim": "#0072B2", None: "#000000"}
LINE: Mapping[str | None, str] = {"cl": "-", "mim": "--", None: "-"}
MARKER: Mapping[str | None, str] = {"cl": "o", "mim": "s", None: "o"}
# Of things that are no objective, in order; told apart in grey by the line.
SERIES: tuple[tuple[str, Any], ...] = (
    ("#009E73", "--"),
    ("#CC79A7", "-."),
    ("#7F7F7F", ":"),
    ("#882255", (0, (5, 1, 1, 1, 1, 1))),
    ("#999933", (0, (7, 3))),
    ("#000000", (0, (2, 2))),
    ("#AA4499", (0, (8, 2, 2, 2))),
)
# Of fields where one objective loses less: its colour, the darker the more; 0 is in the middle, CL below.
LOSES_LESS = LinearSegmentedColormap.from_list(
    "loses_less", ["#7A3600", COLOUR["cl"], "#F6C9A3", "#FFFFFF", "#A9D2EC", COLOUR["mim"], "#003A5C"]
)
_PLAIN = (1e-4, 1e6)  # numbers of a logarithmic scale that are written in digits, if all of them lie between
LOG_FROM = 8.0  # values whose largest is so many times the smallest are drawn on a logarithmic scale
DPI = 200
_LETTER = 0.5  # of a letter's size is about its width
_METADATA: Mapping[str, dict[str, Any]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


class Size(NamedTuple):
    """Width and height of a figure in inches, and of its text in points."""

    width: float
    height: float
    text: float


SIZES = {"column": Size(3.5, 2.7, 8.0), "slide": Size(10.0, 5.6, 18.0)}


def new_axes(width: str = "column") -> Axes:
    """Empty axes on a new figure as wide as a column of a paper, or as a slide. Errors: UsageError for another word."""
    if width not in SIZES:
        raise unknown("width", str(width), SIZES, "Draw on your own axes for any other size.")
    size = SIZES[width]
    with plt.rc_context({"font.size": size.text, "axes.titlesize": size.text}):
        axes = plt.figure(figsize=size[:2], layout="constrained").add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=0.9 * size.text)
    axes.grid(alpha=0.25)
    return axes


def text_size(axes: Axes) -> float:
    """Points of the axes' labels, which all other text and lines follow."""
    return float(axes.xaxis.label.get_fontsize())


def line_width(axes: Axes) -> float:
    """Points of a line."""
    return 0.16 * text_size(axes)


def scaled(axes: Axes, which: Literal["x", "y"], values: Any) -> None:
    """A logarithmic scale where the values are positive and far apart; over two decades 2 and 5 are labelled, too."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if not known.size or known.min() <= 0 or known.max() < LOG_FROM * known.min():
        return
    decades = math.log10(known.max() / known.min())
    is_plain = _PLAIN[0] <= known.min() and known.max() < _PLAIN[1]
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2 else (1.0,), numticks=7))
    axis.set_minor_locator(LogLocator(subs="all", numticks=12) if decades < 4 else NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value) if is_plain else power(value)))
    axis.set_minor_formatter(NullFormatter())


def plain(value: float) -> str:
    """A number of a logarithmic scale in digits: 0.002, 50, 20,000."""
    return f"{value:,.{max(0, -math.floor(math.log10(value) + 1e-9))}f}" if value > 0 else f"{value:g}"


def power(value: float) -> str:
    """The same as a multiple of a power of ten."""
    if value <= 0:
        return f"{value:g}"
    exponent = math.floor(math.log10(value) + 1e-9)
    lead = round(value / 10.0**exponent)
    return rf"$10^{{{exponent}}}$" if lead == 1 else rf"${lead}\cdot10^{{{exponent}}}$"


def legend(axes: Axes) -> None:
    """What is labelled, above the axes, where it hides nothing: in two columns where the figure is wide enough."""
    labels, size = axes.get_legend_handles_labels()[1], 0.8 * text_size(axes)
    if not labels:
        return
    column = size * (4.5 + _LETTER * max(map(len, labels)))
    is_wide = 2 * column <= axes.get_figure(root=True).get_figwidth() * 72  # type: ignore[union-attr]
    # From the right edge it may reach over the labels of y, which would else narrow the axes.
    axes.legend(
        frameon=False,
        fontsize=size,
        handlelength=2.2,
        columnspacing=1.0,
        borderaxespad=0.1,
        ncols=min(2, len(labels)) if is_wide else 1,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
    )


def colour_bar(axes: Axes, shown: ScalarMappable, label: str) -> None:
    """A colour bar beside the axes, with its label and numbers in their size."""
    bar = axes.get_figure(root=True).colorbar(shown, ax=axes)  # type: ignore[union-attr]
    size = 0.9 * text_size(axes)
    bar.ax.tick_params(labelsize=size)
    bar.ax.yaxis.get_offset_text().set_fontsize(size)
    bar.set_label(label, fontsize=size)


def write(figure: Figure, path: pathlib.Path) -> None:
    """The figure as PNG, SVG or PDF, by the path's ending; an older file is replaced whole, or not at all.

    Errors: UsageError for another ending, and where the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        raise UsageError(f"A figure is written as .png, .svg or .pdf; got {path.name!r}. Change the ending.")
    store.check_writable(path)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=f".{kind}")
    os.close(handle)
    try:
        # A date would make each drawing of one figure a different file; type 42 lets journals read the text of a PDF.
        with plt.rc_context({"svg.hashsalt": "dssl-ledger", "pdf.fonttype": 42}):
            # Without a layout engine labels may lie outside.
            box = None if figure.get_layout_engine() else "tight"
            figure.savefig(partial, dpi=DPI, bbox_inches=box, metadata=_METADATA[kind])
        os.chmod(partial, 0o644)  # mkstemp gives 0600, which others could not read
        os.replace(partial, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}). Name a file that is yours.") from None
    finally:
        pathlib.Path(partial).unlink(missing_ok=True)
