"""Theorem 4.4 corrected: masks and augmentations sampled alike, the order turns at a critical augmentation noise.

Also the chance that one data set shows the order (two clients), and how sensitivities truly fall with the dimension.
"""

import math
from collections.abc import Callable

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Relation, Sample, Then
from ledger.deficits.drawn_ratios import (
    CLOSE,
    TIMES_CRITICAL,
    at_critical_noise,
    drawn_pair,
    pair_domain,
    pair_remainder,
    ratio_check,
)
from ledger.deficits.listed_couplings import listed_ratio
from ledger.deficits.listed_population import NOISE, OFFSET, RATIO
from ledger.deficits.mean_deficits import second_order_remainder, setting_at
from ledger.printed.found_witnesses import found
from ledger.printed.printed_order import INDEPENDENT_ONE_DRAW, MASK_RATIO, contrast_exceeds
from ledger.printed.printed_order import NOISE as ANY_NOISE
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from sims.stats import sensitivity
from theory import symbols as sy
from theory.deficits.closed_forms import deficit, deficit_formula, expected_sensitivity
from theory.deficits.critical_noise import sigma_star, sigma_star_limit_formula
from theory.deficits.exponents import Quantity, exponent
from theory.deficits.order_probability import deficit_ratio, order_probability
from theory.domain import Choice, Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.readings import EXPECTED, Objective, Scope
from theory.symbols import beta

CL, MIM = Objective.CL, Objective.MIM
SLOPE = 0.6
LISTED_AT = "One pair of masks and one augmentation a sample; federated, as many features as clients; second order."


def listed_domain(*more: Parameter) -> Domain:
    """Any clients, scales and mask ratio; numbers of samples and pixels do not enter a ratio of second orders."""
    return Domain(
        (Whole("n_clients", 2, 4), Whole("dim", 3, 10**6), OFFSET, NOISE, RATIO, *more),
        (Condition("n_clients below dim", "N < d", lambda p: p["n_clients"] < p["dim"]),),
        assumes=LISTED_AT,
    )


def listed_check(
    relation: Relation,
    claimed: Callable[[Point], float],
    measured: Callable[[Point], float],
    because: str,
    *more: Parameter,
    named: tuple[Point, ...] = (),
) -> OnDomain:
    """A number that follows from the list of all masks, signs and samples; relative accuracy 1e-9."""
    then = Then(relation, claimed, lambda at, _: Sample(np.array([measured(at)]), 1e-12), within=1e-9)
    sizes = {"points": (4, 100), "corners": (2, 32)}
    return OnDomain(listed_domain(*more), then, because, Evidence.NUMERIC, named=named, **sizes)


def said_noise(at: Point) -> float:
    """sigma*, the closed form."""
    return sigma_star(
        int(at["n_clients"]), int(at["dim"]), float(at["mask_ratio"]), tau=float(at["tau"]), mu=float(at["mu"])
    )


def noise_of_equality(at: Point) -> float:
    """The augmentation noise at which the listed deficits of contrast and of masking are equal."""

    def excess(log_std: float) -> float:
        return listed_ratio({**at, "augmentation_std": math.exp(log_std)}) - 1

    middle = math.log(float(at["mu"]))
    return math.exp(float(brentq(excess, middle - 5, middle + 12, xtol=1e-13, rtol=1e-14)))


def least_order(at: Point) -> float:
    """.6 |f^2 - 1| at f times the critical noise."""
    return SLOPE * abs(float(at[TIMES_CRITICAL]) ** 2 - 1)


def listed_order(at: Point) -> float:
    """By how much the ratio of the listed deficits is above 1 where f > 1, or below 1 where f < 1."""
    excess = listed_ratio(at_critical_noise(at)) - 1
    return excess if at[TIMES_CRITICAL] >= 1 else -excess


def limit_at(at: Point) -> float:
    """The limit of (sigma*/mu)^2."""
    return sigma_star_limit_formula().value(n_clients=int(at["n_clients"]), mask_ratio=float(at["mask_ratio"])) ** 2


def scaled(at: Point) -> Point:
    """The point with the paper's tau = d^(1/5) and mu = d^(-1/5)."""
    return {**at, "tau": float(at["dim"]) ** 0.2, "mu": float(at["dim"]) ** -0.2}


def squared_noise_at(at: Point) -> float:
    """(sigma*/mu)^2 at a finite dimension, from the lists."""
    return (noise_of_equality(scaled(at)) / float(scaled(at)["mu"])) ** 2


def limit_remainder(at: Point) -> float:
    """y = (sigma*/mu)^2 solves y (1 + h) + y^2 h = R with h = mu^2 B/A <= 4 d^(-4/5) and R = (1 + E/A)/(2p(1-p)) - 1.

    Gaps, eigenvalues and diagonal are their leading parts in tau^2/4 times 1 to 1 + x, x = 4 (1/N + mu^2)/tau^2, so
    that E/A lies within a factor (1 + x)^3 of u <= 2.
    """
    d, p = float(at["dim"]), float(at["mask_ratio"])
    stretched = (1 + 4 * (1 / int(at["n_clients"]) + d**-0.4) / d**0.4) ** 3
    largest = (1 + 2 * stretched) / (2 * p * (1 - p))
    return (stretched - 1) / (p * (1 - p)) + 4 * d**-0.8 * (largest + largest**2)


WIDE = Domain(
    (Whole("n_clients", 2, 4), Whole("dim", 10**3, 10**18), RATIO),
    quantifier=Quantifier.IN_THE_LIMIT,
    assumes=f"{LISTED_AT} The paper's scaling: tau = d^(1/5), mu = d^(-1/5).",
    limit="of many dimensions, N fixed",
)


def deficits_ratio(at: Point) -> float:
    """Contrast's second-order deficit over masking's, one draw each."""
    s = setting_at(at)
    return deficit(s, CL, draws=1) / deficit(s, MIM, draws=1)


def share_that_show_it(at: Point, effort: Effort) -> Sample:
    """1 for every data set in which s of contrast is the larger."""
    contrast, masked = drawn_pair(at, effort, EXPECTED, trials=SHARE_OF)
    return Sample((sensitivity(contrast) > sensitivity(masked)).astype(float))


TWO_AT = {
    **{"n_clients": 2, "dim": 300, "samples_per_client": 30_000, "tau": 2.0, "mu": 0.5},
    "augmentation_std": 0.7,
}
SHARE_OF = 2500  # data sets: a share to 1% at worst
MEASURED_TO = 0.035
TWO = Domain(
    tuple(Whole("n_clients", 2, 2, 2) if one.name == "n_clients" else one for one in pair_domain(EXPECTED).parameters),
    pair_domain(EXPECTED).conditions,
    Quantifier.IN_EXPECTATION,
    pair_domain(EXPECTED).assumes,
)


def said_share(at: Point) -> float:
    """P(s^C > s^M) on the same data."""
    return order_probability(setting_at(at), is_same_data=True)


def share_remainder(at: Point) -> float:
    """The measurement's; the central limit's over d - 2 pixels, of order 1/(d - 2) by symmetry; the ratio's own."""
    return MEASURED_TO + 1 / (int(at["dim"]) - 2) + deficit_ratio(setting_at(at)) * pair_remainder(at, EXPECTED)


def difference_of_deficits() -> sp.Expr:
    """Contrast's mean deficit less masking's, one draw each, federated, times 2 n/(d - c): from the closed forms."""
    difference = deficit_formula(Objective.CL).expr - deficit_formula(Objective.MIM).expr
    return 2 * sy.n_clients * sy.samples / (sy.dim - sy.feature_dim) * difference.subs(sy.draws, 1)


def said_difference() -> sp.Expr:
    """The difference as stated: A, B and E from the two eigenvalues of the pooled signal block and its diagonal."""
    n, tau2, mu2, sigma2 = sy.n_clients, sy.tau**2, sy.mu**2, sy.augmentation_std**2
    ones, rest = (n - 1) * tau2 / 4 + 1 / n, tau2 / 4 + 1 / n
    a = ((ones + mu2) / ones**2 + (n - 1) * (rest + mu2) / rest**2) / n
    b = (1 / ones**2 + (n - 1) / rest**2) / n
    e = b * (((n - 1) * tau2 / 2 + 1) / n + mu2)
    pair = 2 * sy.mask_ratio * (1 - sy.mask_ratio)
    return sigma2 * (a + mu2 * b) + sigma2**2 * b - mu2 * ((1 / pair - 1) * a + e / pair)


PRINTED_EXPONENT = {MIM: -0.8, CL: -0.6}
GROWTHS = Domain(
    (Real("beta", 1.0, np.inf, "[)", reach=(1.0, 4.0)), Choice("objective", (CL.value, MIM.value))),
    assumes="|D_i| is d^beta; the paper's scaling, N fixed; masks averaged, one augmentation a sample.",
)


def printed_order(relation: Relation, because: str) -> OnDomain:
    """The exponent of the sensitivity stands in this relation to the printed one."""

    def measured(at: Point, _: Effort) -> Sample:
        law = exponent(Quantity.SENSITIVITY, Objective(at["objective"]))
        return Sample(np.array([float(law.subs(beta, sp.Rational(str(at["beta"]))))]), 1e-12)

    then = Then(relation, lambda at: PRINTED_EXPONENT[Objective(at["objective"])], measured)
    return OnDomain(GROWTHS, then, because, Evidence.NUMERIC)


def sensitivity_parameters() -> Domain:
    """Settings where the normal law of the r_k is a good one, for either objective."""
    base = pair_domain(EXPECTED, Choice("objective", (CL.value, MIM.value)))
    normal = Condition(
        "pixels and samples enough for the remainder of the normal law to be at most 1/10",
        r"\text{remainder} \le 1/10",
        lambda p: normal_remainder(p) <= 1 / 10,
    )
    return Domain(base.parameters, (*base.conditions, normal), Quantifier.IN_EXPECTATION, base.assumes)


def normal_remainder(at: Point) -> float:
    """How far the mean range may lie from that of normals, relative to it.

    The r_k are sums over d - N pixels: their fourth cumulant, 12/(d - N), moves the range of N by up to ln N / (d - N)
    and more for few clients (the third moves both ends alike). The covariance of the couplings differs between data
    sets by a relative variance of at most the remainder of the deficit, r: it adds r (d - N)/4 to the variance of a
    difference, 1, of which half enters the range.
    """
    s, pixels = setting_at(at), int(at["dim"]) - int(at["n_clients"])
    objective = Objective(at["objective"])
    r = second_order_remainder(s, objective, Scope.FL, draws_of(objective))
    return 2 * (1 + math.log(s.n_clients)) / pixels + r * (1 + pixels / 8)


def draws_of(objective: Objective) -> int | str:
    """One augmentation a sample; masks averaged."""
    return 1 if objective is CL else EXPECTED


def said_sensitivity(at: Point) -> float:
    """The closed form of the mean sensitivity."""
    objective = Objective(at["objective"])
    return expected_sensitivity(setting_at(at), objective, draws=draws_of(objective))


def drawn_sensitivity(at: Point, effort: Effort) -> Sample:
    """max - min of the r_k in every data set."""
    pair = drawn_pair(at, effort, EXPECTED, trials=RANGE_OF)
    return Sample(sensitivity(pair[0] if Objective(at["objective"]) is CL else pair[1]))


RANGE_OF = 1200  # data sets: with two clients a mean range to 2.2%

CLAIM = Claim(
    id="thm-critical-noise",
    title="The augmentation noise above which MIM loses less than CL",
    items=("theorem-4.4",),
    source=Source("chen2026", "Theorem 4.4 and Eqs (62)-(64), (71)-(73), against second-order deficits derived here"),
    statements=(
        Statement(
            "noise.any-strength",
            "expected",
            "Theorem 4.4 carried over from augmentation noise N(0, I) to noise of any strength: CL has a larger "
            "deficit 1 - r_k than MIM.",
            contrast_exceeds(
                INDEPENDENT_ONE_DRAW,
                "One draw of masks adds variance, too. Below sigma* it adds more than one draw of augmentations.",
                found("noise.any-strength"),
                measure="deficit",
                more=(MASK_RATIO, ANY_NOISE),
            ),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
            instead=("noise.order-above-critical",),
        ),
        Statement(
            "noise.half-critical-sampled",
            "expected",
            "Theorem 4.4 carried over to augmentation noise of half the critical strength: CL has a larger "
            "deficit than MIM.",
            contrast_exceeds(
                INDEPENDENT_ONE_DRAW,
                "Below sigma* one draw of augmentations adds less variance than one draw of masks. Data are drawn "
                "at sigma*/2.",
                found("noise.half-critical-sampled"),
                measure="deficit",
                more=(MASK_RATIO,),
                critical_share=0.5,
            ),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
            instead=("noise.order-above-critical", "noise.deficit-ratio-sampled"),
        ),
        Statement(
            "noise.sensitivity-exact-order",
            "printed",
            "The sensitivity of MIM is of exact order d^(-4/5) and that of CL of exact order d^(-3/5), as in Eqs "
            "(62)-(64) and (71)-(73).",
            printed_order("=", "Powers counted in the closed forms."),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION, parts.O_AS_THETA),
            instead=("noise.sensitivity-exponents",),
        ),
        Statement(
            "noise.sensitivity-upper-order",
            "printed",
            "The sensitivity of MIM is at most of order d^(-4/5), and that of CL at most of order d^(-3/5).",
            printed_order(
                "<=", ("Both sensitivities fall faster than printed: each is of the order of the deficit over sqrt(d).")
            ),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION, parts.O_AS_BOUND),
            spoil=1.7,
        ),
        Statement(
            "noise.order-above-critical",
            "corrected",
            "To second order CL has a larger deficit than MIM exactly when the augmentation noise exceeds sigma*. "
            "At noise f sigma* the deficit of CL over that of MIM is at least 1 + 0.6 (f^2 - 1) for f >= 1, and "
            "at most 1 - 0.6 (1 - f^2) for f <= 1.",
            listed_check(
                ">=",
                least_order,
                listed_order,
                "Let A and E be the means over the signal of lambda/gap^2 and diagonal/gap^2. Augmentation adds a "
                "part to mu^2 A that grows at least like sigma^2. At sigma* this part is at least 0.6 of the "
                "deficit, because MIM's is at least 2.5 mu^2 A: p(1-p) <= 1/4 and E >= A.",
                Real(TIMES_CRITICAL, 0.0, np.inf, "()", reach=(0.1, 10.0), is_log=True),
                named=(
                    {"n_clients": 2, "dim": 20, "tau": 4.0, "mu": 0.02, "mask_ratio": 0.5, TIMES_CRITICAL: 2.0},
                    {"n_clients": 2, "dim": 20, "tau": 4.0, "mu": 0.02, "mask_ratio": 0.5, TIMES_CRITICAL: 0.5},
                ),
            ),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
            spoil=1.05,
        ),
        Statement(
            "noise.order-condition",
            "corrected",
            "FL, N <= c < d: to second order CL has a larger mean deficit than MIM exactly when sigma^2 (A + mu^2 "
            "B) + sigma^4 B > mu^2 ((1/(2p(1-p)) - 1) A + E/(2p(1-p))). A, B and E are the means over the signal "
            "of lambda/gap^2, 1/gap^2 and diagonal/gap^2. The condition holds above one value sigma*, which "
            "depends on N, d, p, tau and mu.",
            Identity(
                said_difference,
                difference_of_deficits,
                "The deficit of CL minus that of MIM is (d - c)/(2n) times the left side minus the right side. "
                "The left side grows with sigma from 0. The right side is positive, because p(1-p) is at most "
                "1/4. So the two are equal once.",
            ),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
            latex=r"\sigma^2(A + \mu^2 B) + \sigma^4 B > "
            r"\mu^2\Big[\Big(\tfrac{1}{2p(1-p)} - 1\Big) A + \tfrac{E}{2p(1-p)}\Big]",
        ),
        Statement(
            "noise.equal-at-critical",
            "corrected",
            "To second order CL and MIM have equal deficits at sigma*, which solves a quadratic equation in sigma^2.",
            listed_check(
                "=",
                said_noise,
                noise_of_equality,
                (
                    "The solution is compared with the noise at which the two deficits, computed from a list of all "
                    "samples, are equal."
                ),
            ),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
        ),
        Statement(
            "noise.critical-wide-limit",
            "corrected",
            "As d grows (sigma*/mu)^2 tends to (1 + u)/(2p(1-p)) - 1, where u = 2(1 + (N-1)^3)/(N(1 + (N-1)^2)).",
            OnDomain(
                WIDE,
                Then(
                    "=",
                    limit_at,
                    lambda at, _: Sample(np.array([squared_noise_at(at)])),
                    within=1e-8,
                    remainder=limit_remainder,
                ),
                "At finite dimensions sigma* is found where the two deficits, computed from a list of all "
                "samples, are equal.",
                Evidence.NUMERIC,
                points=(6, 24),
                named=({"n_clients": 3, "dim": 10**16, "mask_ratio": 0.75},),
            ),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
            latex=r"\frac{\sigma^*}{\mu} \to " + sigma_star_limit_formula().latex,
        ),
        Statement(
            "noise.deficit-ratio-sampled",
            "corrected",
            "On drawn data the mean deficit of CL over that of MIM is the ratio of the closed forms, up to the "
            "next order. That is so below, at and above sigma*.",
            ratio_check("=", deficits_ratio, 1, "Every mask and every augmentation is drawn.", noise=CLOSE),
            reading=read_as(parts.ONE_MASK_PAIR, parts.ONE_AUGMENTATION),
            spoil=0.6,
        ),
        Statement(
            "noise.order-probability",
            "corrected",
            "With two clients CL has a larger sensitivity than MIM in the share 1/2 + asin((1 - q^2)/((1 + q^2)^2 "
            "- 4 q^4)^(1/2))/pi of data sets, and not in all. q is the deficit of MIM over that of CL.",
            OnDomain(
                TWO,
                Then("=", said_share, share_that_show_it, remainder=share_remainder, is_argued=True),
                "Central limit theorem over the noise pixels. CL and MIM train on the same data.",
                Evidence.SAMPLED,
                points=(4, 16),
                corners=(1, 8),
                named=(TWO_AT,),
            ),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
            spoil=0.8,
        ),
        Statement(
            "noise.mean-sensitivity",
            "corrected",
            "The mean sensitivity is the mean deficit times sqrt(2 (1 - rho)/(d - c)) times the mean range of N "
            "independent standard normal numbers. rho is the correlation between the deficits of two coordinates.",
            OnDomain(
                sensitivity_parameters(),
                Then(
                    "=",
                    said_sensitivity,
                    drawn_sensitivity,
                    within=0.07,
                    remainder=lambda at: said_sensitivity(at) * normal_remainder(at),
                    is_argued=True,
                ),
                "Central limit theorem over the noise pixels.",
                Evidence.SAMPLED,
                points=(2, 12),
                corners=(0, 8),
            ),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
            spoil=0.7,
        ),
        Statement(
            "noise.sensitivity-exponents",
            "corrected",
            "With N fixed the closed form of the mean sensitivity is of order d^(-3/10 - beta) for MIM and "
            "d^(1/10 - beta) for CL.",
            Identity(
                lambda: sp.Matrix([-sp.Rational(3, 10) - beta, sp.Rational(1, 10) - beta]),
                lambda: sp.Matrix([exponent(Quantity.SENSITIVITY, MIM), exponent(Quantity.SENSITIVITY, CL)]),
                "The exponents are the degrees in d of the deficit and of the squared ratio of sensitivity and "
                "deficit, which is a rational function.",
            ),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
        ),
    ),
)
