"""Theorem 4.4 corrected: masks and augmentations sampled alike, the order turns at a critical augmentation noise.

Also the chance that one data set shows the order (two clients), and how sensitivities truly fall with the dimension.
"""

import itertools
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.found_witnesses import found
from ledger.checks.kinds import Finding, ForAll, Identity, Prediction
from ledger.checks.printed_order import INDEPENDENT_ONE_DRAW, MASK_RATIO, NOISE, contrast_exceeds
from ledger.statement import Claim, Context, Evidence, Statement
from sims.samplers.montecarlo import sample_pair
from sims.stats import sensitivity
from theory import symbols as sy
from theory.deficits.critical_noise import sigma_star, sigma_star_limit_formula
from theory.deficits.exponents import Quantity, exponent
from theory.deficits.order_probability import order_probability
from theory.deficits.second_order import deficit, deficit_formula, expected_sensitivity
from theory.formula import Source
from theory.readings import Objective, Reading
from theory.setting import Setting
from theory.symbols import beta

ONE_DRAW = Reading(draws=1)
FACTORS = (0.5, 0.9, 1.1, 2.0)
QUICK_FACTORS = (0.8, 1.2)
Point = tuple[int, int, float, float]
CLIENTS, DIM, SAMPLES, RATIO = 3, 64, 1000, 0.5


def points(context: Context) -> list[Point]:
    """(N, d, p, sigma/sigma*) with the augmentation noise on both sides of the critical one."""
    if context.tier == "quick":
        return list(itertools.product((2, 6), (100, 2000), (0.75,), QUICK_FACTORS))
    return list(itertools.product((2, 3, 6), (100, 2000), (0.5, 0.75), FACTORS))


@cache
def critical(n_clients: int, dim: int, mask_ratio: float) -> float:
    """sigma* under the paper's scaling, in data units."""
    return sigma_star(n_clients, dim, mask_ratio)


def at_noise(n_clients: int, dim: int, mask_ratio: float, factor: float, samples: int = 10_000) -> Setting:
    """The setting whose augmentation noise is `factor` times the critical one."""
    sigma = factor * critical(n_clients, dim, mask_ratio)
    return Setting.paper(
        dim, n_clients=n_clients, samples_per_client=samples, mask_ratio=mask_ratio, augmentation_std=sigma
    )


def deficits(s: Setting) -> tuple[float, float]:
    """Of contrast and of masking, one draw each."""
    return deficit(s, Objective.CL, draws=1), deficit(s, Objective.MIM, draws=1)


def order_turns(point: Point, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Contrast misses more exactly above sigma* (times `spoil`)."""
    contrast, masked = deficits(at_noise(*point))
    holds = (contrast > masked) == (point[3] > spoil)
    return holds, {"point": point, "deficit_cl": contrast, "deficit_mim": masked}


def equality_findings(context: Context) -> list[Finding]:
    """The ratio of the two deficits at sigma*, in the closed forms."""
    findings = []
    for n_clients, dim, p in itertools.product((2, 7), (50, 10**6), (0.3,) if context.tier == "quick" else (0.3, 0.75)):
        contrast, masked = deficits(at_noise(n_clients, dim, p, 1.0))
        findings.append(Finding({"clients": n_clients, "dim": dim, "p": p}, 1.0, contrast / masked))
    return findings


def limit_findings(context: Context) -> list[Finding]:
    """(sigma*/mu)^2 at two great widths against its limit."""
    findings = []
    for n, dim, p in itertools.product((2, 6), (10**14, 10**18), (0.5, 0.75)):
        unevenness = 2 * (1 + (n - 1) ** 3) / (n * (1 + (n - 1) ** 2))
        said = (1 + unevenness) / (2 * p * (1 - p)) - 1
        found = (critical(n, dim, p) / float(Setting.paper(dim, n_clients=n).mu)) ** 2
        findings.append(Finding({"clients": n, "dim": dim, "p": p}, said, found))
    return findings


def sampled_ratio(context: Context) -> list[Finding]:
    """The measured ratio of mean deficits at half, once and twice sigma* against that of the closed forms."""
    findings = []
    for k, factor in enumerate((0.5, 1.0, 2.0)):
        s = at_noise(CLIENTS, DIM, RATIO, factor, SAMPLES)
        samples = sample_pair(context.seed + k, s, reading=ONE_DRAW, trials=context.trials(40, 400))
        contrast, masked = (1 - x.r.mean(axis=1) for x in samples)
        ratio = contrast.mean() / masked.mean()
        # Of a ratio of means, by the delta method.
        error = float(np.std(contrast - ratio * masked, ddof=1) / math.sqrt(len(masked)) / masked.mean())
        claimed = np.divide(*deficits(s))
        findings.append(Finding({"sigma_over_critical": factor}, float(claimed), float(ratio), error))
    return findings


def probability_findings(context: Context) -> list[Finding]:
    """The share of data sets with s^C > s^M, two clients, against the closed form on the same data."""
    s = Setting.paper(64, n_clients=2, samples_per_client=1000)
    trials = context.trials(800, 6000)
    contrast, masked = sample_pair(context.seed, s, reading=Reading(), trials=trials)
    share = float(np.mean(sensitivity(contrast.r) > sensitivity(masked.r)))
    error = math.sqrt(share * (1 - share) / trials)
    return [Finding({"dim": s.dim, "trials": trials}, order_probability(s, is_same_data=True), share, error)]


def sensitivity_findings(context: Context) -> list[Finding]:
    """The mean sensitivity of both objectives (masks averaged, one augmentation a sample) against the closed form."""
    s = Setting.paper(96, n_clients=3, samples_per_client=10_000)
    samples = sample_pair(context.seed, s, reading=Reading(), trials=context.trials(500, 3000))
    findings = []
    for objective, draws, sample in zip((Objective.CL, Objective.MIM), (1, "expected"), samples, strict=True):
        measured = sample.sensitivity()
        claimed = expected_sensitivity(s, objective, draws=draws)
        findings.append(Finding({"objective": str(objective)}, claimed, measured.mean, measured.standard_error))
    return findings


def slope_findings(context: Context) -> list[Finding]:
    """Local slope in log d of the closed-form sensitivity at d = 1e12 against the exponent, N = 3 fixed."""
    findings, low = [], 10**12
    for objective, draws in ((Objective.CL, 1), (Objective.MIM, "expected")):
        for growth in (1.0, 1.5):
            sizes = [Setting.paper(d, beta=growth, n_clients=3) for d in (low, 4 * low)]
            values = [expected_sensitivity(s, objective, draws=draws) for s in sizes]
            slope = math.log(values[1] / values[0]) / math.log(4)
            claimed = float(exponent(Quantity.SENSITIVITY, objective).subs(beta, growth))
            findings.append(Finding({"objective": str(objective), "beta": growth}, claimed, slope))
    return findings


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


PRINTED_EXPONENT = {Objective.MIM: sp.Rational(-4, 5), Objective.CL: sp.Rational(-3, 5)}
Growth = tuple[Objective, sp.Rational]


def growths(context: Context) -> list[Growth]:
    """Objective and beta, where |D_i| grows like d^beta."""
    return [(o, b) for o in Objective for b in (sp.Integer(1), sp.Rational(5, 4), sp.Rational(3, 2), sp.Integer(4))]


def true_exponent(point: Growth) -> sp.Expr:
    """a such that the sensitivity is of exact order d^a at |D_i| = d^beta and fixed N."""
    return exponent(Quantity.SENSITIVITY, point[0]).subs(beta, point[1])


def is_exact_order(point: Growth, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the sensitivity's exponent of d is the printed one, and not merely at most that."""
    true, said = true_exponent(point), PRINTED_EXPONENT[point[0]]
    return true == said, {"objective": str(point[0]), "beta": str(point[1]), "true": str(true), "printed": str(said)}


def is_upper_order(point: Growth, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The true exponent is at most the printed one (over `spoil`)."""
    true, said = true_exponent(point), PRINTED_EXPONENT[point[0]] / sp.Rational(str(spoil))
    return bool(true <= said), {
        "objective": str(point[0]),
        "beta": str(point[1]),
        "true": str(true),
        "claimed": str(said),
    }


CLAIM = Claim(
    id="thm-critical-noise",
    title="The augmentation noise at which masking overtakes contrast",
    items=("theorem-4.4",),
    source=Source("chen2026", "Theorem 4.4 and Eqs (62)-(64), (71)-(73), against second-order deficits derived here"),
    statements=(
        Statement(
            "noise.any-strength",
            "expected",
            "Theorem 4.4 carried over from N(0, I) to augmentation noise of any strength: contrast has the larger "
            "deficit 1 - r_k.",
            contrast_exceeds(
                INDEPENDENT_ONE_DRAW,
                "Masking one sample costs variance as well; below sigma* it costs more than augmenting does.",
                found("noise.any-strength"),
                measure="deficit",
                more=(MASK_RATIO, NOISE),
            ),
            reading="one mask pair and one augmentation a sample, any sigma, sampled data",
            instead=("noise.order-above-critical",),
        ),
        Statement(
            "noise.half-critical-sampled",
            "expected",
            "Theorem 4.4 carried over to augmentation noise of half the critical strength: contrast has the larger "
            "deficit.",
            contrast_exceeds(
                INDEPENDENT_ONE_DRAW,
                "Sampled at sigma*/2.",
                found("noise.half-critical-sampled"),
                measure="deficit",
                more=(MASK_RATIO,),
                critical_share=0.5,
            ),
            reading="one mask pair and one augmentation a sample, sigma*/2, sampled data",
            instead=("noise.order-above-critical", "noise.deficit-ratio-sampled"),
        ),
        Statement(
            "noise.sensitivity-exact-order",
            "printed",
            "Sensitivities are of exact order d^(-4/5) for masking and d^(-3/5) for contrast, as (62)-(64) and "
            "(71)-(73) have it; N fixed.",
            ForAll(growths, is_exact_order, "Powers counted in the closed forms.", Evidence.ENUMERATED),
            reading="masks averaged, one augmentation a sample, widths (62)-(64) as exact orders",
            instead=("noise.sensitivity-exponents",),
        ),
        Statement(
            "noise.sensitivity-upper-order",
            "printed",
            "Sensitivities are at most of order d^(-4/5) for masking and d^(-3/5) for contrast, for |D_i| = "
            "d^beta, beta >= 1; N fixed.",
            ForAll(
                growths,
                is_upper_order,
                "Both fall faster than printed: the sensitivity is a factor sqrt(d) below.",
                Evidence.SEARCHED,
            ),
            reading="masks averaged, one augmentation a sample, widths (62)-(64) as upper bounds",
            spoil=0.5,
        ),
        Statement(
            "noise.order-above-critical",
            "corrected",
            "Contrast has the larger deficit exactly when the augmentation noise exceeds sigma*.",
            ForAll(points, order_turns, "Closed forms on both sides of sigma*.", Evidence.NUMERIC),
            reading="one mask pair and one augmentation a sample, closed forms",
            spoil=0.7,
        ),
        Statement(
            "noise.order-condition",
            "corrected",
            "To second order contrast has the larger mean deficit exactly when sigma^2 (A + mu^2 B) + sigma^4 B is "
            "above mu^2 ((1/(2p(1-p)) - 1) A + E/(2p(1-p))): above one sigma*, which depends on N, d, p, tau and mu.",
            Identity(
                said_difference,
                difference_of_deficits,
                "The difference of the deficits is (d - c)/(2n) times that of the two sides. The first side grows with "
                "sigma from 0, and the second is positive, since p(1-p) is at most 1/4: they meet once.",
            ),
            reading="one mask pair and one augmentation a sample, federated, N <= c < d; A, B, E: means of "
            "lambda/gap^2, 1/gap^2 and diagonal/gap^2 over the signal",
            latex=r"\sigma^2(A + \mu^2 B) + \sigma^4 B > "
            r"\mu^2\Big[\Big(\tfrac{1}{2p(1-p)} - 1\Big) A + \tfrac{E}{2p(1-p)}\Big]",
        ),
        Statement(
            "noise.equal-at-critical",
            "corrected",
            "At sigma* the deficits of contrast and of masking are equal.",
            Prediction(equality_findings, "The root of a quadratic.", rtol=1e-10, evidence=Evidence.NUMERIC),
            reading="one mask pair and one augmentation a sample, closed forms",
        ),
        Statement(
            "noise.critical-wide-limit",
            "corrected",
            "As d grows (sigma*/mu)^2 tends to (1 + u)/(2p(1-p)) - 1, where u = 2(1 + (N-1)^3)/(N(1 + (N-1)^2)).",
            Prediction(limit_findings, "sigma* at d = 1e14 and beyond.", rtol=1e-3, evidence=Evidence.NUMERIC),
            reading="one mask pair and one augmentation a sample, closed forms",
            latex=r"\frac{\sigma^*}{\mu} \to " + sigma_star_limit_formula().latex,
        ),
        Statement(
            "noise.deficit-ratio-sampled",
            "corrected",
            "At half, once and twice sigma* the ratio of the two deficits is that of the closed forms.",
            Prediction(sampled_ratio, "Every mask and augmentation drawn.", rtol=0.1),
            reading="one mask pair and one augmentation a sample, sampled data",
            spoil=0.6,
        ),
        Statement(
            "noise.order-probability",
            "corrected",
            "With two clients P(s^C > s^M) is 1/2 + asin(...)/pi of the ratio of the deficits, and not 1.",
            Prediction(probability_findings, "Central limit over the noise directions; same data for both.", rtol=0.06),
            reading="masks averaged, one augmentation a sample, N = 2, sampled data",
            spoil=0.8,
        ),
        Statement(
            "noise.mean-sensitivity",
            "corrected",
            "The mean sensitivity is the mean range of N normals times sqrt(2 (1 - rho)/(d - c)) times the mean "
            "deficit.",
            Prediction(sensitivity_findings, "Central limit over the noise directions, n_i much above d.", rtol=0.1),
            reading="masks averaged, one augmentation a sample, sampled data",
            spoil=0.6,
        ),
        Statement(
            "noise.sensitivity-exponents",
            "corrected",
            "The sensitivity falls like d^(-3/10 - beta) for masking and d^(1/10 - beta) for contrast.",
            Prediction(slope_findings, "Slope of the closed form at d = 1e12.", rtol=0.01, evidence=Evidence.NUMERIC),
            reading="masks averaged, one augmentation a sample, N fixed",
        ),
    ),
)
