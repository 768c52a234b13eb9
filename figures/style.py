"""The style of all figures: colours for grey print and colour blindness, and captions that name the claims."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.on_axes import look

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

# Of things that are no objective, the most different first.
OTHERS = tuple(colour for colour, _ in look.SERIES)
COLOUR = {
    "cl": look.COLOUR["cl"],
    "mim": look.COLOUR["mim"],
    "mae": "#009E73",
    "bound": "#7F7F7F",
    "threshold": "#000000",
}
LINE = {"cl": look.LINE["cl"], "mim": look.LINE["mim"], "mae": "-.", "bound": ":"}
MARKER = {"cl": look.MARKER["cl"], "mim": look.MARKER["mim"], "mae": "^"}
NAME = {"cl": "contrastive (CL)", "mim": "masked, alignment (MIM)", "mae": "masked, reconstruction (MAE)"}

_SETTINGS: "Mapping[RcKeyType, Any]" = {
    "figure.dpi": 120,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.handlelength": 3.0,  # else a marker hides the dashes
    "svg.hashsalt": "dssl-ledger",  # identical files for identical records
}


@contextmanager
def styled() -> Iterator[None]:
    """Draws inside this context have the project's look and leave matplotlib's own settings alone."""
    with plt.rc_context(dict(_SETTINGS)):
        yield


_CAPTIONS: WeakKeyDictionary[Figure, str] = WeakKeyDictionary()


def caption(figure: Figure, claims: tuple[str, ...], text: str) -> None:
    """Gives the figure its caption, beside the picture and not in it: what is shown, and the claims it belongs to."""
    _CAPTIONS[figure] = f"{' '.join(text.split())} Claims: {', '.join(claims)}."


def caption_of(figure: Figure) -> str:
    """The figure's caption; "" for one without."""
    return _CAPTIONS.get(figure, "")
