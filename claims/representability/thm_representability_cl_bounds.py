"""Theorem 4.3 as it can be proven, for similar views: what 1 - r_k is, and between which explicit bounds it lies.

One augmentation a sample, or several. Every bound is tested at random points of the whole domain where it speaks.
"""

from fractions import Fraction

from ledger.checks.finite_sample_bounds import bound_check
from ledger.checks.kinds import Prediction
from ledger.checks.measured_deficits import Point, proven_slopes, second_order
from ledger.statement import Claim, Evidence, Statement
from theory.formula import Source
from theory.readings import Objective, Scope

CL = Objective.CL
SCOPES = tuple(Scope)
POINTS = (Point(4, 128, 20_000), Point(6, 256, 40_000), Point(2, 2**20, 2**23))
LOCAL_POINTS = (Point(4, 128, 40_000), Point(6, 512, 400_000))
SIZES = ((4, 128, 20_000), (6, 256, 40_000), (2, 2**20, 2**23))
LOCAL_SIZES = ((4, 128, 40_000), (6, 512, 400_000))
SECOND_ORDER = "Second-order perturbation of the population matrix; the mean over data sets is within 3% of it."
SLOPES = "Slope in log d of the bounds of docs/proofs/finite_sample.md, from d = 1e12 to 1e14, six clients."
PROVEN = "Proven with explicit constants in docs/proofs/finite_sample.md."

CLAIM = Claim(
    id="thm-representability-cl-bounds",
    title="Theorem 4.3 with every constant",
    items=("theorem-4.3", "lemma-A.11"),
    source=Source("chen2026", "Theorem 4.3 and Lemma A.11"),
    statements=(
        Statement(
            "thm43-bounds.fl-mean",
            "corrected",
            "One augmentation a sample, federated: the mean deficit is (d - c)/n times the three terms of "
            "data and noise.",
            Prediction(second_order(CL, 1, POINTS, (Scope.FL,)), SECOND_ORDER, 0.03),
            reading="similar views, one draw",
            latex=r"\tfrac{d-c}{n}\left[\mu^2 a + \tfrac{\sigma^2}{2}(a + \mu^2 b) + \tfrac{\sigma^4}{2} b\right]",
        ),
        Statement(
            "thm43-bounds.local-mean",
            "corrected",
            "One augmentation a sample, one client: the mean deficit is (d - c)/n times three such terms of that "
            "client's matrix, on its own and on other coordinates.",
            Prediction(second_order(CL, 1, LOCAL_POINTS, SCOPES[1:]), SECOND_ORDER, 0.03),
            reading="similar views, one draw",
        ),
        Statement(
            "thm43-bounds.fl-mean-eight-draws",
            "corrected",
            "Eight augmentations a sample, federated: the terms of the noise in the mean deficit are divided by eight.",
            Prediction(second_order(CL, 8, POINTS, (Scope.FL,)), SECOND_ORDER, 0.03),
            reading="similar views, eight draws",
        ),
        Statement(
            "thm43-bounds.fl-upper",
            "corrected",
            "Federated, one augmentation a sample: 1 - r_k is below an explicit bound.",
            bound_check(CL, 1, "fl", "upper", PROVEN, SIZES),
            reading="similar views, one draw",
            spoil=0.5,
        ),
        Statement(
            "thm43-bounds.local-upper",
            "corrected",
            "One client, one augmentation a sample: 1 - r_k is below an explicit bound.",
            bound_check(CL, 1, "local", "upper", PROVEN, LOCAL_SIZES),
            reading="similar views, one draw",
            spoil=0.5,
        ),
        Statement(
            "thm43-bounds.fl-lower",
            "corrected",
            "Federated, one augmentation a sample: 1 - r_k is above an explicit bound.",
            bound_check(CL, 1, "fl", "lower", PROVEN, SIZES),
            reading="similar views, one draw",
            spoil=2.0,
        ),
        Statement(
            "thm43-bounds.fl-slopes",
            "corrected",
            "Federated, N fixed: both proven bounds fall like d^(3/5 - beta), slower than the printed d^(-3/5) for "
            "beta < 6/5.",
            Prediction(proven_slopes(CL, Fraction(3, 5)), SLOPES, 1e-3, Evidence.NUMERIC),
            reading="similar views, one draw",
            latex=r"1 - \bar r_k = \Theta(d^{3/5-\beta})\ \text{with probability } 0.95",
        ),
    ),
)
