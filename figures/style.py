"""The style of all figures: colours for grey print and colour blindness, and a footer that names the claim."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

# Okabe and Ito's palette, told apart with every common colour deficiency; line styles repeat the distinction in grey.
COLOUR = {"cl": "#D55E00", "mim": "#0072B2", "mae": "#009E73", "bound": "#7F7F7F", "threshold": "#000000"}
LINE = {"cl": "-", "mim": "--", "mae": "-.", "bound": ":"}
MARKER = {"cl": "o", "mim": "s", "mae": "^"}
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
    "svg.hashsalt": "dssl-ledger",  # identical files for identical records
}


@contextmanager
def styled() -> Iterator[None]:
    """Draws inside this context have the project's look and leave matplotlib's own settings alone."""
    with plt.rc_context(dict(_SETTINGS)):
        yield


def caption(figure: Figure, claims: tuple[str, ...], text: str) -> None:
    """Below the figure: what is shown, and the claims it belongs to."""
    figure.text(0.01, -0.02, f"{text}\nClaims: {', '.join(claims)}.", fontsize=7.5, va="top", wrap=True)
