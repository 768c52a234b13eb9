"""Where masking truly beats contrast: rare classes on coordinates of their own."""

import math

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.deficits.rare_coordinates import (
    CLEAR_ABOVE,
    CLEAR_BELOW,
    MEASURED_TO,
    clearly,
    drawn_rare,
    drawn_rare_pair,
    pull_at,
    rare_domain,
    rare_remainder,
    rare_setting,
)
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory import symbols as sy
from theory.deficits.limit_law import alignment_law
from theory.deficits.rare_recovery import (
    EQUAL_DRAWS_NOISE,
    MIM_RARE_THRESHOLD,
    Growth,
    drawn_mask_threshold,
    rare_recovery,
    rare_threshold,
)
from theory.domain import Choice, Condition, Domain, Point, Real, Whole
from theory.formula import Source
from theory.readings import Objective
from theory.scaling import NGrowth, power_of_dim
from theory.setting import Setting

CL, MIM = Objective.CL, Objective.MIM
ROUND_OFF = 1e-9
GROWTHS = {"paper": "= d^(1/20)", "fixed": "fixed"}
# Few pixels a sample, and a class well above either threshold.
AMPLE = {
    **{"n_clients": 3, "dim": 120, "samples_per_client": 4000, "tau": 2.6, "mu": 0.4},
    **{"augmentation_std": 1.0, "rare_fraction": 0.6},
}
SCARCE = {**AMPLE, "dim": 200, "samples_per_client": 350, "rare_fraction": 0.5}


def limit_check(objective: Objective, because: str, named: tuple[Point, ...]) -> OnDomain:
    """r at the rare coordinates is its limit, above the threshold."""

    def measured(at: Point, effort: Effort) -> Sample:
        return Sample(drawn_rare(at, effort, objective))

    def remainder(at: Point) -> float:
        return MEASURED_TO + rare_remainder(rare_setting(at), objective)

    return OnDomain(
        rare_domain(clearly(objective, is_represented=True)),
        Then("=", lambda at: rare_recovery(rare_setting(at), objective), measured, remainder=remainder, is_argued=True),
        because,
        Evidence.SAMPLED,
        points=(3, 12),
        corners=(0, 8),
        named=named,
    )


UNLESS_NEAR = Condition(
    "cl: pull of the bulk at most 1/2 or at least 2",
    r"t_C \notin (1/2, 2)",
    lambda p: not CLEAR_BELOW < pull_at(rare_setting(p), CL) < CLEAR_ABOVE,
)


def said_lead(at: Point) -> float:
    """The limit of r under masking less that under contrast."""
    s = rare_setting(at)
    return rare_recovery(s, MIM) - rare_recovery(s, CL)


def drawn_lead(at: Point, effort: Effort) -> Sample:
    """The same on drawn data sets, those of both objectives alike."""
    contrast, masked = drawn_rare_pair(at, effort)
    return Sample(masked - contrast)


def lead_remainder(at: Point) -> float:
    """That of both objectives, and of the measurement."""
    return MEASURED_TO + sum(rare_remainder(rare_setting(at), o) for o in Objective)


def not_represented(at: Point, effort: Effort) -> Sample:
    """1 - r of contrast at the rare coordinates."""
    return Sample(1 - drawn_rare(at, effort, CL))


LIMITS = (
    Whole("n_clients", 2, 30),
    Real("gamma", 0.0, np.inf, "()", reach=(1e-6, 1e2), is_log=True),
    Real("mu", 0.0, np.inf, "()", reach=(1e-3, 10.0), is_log=True),
)
LIMIT = "The limit of d and samples in proportion, gamma pixels a sample; rare classes outside the signal."


def proportional_setting(at: Point, **more: float) -> Setting:
    """A setting whose ratio of d to the federated samples is the point's gamma, to twelve digits."""
    n, gamma = int(at["n_clients"]), float(at["gamma"])
    samples = max(10**14, round(10**14 / gamma))
    return Setting(n, round(gamma * n * samples), 2 * n, samples, 1.0, float(at["mu"]), **more)


LEAST = Domain(
    (
        *LIMITS,
        Real("augmentation_std", 0.0, np.inf, "[)", reach=(0.01, 10.0), is_log=True),
        Choice("objective", (CL.value, MIM.value)),
    ),
    assumes=LIMIT,
)


def said_threshold(at: Point) -> float:
    """The least rho, closed form for masks and root for contrast; above 1 no class is large enough."""
    s = proportional_setting(at, augmentation_std=float(at["augmentation_std"]))
    return rare_threshold(s, Objective(at["objective"]))


def found_threshold(at: Point, _: Effort) -> Sample:
    """N times the least theta whose direction leaves the bulk of the limit law, by bisection."""
    half = float(at["augmentation_std"]) ** 2 / 2 if Objective(at["objective"]) is CL else 0.0
    law = alignment_law(float(at["mu"]) ** 2, half, float(at["gamma"]))
    middle = math.log(float(at["gamma"]) ** 0.5 * (float(at["mu"]) ** 2 + half))
    low, high = middle - 3, middle + 3
    for _step in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if law.outlier(math.exp(middle)) is not None else (middle, high)
    return Sample(np.array([int(at["n_clients"]) * math.exp((low + high) / 2)]))


EQUAL = Domain(
    (
        *LIMITS,
        Real("mask_ratio", 0.0, 1.0, "()", reach=(0.02, 0.98)),
        Real("times_noise", 0.0, np.inf, "()", reach=(0.1, 30.0), is_log=True),
    ),
    (
        Condition(
            "noise from that of equal draws on, or gamma small against the lead that the noise leaves contrast",
            r"f \ge 1 \text{ or } \gamma \text{ small}",
            lambda p: p["times_noise"] >= 1 or lead_is_clear(p),
        ),
    ),
    assumes=f"{LIMIT} The augmentation noise is times_noise that of equal draws, mu ((p(1-p))^(-1/2) - 1)^(1/2).",
)


def lead_is_clear(at: Point) -> bool:
    """Whether 3 (gamma (1 + 1/(p(1-p)))/2)^(1/2) is at most contrast's relative lead at small gamma.

    There both thresholds are N (gamma V)^(1/2), V = mu^4 + mu^2 sigma^2 + sigma^4/2 and mu^4 (1 + 1/(p(1-p)))/2, and
    the masks' next order is smaller by a relative (gamma (1 + 1/(p(1-p)))/2)^(1/2), contrast's not larger.
    """
    pair = float(at["mask_ratio"]) * (1 - float(at["mask_ratio"]))
    masks = (1 + 1 / pair) / 2
    x = float(at["times_noise"]) ** 2 * (pair**-0.5 - 1)  # (sigma / mu)^2
    lead = 1 - ((1 + x + x**2 / 2) / masks) ** 0.5
    return 3 * (float(at["gamma"]) * masks) ** 0.5 <= lead


def lead_of_the_smaller(at: Point, _: Effort) -> Sample:
    """The threshold that should be the larger over the other: contrast's from the noise on, the masks' below it."""
    noise = EQUAL_DRAWS_NOISE.value(mu=float(at["mu"]), mask_ratio=float(at["mask_ratio"]))
    s = proportional_setting(at, augmentation_std=float(at["times_noise"]) * noise, mask_ratio=float(at["mask_ratio"]))
    ratio = rare_threshold(s, CL) / drawn_mask_threshold(s)
    return Sample(np.array([ratio if at["times_noise"] >= 1 else 1 / ratio]), ROUND_OFF)


def window(key: str, text: str, objective: Objective, growth: Growth, least: sp.Expr, end: sp.Rational) -> Statement:
    """The least alpha over beta, and the beta at which it reaches 1: from the powers of d in the threshold."""
    clients = NGrowth.PAPER if growth == "paper" else NGrowth.FIXED
    squared = {
        MIM: sy.n_clients**2 * sy.mu**4,
        CL: sy.n_clients**2 * (sy.mu**4 + sy.mu**2 * sy.augmentation_std**2 + sy.augmentation_std**4 / 2),
    }[objective]

    def derived() -> sp.Matrix:
        # rho = d^(alpha - beta) against N times the least theta, whose square has gamma = d / (N n_i) in it.
        power = power_of_dim(squared * sy.dim / sy.n_clients, clients)
        alpha = sp.expand(sy.beta + (power - sy.beta) / 2)
        return sp.Matrix([alpha, (1 - alpha.subs(sy.beta, 0)) / sp.diff(alpha, sy.beta)])

    return Statement(
        key,
        "corrected",
        f"In the paper's scaling with N {GROWTHS[growth]}: {text}",
        Identity(
            lambda: sp.Matrix([least, end]),
            derived,
            "The powers of d in the least share that is represented (rare.least-share).",
        ),
        reading=read_as(parts.RARE_OUTSIDE),
    )


CLAIM = Claim(
    id="thm-rare-classes",
    title="Rare classes: which ones MIM recovers, and which ones CL",
    items=("theorem-4.4",),
    source=Source("ledger", "limit of a spike in proportional noise; corrects chen2026, Theorem 4.4"),
    statements=(
        Statement(
            "rare.masking-above-contrast",
            "corrected",
            "MIM with masks averaged represents the rare coordinates better than CL with one augmentation a "
            "sample, by the difference of their limits of r. With one draw each the order can be reversed: see "
            "rare.equal-draws.",
            OnDomain(
                rare_domain(clearly(MIM, is_represented=True), UNLESS_NEAR),
                Then("=", said_lead, drawn_lead, remainder=lead_remainder, is_argued=True),
                "Both limits come from the law for one large eigenvalue. CL has the noise of the augmentations in "
                "addition to that of the pixels.",
                Evidence.SAMPLED,
                points=(2, 12),
                corners=(0, 8),
                named=(SCARCE,),
            ),
            reading=read_as(parts.RARE_OUTSIDE),
            spoil=0.5,
        ),
        Statement(
            "rare.masking-recovery",
            "corrected",
            "MIM, d and samples growing in proportion: r at a rare coordinate tends to (1 - gamma "
            "mu^4/theta^2)/(1 + gamma mu^2/theta), with theta = rho/N.",
            limit_check(MIM, "The limit law for one large eigenvalue, with independent masks averaged.", (AMPLE,)),
            reading=read_as(parts.RARE_OUTSIDE),
        ),
        Statement(
            "rare.contrast-below-threshold",
            "corrected",
            "CL with one augmentation a sample, in the limit: a rare coordinate is not represented at all if "
            "theta = rho/N is at most l. Here l solves gamma (nu^4/l^2 + s^4/(l + gamma (nu^2 + s^2))^2) = 1, "
            "with nu^2 = mu^2 + s^2 and s^2 = sigma^2/2.",
            OnDomain(
                rare_domain(clearly(CL, is_represented=False)),
                Then(
                    "=",
                    lambda _: 1.0,
                    not_represented,
                    remainder=lambda at: MEASURED_TO + rare_remainder(rare_setting(at), CL),
                    is_argued=True,
                ),
                "The left side, taken at theta in place of l, is the pull of the noise. At 1 or more the noise "
                "hides the coordinate.",
                Evidence.SAMPLED,
                points=(3, 12),
                corners=(0, 8),
            ),
            reading=read_as(parts.RARE_OUTSIDE),
            spoil=0.7,
        ),
        Statement(
            "rare.contrast-above-threshold",
            "corrected",
            "CL with one augmentation a sample, above its threshold, d and samples growing in proportion: r at a "
            "rare coordinate tends to the value of a spike in the difference of two Gram matrices.",
            limit_check(
                CL,
                (
                    "The value is the limit law for one large eigenvalue (a spike) in the difference of two Wishart "
                    "matrices."
                ),
                (AMPLE,),
            ),
            reading=read_as(parts.RARE_OUTSIDE),
        ),
        Statement(
            "rare.least-share",
            "corrected",
            "In the limit there is a least share rho of the rare class that is represented. It is N mu^2 "
            "sqrt(gamma) for MIM with masks averaged, and N times the l of rare.contrast-below-threshold for CL. "
            "If this value is above 1, no class is large enough.",
            OnDomain(
                LEAST,
                Then("=", said_threshold, found_threshold, within=1e-6),
                "At this share the eigenvalue of the rare class separates from those of the noise, in the limit law.",
                Evidence.NUMERIC,
                points=(6, 24),
                corners=(2, 8),
            ),
            reading=read_as(parts.RARE_OUTSIDE),
            latex=rf"\rho^\star_M = N {MIM_RARE_THRESHOLD.latex}",
        ),
        Statement(
            "rare.equal-draws",
            "corrected",
            "One draw of independent masks against one of augmentations: if sigma^2 >= mu^2 ((p(1-p))^(-1/2) - "
            "1), MIM represents rare classes at least as small as CL does, at every gamma. For smaller sigma CL "
            "represents smaller ones once gamma is small enough.",
            OnDomain(
                EQUAL,
                Then(">=", lambda _: 1.0, lead_of_the_smaller),
                "At equality the noise of CL and of MIM has the same spectrum, and theta counts in both terms of "
                "MIM's matrix. The threshold of CL grows with sigma.",
                Evidence.NUMERIC,
                points=(8, 32),
                corners=(4, 16),
                named=({"n_clients": 3, "gamma": 1e-6, "mu": 0.4, "mask_ratio": 0.75, "times_noise": 1.0},),
            ),
            reading=read_as(parts.RARE_OUTSIDE),
            spoil=1.01,
            latex=rf"\sigma = {EQUAL_DRAWS_NOISE.latex}",
        ),
        window(
            "rare.masking-window-fixed-clients",
            "MIM with masks averaged recovers rare classes of d^alpha among d^beta samples exactly for alpha above "
            "beta/2 + 1/10. Such an alpha < 1 exists if beta < 9/5.",
            MIM,
            "fixed",
            sy.beta / 2 + sp.Rational(1, 10),
            sp.Rational(9, 5),
        ),
        window(
            "rare.contrast-window-fixed-clients",
            "CL with one augmentation a sample, of a noise that stays the same as d grows, recovers rare classes of "
            "d^alpha among d^beta samples only for alpha above beta/2 + 1/2. So for beta >= 1 it recovers none with "
            "alpha < 1.",
            CL,
            "fixed",
            sy.beta / 2 + sp.Rational(1, 2),
            sp.Integer(1),
        ),
        window(
            "rare.masking-window-growing-clients",
            "MIM with masks averaged recovers rare classes of d^alpha among d^beta samples exactly for alpha above "
            "beta/2 + 1/8. Such an alpha < 1 exists if beta < 7/4.",
            MIM,
            "paper",
            sy.beta / 2 + sp.Rational(1, 8),
            sp.Rational(7, 4),
        ),
        window(
            "rare.contrast-window-growing-clients",
            "CL with one augmentation a sample, of a noise that stays the same as d grows, recovers rare classes of "
            "d^alpha among d^beta samples only for alpha above beta/2 + 21/40. So for beta >= 19/20 it recovers none "
            "with alpha < 1.",
            CL,
            "paper",
            sy.beta / 2 + sp.Rational(21, 40),
            sp.Rational(19, 20),
        ),
    ),
)
