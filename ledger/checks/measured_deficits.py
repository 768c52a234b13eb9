"""Monte Carlo of 1 - r_k beside its second-order prediction and its proven bounds, for the corrected theorems."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ledger.checks.kinds import Finding
from ledger.statement import Context
from sims.samplers.montecarlo import RVSample, sample_representability
from sims.stats import estimate
from theory.deficits.finite_sample import Side, deficit_bound
from theory.deficits.second_order import deficit
from theory.readings import Mask, Objective, Reading, Scope
from theory.setting import Setting

FAILURE = 0.05


@dataclass(frozen=True)
class Point:
    """Where to measure: N, d, n_i, and how many data sets in the quick and the full tier."""

    n_clients: int
    dim: int
    samples_per_client: int
    quick: int = 1500
    full: int = 10_000
    mask_ratio: float = 0.75

    def setting(self) -> Setting:
        """The paper's tau and mu at that d, c = N."""
        return Setting.paper(
            self.dim,
            n_clients=self.n_clients,
            samples_per_client=self.samples_per_client,
            mask_ratio=self.mask_ratio,
        )

    def at(self, scope: Scope) -> dict[str, object]:
        """The point in words, for a witness."""
        return {
            "n_clients": self.n_clients,
            "dim": self.dim,
            "samples_per_client": self.samples_per_client,
            "scope": scope.value,
        }


def second_order(
    objective: Objective, draws: int | str, points: Sequence[Point], scopes: Sequence[Scope]
) -> Callable[[Context], list[Finding]]:
    """Findings for a `Prediction`: mean deficit over the scope, by the second-order formula and by Monte Carlo."""

    def findings(context: Context) -> list[Finding]:
        found = []
        for point in points:
            for scope in scopes:
                sample = _sample(context, point, objective, Reading(draws=draws), scope)
                measured = estimate(_deficits(sample, scope).mean(axis=1))
                claimed = deficit(point.setting(), objective, scope, draws)
                found.append(
                    Finding(point.at(scope), claimed, measured.mean, measured.standard_error, sample.truncation)
                )
        return found

    return findings


def bounded(
    objective: Objective, draws: int | str, side: Side, points: Sequence[Point], scopes: Sequence[Scope]
) -> Callable[[Context], list[Finding]]:
    """Findings for a `Bound`: the proven bound at 95%, and the 95% quantile of 1 - r_k over data sets, worst over k.

    The bound speaks of one coordinate and all but 5% of data sets, so the quantile of no coordinate may cross it; how
    many draws crossed it, of all, stands in the finding.
    """

    def findings(context: Context) -> list[Finding]:
        found = []
        for point in points:
            for scope in scopes:
                bound = deficit_bound(point.setting(), objective, scope, FAILURE, side)
                assert bound.value is not None, bound.void_reason
                sample = _sample(context, point, objective, Reading(draws=draws), scope)
                r = _deficits(sample, scope)
                level = 1 - FAILURE if side == "upper" else FAILURE
                crossed = int(np.sum(r > bound.value if side == "upper" else r < bound.value))
                at = point.at(scope) | {"data_sets": len(r), "draws": r.size, "draws_beyond_the_bound": crossed}
                each = np.quantile(r, level, axis=0)
                worst = float(each.max() if side == "upper" else each.min())
                found.append(Finding(at, bound.value, worst, resolution=sample.truncation))
        return found

    return findings


def proven_slopes(
    objective: Objective, offset: Fraction, scope: Scope = Scope.FL
) -> Callable[[Context], list[Finding]]:
    """Findings for a `Prediction`: slope in log d of both proven bounds, claimed to be offset - beta."""

    def findings(context: Context) -> list[Finding]:
        found = []
        for growth in (1.0, 1.1, 1.5):
            low, high = (Setting.paper(dim, growth, n_clients=6) for dim in (10**12, 10**14))
            sides: tuple[Side, ...] = ("lower", "upper")
            for side in sides:
                ends = [deficit_bound(s, objective, scope, FAILURE, side).value for s in (low, high)]
                first, last = (float("nan") if end is None else end for end in ends)
                slope = math.log(last / first) / math.log(high.dim / low.dim)
                found.append(Finding({"beta": growth, "side": side}, float(offset) - growth, slope))
        return found

    return findings


def one_direction(points: Sequence[Point], scope: Scope) -> Callable[[Context], list[Finding]]:
    """Findings for a `Prediction` under complementary masks, averaged: each r_k of the scope, against 1/N.

    For one client the population has 1/(N-1) on the other coordinates.
    """

    def findings(context: Context) -> list[Finding]:
        found = []
        for point in points:
            reading = Reading(mask=Mask.COMPLEMENTARY)
            sample = _sample(context, point, Objective.MIM, reading, scope)
            share = 1 / (point.n_clients - (scope is not Scope.FL))
            for k, column in enumerate((1 - _deficits(sample, scope)).T):
                measured = estimate(column)
                at = point.at(scope) | {"coordinate": k}
                found.append(Finding(at, share, measured.mean, measured.standard_error, sample.truncation))
        return found

    return findings


def _sample(context: Context, point: Point, objective: Objective, reading: Reading, scope: Scope) -> RVSample:
    return sample_representability(
        context.seed,
        point.setting(),
        objective=objective,
        scope="fl" if scope is Scope.FL else "local",
        reading=reading,
        trials=context.trials(point.quick, point.full),
    )


def _deficits(sample: RVSample, scope: Scope) -> np.ndarray:
    columns = {Scope.FL: slice(None), Scope.LOCAL_OWN: slice(0, 1), Scope.LOCAL_OTHER: slice(1, None)}[scope]
    return 1 - sample.r[:, columns]
