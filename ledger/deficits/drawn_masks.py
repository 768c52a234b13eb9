"""Means of r_k under masks that no law replaces: one pair of independent masks a sample, or complementary ones.

Under complementary masks, averaged, the matrix of three or more clients has one positive eigenvalue l on the signal and
others of size -a. Each r_k then has the mean 1/M, M the coordinates that are alike, but for what two orders of the same
size take and give: with g noise pixels a sample the positive direction tilts by g mu^2 (its moment)/l^2 towards the
noise, and of each other direction positive eigenvectors of the noise hold g mu^2 (its moment)/a^2. A client's own
coordinate, of eigenvalue 0, couples to the others by sampling alone and counts as one more noise pixel of variance
1 + mu^2. Twice the sum is the remainder: the rest is of the next order where it is small.

Few samples may give the signal a second positive direction. It needs entries that are off their mean by a in all
(Frobenius norm), which by Markov's inequality has a chance of at most their expected squared distance over a^2. An r_k
lies in [0, 1], so that the mean moves by no more than that chance, which is part of the remainder, too.
"""

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.deficits.mean_deficits import FEWEST, mean_domain, second_order_remainder, setting_at
from ledger.statement import Evidence
from sims.samplers.montecarlo import sample_representability
from theory.deficits.closed_forms import deficit
from theory.domain import Condition, Domain, Point, Quantifier, Real, Whole
from theory.readings import Mask, Objective, Reading, Scope
from theory.setting import Setting

MIM = Objective.MIM
CLEAR = 6_000  # of noise pixels, clients and data sets, where each mask is drawn: a mean to 1.8%
MEASURED_TO = 0.06
FEW_SETS = 60


def drawn_masks_check(because: str) -> OnDomain:
    """One pair of independent masks a sample, federated: the mean deficit is the second-order one, up to the next."""

    def claimed(at: Point) -> float:
        return deficit(setting_at(at), MIM, Scope.FL, 1)

    def measured(at: Point, effort: Effort) -> Sample:
        s = setting_at(at)
        trials = max(FEWEST, CLEAR // ((s.dim - s.n_clients) * s.n_clients))
        found = sample_representability(effort.seed, s, objective=MIM, reading=Reading(draws=1), trials=trials)
        return Sample(1 - found.r.mean(axis=1), found.truncation)

    def remainder(at: Point) -> float:
        return claimed(at) * second_order_remainder(setting_at(at), MIM, Scope.FL, 1)

    return OnDomain(
        mean_domain(MIM, Scope.FL, 1, sizes=(4, 24, 3000)),
        Then("=", claimed, measured, MEASURED_TO, remainder, is_argued=True),
        because,
        Evidence.SAMPLED,
        points=(2, 12),
        corners=(0, 8),
        named=({"n_clients": 2, "dim": 20, "samples_per_client": 1500, "tau": 2.0, "mu": 0.2, "mask_ratio": 0.5},),
    )


def single_direction_check(scope: Scope, because: str) -> OnDomain:
    """Complementary masks, averaged: the mean of each r_k that is alike is 1/M, with any number of features."""

    def measured(at: Point, effort: Effort) -> Sample:
        found = sample_representability(
            effort.seed,
            _literal_setting(at),
            objective=MIM,
            scope="fl" if scope is Scope.FL else "local",
            reading=Reading(mask=Mask.COMPLEMENTARY),
            trials=FEW_SETS,
        )
        alike = found.r if scope is Scope.FL else found.r[:, 1:]
        return Sample(alike.mean(axis=1), found.truncation)

    def share(at: Point) -> float:
        return 1 / (at["n_clients"] - (scope is not Scope.FL))

    def remainder(at: Point) -> float:
        return single_direction_remainder(_literal_setting(at), scope)

    given = Domain(
        (
            Whole("n_clients", 3, 8),
            Whole("dim", 4, 64),
            Whole("feature_dim", 1, 64),
            Whole("samples_per_client", 8, 10**6),
            Real("tau", 0.0, np.inf, "()", reach=(0.5, 6.0), is_log=True),
            Real("mu", 0.0, np.inf, "()", reach=(0.02, 1.0), is_log=True),
            Real("mask_ratio", 0.0, 1.0, "()"),
        ),
        (
            Condition(
                "n_clients below dim, feature_dim at most dim",
                r"N < d,\ c \le d",
                lambda p: p["n_clients"] < p["dim"] >= p["feature_dim"],
            ),
            Condition(
                "samples enough for the remainder to be at most a tenth of what is claimed",
                r"\text{remainder} \le r/10",
                lambda p: remainder(p) <= share(p) / 10,
            ),
        ),
        Quantifier.IN_EXPECTATION,
        "Data are drawn from the paper's data model without rare classes.",
    )
    then = Then("=", share, measured, 0.01, remainder, is_argued=True)
    return OnDomain(given, then, because, Evidence.SAMPLED, points=(4, 16), corners=(2, 8))


def single_direction_remainder(s: Setting, scope: Scope) -> float:
    """How far the mean of r_k may lie from 1/M. Source: ledger, the text of this module."""
    n, quarter, mu2 = s.n_clients, float(s.tau) ** 2 / 4, float(s.mu) ** 2
    total = s.total_samples if scope is Scope.FL else s.samples_per_client
    if scope is Scope.FL:
        alike, between, rest, pixels = n, (n - 2) * quarter / n, quarter + 1 / n, (s.dim - n) * mu2
    else:
        alike, between, rest, pixels = n - 1, quarter, quarter, (s.dim - n) * mu2 + 1 + mu2
    above, below = (alike - 1) * between, between  # the positive eigenvalue, and the size of the negative ones
    top, others = rest + alike * between + mu2, rest + mu2
    tilt = 2 * pixels / total * (top / above**2 / alike + others / below**2)
    return tilt + alike * (alike - 1) * _entry_variance(s, scope) / below**2


def _entry_variance(s: Setting, scope: Scope) -> float:
    """The variance of an off-diagonal entry of the sampled second moment on the coordinates that are alike.

    The coordinates of a client's sample are independent: offsets of mean -tau/2 and second moment tau^2/2, or a label
    of mean 0 and size 1; and pixel noise. Of two coordinates in N clients, two clients have a label on one of them.
    """
    n, tau2, mu2 = s.n_clients, float(s.tau) ** 2, float(s.mu) ** 2
    offsets = (tau2 / 2 + mu2) ** 2 - (tau2 / 4) ** 2
    if scope is not Scope.FL:
        return offsets / s.samples_per_client
    with_label = (1 + mu2) * (tau2 / 2 + mu2)
    return ((n - 2) * offsets + 2 * with_label) / n**2 / s.samples_per_client


def _literal_setting(at: Point) -> Setting:
    return Setting(
        int(at["n_clients"]),
        int(at["dim"]),
        int(at["feature_dim"]),
        int(at["samples_per_client"]),
        float(at["tau"]),
        float(at["mu"]),
        float(at["mask_ratio"]),
    )
