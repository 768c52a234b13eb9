"""What the page computes: every formula that is compiled, the law of each argument, and the sliders.

The laws say which random points a formula is tested at, and how far a slider reaches.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import sympy as sp

from dssl.documents.explorer.remainders import (
    NORMAL_REMAINDER,
    REACH,
    REMAINDERS,
    SINGLE_DIRECTION,
    SINGLE_DIRECTION_REMAINDER,
)
from theory.deficits import printed_sensitivity as printed
from theory.deficits.closed_forms import deficit_formula, expected_range, sensitivity_formula
from theory.deficits.critical_noise import sigma_star_formula, sigma_star_limit_formula
from theory.deficits.exponents import Quantity, exponent, falls_above
from theory.deficits.literal_two_clients import TWO_CLIENTS_LITERAL
from theory.deficits.masked_autoencoder import mae_formula
from theory.deficits.order_probability import ORDER_PROBABILITY
from theory.domain import Real, Whole
from theory.formula import Formula, Source
from theory.networks.topologies import path, ring
from theory.readings import EXPECTED, Mask, Objective, Scope
from theory.symbols import beta
from theory.training.consensus import FLAT_MODE_GAIN
from theory.training.consensus_bounds import GAP_BOUND

CL, MIM = Objective.CL, Objective.MIM
MOST_CLIENTS = 64

# Every argument of a formula: which values it may have, and over which reach it is drawn and a slider moves.
LAWS: Mapping[str, Whole | Real] = {
    law.name: law
    for law in (
        Whole("n_clients", 2, MOST_CLIENTS),
        Whole("dim", 10, 10**6),
        Whole("feature_dim", 2, 2 * MOST_CLIENTS),
        Whole("samples_per_client", 10, 10**9),
        Whole("draws", 1, 100),
        Whole("local_steps", 1, 100),
        Real("mask_ratio", 0.0, 1.0, "()", reach=(0.01, 0.99)),
        Real("augmentation_std", 0.0, float("inf"), "[)", reach=(0.01, 10.0), is_log=True),
        Real("tau", 0.0, float("inf"), "()", reach=(0.2, 20.0), is_log=True),
        Real("mu", 0.0, float("inf"), "()", reach=(0.01, 3.0), is_log=True),
        Real("beta", 0.0, float("inf"), "()", reach=(0.2, 4.0)),
        Real("gamma", 0.0, float("inf"), "()", reach=(1e-4, 10.0), is_log=True),
        Real("connectivity", 2.0, float("inf"), "[)", reach=(2.0, float(MOST_CLIENTS))),
        Real("step_size", 0.0, float("inf"), "()", reach=(1e-4, 1.0), is_log=True),
        Real("dissimilarity", 0.0, float("inf"), "[)", reach=(1e-3, 1e3), is_log=True),
        Real("weight_ratio", 1.0, float("inf"), "[)", reach=(1.0, 50.0), is_log=True),
        Real("eigenvalue", -1.0, 1.0, "()", reach=(-0.999, 0.999)),
        Real("lambda_2", -1.0, 1.0, "()", reach=(-0.5, 0.999)),
        Real("lambda_min", -1.0, 1.0, "()", reach=(-0.999, 0.5)),
        Whole("mode", 1, MOST_CLIENTS - 1),
        Whole("shown", 1, MOST_CLIENTS - 1),
        Real("reach", 0.0, float("inf"), "()", reach=(0.1, 200.0), is_log=True),
        Real("remainder", 0.0, float("inf"), "()", reach=(1e-8, 1.0), is_log=True),
    )
}


@dataclass(frozen=True)
class Slider:
    """One control: the argument that it moves, its letter and name, its unit, and what it means in a sentence."""

    name: str
    label: str
    unit: str
    meaning: str
    start: float
    kind: Literal["main", "more"] = "main"

    @property
    def law(self) -> Whole | Real:
        """Which values it may have."""
        return LAWS[self.name]


# The start is the example of the README, with ten times as many images: at it, all main formulas hold.
SLIDERS = (
    Slider("n_clients", "clients", "clients", "Each has its own images, and a pixel in which its classes differ.", 4),
    Slider("dim", "pixels", "pixels of an image", "An image is a list of so many numbers.", 1000),
    Slider("samples_per_client", "images per client", "images", "The same number at every client.", 1_000_000),
    Slider("beta", "exponent of n", "no unit", "Another way to set n: it is d to the power β.", 2),
    Slider(
        "mask_ratio",
        "mask ratio",
        "share, between 0 and 1",
        "The chance that the first mask hides a pixel; the second shows it with this chance. Only MIM has masks.",
        0.75,
    ),
    Slider(
        "augmentation_std",
        "augmentation noise",
        "standard deviation, in units of a pixel's value",
        "What is added to every pixel of a view. Two classes differ by 2 in one pixel. Only CL has views.",
        0.5,
    ),
    Slider(
        "draws",
        "pairs from an image",
        "pairs",
        "So many pairs of masks (MIM) and of views (CL) are drawn from each image before training.",
        1,
        "more",
    ),
    Slider(
        "local_steps",
        "steps between averagings",
        "steps",
        "Training steps of a client before models are averaged.",
        1,
        "more",
    ),
    Slider(
        "tau",
        "offset size",
        "units of a pixel's value",
        "How far images spread along other clients' pixels.",
        3.98,
        "more",
    ),
    Slider(
        "mu", "pixel noise", "units of a pixel's value", "Standard deviation of noise in each pixel.", 0.251, "more"
    ),
)


def formulas() -> dict[str, Formula]:
    """Every formula that the page holds, by its name."""
    return {formula.name: formula for formula in _all()}


def ranges() -> dict[int, float]:
    """The mean range of N standard normals, a factor of mean sensitivities; it is an integral, so it is a table."""
    return {count: expected_range(count) for count in range(2, MOST_CLIENTS + 1)}


def _all() -> Iterator[Formula]:
    for make in (deficit_formula, sensitivity_formula):
        yield make(CL)
        yield make(MIM)
        yield make(MIM, is_expected=True)
        yield make(MIM, is_expected=True, mask=Mask.COMPLEMENTARY)
    yield deficit_formula(CL, is_expected=True)
    yield sensitivity_formula(CL, is_expected=True)
    yield from (mae_formula(Scope.FL, EXPECTED), mae_formula(Scope.FL, 1))
    yield from (sigma_star_formula(), sigma_star_limit_formula(), ORDER_PROBABILITY, TWO_CLIENTS_LITERAL)
    yield from _exponents()
    yield from _printed_widths()
    yield from (ring.LAPLACIAN_EIGENVALUE, path.LAPLACIAN_EIGENVALUE, FLAT_MODE_GAIN, GAP_BOUND)
    yield from (REACH, *REMAINDERS.values(), NORMAL_REMAINDER, SINGLE_DIRECTION, SINGLE_DIRECTION_REMAINDER)


def _exponents() -> Iterator[Formula]:
    """The power of d with n = d^beta and the paper's tau and mu, where the deficit falls with d."""
    for quantity, objective, words in (
        (Quantity.DEFICIT, CL, "deficit of CL, views drawn"),
        (Quantity.DEFICIT, MIM, "deficit of MIM, masks averaged"),
        (Quantity.SENSITIVITY, CL, "sensitivity of CL, views drawn"),
        (Quantity.SENSITIVITY, MIM, "sensitivity of MIM, masks averaged"),
        (Quantity.MAE_DEFICIT, MIM, "deficit of MIM by the reconstruction loss"),
    ):
        falls = exponent(Quantity.DEFICIT if quantity is Quantity.SENSITIVITY else quantity, objective)
        yield Formula(
            name=f"exponent_{quantity.value}_{objective.value}",
            title=f"Power of d at which the {words} grows",
            expr=sp.sympify(exponent(quantity, objective)),
            domain=(beta > falls_above(falls),),
            units="power of d",
            source=Source("ledger", "theory/deficits/exponents.py"),
        )


def _printed_widths() -> Iterator[Formula]:
    """The paper's interval widths with every hidden constant 1, which is what the paper compares."""
    ones = dict.fromkeys((printed.error_mim, printed.error_cl, printed.shift_fl), 1)
    for formula in (printed.DEC_MIM, printed.DEC_CL, printed.FED_MIM, printed.FED_CL):
        yield replace(formula, name=f"width_{formula.name}", expr=formula.expr.subs(ones))
