"""What the released code measures and hides, against what the paper says of its experiments."""

import math
from collections.abc import Callable
from math import prod

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity, Printed
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.printed.found_witnesses import found
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement, Status
from sims.pretraining.methods.masked_reconstruction import Layout
from theory.domain import Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source

# Source: chen2026code, `mask_image`: images of 224 pixels, patches of 16, three quarters of the 14 x 14 hidden.
RELEASED = {"places": 14, "patch": 16, "mask_ratio": 0.75}
BECAUSE_LAID = (
    "`repeat(1, 1, 16, 16)` does not enlarge the mask of 14 x 14 patches, but puts copies of it side by side. So "
    "whether a pixel is hidden depends on its row and column modulo 14."
)
BECAUSE_NEIGHBOURS = (
    "The eight neighbours of a pixel are eight other places of the small mask. The formula counts draws without "
    "replacement."
)
MASKS = Domain(
    (Whole("places", 3, 20), Whole("patch", 3, 16), Real("mask_ratio", 0.0, 1.0, "()"), DRAW),
    (
        Condition(
            "at least one place hidden and one visible", "0 < h < m", lambda p: 0 < hidden_count(p) < p["places"] ** 2
        ),
    ),
    assumes="An image has places x places patches of patch x patch pixels, and a mask hides a share of the places.",
)
LAID = Domain(
    MASKS.parameters[:-1],
    MASKS.conditions,
    Quantifier.IN_EXPECTATION,
    f"{MASKS.assumes} The mask is laid beside itself patch x patch times. Pixels within one place of the border are "
    "left out.",
)


def hidden_count(at: Point) -> int:
    """h: the hidden ones of m = places^2, as many being kept as fit into the share that is visible."""
    m = int(at["places"]) ** 2
    return m - math.floor(m * (1 - at["mask_ratio"]) + 1e-9)


def small_masks(at: Point, seed: int, n: int) -> np.ndarray:
    """Which places are hidden in n images, (n, places, places): h of each, all sets alike."""
    side = int(at["places"])
    chosen = np.random.default_rng(seed).random((n, side * side)).argsort(axis=1) < hidden_count(at)
    return chosen.reshape(n, side, side)


def share_in_whole_patches(layout: Layout) -> Callable[[Point, Effort], Sample]:
    """The measurement: of the hidden pixels, those whose patch is hidden all over."""

    def measured(at: Point, effort: Effort) -> Sample:
        side, size = int(at["places"]), int(at["patch"])
        (mask,) = small_masks(at, int(at["draw"]), 1)
        pixels = np.kron(mask, np.ones((size, size), bool)) if layout == "patches" else np.tile(mask, (size, size))
        whole = pixels.reshape(side, size, side, size).all(axis=(1, 3))
        return Sample(np.array([whole.sum() * size**2 / pixels.sum()]))

    return measured


def chance_beside(at: Point) -> float:
    """1 - prod_i (h - 1 - i) / (m - 1 - i) over eight draws: m places, h of them hidden."""
    m, h = int(at["places"]) ** 2, hidden_count(at)
    return 1 - prod((h - 1 - i) / (m - 1 - i) for i in range(8))


def seen_beside(at: Point, effort: Effort) -> Sample:
    """Of the hidden pixels in the second copy of the mask each way, those with a visible one around them."""
    side = int(at["places"])
    n = max(effort.trials // 2, 50)
    # Three copies each way: the middle one has all places once, and all their neighbours, whatever the patch.
    pixels = np.tile(small_masks(at, effort.seed, n), (1, 3, 3))
    around = [pixels[:, side + y : 2 * side + y, side + x : 2 * side + x] for y in (-1, 0, 1) for x in (-1, 0, 1)]
    inner = pixels[:, side : 2 * side, side : 2 * side]
    return Sample((inner & ~np.all(around, axis=0)).sum(axis=(1, 2)) / hidden_count(at))


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
            "A masked ResNet has to fill in whole patches of pixels.",
            OnDomain(
                MASKS,
                Then("=", lambda at: 1.0, share_in_whole_patches("released")),
                BECAUSE_LAID,
                Evidence.NUMERIC,
                named=found("code-runs.resnet-masks"),
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code-runs.visible-neighbours",),
        ),
        Statement(
            "code-runs.resnet-masks-enlarged",
            "corrected",
            "If the mask is enlarged, and not repeated side by side, it hides whole patches.",
            OnDomain(
                MASKS,
                Then("=", lambda at: 1.0, share_in_whole_patches("patches")),
                "Each place of the mask becomes one patch.",
                Evidence.NUMERIC,
                named=[RELEASED | {"draw": 1}],
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code-runs.visible-neighbours",
            "corrected",
            "As released, the share of hidden pixels that have a visible neighbour is 1 - prod_{i<8} (h - 1 - i)/"
            "(m - 1 - i) on average, with h of m places hidden: 0.90 at the released sizes.",
            OnDomain(
                LAID,
                Then("=", chance_beside, seen_beside, within=0.05),
                BECAUSE_NEIGHBOURS,
                Evidence.SAMPLED,
                named=[RELEASED],
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code-runs.weight-distances",
            "printed",
            "The distances of Table 5 are sums over layers of l2 norms; tried with two layers.",
            Identity(
                lambda: sum(distances()),
                root_of_squares,
                "`l2_weight_distance` takes one norm of all parameters together, the root of the sum of squares.",
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code-runs.squared-distances",),
        ),
        Statement(
            "code-runs.squared-distances",
            "corrected",
            "The square of the released distance is the sum of the layers' squares; tried with two layers.",
            Identity(
                lambda: root_of_squares() ** 2,
                lambda: sum(length**2 for length in distances()),
                "The list of all parameters is the lists of the layers, one after the other.",
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code-runs.figure-3-planes",
            "expected",
            "Figure 3 shows the features of each model in a plane of that model's own.",
            Printed(
                Status.VIOLATED,
                "The panels of client 100 take their horizontal axis from the projection of client 1. That is "
                "another UMAP, of another model's features.",
                witness={"file": "visualization.py", "call": "scatterplot(x=proj1[:, 0], y=proj4[:, 1], ...)"},
            ),
            reading=read_as(parts.AS_RELEASED),
            instead="not known",
        ),
    ),
)
