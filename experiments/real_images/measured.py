"""The paper's linear objectives on real images: the inputs, the readings of Theorem 4.4, and the measurements."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float64

from runtime.effort import Tier
from sims.images.datasets import load, pixels
from sims.images.partitions import Partition, label_pairs
from sims.real_inputs.noise import measure_sigma_star
from sims.real_inputs.rare import foreign_axis, own_axes, rare_population
from sims.real_inputs.representability import (
    Population,
    Sample,
    draw_samples,
    population,
    principal_features,
    sample_representability,
)
from sims.real_inputs.views import View
from theory.deficits import closed_forms_of_points, near_axes
from theory.readings import Loss, Mask, Objective, Rare, Selection

SEED = zlib.crc32(b"sec-real-images")
BLOCK, COARSE_BLOCK = 2, 4  # means over 2 x 2 or 4 x 4: 14 x 14 = 196 pixels, or 49
FEATURES = {"features": 64, "centred features": 64, "ten features": 10}
N_AXES = 5  # c = N: five label pairs
MASK_RATIO = 0.75
PAPER_STD = 1.0  # g(x) = x + xi, xi ~ N(0, I), on pixels in [0, 1]
MANY = 8  # draws a sample where the reading asks for more than one

CL = View(Objective.CL, draws=1, augmentation_std=PAPER_STD)
CL_EXPECTED = View(Objective.CL)
CL_MANY = View(Objective.CL, draws=MANY, augmentation_std=PAPER_STD)


def masked(
    mask: Mask, draws: int | str = "expected", loss: Loss = Loss.ALIGNMENT, selection: Selection = Selection.PSD
) -> View:
    """Masked image modelling at this claim's mask ratio."""
    return View(Objective.MIM, mask, draws, mask_ratio=MASK_RATIO, loss=loss, selection=selection)


MIM_EXPECTED, MIM_SAMPLED = masked(Mask.INDEPENDENT), masked(Mask.INDEPENDENT, 1)
COMPLEMENTARY = masked(Mask.COMPLEMENTARY)
RECONSTRUCTION = masked(Mask.COMPLEMENTARY, loss=Loss.RECONSTRUCTION)


@dataclass(frozen=True)
class Comparison:
    """One reading of "contrast is more sensitive than masking": the two views, and over how many leading axes."""

    words: str
    contrast: View
    masked: View
    n_axes: int = N_AXES


MASKS_AVERAGED = Comparison("masks averaged, one augmentation", CL, MIM_EXPECTED)
ONE_MASK_PAIR = Comparison("one mask pair, one augmentation", CL, MIM_SAMPLED)
MANY_MASK_PAIRS = Comparison(f"{MANY} mask pairs, {MANY} augmentations", CL_MANY, masked(Mask.INDEPENDENT, MANY))
BOTH_AVERAGED = Comparison("both averaged", CL_EXPECTED, MIM_EXPECTED)
COMPLEMENTARY_AVERAGED = Comparison("complementary masks, averaged", CL, COMPLEMENTARY)
LARGEST_MODULUS = Comparison(
    "complementary masks, averaged, largest modulus", CL, masked(Mask.COMPLEMENTARY, selection=Selection.MODULUS)
)
PRINTED_MASK = Comparison("the matrix printed in (17)", CL, masked(Mask.PRINTED))
RECONSTRUCTION_AVERAGED = Comparison("the reconstruction loss, Eq (3), masks averaged", CL, RECONSTRUCTION)
TWICE_AS_MANY_AXES = Comparison("masks averaged, one augmentation, with c = 2N", CL, MIM_EXPECTED, 2 * N_AXES)
COMPARISONS = (
    MASKS_AVERAGED,
    ONE_MASK_PAIR,
    MANY_MASK_PAIRS,
    BOTH_AVERAGED,
    COMPLEMENTARY_AVERAGED,
    Comparison("complementary masks, one draw", CL, masked(Mask.COMPLEMENTARY, 1)),
    Comparison("complementary masks of a fixed count, one draw", CL, masked(Mask.FIXED_COUNT, 1)),
    LARGEST_MODULUS,
    PRINTED_MASK,
    RECONSTRUCTION_AVERAGED,
    Comparison("the reconstruction loss, Eq (3), one mask", CL, masked(Mask.COMPLEMENTARY, 1, Loss.RECONSTRUCTION)),
    Comparison(
        "the reconstruction loss, Eq (3), independent masks averaged",
        CL,
        masked(Mask.INDEPENDENT, loss=Loss.RECONSTRUCTION),
    ),
    TWICE_AS_MANY_AXES,
)


@dataclass(frozen=True)
class RareSite:
    """A client with a few images of a foreign class: client i of the five label pairs, or None for FL.

    FL is of four clients, classes 0 to 7 in pairs, so that the rare class (8 or 9) is nobody's own. The class is the
    one with least (`inside`) or most (`outside`, and the axis watched when it is `absent`) power beyond the own axes.
    """

    name: str
    client: int | None
    rare: Rare
    fraction: float

    def __str__(self) -> str:
        who = "FL" if self.client is None else f"client {self.client}"
        return f"{self.name}, {who}, rare class {self.foreign()} {self.rare.value}, fraction {self.share:g}"

    @property
    def share(self) -> float:
        """The rare class's share of a client's images: none where it is absent."""
        return 0.0 if self.rare is Rare.ABSENT else self.fraction

    def own(self) -> tuple[np.ndarray, ...]:
        """For each client of the site the points of its own two classes, (n, dim)."""
        clients = range(4) if self.client is None else [self.client]
        labels = load().labels
        return tuple(points(self.name)[(labels == 2 * i) | (labels == 2 * i + 1)] for i in clients)

    def foreign(self) -> int:
        """The rare class."""
        powers = foreign_powers(self.name, self.client)
        return (min if self.rare is Rare.INSIDE else max)(powers, key=powers.__getitem__)

    def population(self) -> Population:
        """The site's clients with their share of the rare class, judged by `N_AXES` own axes, then the rare one."""
        return rare_population(self.own(), _of_class(self.name, self.foreign()), self.share, N_AXES)


@cache
def foreign_powers(name: str, client: int | None) -> dict[int, float]:
    """Largest mean square of every class that the site does not own along one axis beyond the own axes."""
    axes, _ = own_axes(RareSite(name, client, Rare.ABSENT, 0.0).own(), N_AXES)
    owned = range(8) if client is None else (2 * client, 2 * client + 1)
    return {h: foreign_axis(axes, _of_class(name, h)).power for h in range(10) if h not in owned}


def _of_class(name: str, label: int) -> Float64[np.ndarray, "n dim"]:
    return points(name)[load().labels == label]


Where = str | RareSite


@dataclass(frozen=True)
class Effort:
    """Sample sizes a client, trials, and trials for sigma* on each input that a tier can afford.

    On features one pair of near axes (5 and 6) carries most of what masks cost, with a heavy tail: the mean needs many
    more trials there, and they are cheap.
    """

    sizes: tuple[int, ...]
    trials: int
    sigma_trials: Mapping[str, int]


EFFORT: Mapping[Tier, Effort] = {
    "quick": Effort((1000,), 12, {"coarse pixels": 48, "ten features": 400}),
    "full": Effort(
        (1000, 4000),
        24,
        {"pixels": 48, "centred pixels": 48, "features": 400, "centred features": 400, "ten features": 800},
    ),
}


@cache
def points(name: str) -> Float64[np.ndarray, "n dim"]:
    """Pixels or principal features of them, as they are or about the mean of all images."""
    x = pixels(load(), COARSE_BLOCK if name.startswith("coarse") else BLOCK)
    x = x - x.mean(axis=0) if name.startswith("centred") else x
    return principal_features(x, FEATURES[name]) if name in FEATURES else x


@cache
def inputs(where: Where, c: int = N_AXES) -> Population:
    """Points shared out by label pairs, judged by the c leading axes of all of them; or a site with a rare class."""
    if isinstance(where, RareSite):
        return where.population()
    return shared_out(points(where), label_pairs(load().labels, SEED), c)


def shared_out(x: Float64[np.ndarray, "n dim"], partition: Partition, c: int = N_AXES) -> Population:
    """The points as `partition` shares them out, judged by the c leading axes of all of them."""
    _, axes = closed_forms_of_points.reference_axes([x], c)
    return population(x, partition, axes[:, :c].copy())


@cache
def samples(where: Where, samples_per_client: int, trials: int) -> list[Sample]:
    """One sample of images a trial; kept, so that all views see the same ones."""
    return draw_samples(SEED, inputs(where), samples_per_client=samples_per_client, trials=trials)


@cache
def sampled(
    where: Where, samples_per_client: int, trials: int, view: View, c: int = N_AXES
) -> Float64[np.ndarray, "trials c"]:
    """r of one view in every trial; all views of a trial see the same images."""
    return sample_representability(samples(where, samples_per_client, trials), view, inputs(where, c).axes)


@cache
def variances(name: str) -> near_axes.PairVariances:
    """What near axes need of an input's fourth moments: its leading axes against all others, at this mask ratio."""
    return near_axes.pair_variances(inputs(name).clients, N_AXES, MASK_RATIO)


@cache
def sigma_star(name: str, samples_per_client: int, trials: int) -> dict[str, float]:
    """sigma* measured, with its standard error, beside second order and the prediction pair by pair of axes."""
    pairs = near_axes.sigma_star(variances(name), samples_per_client * len(inputs(name).clients))
    measured, error = measure_sigma_star(
        samples(name, samples_per_client, trials),
        inputs(name).axes,
        1 - sampled(name, samples_per_client, trials, MIM_SAMPLED).mean(axis=1),
        guess=pairs,
    )
    return {
        "second_order": closed_forms_of_points.sigma_star(variances(name).entry),
        "pairs": pairs,
        "measured": measured,
        "standard_error": error,
        "trials": trials,
    }


def predicted_deficit(name: str, view: View, samples_per_client: int) -> tuple[float, float] | None:
    """Mean deficit to second order and pair by pair, where the population's axes are the view's own; else None."""
    v, n_total = variances(name), samples_per_client * len(inputs(name).clients)
    draws = None if view.draws == "expected" else int(view.draws)
    if view.objective is Objective.CL:
        std = view.augmentation_std if draws else 0.0
        second = closed_forms_of_points.deficit_cl(v.entry, n_total, std, draws or 1)
        pairs = near_axes.deficit_cl(v, n_total, std, draws or 1)
    elif view.mask is Mask.INDEPENDENT and view.loss is Loss.ALIGNMENT:
        second = closed_forms_of_points.deficit_mim(v.entry, n_total, draws)
        pairs = near_axes.deficit_mim(v, n_total, draws)
    else:
        return None
    return float(second.mean()), float(pairs.mean())


def sensitivity(r: Float64[np.ndarray, "trials c"], n_leading: int | None = None) -> Float64[np.ndarray, " trials"]:
    """max - min of r over the first `n_leading` axes (all by default) in each trial."""
    kept = r[:, :n_leading]
    return kept.max(axis=1) - kept.min(axis=1)
