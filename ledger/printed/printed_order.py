"""Theorem 4.4 and what was expected beside it, as orders between means of drawn data sets at a point.

Every sample, mask and augmentation is drawn, by the plain sampler; a data set's matrices are taken apart in NumPy. The
said greater of two numbers less the other has a mean of at least 0. Sizes stay small, so that a point takes a fraction
of a second: the order is said for every dimension.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.printed.printed_theorems import mean_moment, represented
from ledger.statement import Evidence
from sims.samplers.literal import literal_moments
from sims.samplers.subspace import encoder_subspace
from theory.deficits.critical_noise import sigma_star
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.readings import Loss, Mask, Objective, Reading
from theory.setting import Setting

Measure = Literal["sensitivity", "deficit"]
A_DRAW_FOR = 8  # trials of another check: one data set has thousands of numbers
VISIBLE = 1e-9
SIZES: tuple[Parameter, ...] = (
    Whole("n_clients", 2, 6),
    Whole("dim", 16, 40),
    Real("beta", 1.0, np.inf, "[)", reach=(1.0, 1.6)),
)
MASK_RATIO = Real("mask_ratio", 0.0, 1.0, "()", reach=(0.1, 0.97))
NOISE = Real("augmentation_std", 0.0, np.inf, "()", reach=(0.05, 1.0), is_log=True)
_MODEL = (
    "The paper's data model without rare classes, tau = d^(1/5), mu = d^(-1/5), d^beta samples a client, {features}, "
    "the mean of the clients' matrices. "
)
MODEL = _MODEL.format(features="as many features as clients (the paper has twice as many or more)")
TWICE_AS_MANY = _MODEL.format(features="twice as many features as clients")
WIDE_ENOUGH = Condition(
    "more than twice as many dimensions as clients", "d > 2N", lambda p: p["dim"] > 2 * p["n_clients"]
)


def setting_at(at: Point) -> Setting:
    """The point's setting; sigma = 1 and p = 3/4 where the point has none of its own."""
    setting = Setting.paper(int(at["dim"]), float(at["beta"]), n_clients=int(at["n_clients"]))
    own = {name: float(at[name]) for name in ("mask_ratio", "augmentation_std") if name in at}
    return replace(setting, **own)


def differences(
    setting: Setting, masked: Reading, measure: Measure, effort: Effort, n_coordinates: int | None = None
) -> np.ndarray:
    """What contrast, one augmentation a sample, has more than masking as read, in each of some drawn data sets.

    Over the signal, or over so many leading coordinates.
    """
    rng, found = np.random.default_rng(effort.seed), []
    tasks = ((Objective.CL, Reading(draws=1)), (Objective.MIM, masked))
    for _ in range(max(effort.trials // A_DRAW_FOR, 20)):
        r = []
        for moments, (_, reading) in zip(literal_moments(rng, setting, tasks), tasks, strict=True):
            if reading.loss is Loss.RECONSTRUCTION:
                whole = np.sum(encoder_subspace(moments, setting.feature_dim) ** 2, axis=1)
            else:
                whole = represented(moments.alignment(), setting.feature_dim)
            r.append(whole[: n_coordinates or setting.n_clients])
        contrast, other = ((np.ptp(v) if measure == "sensitivity" else 1 - v.mean()) for v in r)
        found.append(contrast - other)
    return np.array(found)


def contrast_exceeds(
    masked: Reading,
    because: str,
    named: Sequence[Point] = (),
    *,
    measure: Measure = "sensitivity",
    more: tuple[Parameter, ...] = (),
    critical_share: float | None = None,
    is_leading: bool = False,
) -> OnDomain:
    """The mean sensitivity (or deficit) of contrast is at least that of masking as read.

    `more` frees the mask ratio or the augmentation noise; a `critical_share` sets the noise to that share of sigma*;
    `is_leading` takes c = 2N features and looks at the leading 2N coordinates.
    """

    def measured(at: Point, effort: Effort) -> Sample:
        setting = setting_at(at)
        if critical_share is not None:
            noise = critical_share * sigma_star(setting.n_clients, setting.dim, float(setting.mask_ratio))
            setting = replace(setting, augmentation_std=noise)
        if not is_leading:
            return Sample(differences(setting, masked, measure, effort))
        twice = 2 * setting.n_clients
        return Sample(differences(replace(setting, feature_dim=twice), masked, measure, effort, twice))

    said = "" if any(p.name == "augmentation_std" for p in more) or critical_share else "sigma = 1. "
    return OnDomain(
        Domain(
            (*SIZES, *more),
            (WIDE_ENOUGH,),
            Quantifier.IN_EXPECTATION,
            (TWICE_AS_MANY if is_leading else MODEL)
            + said
            + ("" if critical_share is None else f"The augmentation noise is {critical_share:g} sigma*."),
        ),
        Then(">=", lambda at: 0.0, measured),
        because,
        Evidence.SAMPLED,
        points=(2, 12),
        corners=(0, 8),
        named=named,
    )


def strictly_exceeds(because: str, named: Sequence[Point] = (), *, is_population: bool) -> OnDomain:
    """The sensitivity of contrast is above that of masking by a visible amount, with nothing left to one draw.

    In the population, or on drawn data sets over whose masks and augmentations is averaged.
    """

    def measured(at: Point, effort: Effort) -> Sample:
        setting = setting_at(at)
        n = setting.n_clients
        if is_population:
            # Noise of mean 0 leaves contrast the second moment, and independent masks leave masking p (1 - p) times it.
            moment = mean_moment(np.full(n, 1 / n), float(setting.tau)) + float(setting.mu) ** 2 * np.eye(n)
            matrices = [moment, at["mask_ratio"] * (1 - at["mask_ratio"]) * moment]
        else:
            tasks = tuple((objective, Reading()) for objective in (Objective.CL, Objective.MIM))
            drawn = literal_moments(np.random.default_rng(effort.seed), setting, tasks)
            matrices = [moments.alignment() for moments in drawn]
        contrast, masked = (np.ptp(represented(m, n)[:n]) for m in matrices)
        return Sample(np.array([contrast - masked]), VISIBLE / 10)

    parameters = (*SIZES, MASK_RATIO)
    said = "In the population, masks independent." if is_population else "Masks and augmentations are both averaged."
    return OnDomain(
        Domain(
            parameters,
            (WIDE_ENOUGH,),
            assumes=MODEL + said,
        ),
        Then(">=", lambda at: VISIBLE, measured),
        because,
        Evidence.NUMERIC,
        corners=(2, 8),
        named=named,
    )


COMPLEMENTARY = Reading(mask=Mask.COMPLEMENTARY)
COMPLEMENTARY_ONE_DRAW = Reading(mask=Mask.COMPLEMENTARY, draws=1)
FIXED_COUNT = Reading(mask=Mask.FIXED_COUNT)
INDEPENDENT_ONE_DRAW = Reading(draws=1)
RECONSTRUCTION = Reading(loss=Loss.RECONSTRUCTION)
INDEPENDENT = Reading()
