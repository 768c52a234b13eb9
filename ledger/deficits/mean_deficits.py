"""The mean of 1 - r_k over data sets, beside its second-order formula: domains, remainders and measurements.

The remainder is the next order of the same expansion, relative to the leading one. Two things are expanded, and each
gives a part. (1) Noise pixels a sample, g = (d - N)/n: in the limit of d and n in proportion (`theory.deficits.
proportional_limit`) the deficit is the second-order one over 1 + g y/l, and part of it has l + g (y + z) for l, where
l is a gap and y, z the variances of the noise; that is at most 3 g (y + z)/l. (2) The signal's own fluctuation D,
relative to its gaps: inverses of 1 + D appear up to twice on either side, so E D^2 counts at most four times, and E D^2
is at most k/n, k the largest b^T M^-1 b of a clean sample b plus what the noise adds. Both are leading orders: the
domain asks for a remainder of at most `MOST`, and terms of the next order, its square, are below the slack of the
constants.
"""

from collections.abc import Sequence

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.statement import Evidence
from sims.samplers.montecarlo import sample_representability
from theory.data.moments import signal_second_moment
from theory.deficits.closed_forms import deficit
from theory.domain import Choice, Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.readings import EXPECTED, Objective, Reading, Scope
from theory.setting import Setting

MOST = 0.1
MEASURED_TO = 0.03  # what a measurement may differ by for want of draws: relative, beside the remainder
CLEAR = 40_000  # noise pixels, coordinates and data sets: their product gives a mean to sqrt(2 / CLEAR), 0.7%
FEWEST = 40  # data sets, for a standard error to be known
MODEL = "Data are drawn from the paper's data model without rare classes. There are as many features as clients."
OWN_PARAMETER = {
    Objective.MIM: Real("mask_ratio", 0.0, 1.0, "()"),
    Objective.CL: Real("augmentation_std", 0.0, np.inf, "[)", reach=(0.05, 2.0), is_log=True),
}


def setting_at(at: Point) -> Setting:
    """The setting of a point, with as many features as clients; what a point does not name is as in the paper."""
    n = int(at["n_clients"])
    return Setting(
        n,
        int(at["dim"]),
        n,
        int(at["samples_per_client"]),
        float(at["tau"]),
        float(at["mu"]),
        float(at.get("mask_ratio", 0.75)),
        float(at.get("augmentation_std", 1.0)),
    )


def second_order_remainder(s: Setting, objective: Objective, scope: Scope, draws: int | str) -> float:
    """How far the mean deficit may lie from its second-order formula, relative to it. Source: ledger, the module."""
    total = s.total_samples if scope is Scope.FL else s.samples_per_client
    blocks = [signal_second_moment(s.n_clients, float(s.tau), i) for i in range(s.n_clients)]
    gaps = np.mean(blocks, axis=0) if scope is Scope.FL else blocks[0]
    least = float(np.linalg.eigvalsh(gaps)[0])
    gap = {Scope.FL: least, Scope.LOCAL_OWN: 1.0, Scope.LOCAL_OTHER: float(s.tau) ** 2 / 4}[scope]
    noise, scatter = float(s.mu) ** 2, 1.0
    if objective is Objective.CL:
        noise += float(s.augmentation_std) ** 2
    elif draws != EXPECTED:
        scatter = 1 / (float(s.mask_ratio) * (1 - float(s.mask_ratio)))
        noise *= 1 + scatter**0.5
    pixels = (s.dim - s.n_clients) / total * noise / gap
    inverse, reach = np.linalg.inv(gaps), 0.0
    for shown in range(s.n_clients):  # how many offsets a sample has; which ones they are makes no difference
        for sign in (1.0, -1.0):
            b = np.append(sign, -float(s.tau) * (np.arange(s.n_clients - 1) < shown))
            reach = max(reach, float(b @ inverse @ b))
    own = (reach + (s.n_clients + 2) * noise / least) * (1 + noise / least) * scatter / total
    return 3 * pixels + 4 * own * max(1.0, gap / least)


def scope_at(at: Point, scope: Scope | None) -> Scope:
    """The scope of a statement, or the one that its point names."""
    return Scope(at["scope"]) if scope is None else scope


def mean_domain(
    objective: Objective, scope: Scope | None, draws: int | str, *more: Parameter, sizes: tuple[int, int, int]
) -> Domain:
    """Every setting with a remainder of at most `MOST`; `sizes`: clients, dimension and samples that are measured."""
    clients, dim, samples = sizes
    named: tuple[Parameter, ...] = ()
    if scope is None:
        named = (Choice("scope", tuple(str(x) for x in (Scope.LOCAL_OWN, Scope.LOCAL_OTHER))),)
    return Domain(
        (
            Whole("n_clients", 2, clients),
            Whole("dim", 16, dim),
            Whole("samples_per_client", 8, samples),
            Real("tau", 0.0, np.inf, "()", reach=(0.5, 6.0), is_log=True),
            Real("mu", 0.0, np.inf, "()", reach=(0.02, 1.0), is_log=True),
            OWN_PARAMETER[objective],
            *named,
            *more,
        ),
        (
            Condition("n_clients below dim", "N < d", lambda p: p["n_clients"] < p["dim"]),
            Condition(
                "samples enough for the remainder of second order to be at most 1/10",
                r"\text{remainder} \le 1/10",
                lambda p: second_order_remainder(setting_at(p), objective, scope_at(p, scope), draws) <= MOST,
            ),
        ),
        Quantifier.IN_EXPECTATION,
        MODEL,
    )


def data_sets(at: Point, scope: Scope = Scope.FL, clear: int = CLEAR) -> int:
    """How many data sets a mean to sqrt(2 / clear) needs, whatever a check asks for: few where d is large."""
    n = int(at["n_clients"])
    coordinates = {Scope.FL: n, Scope.LOCAL_OWN: 1, Scope.LOCAL_OTHER: n - 1}[scope]
    return max(FEWEST, clear // ((int(at["dim"]) - n) * coordinates))


def drawn_deficits(
    at: Point, effort: Effort, objective: Objective, scope: Scope, draws: int | str
) -> tuple[np.ndarray, float]:
    """The mean over the scope of 1 - r_k in every data set, and the truncation of the sampler."""
    found = sample_representability(
        effort.seed,
        setting_at(at),
        objective=objective,
        scope="fl" if scope is Scope.FL else "local",
        reading=Reading(draws=draws),
        trials=data_sets(at, scope),
    )
    columns = {Scope.FL: slice(None), Scope.LOCAL_OWN: slice(0, 1), Scope.LOCAL_OTHER: slice(1, None)}[scope]
    return 1 - found.r[:, columns].mean(axis=1), found.truncation


def mean_check(
    objective: Objective,
    scope: Scope | None,
    draws: int | str,
    because: str,
    *,
    sizes: tuple[int, int, int] = (8, 256, 10**6),
    named: Sequence[Point] = (),
) -> OnDomain:
    """The mean of 1 - r_k over data sets is the second-order one, within `MEASURED_TO` and the remainder.

    Without a scope the point names one of a client's: its own coordinate, or the mean over the others.
    """

    def claimed(at: Point) -> float:
        return deficit(setting_at(at), objective, scope_at(at, scope), draws)

    def measured(at: Point, effort: Effort) -> Sample:
        return Sample(*drawn_deficits(at, effort, objective, scope_at(at, scope), draws))

    def remainder(at: Point) -> float:
        return claimed(at) * second_order_remainder(setting_at(at), objective, scope_at(at, scope), draws)

    return OnDomain(
        mean_domain(objective, scope, draws, sizes=sizes),
        Then("=", claimed, measured, MEASURED_TO, remainder, is_argued=True),
        because,
        Evidence.SAMPLED,
        points=(6, 24),
        corners=(2, 8),
        named=named,
    )
