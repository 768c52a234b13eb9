"""Contrast against masking on drawn data: the ratio of their mean deficits, and which is the larger.

Both objectives see the same data sets. Masks are averaged, or one pair is drawn a sample; contrast draws one
augmentation a sample. The remainders are those of `ledger.deficits.mean_deficits`, of both objectives together.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Relation, Sample, Then
from ledger.deficits.mean_deficits import CLEAR, FEWEST, MODEL, MOST, OWN_PARAMETER, second_order_remainder, setting_at
from ledger.statement import Evidence
from sims.samplers.montecarlo import sample_pair
from theory.deficits.critical_noise import sigma_star
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.readings import EXPECTED, Objective, Reading, Scope

ONE_DRAW_CLEAR = 8_000  # where every mask is drawn, by a slower sampler: a ratio to 2.2%
AVERAGED_WITHIN, ONE_DRAW_WITHIN = 0.04, 0.08
TIMES_CRITICAL = "times_critical"
CLOSE = Real(TIMES_CRITICAL, 0.0, np.inf, "()", reach=(0.3, 3.0), is_log=True)


def ratio_of_means(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One number a trial whose mean is mean(first) / mean(second), and whose spread is that of the ratio.

    The delta method: ratio + (first - ratio second) / mean(second).
    """
    ratio = float(first.mean() / second.mean())
    return ratio + (first - ratio * second) / second.mean()


def at_critical_noise(at: Point) -> Point:
    """The point with its augmentation noise put in: `times_critical` times the sigma* of its N, d, p, tau and mu."""
    critical = sigma_star(
        int(at["n_clients"]), int(at["dim"]), float(at["mask_ratio"]), tau=float(at["tau"]), mu=float(at["mu"])
    )
    return {**at, "augmentation_std": float(at.get(TIMES_CRITICAL, 1.0)) * critical}


def pair_remainder(at: Point, masks: int | str) -> float:
    """How far the ratio of the mean deficits may lie from that of the second-order ones, relative to it."""
    s = setting_at(at)
    contrast = second_order_remainder(s, Objective.CL, Scope.FL, 1)
    return contrast + second_order_remainder(s, Objective.MIM, Scope.FL, masks)


def pair_domain(
    masks: int | str,
    *more: Parameter,
    noise: Parameter = OWN_PARAMETER[Objective.CL],
    quantifier: Quantifier = Quantifier.IN_EXPECTATION,
) -> Domain:
    """Settings with a remainder of at most `MOST` for both together; with masks drawn, small ones."""
    drawn = masks != EXPECTED
    prepared = at_critical_noise if noise.name == TIMES_CRITICAL else dict

    def is_small(at: Point) -> bool:
        # Masking's part first: the critical noise takes a symbolic evaluation.
        masked = second_order_remainder(setting_at(at), Objective.MIM, Scope.FL, masks)
        return masked <= MOST and pair_remainder(prepared(at), masks) <= MOST

    return Domain(
        (
            Whole("n_clients", 2, 3 if drawn else 8),
            Whole("dim", 16, 24 if drawn else 256),
            Whole("samples_per_client", 8, 1000 if drawn else 10**6),
            Real("tau", 0.0, np.inf, "()", reach=(0.5, 6.0), is_log=True),
            Real("mu", 0.0, np.inf, "()", reach=(0.05, 1.0), is_log=True),
            *((OWN_PARAMETER[Objective.MIM],) if drawn else ()),
            noise,
            *more,
        ),
        (
            Condition("n_clients below dim", "N < d", lambda p: p["n_clients"] < p["dim"]),
            Condition(
                "samples enough for the remainder of second order to be at most 1/10",
                r"\text{remainder} \le 1/10",
                is_small,
            ),
        ),
        quantifier,
        f"{MODEL} {'One pair of masks' if drawn else 'Masks averaged,'} and one augmentation a sample; federated.",
    )


def drawn_pair(at: Point, effort: Effort, masks: int | str, trials: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """r of contrast and of masking on the same data sets, (trials, N) each: enough of them for a ratio to be clear."""
    s = setting_at(at)
    clear = CLEAR if masks == EXPECTED else ONE_DRAW_CLEAR
    wanted = max(FEWEST, clear // ((s.dim - s.n_clients) * s.n_clients)) if trials is None else trials
    contrast, masked = sample_pair(effort.seed, s, reading=Reading(draws=masks), trials=wanted)
    return contrast.r, masked.r


def drawn_ratio(at: Point, effort: Effort, masks: int | str) -> Sample:
    """The ratio of the mean deficits, contrast over masking."""
    return Sample(ratio_of_means(*(1 - r.mean(axis=1) for r in drawn_pair(at, effort, masks))))


def ratio_check(
    relation: Relation,
    claimed: Callable[[Point], float],
    masks: int | str,
    because: str,
    *,
    noise: Parameter = OWN_PARAMETER[Objective.CL],
    named: Sequence[Point] = (),
) -> OnDomain:
    """The ratio of the mean deficits of contrast and of masking stands in this relation to `claimed`.

    `claimed` sees the point with its augmentation noise put in.
    """
    drawn = masks != EXPECTED
    prepared = at_critical_noise if noise.name == TIMES_CRITICAL else dict

    def said(at: Point) -> float:
        return claimed(prepared(at))

    def measured(at: Point, effort: Effort) -> Sample:
        return drawn_ratio(prepared(at), effort, masks)

    def remainder(at: Point) -> float:
        return abs(said(at)) * pair_remainder(prepared(at), masks)

    return OnDomain(
        pair_domain(masks, noise=noise),
        Then(relation, said, measured, ONE_DRAW_WITHIN if drawn else AVERAGED_WITHIN, remainder, is_argued=True),
        because,
        Evidence.SAMPLED,
        points=(1, 12) if drawn else (6, 200),
        corners=(0, 8) if drawn else (2, 8),
        named=named,
    )
