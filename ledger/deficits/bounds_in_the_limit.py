"""The proven bounds of 1 - r_k beside the second-order deficit as the dimension grows: their ratio tends to 1."""

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.deficits.finite_sample_bounds import FAILURE
from ledger.statement import Evidence
from theory.deficits.closed_forms import deficit
from theory.deficits.finite_sample import Side, deficit_bound
from theory.domain import Choice, Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.readings import EXPECTED, Objective, Scope
from theory.setting import Setting

SCALING = "The paper's scaling: tau = d^(1/5), mu = d^(-1/5), n_i = d^beta; N fixed, as many features as clients."
DIM = Whole("dim", 10**6, 10**60)
NOISE = Real("augmentation_std", 0.0, np.inf, "(]", reach=(0.1, 3.0), is_log=True)
ROUND_OFF = 1e-12
SIDES: tuple[Side, ...] = ("upper", "lower")


def scaled_setting(at: Point) -> Setting:
    """The setting of a point in the paper's scaling."""
    return Setting.paper(
        int(at["dim"]),
        float(at["beta"]),
        n_clients=int(at["n_clients"]),
        augmentation_std=float(at.get("augmentation_std", 1.0)),
    )


def bound_over_second_order(at: Point, objective: Objective, scope: Scope, side: Side) -> float:
    """The ratio, nan where the bound says nothing."""
    s = scaled_setting(at)
    bound = deficit_bound(s, objective, scope, FAILURE, side).value
    second = deficit(s, objective, scope, 1 if objective is Objective.CL else EXPECTED)
    return np.nan if bound is None else bound / second


def clients_and_growth(least: float, *more: Parameter) -> tuple[Parameter, ...]:
    """N, d and beta from `least` on."""
    return (Whole("n_clients", 2, 20), DIM, Real("beta", least, np.inf, "[)", reach=(least, 3.0)), *more)


def both_bounds_tend_to_second_order(objective: Objective, scope: Scope, because: str) -> OnDomain:
    """Both bounds over the second-order deficit tend to 1: they fall as it does.

    Remainder, relative. The lengths in the proof are their means times 1 + O(t / sqrt(d)), t^2 twice the logarithm of
    the events over their probability: for N up to 20 and d from 10^6 on that is below 10 d^(-2/5) in all. The noise's
    edge over the least gap enters twice, and is at most (1 + g^(1/2))^2 (mu^2 + sigma^2/2) / (tau^2/4), g <= 1 noise
    pixels a sample and at most 1/2 with two clients: below (6 sigma^2 + 16 mu^2) d^(-2/5). Together they stay below
    25 (1 + sigma^2) d^(-2/5).
    """
    is_contrast = objective is Objective.CL

    def measured(at: Point, _: Effort) -> Sample:
        return Sample(np.array([bound_over_second_order(at, objective, scope, at["side"])]), ROUND_OFF)

    def remainder(at: Point) -> float:
        return 25 * (1 + float(at.get("augmentation_std", 0.0)) ** 2) * float(at["dim"]) ** -0.4

    # The bounds must say something: from a dimension that depends on the noise.
    speaks = Condition("a remainder of at most 1/4", r"\text{remainder} \le 1/4", lambda p: remainder(p) <= 1 / 4)
    given = Domain(
        clients_and_growth(1.0, Choice("side", SIDES), *((NOISE,) if is_contrast else ())),
        (speaks,),
        Quantifier.IN_THE_LIMIT,
        SCALING,
        limit="of many dimensions",
    )
    return OnDomain(
        given, Then("=", lambda _: 1.0, measured, remainder=remainder), because, Evidence.NUMERIC, points=(24, 400)
    )
