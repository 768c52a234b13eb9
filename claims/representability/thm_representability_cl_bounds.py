"""Theorem 4.3 as it can be proven, for similar views: what 1 - r_k is, and between which explicit bounds it lies.

One augmentation a sample, or several. Every bound is held against the 95% quantile, over the data sets drawn, of the
worst coordinate.
"""

from fractions import Fraction

from ledger.checks.kinds import Bound, Prediction
from ledger.checks.measured_deficits import Point, bounded, proven_slopes, second_order
from ledger.statement import Claim, Evidence, Statement
from theory.formula import Source
from theory.readings import Objective, Scope

CL = Objective.CL
SCOPES = tuple(Scope)
POINTS = (Point(4, 128, 20_000), Point(6, 256, 40_000), Point(2, 2**20, 2**23))
LOCAL_POINTS = (Point(4, 128, 40_000), Point(6, 512, 400_000))
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
            "Federated, one augmentation a sample: each 1 - r_k is with probability 95% below an explicit bound.",
            Bound(bounded(CL, 1, "upper", POINTS, (Scope.FL,)), PROVEN),
            reading="similar views, one draw",
        ),
        Statement(
            "thm43-bounds.local-upper",
            "corrected",
            "One client, one augmentation a sample: each 1 - r_k is with probability 95% below an explicit bound.",
            Bound(bounded(CL, 1, "upper", LOCAL_POINTS, SCOPES[1:]), PROVEN),
            reading="similar views, one draw",
        ),
        Statement(
            "thm43-bounds.fl-lower",
            "corrected",
            "Federated, one augmentation a sample: each 1 - r_k is with probability 95% above an explicit bound.",
            Bound(bounded(CL, 1, "lower", POINTS, (Scope.FL,)), PROVEN, upper=False),
            reading="similar views, one draw",
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
