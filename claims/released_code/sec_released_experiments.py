"""What the released code measures and hides, against what the paper says of its experiments."""

from collections.abc import Mapping
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from ledger.checks.kinds import Finding, ForAll, Identity, Prediction, Printed
from ledger.statement import Claim, Context, Evidence, Statement, Status
from sims.pretraining.encoders.masking import random_masking
from sims.pretraining.encoders.resnet import ResNet
from sims.pretraining.methods.masked_reconstruction import Layout, MaskedReconstruction
from theory.formula import Source

# Source: chen2026code, `mask_image`: images of 224 pixels, patches of 16, three quarters of the 14 x 14 hidden.
SIDE, PATCH, RATIO = 224, 16, 0.75
ROWS = SIDE // PATCH
BECAUSE_LAID = (
    "`repeat(1, 1, 16, 16)` lays the mask of 14 x 14 patches beside itself in place of enlarging it, so a pixel is "
    "hidden with its place modulo 14."
)
BECAUSE_NEIGHBOURS = (
    "The eight neighbours of a pixel are eight other places of the small mask; the rest follows by counting draws "
    "without replacement."
)


def hidden(layout: Layout, seed: int, n: int) -> np.ndarray:
    """Which pixels the encoder does not see, for n images: what is painted over stands out."""
    ones = jnp.ones((n, SIDE, SIDE, 1), jnp.float32)
    method = MaskedReconstruction(ResNet(channels=8, blocks=1), PATCH, RATIO, layout)
    places = random_masking(jax.random.key(seed), n, ROWS * ROWS, RATIO)[1]
    painted = method.painted({"fill": jnp.zeros((SIDE, SIDE, 1), jnp.float32)}, ones, places)
    return np.asarray(painted)[..., 0] == 0


def share_in_whole_patches(mask: np.ndarray) -> float:
    """Of the hidden pixels, those whose 16 x 16 patch is hidden all over."""
    whole = mask.reshape(len(mask), ROWS, PATCH, ROWS, PATCH).all(axis=(2, 4))
    return float(whole.sum() * PATCH**2 / mask.sum())


def patches_are_hidden(layout: Layout, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Spoiled, the other layout is asked."""
    asked = layout if spoil == 1 else "released" if layout == "patches" else "patches"
    share = share_in_whole_patches(hidden(asked, 0, 4))
    return share == 1, {"layout": asked, "side": SIDE, "patch": PATCH, "share_in_patches_hidden_all_over": share}


def seen_beside(mask: np.ndarray) -> np.ndarray:
    """For each image the share of hidden pixels, off the border, with a visible one among their eight neighbours."""
    around = [mask[:, 1 + y : SIDE - 1 + y, 1 + x : SIDE - 1 + x] for y in (-1, 0, 1) for x in (-1, 0, 1)]
    inner = mask[:, 1:-1, 1:-1]
    return (inner & ~np.all(around, axis=0)).sum(axis=(1, 2)) / inner.sum(axis=(1, 2))


def chance_beside() -> float:
    """1 - prod_i (h - 1 - i) / (m - 1 - i) over eight draws: m places, h of them hidden."""
    m = ROWS * ROWS
    h = m - round(m * (1 - RATIO))
    return 1 - prod((h - 1 - i) / (m - 1 - i) for i in range(8))


def neighbour_findings(context: Context) -> list[Finding]:
    """The share as counted and as drawn."""
    n = context.trials(40, 200)
    shares = seen_beside(hidden("released", context.seed % 2**31, n))
    error = float(shares.std(ddof=1) / np.sqrt(n))
    return [Finding({"side": SIDE, "patch": PATCH, "images": n}, chance_beside(), float(shares.mean()), error)]


def distances() -> tuple[sp.Symbol, sp.Symbol]:
    """Two layers' l2 distances between two models, as symbols."""
    first, second = sp.symbols("l_1 l_2", positive=True)
    return first, second


def root_of_squares() -> sp.Expr:
    """The l2 distance of both layers' parameters put in a row, as the released code measures it."""
    return sp.sqrt(sum(length**2 for length in distances()))


CLAIM = Claim(
    id="sec-released-experiments",
    title="The experiments of the released code",
    items=("released-code",),
    source=Source("chen2026code", "`model_mae_resnet.py`, `visualization.py`, commit 699256c; chen2026, A.3.1"),
    statements=(
        Statement(
            "code-runs.resnet-masks",
            "expected",
            "A masked ResNet has to fill in patches of 16 x 16 pixels.",
            ForAll(lambda context: ("released",), patches_are_hidden, BECAUSE_LAID, Evidence.NUMERIC),
            reading="as released",
            instead=("code-runs.visible-neighbours",),
        ),
        Statement(
            "code-runs.resnet-masks-enlarged",
            "corrected",
            "Enlarged in place of laid beside itself, the mask hides patches of 16 x 16 pixels.",
            ForAll(lambda context: ("patches",), patches_are_hidden, BECAUSE_LAID, Evidence.NUMERIC),
            reading="the mask enlarged",
        ),
        Statement(
            "code-runs.visible-neighbours",
            "corrected",
            "As released, nine in ten hidden pixels have a visible neighbour: 1 - prod_{i<8} (h - 1 - i)/(m - 1 - i), "
            "with h of m places hidden.",
            Prediction(neighbour_findings, BECAUSE_NEIGHBOURS, 0.02),
            reading="as released",
        ),
        Statement(
            "code-runs.weight-distances",
            "printed",
            "The distances of Table 5 are sums over layers of l2 norms.",
            Identity(
                lambda: sum(distances()),
                root_of_squares,
                "`l2_weight_distance` takes one norm of all parameters in a row, the root of the sum of squares.",
            ),
            reading="as released, two layers",
            instead=("code-runs.squared-distances",),
        ),
        Statement(
            "code-runs.squared-distances",
            "corrected",
            "The square of the released distance is the sum of the layers' squares.",
            Identity(
                lambda: root_of_squares() ** 2,
                lambda: sum(length**2 for length in distances()),
                "All parameters in a row are the layers in a row.",
            ),
            reading="as released, two layers",
        ),
        Statement(
            "code-runs.figure-3-planes",
            "expected",
            "Figure 3 shows each model's features in their own plane.",
            Printed(
                Status.VIOLATED,
                "The panels of client 100 take their horizontal axis from the projection of client 1, another UMAP of "
                "another model's features.",
                witness={"file": "visualization.py", "call": "scatterplot(x=proj1[:, 0], y=proj4[:, 1], ...)"},
            ),
            reading="as released",
            instead="not known",
        ),
    ),
)
