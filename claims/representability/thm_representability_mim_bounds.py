"""Theorem 4.2 as it can be proven: what 1 - r_k is, to second order, and between which explicit bounds it lies.

Independent masks, averaged or one pair a sample; complementary masks lose all but one direction. The paper's O()
hides its constants; these have none to hide. Every bound is held against every coordinate of every data set drawn.
"""

from fractions import Fraction

from ledger.checks.kinds import Bound, Prediction
from ledger.checks.measured_deficits import Point, bounded, one_direction, proven_slopes, second_order
from ledger.checks.reading_words import in_words
from ledger.statement import Claim, Evidence, Statement
from theory.formula import Source
from theory.readings import EXPECTED, Mask, Objective, Scope

MIM = Objective.MIM
SCOPES = tuple(Scope)
POINTS = (Point(4, 128, 20_000), Point(6, 256, 40_000), Point(2, 2**20, 2**23))
LOCAL_POINTS = (Point(4, 128, 40_000), Point(6, 512, 400_000))
# Sampled masks have no shortcut: the data are drawn.
DRAWN = (Point(2, 16, 1_500, quick=1_200, full=6_000),)
MASKED = (Point(6, 64, 10_000, quick=60, full=600), Point(4, 64, 20_000, quick=60, full=600))
SECOND_ORDER = "Second-order perturbation of the population matrix; the mean over data sets is within 3% of it."
SLOPES = "Slope in log d of the bounds of docs/proofs/finite_sample.md, from d = 1e12 to 1e14, six clients."
PROVEN = "Proven with explicit constants in docs/proofs/finite_sample.md."

CLAIM = Claim(
    id="thm-representability-mim-bounds",
    title="Theorem 4.2 with every constant",
    items=("theorem-4.2",),
    source=Source("chen2026", "Theorem 4.2"),
    statements=(
        Statement(
            "thm42-bounds.mean-masks-averaged",
            "corrected",
            "Masks averaged: the mean deficit is (d - c)/n times mu^2 (G Sigma G)_kk, for one client and "
            "for the average.",
            Prediction(second_order(MIM, EXPECTED, POINTS, SCOPES), SECOND_ORDER, 0.03),
            reading=f"{in_words(Mask.INDEPENDENT)}, averaged",
            latex=r"\mathbb{E}(1 - r_k) \simeq \tfrac{d-c}{n}\,\mu^2 (G\Sigma G)_{kk},\ G = (\Sigma_S - \mu^2 I)^{-1}",
        ),
        Statement(
            "thm42-bounds.mean-one-draw",
            "corrected",
            "One pair of masks a sample: the mean deficit has the extra terms of the masks, (d - c)/n mu^2 [...].",
            Prediction(second_order(MIM, 1, DRAWN, (Scope.FL,)), SECOND_ORDER, 0.03),
            reading=f"{in_words(Mask.INDEPENDENT)}, one pair a sample",
            latex=r"\tfrac{d-c}{n}\mu^2\left[(\tfrac{1}{4p(1-p)} + \tfrac12)a + \tfrac{e}{4p(1-p)}\right]",
        ),
        Statement(
            "thm42-bounds.fl-complementary",
            "corrected",
            "Masks averaged, federated: at finite samples too the mean of every r_k is 1/N.",
            Prediction(one_direction(MASKED, Scope.FL), "One direction is learned, whatever c is.", 0.03),
            reading=in_words(Mask.COMPLEMENTARY),
            latex=r"\mathbb{E}\,\bar r_k \simeq \tfrac1N",
        ),
        Statement(
            "thm42-bounds.local-complementary",
            "corrected",
            "Masks averaged, one client: at finite samples too the mean of every other r_k is 1/(N-1).",
            Prediction(one_direction(MASKED, Scope.LOCAL_OTHER), "One direction is learned, whatever c is.", 0.03),
            reading=in_words(Mask.COMPLEMENTARY),
            latex=r"\mathbb{E}\,r_{i,k} \simeq \tfrac1{N-1}",
        ),
        Statement(
            "thm42-bounds.fl-upper",
            "corrected",
            "Federated, masks averaged: each 1 - r_k is with probability 95% below an explicit bound.",
            Bound(bounded(MIM, EXPECTED, "upper", POINTS, (Scope.FL,)), PROVEN),
            reading=f"{in_words(Mask.INDEPENDENT)}, averaged",
        ),
        Statement(
            "thm42-bounds.local-upper",
            "corrected",
            "One client, masks averaged: each 1 - r_k is with probability 95% below an explicit bound.",
            Bound(bounded(MIM, EXPECTED, "upper", LOCAL_POINTS, SCOPES[1:]), PROVEN),
            reading=f"{in_words(Mask.INDEPENDENT)}, averaged",
        ),
        Statement(
            "thm42-bounds.fl-lower",
            "corrected",
            "Federated, masks averaged: each 1 - r_k is with probability 95% above an explicit bound, so not smaller.",
            Bound(bounded(MIM, EXPECTED, "lower", POINTS, (Scope.FL,)), PROVEN, upper=False),
            reading=f"{in_words(Mask.INDEPENDENT)}, averaged",
        ),
        Statement(
            "thm42-bounds.fl-slopes",
            "corrected",
            "Federated, masks averaged, N fixed: both proven bounds fall like d^(1/5 - beta), beta = 1 included.",
            Prediction(proven_slopes(MIM, Fraction(1, 5)), SLOPES, 1e-3, Evidence.NUMERIC),
            reading=f"{in_words(Mask.INDEPENDENT)}, averaged",
            latex=r"1 - \bar r_k = \Theta(d^{1/5-\beta})\ \text{with probability } 0.95",
        ),
        Statement(
            "thm42-bounds.local-slopes",
            "corrected",
            "One client, masks averaged, N fixed: both proven bounds of another's coordinate fall like d^(1/5 - beta), "
            "beta = 1 included.",
            Prediction(proven_slopes(MIM, Fraction(1, 5), Scope.LOCAL_OTHER), SLOPES, 1e-3, Evidence.NUMERIC),
            reading=f"{in_words(Mask.INDEPENDENT)}, averaged",
            latex=r"1 - r_{i,k} = \Theta(d^{1/5-\beta})\ \text{with probability } 0.95",
        ),
    ),
)
