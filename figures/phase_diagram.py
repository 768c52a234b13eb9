"""Which objective is more robust: ratio of deficits over augmentation noise and samples per dimension, with sigma*."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from figures.style import COLOUR, caption, styled


def build(record: dict[str, Any]) -> Figure:
    """Colour: log10 of CL deficit over MIM deficit, sampled; dashed: the second-order sigma*, which knows no n."""
    sigma, ratio = np.asarray(record["augmentation_std"]), np.asarray(record["samples_per_dim"])
    log_ratio = np.log10(np.asarray(record["cl"]) / np.asarray(record["mim"])[:, None])
    with styled():
        figure, axis = plt.subplots(figsize=(6.2, 4.2))
        limit = float(np.max(np.abs(log_ratio)))
        mesh = axis.pcolormesh(
            sigma, ratio, log_ratio, cmap="RdBu_r", norm=TwoSlopeNorm(0, -limit, limit), shading="nearest"
        )
        axis.contour(sigma, ratio, log_ratio, levels=[0], colors="black", linewidths=1.2)
        axis.axvline(record["sigma_star"], color=COLOUR["threshold"], ls="--", lw=1.2)
        axis.annotate(
            f"sigma* = {record['sigma_star']:.3f}",
            (record["sigma_star"], ratio[-1]),
            xytext=(5, -4),
            textcoords="offset points",
            fontsize=8,
            va="top",
        )
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xticks([0.2, 0.3, 0.5, 0.8, 1.2, 2.0])
        axis.set_yticks(ratio)
        for scale in (axis.xaxis, axis.yaxis):
            scale.set_major_formatter(ScalarFormatter())
            scale.set_minor_formatter(NullFormatter())
        axis.set_xlabel("augmentation noise sigma (standard deviation)")
        axis.set_ylabel("images per client / pixels per image")
        axis.grid(False)
        bar = figure.colorbar(mesh)
        bar.set_label("log10(deficit of CL / deficit of MIM)\nblue: CL loses less, red: MIM loses less")
        figure.tight_layout()
        caption(
            figure,
            tuple(record["claims"]),
            f"{record['n_clients']} clients, images of {record['dim']} pixels, masks of "
            f"{1 - record['mask_ratio']:.0%} and "
            f"{record['mask_ratio']:.0%} of the pixels, one pair of masks or views an image, {record['trials']} "
            "simulations a field. Solid: border in simulations. Dashed: border by formula, sigma*.",
        )
    return figure
