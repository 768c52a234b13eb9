"""Features of two clients trained alone and of the global model, in the plane."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from figures.style import caption, styled


def build(record: dict[str, Any]) -> Figure:
    """A column a method, a row a model; a colour a class. Axes of a plane mean nothing, so they have no numbers."""
    pictures, classes = record["pictures"]["models"], record["pictures"]["labels"]
    methods = list(dict.fromkeys(p["method"] for p in pictures))
    models = list(dict.fromkeys(p["model"] for p in pictures))
    with styled():
        size = (2.3 * len(methods), 2.2 * len(models))
        figure, axes = plt.subplots(len(models), len(methods), figsize=size, squeeze=False)
        for picture in pictures:
            axis = axes[models.index(picture["model"])][methods.index(picture["method"])]
            axis.scatter(picture["x"], picture["y"], c=classes, cmap="tab10", s=3, lw=0)
            axis.set_xticks([])
            axis.set_yticks([])
            if picture["model"] == models[0]:
                axis.set_title(picture["method"])
            if picture["method"] == methods[0]:
                axis.set_ylabel(picture["model"])
        figure.tight_layout()
        said = f"{record['title']}; seed 0, images held out, a colour a class. Axes have no meaning."
        caption(figure, ("tab-weight-distances-training",), said)
    return figure
