"""Which objective is more robust: ratio of deficits over augmentation noise and samples per dimension, with sigma*."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from figures.on_axes import look, parameters
from figures.style import COLOUR, caption, styled


def build(record: dict[str, Any]) -> Figure:
    """Colour: log10 of CL deficit over MIM deficit, sampled; dashed: the second-order sigma*, which knows no n."""
    sigma, ratio = np.asarray(record["augmentation_std"]), np.asarray(record["samples_per_dim"])
    log_ratio = np.log10(np.asarray(record["cl"]) / np.asarray(record["mim"])[:, None])
    with styled():
        figure, axis = plt.subplots(figsize=(6.2, 4.2))
        limit = float(np.max(np.abs(log_ratio)))
        mesh = axis.pcolormesh(
            sigma, ratio, log_ratio, cmap=look.LOSES_LESS, norm=CenteredNorm(0, limit), shading="nearest"
        )
        axis.contour(sigma, ratio, log_ratio, levels=[0], colors="black", linewidths=1.2)
        axis.axvline(record["sigma_star"], color=COLOUR["threshold"], ls="--", lw=1.2)
        axis.annotate(
            rf"$\sigma^*$ = {record['sigma_star']:.3f}",
            (record["sigma_star"], ratio[-1]),
            xytext=(5, -4),
            textcoords="offset points",
            fontsize=8,
            va="top",
        )
        parameters.say_sides(axis, sigma, ratio, log_ratio)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xticks([0.2, 0.3, 0.5, 0.8, 1.2, 2.0])
        axis.set_yticks(ratio)
        for scale in (axis.xaxis, axis.yaxis):
            scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            scale.set_minor_formatter(NullFormatter())
        axis.set_xlabel(r"augmentation noise $\sigma$ (standard deviation)")
        axis.set_ylabel("images per client / pixels per image")
        axis.grid(False)
        bar = figure.colorbar(mesh)
        bar.set_label("$\\log_{10}$(deficit of CL / deficit of MIM)\norange: CL loses less, blue: MIM loses less")
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            "Which method loses less of the signal? Orange fields: contrastive learning (CL). Blue fields: masked "
            "image modelling (MIM). The stronger the colour, the more the two mean deficits (the parts lost) differ; "
            "the bar shows by which factor, as a power of ten. To the right the noise of CL's views grows, upwards "
            "the number of images. Solid line: the border in simulations. Dashed line: the border by formula, the "
            f"critical noise sigma*. {record['n_clients']} clients, images of {record['dim']} pixels. The two masks of "
            f"an image keep {1 - record['mask_ratio']:.0%} and {record['mask_ratio']:.0%} of the pixels and are drawn "
            f"independently; one pair of masks or views an image, {record['trials']} simulations a field.",
        )
    return figure
