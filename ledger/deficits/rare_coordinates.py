"""r at the coordinates of rare classes, on drawn data beside its limit: domains, remainders and measurements.

The limit is that of a spike theta = rho/N in noise, at g = d / (samples). With v = g y/theta, y the noise variance that
stands beside theta, and t the pull of the bulk (the spike leaves it where t < 1), r moves by at most t + v for a
relative change of g. A finite matrix has 2N fewer noise coordinates, which is a relative change of 2N/d, and its own
fluctuations: of N spikes by the smaller of d and the number of rare samples, relative to each. The remainder takes one
and a half times the first and three times the second, the slack being for the edge of the bulk, whose part falls only
like d^(-2/3) near t = 1: the domains keep t at most 1/2 or at least 2.
"""

import numpy as np

from ledger.checks.on_domain import Effort
from ledger.deficits.mean_deficits import FEWEST
from sims.samplers.montecarlo import sample_pair, sample_representability
from theory.deficits.rare_recovery import rare_aspect
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.readings import Objective, Rare, Reading
from theory.setting import Setting

OUTSIDE = Reading(rare=Rare.OUTSIDE)
MODEL = (
    "Data are drawn from the paper's data model; each client's rare class has a coordinate of its own outside the "
    "signal. Federated; twice as many features as clients; masks averaged, one augmentation a sample."
)
CLEAR_BELOW, CLEAR_ABOVE = 0.5, 2.0
MEASURED_TO = 0.03


def rare_setting(at: Point) -> Setting:
    """The setting of a point, c = 2N."""
    n = int(at["n_clients"])
    sizes = (n, int(at["dim"]), 2 * n, int(at["samples_per_client"]))
    noise = float(at["augmentation_std"])
    return Setting(
        *sizes, float(at["tau"]), float(at["mu"]), augmentation_std=noise, rare_fraction=float(at["rare_fraction"])
    )


def pull_at(s: Setting, objective: Objective) -> float:
    """t: below 1 the rare coordinate is represented in the limit."""
    theta, g, mu2 = float(s.rare_fraction) / s.n_clients, rare_aspect(s), float(s.mu) ** 2
    z = float(s.augmentation_std) ** 2 / 2 if objective is Objective.CL else 0.0
    y = mu2 + z
    return g * ((y / theta) ** 2 + (z / (theta + g * (y + z))) ** 2)


def rare_remainder(s: Setting, objective: Objective) -> float:
    """How far the mean r at a rare coordinate may lie from its limit. Source: ledger, the text of this module."""
    t, z = pull_at(s, objective), float(s.augmentation_std) ** 2 / 2 if objective is Objective.CL else 0.0
    v = rare_aspect(s) * (float(s.mu) ** 2 + z) * s.n_clients / float(s.rare_fraction)
    least = min(s.dim, s.n_clients * round(s.samples_per_client * float(s.rare_fraction)))
    return 3 * s.n_clients * (1 / s.dim + 1 / least) * min(1.0, t + v)


def rare_domain(*conditions: Condition, more: tuple[Parameter, ...] = ()) -> Domain:
    """Settings with a rare class for every client, a remainder of at most 1/8 for either objective, and more."""
    small = Condition(
        "pixels and rare samples enough for a remainder of at most 1/8",
        r"\text{remainder} \le 1/8",
        lambda p: max(rare_remainder(rare_setting(p), o) for o in Objective) <= 1 / 8,
    )
    room = Condition("dim at least 2 n_clients", r"d \ge 2N", lambda p: p["dim"] >= 2 * p["n_clients"])
    return Domain(
        (
            Whole("n_clients", 2, 4),
            Whole("dim", 24, 256),
            Whole("samples_per_client", 50, 20_000),
            Real("tau", 0.0, np.inf, "()", reach=(1.0, 5.0), is_log=True),
            Real("mu", 0.0, np.inf, "()", reach=(0.1, 1.0), is_log=True),
            Real("augmentation_std", 0.0, np.inf, "[)", reach=(0.1, 1.5), is_log=True),
            Real("rare_fraction", 0.0, 1.0, "()", reach=(0.05, 0.9)),
            *more,
        ),
        (room, small, *conditions),
        Quantifier.IN_EXPECTATION,
        MODEL,
    )


def clearly(objective: Objective, *, is_represented: bool) -> Condition:
    """The pull of the bulk is at most 1/2, or at least 2."""
    if is_represented:
        words, latex = "pull of the bulk at most 1/2", r"t \le 1/2"
        return Condition(
            f"{objective.value}: {words}", latex, lambda p: pull_at(rare_setting(p), objective) <= CLEAR_BELOW
        )
    words, latex = "pull of the bulk at least 2", r"t \ge 2"
    return Condition(f"{objective.value}: {words}", latex, lambda p: pull_at(rare_setting(p), objective) >= CLEAR_ABOVE)


def drawn_rare(at: Point, effort: Effort, objective: Objective) -> np.ndarray:
    """The mean over the rare coordinates of r, in every data set."""
    found = sample_representability(
        effort.seed, rare_setting(at), objective=objective, reading=_reading(objective), trials=FEWEST
    )
    return found.extra.mean(axis=1)


def drawn_rare_pair(at: Point, effort: Effort) -> tuple[np.ndarray, np.ndarray]:
    """The same for contrast and for masking, on the same data sets."""
    contrast, masked = sample_pair(effort.seed, rare_setting(at), reading=OUTSIDE, trials=FEWEST)
    return contrast.extra.mean(axis=1), masked.extra.mean(axis=1)


def _reading(objective: Objective) -> Reading:
    return Reading(rare=Rare.OUTSIDE, draws=1) if objective is Objective.CL else OUTSIDE
