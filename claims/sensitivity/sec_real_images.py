"""Fashion-MNIST through the objectives of the paper: who is more robust, under which reading, and at what noise.

The model of Section 3.2 has orthogonal class means and white noise; photographs have neither. The order of Theorem 4.4
is asked again, under every reading that images allow, of images shared out by label pairs, and the critical noise
sigma* is predicted from their own moments.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from experiments.real_images.measured import (
    BOTH_AVERAGED,
    CL,
    COMPLEMENTARY,
    COMPLEMENTARY_AVERAGED,
    EFFORT,
    LARGEST_MODULUS,
    MANY_MASK_PAIRS,
    MASKS_AVERAGED,
    MIM_EXPECTED,
    MIM_SAMPLED,
    ONE_MASK_PAIR,
    PRINTED_MASK,
    RECONSTRUCTION,
    RECONSTRUCTION_AVERAGED,
    TWICE_AS_MANY_AXES,
    Comparison,
    RareSite,
    Where,
    inputs,
    predicted_deficit,
    sampled,
    sigma_star,
)
from experiments.real_images.paired_differences import Quantity
from ledger import parts
from ledger.checks.image_order import ImageOrder
from ledger.checks.kinds import Finding, Prediction
from ledger.checks.parts_of_choices import PART_OF
from ledger.reading import Part, Reading, read_as
from ledger.statement import Claim, Context, Instead, Statement
from sims.real_inputs.representability import population_representability
from sims.real_inputs.views import View
from theory.formula import Source
from theory.readings import Rare

FRACTION = 0.05
# Pullovers and dresses, to which ankle boots are as foreign as a class can be and coats the least.
INSIDE, OUTSIDE = (RareSite("pixels", 1, rare, FRACTION) for rare in (Rare.INSIDE, Rare.OUTSIDE))
NAMES = {
    "pixels": "raw pixels",
    "coarse pixels": "raw pixels 7 x 7",
    "centred pixels": "pixels about their mean image",
    "features": "principal features",
}

READ_AS: Mapping[Comparison, Reading] = {
    MASKS_AVERAGED: read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
    ONE_MASK_PAIR: read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
    MANY_MASK_PAIRS: read_as(parts.EIGHT_MASK_PAIRS, parts.EIGHT_AUGMENTATIONS),
    BOTH_AVERAGED: read_as(parts.MASKS_AVERAGED, parts.AUGMENTATIONS_AVERAGED),
    COMPLEMENTARY_AVERAGED: read_as(parts.COMPLEMENTARY, parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
    LARGEST_MODULUS: read_as(parts.COMPLEMENTARY, parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION, parts.MODULUS),
    PRINTED_MASK: read_as(parts.PRINTED_MASK, parts.ONE_AUGMENTATION),
    RECONSTRUCTION_AVERAGED: read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION, parts.RECONSTRUCTION),
    TWICE_AS_MANY_AXES: read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
}


def expected(
    key: str,
    name: str,
    c: Comparison,
    because: str,
    spoil: float = 0.9,
    samples_per_client: int = 1000,
    instead: Instead = (),
) -> Statement:
    """The order of Theorem 4.4, which speaks of its data model, carried over to images under one reading of it."""
    return Statement(
        key,
        "expected",
        "Contrast is more sensitive than masking on five clients of Fashion-MNIST, two labels each: "
        f"{NAMES[name]}, {'c = 2N, ' if c is TWICE_AS_MANY_AXES else ''}sigma = 1.",
        ImageOrder(name, "sensitivity", c.masked, c.contrast, because, 1.0, c.n_axes, samples_per_client),
        reading=READ_AS[c],
        spoil=spoil,
        instead=instead,
    )


def corrected(key: str, name: str, c: Comparison, times: float, because: str) -> Statement:
    """Contrast keeps more of the leading axes, whatever the sensitivities say."""
    return Statement(
        f"images.times-{key}",
        "corrected",
        f"On {NAMES[name]} the mean deficit 1 - r_k of masking over the leading axes is more than {times:g} times that "
        "of contrast, on average over samples.",
        ImageOrder(name, "deficit", c.contrast, c.masked, because, times, c.n_axes),
        reading=READ_AS[c],
        spoil=0.3,
        replaces=(f"images.deficit-{key}",),
    )


def rare_order(
    key: str, site: RareSite, because: str, spoil: float = 0.9, repeats: int = 1, instead: Instead = ()
) -> Statement:
    """The same order over a client's own axes and, unless the class lies inside them, the rare one."""
    inside = site.rare is Rare.INSIDE
    over = "a client's own N axes" if inside else "a client's own N axes and the rare class's"
    quantity: Quantity = "own sensitivity" if inside else "sensitivity"
    return Statement(
        key,
        "expected",
        f"Contrast is more sensitive than masking over {over}: {NAMES[site.name]}, sigma = 1.",
        ImageOrder(site, quantity, MIM_EXPECTED, CL, because, repeats=repeats),
        reading=read_as(PART_OF[site.rare], parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
        spoil=spoil,
        instead=instead,
    )


def rare_axis(key: str, who: str, smaller: View, larger: View, times: float, because: str, *more: Part) -> Statement:
    """One view recovers the rare axis better than another, the class lying outside; `who` names the two."""
    quantity: Quantity = "rare deficit"
    check = ImageOrder(OUTSIDE, quantity, smaller, larger, because, times)
    return Statement(
        f"images.rare-axis-times-{key}",
        "corrected",
        f"The deficit of the rare axis with {who.format(times=f'more than {times:g} times')}, on average over samples.",
        check,
        reading=read_as(parts.RARE_OUTSIDE, *more),
        spoil=0.3,
        replaces=(f"images.rare-axis-{key}",),
    )


def predicted(
    key: str, text: str, findings: Callable[[Context], Sequence[Finding]], because: str, rtol: float, reading: Reading
) -> Statement:
    """What the images' own moments predict is what samples show."""
    return Statement(key, "corrected", text, Prediction(findings, because, rtol), reading=reading, spoil=4.0)


def _finding(where: Where, claimed: float, measured: np.ndarray, samples_per_client: int, view: View) -> Finding:
    at = {"inputs": str(where), "objective": view.objective.value, "samples_per_client": samples_per_client}
    return Finding(at, claimed, float(measured.mean()), float(measured.std(ddof=1) / len(measured) ** 0.5))


def sigma_findings(context: Context, on_features: bool) -> list[Finding]:
    """sigma* pair by pair of axes on features, by second order on pixels, and as measured."""
    findings = []
    for name in EFFORT[context.tier].sigma_trials:
        if name.endswith("features") == on_features:
            size = EFFORT[context.tier].sizes[-1]
            found = sigma_star(name, size, EFFORT[context.tier].sigma_trials[name])
            claimed = found["pairs" if on_features else "second_order"]
            at = {"inputs": name, "samples_per_client": size}
            findings.append(Finding(at, claimed, found["measured"], found["standard_error"]))
    return findings


def deficit_findings(context: Context, on_features: bool) -> list[Finding]:
    """Mean deficits of both objectives, one draw a sample: pair by pair on features, by second order on pixels."""
    findings, size = [], EFFORT[context.tier].sizes[-1]
    for name, trials in EFFORT[context.tier].sigma_trials.items():
        if name.endswith("features") == on_features:
            for view in (CL, MIM_SAMPLED):
                claimed = predicted_deficit(name, view, size)
                assert claimed is not None
                measured = 1 - sampled(name, size, trials, view).mean(axis=1)
                # The two predictions are by second order and pair by pair, in this order.
                findings.append(_finding(name, claimed[on_features], measured, size, view))
    return findings


def reconstruction_findings(context: Context) -> list[Finding]:
    """Mean deficits of Eq (3) for the population, and as measured."""
    findings, size = [], 1000
    for name in ("pixels", "centred pixels"):
        everyone = inputs(name)
        claimed = 1 - population_representability(everyone.moment(), RECONSTRUCTION, everyone.axes).mean()
        measured = 1 - sampled(name, size, EFFORT[context.tier].trials, RECONSTRUCTION).mean(axis=1)
        findings.append(_finding(name, float(claimed), measured, size, RECONSTRUCTION))
    return findings


def rare_findings(context: Context) -> list[Finding]:
    """r of the rare axis for the population and as measured, masks averaged, at every client and in FL."""
    findings, size = [], 1000
    for client in (1,) if context.tier == "quick" else (None, 0, 1, 2, 3, 4):
        site = RareSite("pixels", client, Rare.OUTSIDE, FRACTION)
        held = inputs(site)
        claimed = population_representability(held.moment(), MIM_EXPECTED, held.axes)[-1]
        measured = sampled(site, size, EFFORT[context.tier].trials, MIM_EXPECTED)[:, -1]
        findings.append(_finding(site, float(claimed), measured, size, MIM_EXPECTED))
    return findings


CLAIM = Claim(
    id="sec-real-images",
    title="The order of Theorem 4.4 and the critical noise, on real images",
    items=("real-images",),
    source=Source("chen2026", "Theorem 4.4 and Section 3.2; images of xiao2017"),
    statements=(
        expected(
            "images.masks-averaged-pixels",
            "pixels",
            MASKS_AVERAGED,
            "Noise as wide as the pixel range costs more than masks in expectation.",
            spoil=-1.0,
        ),
        expected(
            "images.one-mask-pair-pixels",
            "pixels",
            ONE_MASK_PAIR,
            "sigma = 1 lies above sigma*, so one noisy pair costs more than one pair of masks.",
            spoil=0.11,
        ),
        expected(
            "images.many-mask-pairs-coarse-pixels",
            "coarse pixels",
            MANY_MASK_PAIRS,
            "Both lose about an eighth of the cost of their own draws; the order stays.",
            spoil=0.05,
        ),
        expected(
            "images.both-averaged-pixels",
            "pixels",
            BOTH_AVERAGED,
            "Both train on one matrix up to p(1-p): a tie, on images as in the model.",
            instead=("eq17.outer-product-independent",),
        ),
        expected(
            "images.complementary-features",
            "features",
            COMPLEMENTARY_AVERAGED,
            "Features have a diagonal second moment, of which complementary masks see nothing.",
            instead="not known",
        ),
        corrected(
            "complementary-features",
            "features",
            COMPLEMENTARY_AVERAGED,
            25.0,
            "The population matrix of complementary masks is zero there; sampling noise is learnt.",
        ),
        expected(
            "images.complementary-pixels",
            "pixels",
            COMPLEMENTARY_AVERAGED,
            "Dropping the diagonal turns the population's leading axes, by an angle that no sample size removes.",
            samples_per_client=4000,
            instead="not known",
        ),
        expected(
            "images.complementary-centred-pixels",
            "centred pixels",
            COMPLEMENTARY_AVERAGED,
            "Neighbouring pixels are alike: about the mean image the leading axes show off the diagonal too, and "
            "the reversal of the model does not carry over.",
            spoil=-1.0,
        ),
        expected(
            "images.largest-modulus-pixels",
            "pixels",
            LARGEST_MODULUS,
            "Minus the diagonal outweighs the weaker axes: its bright pixels take their place in W.",
            instead="not known",
        ),
        corrected(
            "largest-modulus-pixels",
            "pixels",
            LARGEST_MODULUS,
            3.0,
            "Negative eigenvalues of the hollow matrix are not small, as they are in the model.",
        ),
        expected(
            "images.printed-mask-features",
            "features",
            PRINTED_MASK,
            "A diagonal matrix keeps whole coordinates, and the features' axes are coordinates.",
            spoil=0.0,
        ),
        corrected(
            "printed-mask-pixels",
            "pixels",
            PRINTED_MASK,
            18.0,
            "Five pixels are all that a diagonal matrix keeps: they span none of the axes.",
        ),
        expected(
            "images.reconstruction-pixels",
            "pixels",
            RECONSTRUCTION_AVERAGED,
            "Regression weights are not damped by a pixel's small variance, and the axes tilt.",
            instead="not known",
        ),
        corrected(
            "reconstruction-pixels",
            "pixels",
            RECONSTRUCTION_AVERAGED,
            12.0,
            "The tilt is the population's own; no sample size removes it.",
        ),
        expected(
            "images.reconstruction-features",
            "features",
            RECONSTRUCTION_AVERAGED,
            "s is small because all axes are lost alike: uncorrelated features predict nothing.",
            spoil=-1.0,
        ),
        corrected(
            "reconstruction-features",
            "features",
            RECONSTRUCTION_AVERAGED,
            45.0,
            "Nothing of what is hidden can be guessed, so nothing is encoded.",
        ),
        expected(
            "images.c-2n-pixels",
            "pixels",
            TWICE_AS_MANY_AXES,
            "Unlike the model's spare coordinates, the next axes of images are signal: masks keep.",
            spoil=0.0025,
        ),
        rare_order(
            "images.rare-absent-features",
            RareSite("features", 1, Rare.ABSENT, FRACTION),
            "Without the class both miss its axis; contrast a little less, by its noise.",
            repeats=3,
            instead="not known",
        ),
        rare_order(
            "images.rare-inside-pixels",
            INSIDE,
            "Coats look like pullovers and change little: the order is as without the class, client by client.",
            spoil=0.01,
        ),
        rare_order(
            "images.rare-outside-pixels",
            OUTSIDE,
            "Masks recover the rare axis, contrast loses part of it and of the own axes.",
            spoil=0.024,
        ),
        rare_axis(
            "masks-averaged",
            "contrast at sigma = 1 is {times} that with masks in expectation",
            MIM_EXPECTED,
            CL,
            6.0,
            "Augmentation noise hides a small spike.",
            parts.MASKS_AVERAGED,
            parts.ONE_AUGMENTATION,
        ),
        rare_axis(
            "one-mask-pair",
            "one noisy pair at sigma = 1 is {times} that with one pair of masks",
            MIM_SAMPLED,
            CL,
            2.5,
            "sigma = 1 lies above sigma*.",
            parts.ONE_MASK_PAIR,
            parts.ONE_AUGMENTATION,
        ),
        rare_axis(
            "complementary",
            "contrast at sigma = 1 is {times} that with complementary masks",
            COMPLEMENTARY,
            CL,
            2.3,
            "In the model they see nothing of it; an axis of images spreads over pixels that vary together.",
            parts.COMPLEMENTARY,
            parts.ONE_AUGMENTATION,
        ),
        rare_axis(
            "reconstruction",
            "the reconstruction loss, Eq (3), is {times} that with contrast at sigma = 1",
            CL,
            RECONSTRUCTION,
            2.4,
            "As in the model, a rare class gives the regression next to nothing to guess by.",
            parts.RECONSTRUCTION,
        ),
        predicted(
            "images.rare-axis-population",
            "The rare axis is represented as the client's own population represents it.",
            rare_findings,
            "Masks in expectation; a rare class outside, at every client and in FL.",
            0.15,
            read_as(parts.RARE_OUTSIDE, parts.MASKS_AVERAGED),
        ),
        predicted(
            "images.reconstruction-population",
            "The deficit of Eq (3) on pixels is that of the population, without sampling.",
            reconstruction_findings,
            "Reduced-rank regression on the images' second moment.",
            0.1,
            read_as(parts.MASKS_AVERAGED, parts.RECONSTRUCTION),
        ),
        predicted(
            "images.critical-noise-pixels",
            "sigma* on pixels is the second-order value computed from the images' fourth moments.",
            lambda context: sigma_findings(context, False),
            "Sampling noise is common to both objectives and cancels.",
            0.15,
            READ_AS[ONE_MASK_PAIR],
        ),
        predicted(
            "images.critical-noise-features",
            "sigma* on principal features is the value with each pair of axes turned exactly.",
            lambda context: sigma_findings(context, True),
            "Axes 5 and 6 lie close, and masks blur their gap: second order puts sigma* too low until n_i is large.",
            0.15,
            READ_AS[ONE_MASK_PAIR],
        ),
        predicted(
            "images.both-deficits-pixels",
            "Deficits of both objectives on pixels are the second-order values computed from fourth moments.",
            lambda context: deficit_findings(context, False),
            "Neglected terms are of relative order 1 / n_i.",
            0.25,
            READ_AS[ONE_MASK_PAIR],
        ),
        predicted(
            "images.both-deficits-features",
            "Deficits of both objectives on principal features are those of each pair of axes turned exactly.",
            lambda context: deficit_findings(context, True),
            "At n_i = 1000 second order is half of what masks cost there.",
            0.4,
            READ_AS[ONE_MASK_PAIR],
        ),
    ),
)
